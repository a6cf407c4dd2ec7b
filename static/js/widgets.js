// widgets.js: copying, dialogs, search in a list, toasts, and figures that changed.
//   <button data-copy="+31612345678">      copies, and says so; a copied .number[data-e164] is pasted as E.164
//   <button command="show-modal" commandfor="id">  also where the browser does not know invoker commands
//   <input type="search" data-find="list-id">      hides what does not match; Enter goes to the first that does
//   <b data-figure="calls-today">          flashes once when a swap changed it
//   text that is shortened with an ellipsis  shows the whole under the pointer
//   <table class="cards">                  gets its roles, for readers that go by the layout
(() => {
  // copying
  document.addEventListener("click", async event => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    if (button.classList.contains("copied")) return;
    const label = button.getAttribute("aria-label"), words = button.querySelector("span"), before = words?.textContent;
    try { await navigator.clipboard.writeText(button.dataset.copy); } catch { byHand(button.dataset.copy); }
    button.classList.add("copied");
    if (words) words.textContent = button.dataset.copied;
    else button.setAttribute("aria-label", `${button.dataset.copied ?? "Copied"} ${button.dataset.copy}`);
    setTimeout(() => {
      button.classList.remove("copied");
      if (words) words.textContent = before;
      else if (label) button.setAttribute("aria-label", label);
      else button.removeAttribute("aria-label");
    }, 1500);
  });
  const byHand = text => { // without https the clipboard is closed to scripts, a selection is not
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "hidden" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };
  document.addEventListener("copy", event => {
    const selection = getSelection(), text = selection.toString().trim();
    const node = selection.anchorNode, near = (node?.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.("[data-e164]");
    if (!near || near.textContent.trim() !== text) return;
    event.clipboardData.setData("text/plain", near.dataset.e164);
    event.preventDefault();
  });

  // dialogs
  const invokers = "command" in HTMLButtonElement.prototype;
  document.addEventListener("click", event => {
    const button = event.target.closest("button[commandfor]");
    if (button && !invokers) {
      const dialog = document.getElementById(button.getAttribute("commandfor"));
      if (button.getAttribute("command") === "show-modal") dialog?.showModal?.();
      else dialog?.close?.();
    }
    const dialog = event.target;
    if (dialog.matches?.("dialog[open]")) { // the backdrop belongs to the dialog, but lies outside of its box
      const box = dialog.getBoundingClientRect();
      if (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom) dialog.close();
    }
    for (const details of document.querySelectorAll(".chips details[open]")) if (!details.contains(event.target)) details.open = false;
  });

  // a closed dialog gives the focus back to the button that opened it, also when that was drawn anew or stood in a menu that has closed
  const openers = new Map();
  document.addEventListener("click", event => {
    const button = event.target.closest("button[commandfor]");
    if (button?.getAttribute("command") === "show-modal") openers.set(button.getAttribute("commandfor"), button);
  }, true);
  document.addEventListener("close", event => {
    const { id } = event.target, opener = openers.get(id), focused = document.activeElement ?? document.body;
    openers.delete(id);
    if (!opener || (focused !== document.body && !event.target.contains(focused))) return; // the browser has done it
    const again = opener.isConnected ? opener : document.querySelector(`button[command="show-modal"][commandfor="${CSS.escape(id)}"]`);
    const menu = again?.closest("[popover]:not(:popover-open)");
    (menu ? document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`) : again)?.focus();
  }, true);

  for (const dialog of document.querySelectorAll("dialog[open][data-modal]")) { // came back with an error
    dialog.close();
    dialog.showModal();
    dialog.querySelector("[aria-invalid]")?.focus();
  }

  // finding
  const shown = list => [...list.children].filter(item => !item.hidden && item.querySelector("a"));
  document.addEventListener("input", event => {
    const list = document.getElementById(event.target.dataset?.find ?? "");
    if (!list) return;
    const words = event.target.value.trim().toLowerCase();
    for (const item of list.children) if (item.querySelector("a")) item.hidden = !item.textContent.toLowerCase().includes(words);
    const nothing = list.querySelector("[data-nothing]");
    if (nothing) nothing.hidden = shown(list).length > 0;
  });
  document.addEventListener("keydown", event => {
    const input = event.target.closest?.("[data-find]"), list = document.getElementById(input?.dataset.find ?? "") ?? event.target.closest?.(".menu__list");
    if (!list) return;
    const links = shown(list).map(item => item.querySelector("a")), at = links.indexOf(document.activeElement);
    if (event.key === "Enter" && input) { event.preventDefault(); links[0]?.click(); }
    else if (event.key === "ArrowDown") { event.preventDefault(); links[Math.min(at + 1, links.length - 1)]?.focus(); }
    else if (event.key === "ArrowUp" && at >= 0) { event.preventDefault(); (links[at - 1] ?? document.querySelector(`[data-find="${list.id}"]`))?.focus(); }
  });
  document.addEventListener("toggle", event => { // where `autofocus` in a popover is not honoured
    if (event.newState === "open") event.target.querySelector?.("[data-find][autofocus]")?.focus();
  }, true);

  // below 768 px a row becomes a card; what is no longer laid out as a table is still read as one
  const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell" };
  const name = () => {
    for (const table of document.querySelectorAll("table.cards")) for (const part of [table, ...table.querySelectorAll("thead, tbody, tfoot, tr, th, td")]) {
      if (!part.hasAttribute("role")) part.setAttribute("role", ROLES[part.tagName] ?? (part.scope === "row" ? "rowheader" : "columnheader"));
    }
  };
  name();
  document.addEventListener("htmx:after:swap", name);

  // shortened texts
  document.addEventListener("pointerover", event => {
    for (let one = event.target, near = 0; one instanceof HTMLElement && near < 3; one = one.parentElement, near++) {
      if (one.scrollWidth <= one.clientWidth || getComputedStyle(one).textOverflow !== "ellipsis") continue;
      if (!one.closest("[title]")) one.title = one.innerText.trim();
      return;
    }
  });

  // toasts
  document.addEventListener("click", event => event.target.closest("[data-dismiss]")?.closest(".toast, .note")?.remove());

  // changed figures
  let figures = new Map();
  document.addEventListener("htmx:before:swap", () => {
    figures = new Map([...document.querySelectorAll("[data-figure]")].map(place => [place.dataset.figure, place.textContent]));
  });
  document.addEventListener("htmx:after:swap", () => {
    for (const place of document.querySelectorAll("[data-figure]")) {
      const before = figures.get(place.dataset.figure);
      if (before === undefined || before === place.textContent) continue;
      place.classList.remove("changed");
      void place.offsetWidth; // starts the animation anew
      place.classList.add("changed");
    }
  });
})();
