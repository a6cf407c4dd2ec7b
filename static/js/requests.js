// requests.js: a button that posts shows that it works, nothing is sent twice, and a failure is shown in words.
// Answers of 2xx and 422 (a form with its errors) are swapped in; others are not (htmx-config in base.html), their failures are shown here.
(() => {
  const GUARD = 20000; // a form whose answer never came, or was a download, may be sent again
  const NEAR = 60; // pixels between two buttons of which the second one was clicked in place of the first
  const DOUBLE = 700; // two clicks on the same within this are meant as one, and not worth a word
  const plainDialog = (form, button) => (button?.getAttribute("formmethod") ?? form.getAttribute("method")) === "dialog";
  const busy = new Map();
  const content = (form, button) => new URLSearchParams(new FormData(form, button)).toString();
  const middle = button => { const { x, y, width, height } = button.getBoundingClientRect(); return [x + width / 2, y + height / 2]; };
  let replaced; // by an answer: the press of a button in whose place another one may stand by now
  const isSecondClick = (form, button) => replaced && button && Date.now() - replaced.since < DOUBLE && replaced.action !== form.action
    && middle(button).every((at, axis) => Math.abs(at - replaced.at[axis]) < NEAR);

  const start = (form, button) => {
    const timer = setTimeout(() => stop(form), GUARD);
    busy.set(form, { button, timer, since: Date.now(), sent: content(form, button), action: form.action, at: button && middle(button) });
    button?.setAttribute("aria-busy", "true");
  };
  const stop = form => {
    const held = busy.get(form);
    if (!held) return;
    clearTimeout(held.timer);
    held.button?.removeAttribute("aria-busy");
    held.toast?.remove();
    busy.delete(form);
  };

  addEventListener("submit", event => { // capturing: before htmx hears of it
    const form = event.target, button = event.submitter;
    if (plainDialog(form, button) || form.method === "get") return;
    if (busy.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      const first = busy.get(form), isSame = first.button === button && first.sent === content(form, button);
      if (Date.now() - first.since < DOUBLE && isSame) return;
      first.toast?.remove();
      first.toast = showToast("Not sent: what you sent before still waits for its answer. Send this once that has come.");
    } else if (isSecondClick(form, button)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else start(form, button);
  }, true);
  addEventListener("submit", event => { if (event.defaultPrevented && !sentByHtmx(event.target)) stop(event.target); });
  document.addEventListener("htmx:after:swap", () => { // news that are drawn meanwhile know nothing of it
    for (const { button } of busy.values()) button?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => { for (const form of [...busy.keys()]) stop(form); });
  document.addEventListener("htmx:finally:request", event => {
    const held = busy.get(event.detail.ctx.sourceElement);
    if (held?.at) replaced = held;
    stop(event.detail.ctx.sourceElement);
    for (const form of [...busy.keys()]) if (!form.isConnected) stop(form);
  });
  const sentByHtmx = form => form.matches("[hx-post],[hx-put],[hx-patch],[hx-delete],[hx-action]");

  const FAILURES = {
    400: "That was not understood, and nothing was done. Reload the page and try again.",
    403: "You may not do this, and nothing was done. If you signed in anew in another window, reload this page.",
    404: "This is no longer here. Reload the page to see how things are.",
    405: "You may look here, not change things.",
    429: "That was too much at once, and nothing was done. Wait a moment and try again.",
  };
  const asked = ctx => ctx && !/^(changed:|load|every|intersect|htmx:)/.test(ctx.sourceEvent?.type ?? "load");
  const reads = ctx => ctx.request.method === "GET";

  document.addEventListener("htmx:before:response", event => {
    const { raw } = event.detail.ctx.response;
    if (!raw.redirected || !new URL(raw.url).pathname.startsWith("/accounts/login/")) return;
    event.preventDefault(); // the session has ended: sign in, and come back here
    if (event.detail.ctx.sourceElement.closest?.("[data-preview]")) return; // asked while somebody types: the form leads there when it is sent
    document.dispatchEvent(new CustomEvent("patchbay:not-sent", { detail: event.detail }));
    location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
  });
  document.addEventListener("htmx:response:error", event => {
    const { ctx } = event.detail, status = ctx.response.status;
    if (status === 422 || !asked(ctx)) return;
    if (status >= 500 && !reads(ctx)) showToast("Something broke on our side. It may have been done or not: look before you try again.");
    else showToast(FAILURES[status] ?? "The server could not answer. Reload the page and try again.");
  });
  document.addEventListener("htmx:error", event => {
    const { ctx } = event.detail;
    if (!ctx?.request || !asked(ctx)) return;
    showToast(reads(ctx) ? "The server did not answer. Check your connection and try again."
      : "The server did not answer. It may have been done or not: look before you try again.");
  });

  const showToast = words => {
    const dialog = [...document.querySelectorAll("dialog[open]")].at(-1); // the page behind it can be neither read nor used
    const place = dialog ?? document.getElementById("toasts"), pattern = document.getElementById("toast");
    if (!place || !pattern) return;
    const toast = pattern.content.firstElementChild.cloneNode(true);
    toast.classList.add("toast--error");
    toast.querySelector("span").textContent = words;
    if (dialog) toast.setAttribute("role", "alert");
    place.append(toast);
    return toast;
  };
})();
