// form_results.js: brings the result of a form into view. Errors get the focus too: the first field with an error, else the note about
// the form, else, on a page that answers a refusal, the note that says why. So on a whole page, and where a script swapped errors in.
(() => {
  const CONTROL = "input:not([type=hidden]), select, textarea, button", ERRORS = "[aria-invalid=true], form .error";

  const controlOf = error => error.matches(CONTROL) ? error : error.closest(".field, .inline, form")?.querySelector(CONTROL) ?? error;
  const show = (scope, status) => {
    scope.querySelector("[data-receipt]")?.scrollIntoView({ block: "center" });
    const error = scope.querySelector(ERRORS) ?? scope.querySelector("[data-form-errors]")
      ?? (status >= 400 ? scope.querySelector(".note--wrong:not([hidden])") : null);
    if (!error) return;
    for (let parent = error.parentElement; parent; parent = parent.parentElement) {
      if (parent.matches("details")) parent.open = true;
      else if (parent.matches("dialog:not([open])")) parent.showModal();
    }
    const place = error.matches(".note--wrong") ? Object.assign(error, { tabIndex: -1 }) : controlOf(error);
    place.focus({ preventScroll: true });
    error.scrollIntoView({ block: "center" });
  };

  show(document.querySelector("main") ?? document.body, performance.getEntriesByType("navigation")[0]?.responseStatus);
  document.addEventListener("htmx:after:swap", event => {
    const { ctx } = event.detail;
    if (ctx?.response?.status !== 422) return;
    const form = ctx.sourceElement?.closest("form"); // its errors may have come beside the part that it asked for
    show([ctx.target, form].find(part => part?.isConnected && part.querySelector(ERRORS)) ?? (ctx.target?.isConnected ? ctx.target : document.body), 422);
  });
})();
