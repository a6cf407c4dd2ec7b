// keyboard.js: keyboard shortcuts. `/` searches, `g` and a letter opens a page, `e` ends the call shown, a digit opens
// an action, `?` lists them. On the live board `j` and `k` go from row to row, arrows too once one is there, `x` selects
// the row, and Enter opens it.
(() => {
  const PAGES = { o: "overview", l: "live", c: "calls", n: "call", p: "campaigns", k: "clients" };
  const typing = place => place?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  let going = 0;

  // the live board: whether the key was for its rows
  const STEPS = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
  const onRows = ({ key, target }) => {
    const rows = [...document.querySelectorAll("#live-board .call-card")], at = rows.indexOf(target.closest?.(".call-card"));
    if (!rows.length || (at < 0 && !/^[jk]$/.test(key))) return false;
    if (key === "x") rows[at].querySelector(".call-card__select input")?.click();
    else if (key === "Enter" && target.matches("input")) rows[at].querySelector("a")?.click();
    else if (STEPS[key]) {
      const next = rows[at < 0 ? (STEPS[key] > 0 ? 0 : rows.length - 1) : at + STEPS[key]];
      (next?.querySelector("a") ?? next?.querySelector("input"))?.focus();
    } else return false;
    return true;
  };

  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape" && !event.target.closest("dialog, [popover]")) event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (Date.now() >= going && onRows(event)) event.preventDefault();
    else if (Date.now() < going && PAGES[event.key]) {
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
