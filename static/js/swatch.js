// swatch.js: a client's colour while it is being chosen: the whole page shows it before it is saved.
//   <input type="range" data-swatch="hue">
(() => {
  const show = () => {
    for (const field of document.querySelectorAll("[data-swatch]")) document.documentElement.style.setProperty(`--accent-${field.dataset.swatch}`, field.value);
  };
  document.addEventListener("input", event => { if (event.target.dataset?.swatch) show(); });
})();
