// live_board.js: the live board paints the calls that changed, and leaves the other rows as they are.
//   <div id="live-board" data-rows-of="/live/?…" data-newest="">  its rows are <li id="card-<id>" data-column data-at>
//   <section data-column="person">                                 the columns, each with an <h2> that ends in its count, and an <ol>
//   <label data-select-all><input type="checkbox"></label>         selects all rows shown; Shift selects all from the last one pressed
//   <form data-submits-on-change>                                  is sent when a choice in it changes
// Changes that arrive while an answer is awaited are asked for together with the next request, so there is never more than one.
(() => {
  const board = () => document.getElementById("live-board");
  const MOST = 100; // ids in one request
  const REFRESH = 10000; // filters and other counts follow rows that came or left this much later
  const changed = new Set(), selected = new Set();
  let asking = false, scheduled = false, refreshing, last;

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
    try {
      const address = new URL(root.dataset.rowsOf, location.href);
      address.searchParams.set("rows", ids.join(","));
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
      const text = answer.ok && !answer.redirected ? await answer.text() : "";
      if (text && board() === root) paint(root, ids, text);
      else if (board()) refreshSoon(0); // it asks for itself, and says what is wrong
    } catch { /* the next change, or the poll of a lost stream, asks again */ }
    asking = false;
    if (changed.size) schedule(Math.min(1000, (performance.now() - began) / 2)); // a slow server is asked less often
  };

  const paint = (root, ids, text) => {
    const page = document.createElement("template");
    page.innerHTML = text;
    const rows = page.content.querySelector("[data-board-rows]");
    if (!rows) return refreshSoon(0);
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
    document.dispatchEvent(new CustomEvent("patchbay:painted"));
  };
  const redraw = (row, fresh) => {
    const kept = row.contains(document.activeElement) ? document.activeElement.tagName : "";
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
    if (kept) row.querySelector(kept)?.focus({ preventScroll: true });
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
    const focused = row.contains(document.activeElement) && document.activeElement;
    list.insertBefore(row, [...list.children].find(other => other !== row && comesBefore(other)) ?? null);
    if (focused) focused.focus({ preventScroll: true });
    return true;
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
  const restore = () => {
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
    const all = boxes(), from = all.findIndex(one => one.value === last), to = all.indexOf(box);
    if (event.shiftKey && from >= 0) for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) note(one, box.checked);
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
  document.addEventListener("htmx:after:swap", restore);
  addEventListener("pageshow", () => {
    for (const box of boxes()) if (box.checked) selected.add(box.value); // what a browser filled in again
    restore();
  });
})();
