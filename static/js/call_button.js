// call_button.js: keeps the words of the button of "Call now" current: who is called, and from which line.
//   <span data-call-button data-call-to="#destination" data-call-from="number">Call from Amsterdam line</span>
//   <textarea data-opening-of="assistant">  shows the opening sentence (data-opening) of the chosen radio button
(() => {
  const showLabel = () => {
    for (const button of document.querySelectorAll("[data-call-button]")) {
      const form = button.closest("form");
      const to = form.querySelector(button.dataset.callTo)?.value.trim();
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
  for (const event of ["input", "change", "htmx:after:swap", "pageshow"]) for (const update of [showLabel, showOpening]) addEventListener(event, update);
  showLabel();
  showOpening();
})();
