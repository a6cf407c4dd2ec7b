// call_button.js: keeps the form of "Call now" current: whom its button names, and the number in its field.
//   <span data-call-button data-call-to="#destination" data-call-from="number">Call from Amsterdam line</span>
//   <p data-number-echo data-typed="0612345678" data-grouped="06 1234 5678" data-number="+31 6 1234 5678">
//     what the server read the field as: the script never reads a number by itself
//   <a data-fill="#destination" data-fill-with="+31 6 1234 5678">  fills the field instead of loading its page
//   <textarea data-opening-of="assistant">  shows the opening sentence (data-opening) of the chosen radio button
(() => {
  const echoOf = field => {
    const echo = field.form?.querySelector("[data-number-echo]");
    return echo && echo.dataset.typed === field.value.trim() ? echo.dataset : null;
  };
  const showLabel = () => {
    for (const button of document.querySelectorAll("[data-call-button]")) {
      const form = button.closest("form"), field = form.querySelector(button.dataset.callTo);
      const chosen = form.querySelector('[name="reading"]:checked')?.dataset.words;
      const to = field && echoOf(field) && (chosen || echoOf(field).number);  // nobody, until the server has read it
      const from = form.querySelector(`[name="${button.dataset.callFrom}"]:checked`)?.dataset.words;
      button.textContent = ["Call", to, from && `from ${from}`].filter(Boolean).join(" ");
    }
  };
  const showOpening = () => {
    for (const field of document.querySelectorAll("[data-opening-of]")) {
      const chosen = field.form.querySelector(`[name="${field.dataset.openingOf}"]:checked`);
      if (chosen) field.placeholder = chosen.dataset.opening;
    }
  };
  const group = () => {
    for (const button of document.querySelectorAll("[data-call-button]")) {
      const field = button.closest("form").querySelector(button.dataset.callTo), echo = field && echoOf(field);
      const editsWithin = document.activeElement === field && field.selectionEnd !== field.value.length;
      if (!echo?.grouped || echo.grouped === field.value || editsWithin) continue;
      field.value = echo.typed = echo.grouped;
    }
  };
  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-fill]"), field = link && document.querySelector(link.dataset.fill);
    if (!field || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    field.value = link.dataset.fillWith;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  addEventListener("htmx:after:swap", group);
  for (const event of ["input", "change", "htmx:after:swap", "pageshow"]) for (const update of [showLabel, showOpening]) addEventListener(event, update);
  showLabel();
  showOpening();
})();
