// marked_variables.js: marks each {{variable}} behind what is typed in a text field, those without a column otherwise.
//   <textarea data-variables="name daypart" data-file="1"> those with a column; without a file none is known to be wrong
//   <span data-insert="Insert">name</span>  becomes a button that writes {{name}} where the cursor is in that field
// The marks are drawn by a copy of the text behind the field, whose letters are invisible: the field stays a plain one.
(() => {
  const ANY = /\{\{([^{}]*)\}\}/g, NAME = /^\s*([A-Za-z0-9_]{1,60})\s*$/;

  const kindOf = (inner, known) => {
    const name = inner.match(NAME)?.[1];
    return name && (!known || known.has(name)) ? "known" : "unknown";
  };
  const draw = (area, copy, known) => {
    const parts = [];
    let from = 0;
    for (const found of area.value.matchAll(ANY)) {
      const mark = document.createElement("span");
      mark.className = `marked-text__mark marked-text__mark--${kindOf(found[1], known)}`;
      mark.textContent = found[0];
      parts.push(area.value.slice(from, found.index), mark);
      from = found.index + found[0].length;
    }
    copy.replaceChildren(...parts, `${area.value.slice(from)}\n`);  // a last line that is empty is as high as the others
    copy.scrollTop = area.scrollTop;
  };

  const inserting = (name, area) => {
    const button = document.createElement("button"), inserted = name.textContent.trim();
    button.type = "button";
    button.className = `${name.className} variable--insert`;
    button.title = name.title;
    button.setAttribute("aria-label", `${name.dataset.insert} ${inserted}`);
    button.append(...name.childNodes);
    button.addEventListener("click", () => {
      area.focus();
      area.setRangeText(`{{${inserted}}}`, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return button;
  };

  for (const area of document.querySelectorAll("textarea[data-variables]")) {
    const known = area.dataset.file ? new Set(area.dataset.variables.split(" ")) : null;
    const field = document.createElement("div"), copy = document.createElement("div");
    field.className = "marked-text";
    copy.className = "marked-text__copy";
    copy.setAttribute("aria-hidden", "true");
    const hadFocus = document.activeElement === area, { selectionStart, selectionEnd } = area;
    area.replaceWith(field);
    field.append(copy, area);
    if (hadFocus) {
      area.focus({ preventScroll: true });
      area.setSelectionRange(selectionStart, selectionEnd);
    }
    const redraw = () => draw(area, copy, known);
    area.addEventListener("input", redraw);
    area.addEventListener("scroll", () => { copy.scrollTop = area.scrollTop; });
    area.form?.addEventListener("reset", () => setTimeout(redraw));
    addEventListener("pageshow", redraw);  // what the browser has kept is filled in by then
    redraw();
    for (const name of area.closest("section")?.querySelectorAll("[data-insert]") ?? []) name.replaceWith(inserting(name, area));
  }
})();
