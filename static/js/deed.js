// deed.js: the button of "Call now" says the deed as it stands: whom, and from which line.
//   <span data-deed data-deed-to="#destination" data-deed-from="number">Call from Amsterdam line</span>
(() => {
  const say = () => {
    for (const deed of document.querySelectorAll("[data-deed]")) {
      const form = deed.closest("form");
      const to = form.querySelector(deed.dataset.deedTo)?.value.trim();
      const from = form.querySelector(`[name="${deed.dataset.deedFrom}"]:checked`)?.dataset.words;
      deed.textContent = ["Call", to, from && `from ${from}`].filter(Boolean).join(" ");
    }
  };
  for (const event of ["input", "change", "htmx:after:swap", "pageshow"]) addEventListener(event, say);
  say();
})();
