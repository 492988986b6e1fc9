// Recording at the page: the microphone, its level, listening again, and the sound put into the form's file field.
// Without it, or without a microphone, a file is sent instead.
"use strict";

(function () {
  var RATE = 24000;
  var MOST_BYTES = 100 * 1024 * 1024;
  var QUIET = 0.02;

  function part(box, name) { return box.querySelector("[data-record='" + name + "']"); }

  function clock(seconds) {
    var whole = Math.floor(seconds);
    return Math.floor(whole / 60) + ":" + String(whole % 60).padStart(2, "0");
  }

  // 16 bit mono PCM: every server can read it, whatever this browser records in.
  function wav(samples) {
    var view = new DataView(new ArrayBuffer(44 + samples.length * 2));
    function text(at, word) { for (var k = 0; k < word.length; k += 1) { view.setUint8(at + k, word.charCodeAt(k)); } }
    text(0, "RIFF");
    view.setUint32(4, 36 + samples.length * 2, true);
    text(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, RATE, true);
    view.setUint32(28, RATE * 2, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    text(36, "data");
    view.setUint32(40, samples.length * 2, true);
    for (var k = 0; k < samples.length; k += 1) {
      view.setInt16(44 + k * 2, Math.round(Math.max(-1, Math.min(1, samples[k])) * 32767), true);
    }
    return new Blob([view], { type: "audio/wav" });
  }

  function loudest(samples) {
    var found = 0;
    for (var k = 0; k < samples.length; k += 1) { found = Math.max(found, Math.abs(samples[k])); }
    return found;
  }

  function decoded(blob) {
    return blob.arrayBuffer().then(function (bytes) {
      return new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes);
    }).then(function (sound) {
      var mono = new Float32Array(sound.length);
      for (var channel = 0; channel < sound.numberOfChannels; channel += 1) {
        var data = sound.getChannelData(channel);
        for (var k = 0; k < mono.length; k += 1) { mono[k] += data[k] / sound.numberOfChannels; }
      }
      return mono;
    });
  }

  function name() {
    var now = new Date();
    function two(n) { return String(n).padStart(2, "0"); }
    return "thu-" + now.getFullYear() + two(now.getMonth() + 1) + two(now.getDate()) + "-" + two(now.getHours()) + two(now.getMinutes()) + ".wav";
  }

  function why(error) {
    if (error && (error.name === "NotAllowedError" || error.name === "SecurityError")) { return "refused"; }
    if (error && (error.name === "NotFoundError" || error.name === "OverconstrainedError")) { return "none"; }
    return "failed";
  }

  function recorder(box, input, send) {
    var audio = part(box, "heard").querySelector("audio");
    var meter = part(box, "live").querySelector("meter");
    var running = null;
    var made = null;
    var busy = false;

    function say(word) { box.querySelector(".recorder-say").textContent = word ? box.dataset[word] : ""; }

    function show(live, heard) {
      part(box, "live").hidden = !live;
      part(box, "stop").hidden = !live;
      part(box, "heard").hidden = !heard;
      part(box, "start").hidden = live || heard;
    }

    function forget() {
      if (audio.src) { URL.revokeObjectURL(audio.src); audio.removeAttribute("src"); }
      made = null;
    }

    function watch(run) {
      var samples = new Float32Array(run.analyser.fftSize);
      run.timer = window.setInterval(function () {
        run.analyser.getFloatTimeDomainData(samples);
        var decibels = 20 * Math.log10(Math.max(loudest(samples), 0.001));
        meter.value = Math.max(0, 100 + decibels * 5 / 3);
        var seconds = (performance.now() - run.began) / 1000;
        box.querySelector(".recorder-clock").textContent = clock(seconds);
        if (seconds >= Number(box.dataset.longest)) { run.full = true; stop(); }
      }, 100);
    }

    function release(run) {
      window.clearInterval(run.timer);
      run.stream.getTracks().forEach(function (track) { track.stop(); });
      run.context.close();
    }

    function begin(stream) {
      var run = { stream: stream, pieces: [], began: performance.now(), full: false };
      run.context = new AudioContext();
      run.analyser = run.context.createAnalyser();
      run.context.createMediaStreamSource(stream).connect(run.analyser);
      run.recorder = new MediaRecorder(stream);
      run.recorder.addEventListener("dataavailable", function (event) { if (event.data.size) { run.pieces.push(event.data); } });
      run.recorder.addEventListener("stop", function () { finish(run); });
      run.recorder.start(1000);
      running = run;
      watch(run);
      show(true, false);
      say("recording");
      part(box, "stop").focus();
    }

    function finish(run) {
      release(run);
      running = null;
      decoded(new Blob(run.pieces, { type: run.recorder.mimeType })).then(function (samples) {
        made = wav(samples);
        audio.src = URL.createObjectURL(made);
        show(false, true);
        say(run.full ? "full" : loudest(samples) < QUIET ? "quiet" : "done");
        part(box, "use").focus();
      }).catch(function () { show(false, false); say("failed"); });
    }

    function start() {
      if (running || busy) { return; }
      forget();
      say("");
      if (!navigator.mediaDevices || !window.MediaRecorder) { say("insecure"); return; }
      busy = true;
      navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } }).then(begin).catch(function (error) {
        show(false, false);
        say(why(error));
      }).finally(function () { busy = false; });
    }

    function stop() { if (running && running.recorder.state !== "inactive") { running.recorder.stop(); } }

    function use() {
      put(made, name());
      send.click();
    }

    part(box, "start").addEventListener("click", start);
    part(box, "stop").addEventListener("click", stop);
    part(box, "use").addEventListener("click", use);
    part(box, "again").addEventListener("click", function () { forget(); show(false, false); start(); });
    function put(sound, called) {
      var files = new DataTransfer();
      files.items.add(new File([sound], called, { type: "audio/wav" }));
      input.files = files.files;
    }

    // What phones record (M4A, AMR, WebM) needs ffmpeg on the server; where it has none, the browser may know how.
    function convert(file) {
      say("converts");
      decoded(file).then(function (samples) {
        if (input.files[0] !== file) { return; }
        put(wav(samples), file.name.replace(/\.[^.]*$/, "") + ".wav");
        say("converted");
      }).catch(function () { say(""); });
    }

    input.addEventListener("change", function () {
      var file = input.files[0];
      var large = file && file.size > MOST_BYTES;
      if (large) { input.value = ""; }
      say(large ? "large" : "");
      if (file && !large && box.dataset.converts && /\.(m4a|mp4|aac|3gp|amr|webm)$/i.test(file.name)) { convert(file); }
    });
    input.form.addEventListener("submit", function (event) {
      if (event.submitter === send) { say("sending"); return; }
      // another button sends words only: a chosen file goes first, or it would be left behind unnoticed
      if (input.files.length && !(event.submitter && event.submitter.hasAttribute("formaction"))) {
        event.preventDefault();
        event.stopImmediatePropagation();
        // not from within: a form that is being submitted takes no second submission
        window.setTimeout(function () { send.click(); }, 0);
      }
    }, true);
    window.addEventListener("pagehide", function () { if (running) { release(running); } });
    box.hidden = false;
  }

  document.addEventListener("DOMContentLoaded", function () {
    var box = document.getElementById("recorder");
    var input = document.getElementById("file");
    var send = document.getElementById("send-recording");
    if (box && input && send) { recorder(box, input, send); }
  });
})();
