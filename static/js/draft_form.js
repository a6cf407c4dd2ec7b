// draft_form.js: *Back* in the browser undoes the choice of another provider, or of the other side, of a one-time assistant, and
// leaving the page asks first when something is typed and not saved. What was typed stays in both.
//   <form id="draft-form" data-unsaved> holds something typed from the beginning, as after an error
(() => {
  const form = () => document.getElementById("draft-form");
  if (!form()) return;
  const CHOICE = "select[hx-post]", SIDE = "[name=side]";
  const shown = () => ({
    side: form().querySelector(SIDE).value,
    choices: Object.fromEntries([...form().querySelectorAll(CHOICE)].map(select => [select.name, select.value])),
  });
  const running = new Set(), undone = new WeakSet(); // requests for another form; those that follow *Back* and *Forward*
  let unsaved = "unsaved" in form().dataset, leaving = false, undoing = false, isBehind = false;
  const isOurs = ctx => ctx?.target?.id === "draft-form";

  history.replaceState({ ...history.state, draft: shown() }, "");
  document.addEventListener("htmx:before:request", event => {
    const ctx = event.detail?.ctx;
    if (!isOurs(ctx)) return;
    running.add(ctx);
    if (undoing) undone.add(ctx);
    undoing = false;
  });
  document.addEventListener("htmx:after:swap", event => {
    const ctx = event.detail?.ctx;
    if (!isOurs(ctx)) return;
    unsaved = true;
    if (!undone.has(ctx) && !isBehind) history.pushState({ draft: shown() }, "");
    if (!form().contains(document.activeElement)) form().querySelector("textarea[name=text], select")?.focus();
  });
  document.addEventListener("htmx:finally:request", event => {
    if (!running.delete(event.detail?.ctx) || running.size || !isBehind) return;
    isBehind = false;
    follow();
  });

  const follow = () => { // draws the form that this entry of the history had
    const wanted = history.state?.draft;
    if (!wanted || !form()) return;
    if (wanted.side !== shown().side) {
      undoing = true;
      form().querySelector(`[name=do][value=${wanted.side}]`)?.click();
      return;
    }
    const changed = [...form().querySelectorAll(CHOICE)].filter(select => (wanted.choices[select.name] ?? select.value) !== select.value);
    for (const select of changed) select.value = wanted.choices[select.name];
    if (!changed.length) return;
    undoing = true;
    changed[0].dispatchEvent(new Event("change", { bubbles: true }));
  };
  addEventListener("popstate", () => {
    if (running.size) isBehind = true; // what it draws is not bound to anything yet
    else follow();
  });

  document.addEventListener("input", event => { if (form()?.contains(event.target)) unsaved = true; });
  addEventListener("submit", event => { if (!event.defaultPrevented) leaving = true; });
  addEventListener("pageshow", () => { leaving = false; });
  addEventListener("beforeunload", event => { if (unsaved && !leaving) event.preventDefault(); });
})();
