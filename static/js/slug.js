// slug.js: the short name follows the name until somebody writes it themselves.
//   <input name="slug" data-slug-of="id_name">
(() => {
  const slug = text => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 50);
  for (const field of document.querySelectorAll("[data-slug-of]")) {
    const name = document.getElementById(field.dataset.slugOf);
    let follows = !field.value || field.value === slug(name.value);
    name.addEventListener("input", () => { if (follows) field.value = slug(name.value); });
    field.addEventListener("input", () => { follows = !field.value; });
  }
})();
