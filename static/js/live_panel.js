// live_panel.js: the live panel of a call; events are delegated, so that they survive swaps.
//   Ctrl+Enter sends the form one writes in (the button of its visible .command-form)
//   <button data-phrase="words">           puts the words into the textarea of its form that is in sight
//   <textarea data-draft="key">            is kept in this tab until it is sent; autocomplete="off", or the browser brings back what was sent
//   <div data-hold>                        a list whose newest is at the end: stays at the end, or holds while one reads above
//   <button data-to-newest hidden>         shows while something newer waits below
//   <details id="…">                       stays open or closed over a swap
//   <aside class="composer" data-folded>   on a phone a folded sheet; [data-unfold] and [data-fold] in it open and close it
//   <input data-action-key="1">            an action: chosen, it puts the keyboard into its form
//   <input data-fills="code">              shows what is typed in each <span data-slot="code"> of its form
//   <dialog open data-show-again>          came with an error: is shown as a dialog again
//   <form data-sent-on-leave="closing">    is sent once more, with that field, when the page is left
//   <dialog id="…">                        stays open while news arrive, and closes with the answer to its own form
(() => {
  const inSight = element => element.checkVisibility?.() ?? element.offsetParent !== null;
  const key = field => `draft:${field.dataset.draft}`;
  const store = (name, value) => { try { value ? sessionStorage.setItem(name, value) : sessionStorage.removeItem(name); } catch { /* full or refused: the text is still on screen */ } };
  const recall = name => { try { return sessionStorage.getItem(name); } catch { return null; } };

  document.addEventListener("keydown", event => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.form, fields = event.target.closest?.(".command-form") ?? form;
    const button = fields && [...fields.querySelectorAll("button:not([type=button]):not([formmethod=dialog])")].find(one => one.form === form && inSight(one));
    if (!form) return;
    if (button) {
      event.preventDefault();
      form.requestSubmit(button);
    } else if (document.querySelector(".viewers--held button")) { // another person steers: it is sent after Take over
      writing = event.target;
      document.querySelector(".viewers--held button").focus();
    }
  });
  let writing; // a field that the keyboard comes back to, once whoever writes in it steers
  document.addEventListener("htmx:after:swap", () => {
    if (!writing || document.querySelector(".viewers--held")) return;
    if (document.activeElement === document.body || document.activeElement?.closest(".viewers")) writing.focus();
    writing = undefined;
  });
  document.addEventListener("htmx:after:swap", event => { // the targets go once one of them is pressed: the keyboard goes on at what came of it
    const note = document.getElementById("handover-note"), at = document.activeElement;
    const sent = event.detail?.ctx?.request?.body;
    if (sent?.get?.("type") !== "transfer" || !note?.querySelector("[data-transferring]")) return;
    if (at === document.body || !inSight(at)) note.focus({ preventScroll: true });
  });
  // what was sent arrives, also when the page is left or loaded again at once; then it is no draft any more
  let leaving = false;
  for (const name of ["beforeunload", "pagehide"]) addEventListener(name, () => { leaving = true; setTimeout(() => { leaving = false; }, 2000); });
  addEventListener("pageshow", () => { leaving = false; });
  document.addEventListener("htmx:config:request", event => {
    const { request, sourceElement } = event.detail.ctx;
    if (request.method === "POST" && sourceElement?.querySelector?.("[data-draft]")) request.keepalive = true;
  });
  addEventListener("pagehide", () => {
    for (const form of document.querySelectorAll("form[data-sent-on-leave]")) {
      const fields = new FormData(form);
      fields.set(form.dataset.sentOnLeave, "1");
      navigator.sendBeacon?.(form.action, fields);
    }
  });

  document.addEventListener("click", event => {
    const phrase = event.target.closest("[data-phrase]");
    if (phrase) {
      const form = phrase.closest("form, .composer"), field = [...form.querySelectorAll("textarea")].find(inSight);
      if (!field) return;
      const before = field.value.slice(0, field.selectionStart).trimEnd(), after = field.value.slice(field.selectionEnd).trimStart();
      const words = phrase.dataset.phrase || phrase.textContent.trim();
      field.value = [before, words, after].filter(Boolean).join(" ");
      field.focus();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (event.target.closest("[data-to-newest]")) for (const list of document.querySelectorAll("[data-hold]")) toEnd(list);
  });

  document.addEventListener("toggle", event => { // what a press opens is brought into view where its fields scroll
    const { open } = event.target, summary = event.target.querySelector?.("summary");
    if (open && event.target.closest(".composer") && summary === document.activeElement) event.target.scrollIntoView({ block: "nearest" });
  }, true);
  // actions: the key opens the form, and Enter sends it
  document.addEventListener("click", event => {
    const action = event.target.closest("input[data-action-key]");
    if (!action) return;
    for (const sheet of document.querySelectorAll(".composer[data-folded]")) unfold(sheet);
    const form = document.getElementById(action.value);
    const first = form && [...form.querySelectorAll("input:not([type=hidden]), button")].find(field => inSight(field) && !field.disabled);
    first?.focus();
  });
  const show = field => {
    for (const slot of field.form?.querySelectorAll("[data-slot]") ?? []) {
      if (slot.dataset.slot !== field.dataset.fills) continue;
      slot.textContent = field.value || slot.dataset.empty;
      slot.toggleAttribute("data-missing", !field.value);
    }
  };
  document.addEventListener("input", event => { if (event.target.dataset?.fills) show(event.target); });

  // drafts
  const fill = () => {
    for (const field of document.querySelectorAll("[data-draft]")) if (!field.value) {
      field.value = recall(key(field)) ?? "";
      if (field.dataset.fills) show(field);
    }
  };
  document.addEventListener("input", event => { if (event.target.dataset?.draft) store(key(event.target), event.target.value); });
  document.addEventListener("submit", event => {
    if (event.defaultPrevented && !event.target.matches("[hx-post]")) return;
    for (const field of event.target.querySelectorAll("[data-draft]")) if (inSight(field)) store(key(field), "");
  });
  const again = event => {
    if (leaving) return;
    const form = event.detail.ctx?.sourceElement;
    for (const field of form?.querySelectorAll?.("[data-draft]") ?? []) store(key(field), field.value);
  };
  document.addEventListener("htmx:response:error", again);
  document.addEventListener("htmx:error", again);
  document.addEventListener("patchbay:not-sent", again);

  const showAgain = dialog => {
    dialog.removeAttribute("data-show-again");
    dialog.close();
    dialog.showModal();
    dialog.querySelector("[aria-invalid]")?.focus();
  };
  for (const dialog of document.querySelectorAll("dialog[open][data-show-again]")) showAgain(dialog);

  // holding the scroll: in a list of its own on wide screens, else the page itself
  const scrolls = list => list.scrollHeight > list.clientHeight + 1 && getComputedStyle(list).overflowY !== "visible";
  const reversed = list => getComputedStyle(list).flexDirection === "column-reverse";
  const distance = list => scrolls(list)
    ? (reversed(list) ? -list.scrollTop : list.scrollHeight - list.clientHeight - list.scrollTop)
    : document.documentElement.scrollHeight - innerHeight - scrollY;
  const toEnd = list => {
    if (scrolls(list)) list.scrollTop = reversed(list) ? 0 : list.scrollHeight;
    else scrollTo({ top: document.documentElement.scrollHeight });
    newer(false);
  };
  const newer = waiting => { for (const button of document.querySelectorAll("[data-to-newest]")) button.hidden = !waiting; };
  let held = new Map(), opened = [], asking = [];

  document.addEventListener("htmx:before:swap", event => {
    held = new Map([...document.querySelectorAll("[data-hold]")].map(list => [list.id, { away: distance(list), height: list.scrollHeight, last: list.lastElementChild?.textContent }]));
    opened = [...document.querySelectorAll("details[id]")].map(details => [details.id, details.open]);
    const answers = event.detail.ctx?.sourceElement?.closest?.("form"); // a question that was answered goes
    asking = answers ? [] : [...document.querySelectorAll("dialog[open][id]")].map(dialog => dialog.id);
  });
  document.addEventListener("htmx:after:swap", () => {
    for (const [id, open] of opened) document.getElementById(id)?.toggleAttribute("open", open);
    for (const dialog of asking.map(id => document.getElementById(id))) if (dialog && !dialog.open) dialog.showModal();
    for (const dialog of document.querySelectorAll("dialog[open][data-show-again]")) showAgain(dialog);
    for (const list of document.querySelectorAll("[data-hold]")) {
      const was = held.get(list.id);
      if (!was) continue;
      if (was.away < 48) toEnd(list);
      else if (scrolls(list)) {
        const away = was.away + list.scrollHeight - was.height;
        list.scrollTop = reversed(list) ? -away : list.scrollHeight - list.clientHeight - away;
        if (list.scrollHeight > was.height) newer(true);
      } else if (list.scrollHeight > was.height) newer(true);
    }
    fill();
  });
  addEventListener("scroll", event => {
    const list = event.target.closest?.("[data-hold]") ?? document.querySelector("[data-hold]");
    if (list && distance(list) < 48) newer(false);
  }, { capture: true, passive: true });
  fill();

  // on a phone the page itself scrolls: it opens at the newest line, above the sheet, not where it was left
  const openAtNewest = () => {
    const list = document.querySelector(".panel [data-hold]");
    if (!list || scrolls(list) || location.hash) return;
    history.scrollRestoration = "manual";
    toEnd(list);
  };
  openAtNewest();
  addEventListener("load", openAtNewest);

  // on a phone the composer is a sheet from below that starts folded, unless something was begun in it
  const unfold = sheet => {
    sheet.removeAttribute("data-folded");
    for (const button of sheet.querySelectorAll("[data-unfold]")) button.setAttribute("aria-expanded", "true");
  };
  document.addEventListener("click", event => {
    const sheet = event.target.closest(".composer");
    if (!sheet || !event.target.closest("[data-unfold], [data-fold]")) return;
    const list = document.querySelector("[data-hold]");
    const follows = list && distance(list) < 48; // the sheet makes the page longer: who was at its end stays there
    if (event.target.closest("[data-unfold]")) {
      unfold(sheet);
      sheet.querySelector(".tabs :checked")?.focus();
    } else {
      sheet.setAttribute("data-folded", "");
      sheet.querySelector("[data-unfold]")?.focus();
    }
    if (follows) toEnd(list);
  });
  for (const sheet of document.querySelectorAll(".composer[data-folded]")) {
    if ([...sheet.querySelectorAll("[data-draft]")].some(field => field.value)) unfold(sheet);
  }

  // the page of a finished call takes the panel's place: it starts at its top, whoever was in the panel with the keyboard starts
  // there anew, and the navigation marks the page that this address belongs to from now on
  let hadPanel = false, wasInPanel = false;
  document.addEventListener("htmx:before:swap", () => {
    hadPanel = Boolean(document.querySelector(".panel"));
    wasInPanel = Boolean(document.activeElement?.closest(".panel"));
  });
  document.addEventListener("htmx:after:swap", () => {
    const page = document.querySelector("[data-nav-page]");
    if (hadPanel && page) {
      scrollTo({ top: 0 });
      if (wasInPanel) document.getElementById("main")?.focus({ preventScroll: true });
      for (const link of document.querySelectorAll(".sidebar [data-page]")) {
        if (link.dataset.page === page.dataset.navPage) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
    }
    hadPanel = false;
  });
})();
