// live_board.js: the live board paints the calls that changed, and leaves the other rows as they are.
//   <div id="live-board" data-rows-of="/live/?…" data-newest="">  its rows are <li id="card-<id>" data-column data-at>
//   <section data-column="person">                                 the columns, each with an <h2> that ends in its count, and an <ol>
//   <label data-select-all><input type="checkbox"></label>         selects all rows shown; Shift selects all from the last one pressed
//   <form data-submits-on-change>                                  is sent when a choice in it changes
//   <small hidden data-needs-script>                               is shown by this script, without which it would do nothing
// Changes that arrive while an answer is awaited are asked for together with the next request, so there is never more than one.
// Rows for which no answer came are asked for again, after a pause that grows.
(() => {
  const board = () => document.getElementById("live-board");
  const MOST = 100; // ids in one request
  const REFRESH = 10000; // filters and other counts follow rows that came or left this much later
  const RETRY = 1000, LONGEST_RETRY = 30000; // milliseconds until rows are asked for again that were not answered
  const changed = new Set(), selected = new Set();
  let asking = false, scheduled = false, failures = 0, refreshing, last;

  document.body.addEventListener("changed:call", event => {
    if (!board() || !event.detail?.ref) return;
    changed.add(event.detail.ref);
    schedule(0);
  });
  const schedule = wait => {
    if (scheduled || asking) return;
    scheduled = true;
    setTimeout(ask, wait);
  };
  const ask = async () => {
    scheduled = false;
    const root = board(), ids = [...changed].slice(0, MOST);
    if (!root || !ids.length) return;
    for (const id of ids) changed.delete(id);
    asking = true;
    const began = performance.now();
    const answer = await read(root, ids);
    asking = false;
    failures = answer.isMissing ? failures + 1 : 0;
    if (answer.isMissing) for (const id of ids) changed.add(id);
    else if (answer.rows && board() === root) paint(root, ids, answer.rows);
    else if (board()) refreshSoon(0); // it asks for itself, and shows what is wrong
    const pause = failures ? Math.min(LONGEST_RETRY, RETRY * 2 ** (failures - 1)) : Math.min(1000, (performance.now() - began) / 2);
    if (changed.size) schedule(pause); // a slow server is asked less often
  };
  const read = async (root, ids) => { // `isMissing`: there is no answer now, but there may be one later
    const address = new URL(root.dataset.rowsOf, location.href), page = document.createElement("template");
    address.searchParams.set("rows", ids.join(","));
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
      if (answer.status === 429 || answer.status >= 500) return { isMissing: true };
      if (answer.ok && !answer.redirected) page.innerHTML = await answer.text();
    } catch {
      return { isMissing: true };
    }
    return { rows: page.content.querySelector("[data-board-rows]") };
  };

  const paint = (root, ids, rows) => {
    const focused = focusedRow();
    let moved = false;
    for (const id of ids) {
      const row = document.getElementById(`card-${id}`), fresh = rows.querySelector(`#card-${CSS.escape(id)}`);
      if (row && !fresh) { row.remove(); moved = true; }
      else if (row) { redraw(row, fresh); moved = place(root, row, fresh.dataset) || moved; }
      else if (fresh) { fresh.classList.add("call-card--new"); place(root, fresh, fresh.dataset); moved = true; }
    }
    for (const section of rows.querySelectorAll("section[data-column]")) count(root, section);
    const counts = root.querySelector("[data-board-part=counts]"), freshCounts = rows.querySelector("[data-board-part=counts]");
    if (counts && freshCounts && counts.innerHTML !== freshCounts.innerHTML) counts.innerHTML = freshCounts.innerHTML;
    const wasEmpty = root.dataset.isEmpty === "1", isEmpty = !root.querySelector(".call-card");
    if (moved) refreshSoon(wasEmpty !== isEmpty || isEmpty ? 0 : REFRESH);
    root.dataset.isEmpty = isEmpty ? "1" : "";
    restore();
    refocus(focused);
    document.dispatchEvent(new CustomEvent("patchbay:painted"));
  };
  const redraw = (row, fresh) => {
    const written = fresh.innerHTML;
    if (row.className !== fresh.className) row.className = fresh.className;
    for (const name of ["data-column", "data-at", "data-redraw-in"]) {
      const value = fresh.getAttribute(name);
      if (value === null) row.removeAttribute(name);
      else if (row.getAttribute(name) !== value) row.setAttribute(name, value);
    }
    if (row.written === written) return;
    row.innerHTML = written;
    row.written = written;
  };
  const place = (root, row, { column, at }) => { // returns whether it is elsewhere now
    const list = root.querySelector(`section[data-column="${column}"] > ol`);
    if (!list) return true;
    const newest = Boolean(root.dataset.newest), mine = Number(at);
    const comesBefore = other => (newest ? Number(other.dataset.at) < mine : Number(other.dataset.at) > mine);
    const isRight = row.parentElement === list
      && !(row.previousElementSibling && comesBefore(row.previousElementSibling))
      && !(row.nextElementSibling && !comesBefore(row.nextElementSibling) && row.nextElementSibling.dataset.at !== at);
    if (isRight) return false;
    list.insertBefore(row, [...list.children].find(other => other !== row && comesBefore(other)) ?? null);
    return true;
  };
  // the keyboard stays in its row; when that goes, it moves to the row after it, else to the one before it
  const focusedRow = () => {
    const element = document.activeElement, row = element?.closest("#live-board .call-card");
    if (!row) return null;
    const all = [...document.querySelectorAll("#live-board .call-card")], at = all.indexOf(row);
    return { tag: element.tagName, ids: [row, ...all.slice(at + 1), ...all.slice(0, at).reverse()].map(other => other.id) };
  };
  const refocus = focused => {
    const isLost = !document.activeElement || document.activeElement === document.body;
    if (!focused || !isLost || !board()) return;
    const row = focused.ids.map(id => document.getElementById(id)).find(Boolean);
    const place = row?.querySelector(focused.tag) ?? row?.querySelector("a, input") ?? document.getElementById("main");
    place?.focus({ preventScroll: true });
  };
  const count = (root, fresh) => {
    const section = root.querySelector(`section[data-column="${fresh.dataset.column}"]`), figure = section?.querySelector("h2 small");
    if (figure && figure.textContent !== fresh.dataset.total) figure.textContent = fresh.dataset.total;
    if (section) section.hidden = !section.querySelector(".call-card");
  };
  const refreshSoon = wait => {
    if (refreshing && wait) return;
    clearTimeout(refreshing);
    refreshing = setTimeout(() => {
      refreshing = undefined;
      board()?.dispatchEvent(new CustomEvent("board:refresh"));
    }, wait);
  };

  // selecting
  const boxes = () => [...document.querySelectorAll("#live-board .call-card__select input")];
  const reveal = () => { for (const part of document.querySelectorAll("#live-board [data-needs-script]")) part.hidden = false; };
  const restore = () => {
    reveal();
    const all = boxes(), there = new Set(all.map(box => box.value));
    for (const id of selected) if (!there.has(id)) selected.delete(id);
    for (const box of all) box.checked = selected.has(box.value);
    const words = document.querySelector("[data-selected-count]"), every = document.querySelector("[data-select-all] input");
    if (words) words.textContent = selected.size ? `${selected.size} selected` : "";
    if (every) {
      every.checked = all.length > 0 && selected.size === all.length;
      every.indeterminate = selected.size > 0 && selected.size < all.length;
    }
  };
  const note = (box, checked) => { box.checked = checked; checked ? selected.add(box.value) : selected.delete(box.value); };
  document.addEventListener("click", event => {
    const box = event.target.closest?.(".call-card__select input");
    if (!box) return;
    const all = boxes(), from = all.findIndex(other => other.value === last), to = all.indexOf(box);
    if (event.shiftKey && from >= 0) for (const other of all.slice(Math.min(from, to), Math.max(from, to) + 1)) note(other, box.checked);
    note(box, box.checked);
    last = box.value;
    restore();
  });
  document.addEventListener("change", event => {
    if (event.target.closest?.("[data-select-all]")) {
      for (const box of boxes()) note(box, event.target.checked);
      restore();
    }
    event.target.closest?.("form[data-submits-on-change]")?.requestSubmit();
  });
  let focusedBefore = null;
  document.addEventListener("htmx:before:swap", () => { focusedBefore = focusedRow(); });
  document.addEventListener("htmx:after:swap", () => {
    restore();
    refocus(focusedBefore);
  });
  addEventListener("pageshow", () => {
    for (const box of boxes()) if (box.checked) selected.add(box.value); // what a browser filled in again
    restore();
  });
  reveal();
})();
