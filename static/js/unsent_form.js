// unsent_form.js: puts what was typed back into the form that was not taken (tenants/access/form_recovery.py).
//   <div data-saved-form="/where/it/was/sent/"> holds the values by name in a JSON script
(() => {
  const note = document.querySelector("[data-saved-form]");
  const values = JSON.parse(document.getElementById("saved-fields")?.textContent || "null");
  if (!note || !values) return;
  const left = new Set(["hidden", "password", "file", "submit", "button"]);
  const sentTo = form => new URL(form.getAttribute("action") || location.href, location.href).pathname;
  const hiddenOnes = form => [...form.elements].filter(field => field.type === "hidden" && field.name in values);
  const forms = [...document.querySelectorAll("form")].filter(form => form.method === "post" && sentTo(form) === note.dataset.savedForm);
  const form = forms.find(form => hiddenOnes(form).every(field => values[field.name].includes(field.value))) ?? forms[0];
  if (!form) return;

  const fill = field => {
    const typed = values[field.name], before = [field.checked, field.value];
    if (field.type === "checkbox" || field.type === "radio") field.checked = typed?.includes(field.value) ?? false;
    else if (field.multiple) for (const option of field.options) option.selected = typed?.includes(option.value) ?? false;
    else if (typed) field.value = typed[0];
    else return;
    if (!field.multiple && field.checked === before[0] && field.value === before[1]) return;
    for (let part = field.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const kept = [...form.elements].filter(field => field.name && !left.has(field.type));
  kept.forEach(fill);

  for (let parent = form.parentElement; parent; parent = parent.parentElement) {
    if (parent.matches("details")) parent.open = true;
    if (parent.matches("dialog")) parent.showModal();
  }
  const words = note.querySelector("[data-filled]");
  words.textContent = words.dataset.filled;
  note.querySelector("details").hidden = true;
  if (!form.closest("dialog")) note.focus();
})();
