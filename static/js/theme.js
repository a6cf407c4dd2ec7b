// theme.js: auto → light → dark, remembered on this device. Loaded before the page is drawn, so that nothing flashes.
(() => {
  const order = ["auto", "light", "dark"], words = { auto: "As your device", light: "Light", dark: "Dark" };
  const read = () => { try { return order.includes(localStorage.theme) ? localStorage.theme : "auto"; } catch { return "auto"; } };
  let theme = read();

  const apply = () => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const place of document.querySelectorAll("[data-theme-words]")) place.textContent = words[theme];
  };
  apply();
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", event => {
    if (!event.target.closest("[data-switch-theme]")) return;
    theme = order[(order.indexOf(theme) + 1) % order.length];
    try { localStorage.theme = theme; } catch { /* private windows may refuse; the page still changes */ }
    apply();
  });
  addEventListener("storage", () => { theme = read(); apply(); });
})();
