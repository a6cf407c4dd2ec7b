// keyboard.js: keyboard shortcuts. `/` searches, `g` and a letter opens a page, `e` ends the call shown, a digit opens
// an action, `?` lists them.
(() => {
  const PAGES = { o: "overview", l: "live", c: "calls", n: "call", p: "campaigns", k: "clients" };
  const typing = place => place?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  let going = 0;

  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape" && !event.target.closest("dialog, [popover]")) event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (Date.now() < going && PAGES[event.key]) {
      going = 0;
      document.querySelector(`.sidebar a[data-page="${PAGES[event.key]}"]`)?.click();
    } else if (event.key === "g") going = Date.now() + 1500;
    else if (event.key === "/") {
      const field = [...document.querySelectorAll("main input[type=search]")].find(one => one.checkVisibility?.() ?? true);
      if (field) { event.preventDefault(); field.focus(); field.select(); }
    } else if (event.key === "?") document.getElementById("keys")?.showModal();
    else if (/^[1-9]$/.test(event.key)) {
      const action = document.querySelector(`[data-action-key="${event.key}"]`);
      if (action) { event.preventDefault(); action.click(); }
    } else if (event.key === "e") document.querySelector("[data-end-call]")?.click();
  });
})();
