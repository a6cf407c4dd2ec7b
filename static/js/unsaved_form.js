// unsaved_form.js: leaving the page asks first when something is typed in a form and not saved.
//   <form data-asks-before-leaving data-unsaved> holds something typed from the beginning, as after an error
(() => {
  const form = document.querySelector("form[data-asks-before-leaving]");
  if (!form) return;
  let unsaved = "unsaved" in form.dataset, leaving = false;
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, event => { if (event.target.form === form) unsaved = true; });
  }
  // What sends the form itself, or was confirmed in a dialog, is meant.
  addEventListener("submit", event => {
    if (!event.defaultPrevented && (event.target === form || event.target.closest("dialog"))) leaving = true;
  });
  addEventListener("pageshow", () => { leaving = false; });
  addEventListener("beforeunload", event => { if (unsaved && !leaving) event.preventDefault(); });
})();
