// live.js: from a changed row to a changed part.
// <body data-events="/events/"> opens one stream. A message {"kind": "call", "ref": "<id>", "version": 7} becomes two events on
// document.body, `changed:call` and `changed:call:<id>`, so that a part asks for itself:
//   <article id="call-…" hx-get="…" hx-trigger="changed:call:<id> from:body throttle:200ms" hx-swap="outerMorph">
// `changed:all` is fired after a reconnect, and `changed:poll` every 5 s while the stream is down; parts listen to both:
//   hx-trigger="changed:call from:body throttle:200ms, changed:all from:body, changed:poll from:body"
// An element with data-redraw-in="9" knows that it is out of date in 9 s, whatever the server sends: `changed:all` is fired then.
// The server may send `event: refresh` (ask for everything) and `event: bye` (the session is over: close for good).
(() => {
  const fire = (name, detail = {}) => document.body.dispatchEvent(new CustomEvent(name, { detail }));
  let redrawing;
  const planRedraw = () => {
    clearTimeout(redrawing);
    const seconds = [...document.querySelectorAll("[data-redraw-in]")].map(element => Number(element.dataset.redrawIn));
    if (seconds.length) redrawing = setTimeout(() => fire("changed:all"), Math.min(...seconds) * 1000);
  };
  document.addEventListener("htmx:after:swap", planRedraw);
  planRedraw();

  const address = document.body.dataset.events;
  if (!address || !window.EventSource) return;
  const banner = document.querySelector("[data-stream-lost]");
  let stream, polling, patience, wasLost = false;

  const pageClock = () => { // in the zone of the page's other times, not in that of the desk
    const shape = { hour: "2-digit", minute: "2-digit" }, timeZone = document.documentElement.dataset.zone || undefined;
    try { return new Date().toLocaleTimeString("en-GB", { ...shape, timeZone }); } catch { return new Date().toLocaleTimeString("en-GB", shape); }
  };
  const lose = () => {
    if (wasLost) return;
    wasLost = true;
    const since = banner?.querySelector("[data-lost-since]");
    if (since) since.textContent = pageClock();
    if (banner) banner.hidden = false;
    polling = setInterval(() => fire("changed:poll"), 5000);
    fire("changed:poll");
  };
  const regain = () => {
    clearTimeout(patience);
    patience = undefined;
    if (!wasLost) return;
    wasLost = false;
    clearInterval(polling);
    if (banner) banner.hidden = true;
    fire("changed:all");
  };
  const open = () => {
    stream = new EventSource(address);
    stream.addEventListener("open", regain);
    stream.addEventListener("message", event => {
      let change;
      try { change = JSON.parse(event.data); } catch { return; }
      if (!change.kind) return;
      fire(`changed:${change.kind}`, change);
      if (change.ref) fire(`changed:${change.kind}:${change.ref}`, change);
    });
    stream.addEventListener("refresh", () => fire("changed:all"));
    stream.addEventListener("bye", () => { stream.close(); lose(); });
    stream.addEventListener("error", () => {
      patience ??= setTimeout(lose, 3000); // the browser asks again by itself; a blink is not worth a word
      if (stream.readyState === EventSource.CLOSED) setTimeout(open, 5000 + Math.random() * 3000);
    });
  };
  open();
  addEventListener("pagehide", () => { clearTimeout(patience); stream.close(); });
  addEventListener("pageshow", event => { if (event.persisted) { open(); fire("changed:all"); } });
})();
