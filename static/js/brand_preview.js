// brand_preview.js: shows the colour of a client on the whole page while it is chosen.
//   <input type="range" data-brand-preview="hue">
(() => {
  const show = () => {
    for (const field of document.querySelectorAll("[data-brand-preview]")) document.documentElement.style.setProperty(`--accent-${field.dataset.brandPreview}`, field.value);
  };
  document.addEventListener("input", event => { if (event.target.dataset?.brandPreview) show(); });
})();
