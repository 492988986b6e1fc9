// Loa's own script: live parts by server-sent events, drafts kept on this machine. Every page works without it.
"use strict";

(function () {
  var AGAIN_MS = 3000;
  // An old telephone hands its forms in as they are.
  var able = "requestSubmit" in HTMLFormElement.prototype && "timeout" in AbortSignal;
  var source = null;
  var lost = false;
  var held = null;

  function banner() { return document.getElementById("link-lost"); }

  function clockWords() {
    return new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" }).format(new Date());
  }

  function say(gone) {
    var news = gone !== lost;
    lost = gone;
    if (news) { document.dispatchEvent(new Event(gone ? "loa:lost" : "loa:found")); }
    if (news && gone && able) { window.setTimeout(seek, AGAIN_MS); }
    if (lost && banner().hidden) { banner().textContent = banner().dataset.text.replace("{when}", clockWords()); }
    banner().hidden = !lost;
  }

  // Any answer will do: what is asked is only whether the server can be reached.
  function reach() {
    return fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(4000) });
  }

  function seek() {
    if (lost) { reach().then(function () { say(false); }, function () { window.setTimeout(seek, AGAIN_MS); }); }
  }

  function put(part) {
    var place = document.getElementById(part.id);
    if (!place) { return; }
    var focused = place.contains(document.activeElement);
    if (focused) { return; }
    var before = place.textContent.replace(/\s+/g, " ");
    place.innerHTML = part.html;
    if (part.tone) { place.className = part.tone; }
    if (place.textContent.replace(/\s+/g, " ") === before) { return; }
    place.classList.remove("fresh");
    void place.offsetWidth;
    place.classList.add("fresh");
  }

  // An event source holds one of the few connections that a browser allows to one host: closed while hidden.
  function listen() {
    var place = document.querySelector("main [data-live]") || document.querySelector("[data-live]");
    if (!place || source || document.hidden) { return; }
    source = new EventSource(place.dataset.live);
    source.addEventListener("open", function () { say(false); });
    source.addEventListener("error", function () { say(true); });
    source.addEventListener("part", function (event) { put(JSON.parse(event.data)); });
    source.addEventListener("reload", function () { window.location.reload(); });
  }

  function silence() {
    if (source) { source.close(); source = null; }
  }

  document.addEventListener("visibilitychange", function () { if (document.hidden) { silence(); } else { listen(); } });
  window.addEventListener("pagehide", silence);
  window.addEventListener("offline", function () { say(true); });
  window.addEventListener("online", function () { say(false); });

  function note(form, text) {
    var line = form.querySelector(".kept-line");
    if (!line) {
      line = document.createElement("p");
      line.className = "small kept-line";
      line.setAttribute("role", "status");
      (form.querySelector(".actions") || form).prepend(line);
    }
    line.textContent = text;
    return line;
  }

  function read(name) {
    try { return JSON.parse(window.localStorage.getItem(name)); } catch (ignored) { return null; }
  }

  // What is typed is kept on this machine until the server has it, so that a lost link loses nothing.
  function keep(form) {
    var name = "loa:" + form.dataset.keep;
    var fields = ["title", "text"];
    var kept = read(name);
    var differs = kept && fields.some(function (field) { return kept[field] && kept[field] !== form.elements[field].value; });
    if (differs) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.textContent = form.dataset.keepTake;
      button.addEventListener("click", function () {
        fields.forEach(function (field) { form.elements[field].value = kept[field] || ""; });
        form.elements.text.dispatchEvent(new Event("input", { bubbles: true }));
        button.remove();
      });
      note(form, form.dataset.keepOffer + " ").append(button);
    }
    form.addEventListener("input", function () {
      var values = {};
      fields.forEach(function (field) { values[field] = form.elements[field].value; });
      try {
        window.localStorage.setItem(name, JSON.stringify(values));
        if (lost) { note(form, form.dataset.keepSaid); }
      } catch (ignored) { /* a full or forbidden store: the server's draft remains */ }
    });
    document.addEventListener("loa:lost", function () {
      if (read(name)) { note(form, form.dataset.keepSaid); }
    });
  }

  function forget() {
    var mark = document.querySelector("[data-kept-arrived]");
    if (!mark) { return; }
    try { window.localStorage.removeItem("loa:" + mark.dataset.keptArrived); } catch (ignored) { /* nothing was kept */ }
  }

  // A file of this machine is put into the field that is sent, so that it is seen before it is taken in.
  function fills(input) {
    var field = document.getElementById(input.dataset.fills);
    input.closest("[data-needs-script]").hidden = false;
    input.addEventListener("change", function () {
      if (input.files.length) { input.files[0].text().then(function (text) { field.value = text; }); }
    });
  }

  // An address is taken along by one press; without a script it can be marked and copied by hand.
  function copies(button) {
    var field = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", function () {
      field.select();
      var said = function () { button.textContent = button.dataset.copied; };
      if (navigator.clipboard) { navigator.clipboard.writeText(field.value).then(said, function () { /* it is marked */ }); }
    });
  }

  // Whether the server answers is asked before the page is given up: a browser's own error page keeps nothing and
  // leaves open what was sent. Only a draft goes by itself when the link is back; whoever alerts or stops presses again.
  // A double click is one press: the server holds to the same by the key in the form.
  document.addEventListener("submit", function (event) {
    var form = event.target, button = event.submitter;
    if (event.defaultPrevented || form.method === "get") { return; }
    if (form.dataset.reached) { delete form.dataset.reached; return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    if (!able) { rest(form); return; }
    event.preventDefault();
    reach().then(function () { send(form, button); }, function () { hold(form, button); });
  });

  function rest(form) { window.setTimeout(function () { delete form.dataset.sent; }, 4000); }

  function send(form, button) {
    form.dataset.reached = "yes";
    form.requestSubmit(button);
    rest(form);
  }

  function hold(form, button) {
    delete form.dataset.sent;
    held = { form: form, button: button, line: note(form, form.dataset.keepSaid || banner().dataset.unsent) };
    say(true);
  }

  document.addEventListener("loa:found", function () {
    var one = held;
    held = null;
    if (one && one.form.dataset.keepSaid) { send(one.form, one.button); } else if (one) { one.line.remove(); }
  });
  document.addEventListener("htmx:sendError", function () { say(true); });

  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
    listen();
  });
  document.addEventListener("DOMContentLoaded", function () {
    forget();
    document.querySelectorAll("form[data-keep]").forEach(keep);
    document.querySelectorAll("input[data-fills]").forEach(fills);
    document.querySelectorAll("button[data-copy]").forEach(copies);
    listen();
  });
})();
