// Speaking live: the microphone recorded in small pieces, sent over a socket; level, time left and state come back.
"use strict";

(function () {
  var PIECE_MS = 100;
  var KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
  var MOST_WAITING = 200000;
  var SILENT_S = 4;

  function kind() {
    return KINDS.find(function (one) { return MediaRecorder.isTypeSupported(one); });
  }

  function clock(seconds) {
    return Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
  }

  function studio(box) {
    var say = box.querySelector(".mic-say");
    var left = box.querySelector(".mic-left");
    var meter = box.querySelector(".mic-level");
    var formEnd = document.getElementById("end-form");
    var running = null;

    function button(name) { return box.querySelector("[data-mic='" + name + "']"); }

    function tell(word) { say.textContent = box.dataset[word]; }

    function show(live) {
      button("start").hidden = live;
      button("end").hidden = !live;
      if (button("cut")) { button("cut").hidden = !live; }
      if (formEnd) { formEnd.hidden = live; }
    }

    function release(run) {
      window.removeEventListener("beforeunload", hold);
      if (run.recorder && run.recorder.state !== "inactive") { run.recorder.stop(); }
      run.stream.getTracks().forEach(function (track) { track.stop(); });
    }

    function hold(event) { event.preventDefault(); }

    function over(word) {
      if (!running) { return; }
      var run = running;
      running = null;
      release(run);
      run.socket.close();
      meter.value = 0;
      left.textContent = "";
      button("end").hidden = true;
      if (button("cut")) { button("cut").hidden = true; }
      if (word) { tell(word); }
      window.setTimeout(function () { window.location.reload(); }, 2500);
    }

    function heard(run, text) {
      var told = JSON.parse(text);
      if (told.code) { run.refused = true; over(""); say.textContent = document.documentElement.lang === "vi" ? told.vi : told.en; return; }
      if (told.ended) { over("ended"); return; }
      // nothing is recorded before the other side is ready: no first word gets lost
      if (!run.recorder) { record(run); window.addEventListener("beforeunload", hold); button("end").focus(); }
      meter.value = Math.max(0, 100 + told.level * 5 / 3);
      left.textContent = box.dataset.left.replace("{left}", clock(told.left)) + " " + box.dataset.reached.replace("{sounding}", told.sounding).replace("{nodes}", told.nodes);
      run.quiet = told.level < -55 ? run.quiet + 0.2 : 0;
      if (performance.now() < run.sayUntil) { return; }
      tell(run.ending ? "ended" : run.quiet > SILENT_S ? "quiet" : !told.flows ? "waiting" : told.sounding ? "speaking" : "sending");
    }

    function record(run) {
      run.recorder = new MediaRecorder(run.stream, { mimeType: run.kind, audioBitsPerSecond: 48000 });
      run.recorder.addEventListener("dataavailable", function (event) {
        // what can't leave in time is better lost than heard late
        if (event.data.size && run.socket.readyState === WebSocket.OPEN && run.socket.bufferedAmount < MOST_WAITING) { run.socket.send(event.data); }
      });
      run.recorder.start(PIECE_MS);
    }

    function connect(stream) {
      var address = new URL(box.dataset.socket, window.location.href);
      address.protocol = address.protocol.replace("http", "ws");
      var run = { stream: stream, kind: kind(), quiet: 0, sayUntil: 0, socket: new WebSocket(address) };
      running = run;
      tell("connecting");
      show(true);
      run.socket.addEventListener("open", function () { run.socket.send(JSON.stringify({ kind: run.kind })); });
      run.socket.addEventListener("message", function (event) { heard(run, event.data); });
      run.socket.addEventListener("close", function () { if (running === run) { over(run.ending ? "ended" : "lost"); } });
    }

    function start() {
      if (running) { return; }
      if (!navigator.mediaDevices || !window.MediaRecorder || !kind()) { tell("insecure"); return; }
      navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } }).then(connect).catch(function (error) {
        tell(error.name === "NotAllowedError" || error.name === "SecurityError" ? "refused" : error.name === "NotFoundError" ? "none" : "failed");
      });
    }

    function cut() {
      if (!running) { return; }
      running.socket.send("{\"do\":\"cut\"}");
      running.sayUntil = performance.now() + 2000;
      tell("cut");
    }

    function end() {
      if (!running) { return; }
      running.ending = true;
      if (running.recorder && running.recorder.state !== "inactive") { running.recorder.stop(); }
      var socket = running.socket;
      // the last piece of the recorder leaves first
      window.setTimeout(function () { if (socket.readyState === WebSocket.OPEN) { socket.send("{\"do\":\"end\"}"); } }, 150);
      tell("ended");
    }

    button("start").addEventListener("click", start);
    button("end").addEventListener("click", end);
    if (button("cut")) { button("cut").addEventListener("click", cut); }
    window.addEventListener("pagehide", function () { if (running) { release(running); } });
    box.hidden = false;
  }

  document.addEventListener("DOMContentLoaded", function () {
    var box = document.getElementById("mic");
    if (box) { studio(box); }
  });
})();
