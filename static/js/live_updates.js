// live_updates.js: from a changed row to a changed part.
// <body data-events="/events/"> listens to one stream. A message {"kind": "call", "ref": "<id>", "version": 7} becomes two events on
// document.body, `changed:call` and `changed:call:<id>`, so that a part asks for itself:
//   <article id="call-…" hx-get="…" hx-trigger="changed:call:<id> from:body throttle:200ms" hx-swap="outerMorph">
// `changed:all` is fired after a reconnect, and `changed:poll` every 5 s while the stream is down; parts listen to both:
//   hx-trigger="changed:call from:body throttle:200ms, changed:all from:body, changed:poll from:body"
// An element with data-redraw-in="9" knows that it is out of date in 9 s, whatever the server sends: `changed:all` is fired then.
// The server may send `event: refresh` (ask for everything) and `event: bye` (this page gets no stream any more).
//
// One stream per browser: on HTTP/1.1 a host has six connections for all its tabs. The tab that holds the lock opens the stream
// and passes on what it hears; when it closes, the lock goes to another. Where there are no locks each tab has a stream.
(() => {
  const fire = (name, detail = {}) => document.body.dispatchEvent(new CustomEvent(name, { detail }));
  let redrawing;
  const deadlines = new WeakMap(); // by element: the seconds it came with, and when they are over
  const deadline = element => {
    const seconds = element.dataset.redrawIn, known = deadlines.get(element);
    if (known?.seconds === seconds) return known.at;
    const at = Date.now() + Number(seconds) * 1000;
    deadlines.set(element, { seconds, at });
    return at;
  };
  const scheduleRedraw = () => {
    clearTimeout(redrawing);
    const soonest = Math.min(...[...document.querySelectorAll("[data-redraw-in]")].map(deadline));
    if (Number.isFinite(soonest)) redrawing = setTimeout(() => fire("changed:all"), Math.max(1000, soonest - Date.now()));
  };
  for (const swap of ["htmx:after:swap", "patchbay:painted"]) document.addEventListener(swap, scheduleRedraw);
  scheduleRedraw();

  const address = document.body.dataset.events;
  if (!address || !window.EventSource) return;
  const PATIENCE = 3000; // a shorter interruption is not shown
  const banner = document.querySelector("[data-stream-lost]");
  const shared = Boolean(window.BroadcastChannel && navigator.locks);
  let stream, channel, leave, again, polling, patience, wasLost = false, isOpen = false;

  const pageClock = () => { // in the zone of the page's other times, not in that of the computer
    const shape = { hour: "2-digit", minute: "2-digit" }, timeZone = document.documentElement.dataset.zone || undefined;
    try { return new Date().toLocaleTimeString("en-GB", { ...shape, timeZone }); } catch { return new Date().toLocaleTimeString("en-GB", shape); }
  };
  const showLost = () => {
    if (wasLost) return;
    wasLost = true;
    const since = banner?.querySelector("[data-lost-since]");
    if (since) since.textContent = pageClock();
    if (banner) banner.hidden = false;
    polling = setInterval(() => fire("changed:poll"), 5000);
    fire("changed:poll");
  };
  const showConnected = () => {
    clearTimeout(patience);
    patience = undefined;
    if (!wasLost) return;
    wasLost = false;
    clearInterval(polling);
    if (banner) banner.hidden = true;
    fire("changed:all");
  };
  const startPatience = () => { patience ??= setTimeout(showLost, PATIENCE); };

  const handle = ({ type, change }) => { // in every tab
    if (type === "open") showConnected();
    else if (type === "lost") startPatience();
    else if (type === "refresh") fire("changed:all");
    else if (type === "change") {
      fire(`changed:${change.kind}`, change);
      if (change.ref) fire(`changed:${change.kind}:${change.ref}`, change);
    } else if (type === "hello" && stream) channel.postMessage({ type: isOpen ? "open" : "lost" });
  };
  const broadcast = message => { // in the tab that has the stream
    channel?.postMessage(message);
    handle(message);
  };

  const open = () => {
    stream = new EventSource(address);
    stream.addEventListener("open", () => { isOpen = true; broadcast({ type: "open" }); });
    stream.addEventListener("message", event => {
      let change;
      try { change = JSON.parse(event.data); } catch { return; }
      if (change.kind) broadcast({ type: "change", change });
    });
    stream.addEventListener("refresh", () => broadcast({ type: "refresh" }));
    stream.addEventListener("bye", () => { // another tab may have a stream still
      channel?.postMessage({ type: "lost" });
      close();
      showLost();
    });
    stream.addEventListener("error", () => { // the browser asks again by itself
      isOpen = false;
      broadcast({ type: "lost" });
      if (stream?.readyState === EventSource.CLOSED) again = setTimeout(open, 5000 + Math.random() * 3000);
    });
  };
  const close = () => {
    clearTimeout(again);
    stream?.close();
    stream = undefined;
    isOpen = false;
    leave?.();
    leave = undefined;
  };

  const start = () => {
    if (!shared) return open();
    const waiting = new AbortController();
    channel = new BroadcastChannel(`patchbay ${address}`);
    channel.addEventListener("message", event => handle(event.data));
    channel.postMessage({ type: "hello" });
    startPatience(); // until a tab reports that the stream is open
    leave = () => waiting.abort();
    navigator.locks.request(`patchbay ${address}`, { signal: waiting.signal }, () => new Promise(release => {
      leave = release;
      open();
    })).catch(() => {}); // left before it was this tab's turn
  };
  const stop = () => {
    clearTimeout(patience);
    patience = undefined;
    close();
    channel?.close();
    channel = undefined;
  };
  start();
  addEventListener("pagehide", stop);
  addEventListener("pageshow", event => { if (event.persisted) { start(); fire("changed:all"); } });
})();
