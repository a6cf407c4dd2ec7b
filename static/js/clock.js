// clock.js: keeps times current.
//   <time data-since="ISO">04:17</time>       a running timer, mm:ss (h:mm:ss from an hour on)
//   <time data-since="ISO" data-timer="key">  the same; over all swaps the timer of this key never runs backwards
//   <time data-until="ISO">24 s</time>        counts down the seconds to a moment, to 0 s
//   <time datetime="ISO" data-age>4 s ago</time>  relative age; beyond the hour it keeps what the server wrote
// Measured by the server's clock (<html data-now>), because the clock of the computer may be minutes off.
(() => {
  const skew = Date.parse(document.documentElement.dataset.now) - Date.now() || 0;
  const passed = iso => Math.max(0, Math.floor((Date.now() + skew - Date.parse(iso)) / 1000));
  const two = figure => String(figure).padStart(2, "0");
  const timer = seconds => {
    const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
  };
  const write = (place, text) => { if (place.textContent !== text) place.textContent = text; };

  const furthest = new Map();
  const onwards = ({ timer: key, since }) => {
    const seconds = Math.max(passed(since), furthest.get(key ?? since) ?? 0);
    furthest.set(key ?? since, seconds);
    return seconds;
  };
  const tick = () => {
    for (const place of document.querySelectorAll("time[data-since]")) write(place, timer(onwards(place.dataset)));
    for (const place of document.querySelectorAll("time[data-until]")) {
      write(place, `${Math.max(0, Math.ceil((Date.parse(place.dataset.until) - Date.now() - skew) / 1000))} s`);
    }
    for (const place of document.querySelectorAll("time[data-age]")) {
      const seconds = passed(place.dateTime);
      if (seconds < 3600) write(place, seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`);
    }
  };
  tick();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
  document.addEventListener("htmx:after:swap", tick);
})();
