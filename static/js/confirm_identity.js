// confirm_identity.js: a form that needs a recent authentication asks for it in a dialog over the page.
// The form stays as it was typed, keys and passwords too, and is sent after the answer. Where anything here fails the form is
// sent as it is, and the server leads to a page instead (tenants/access/reauthentication.py).
//   <input type="checkbox" data-confirm-off>   asks when this is switched off, though the form itself is not one that asks
//   <a data-confirm-first href="…">             asks, then loads the page again
(() => {
  const dialog = document.getElementById("confirm-identity"), way = document.getElementById("confirm-identity-way");
  if (!dialog?.showModal) return;
  const EARLY = 10, CONFIRMED = 204; // as in reauthentication.ASKED_EARLY, seconds
  const freshFor = seconds => Date.now() + (seconds - EARLY) * 1000;
  let freshUntil = freshFor(Number(dialog.dataset.secondsLeft));
  let asking = false, goOn, passed;

  const posts = (form, button) => (button?.getAttribute("formmethod") ?? form.getAttribute("method")) === "post";
  const sentByHtmx = form => form.matches("[hx-post],[hx-put],[hx-patch],[hx-delete],[hx-action]");
  const pathOf = (form, button) =>
    new URL(button?.getAttribute("formaction") ?? form.getAttribute("action") ?? "", location.href).pathname;
  const switchesOff = form => [...form.querySelectorAll("[data-confirm-off]")].some(box => box.defaultChecked && !box.checked);

  const ask = async ({ path = "", always = false, step = "", by, then }) => {
    const query = new URLSearchParams(always ? { for: path, always: "" } : { for: path });
    asking = true;
    by?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${dialog.dataset.confirmIdentity}?${query}`, { headers: { "HX-Request": "true" } });
      const shown = answer.status === 200 ? await answer.text() : "";
      if (!shown.includes("data-confirm-way")) return then(); // recent enough, or the session has ended, which the server says
      way.innerHTML = shown;
      htmx.process(way);
      dialog.querySelector("[data-confirm-step]").textContent = step ? `“${step}”` : "this step";
      goOn = then;
      dialog.showModal();
    } catch { then(); } finally {
      asking = false;
      by?.removeAttribute("aria-busy");
    }
  };

  addEventListener("submit", event => { // capturing, and before requests.js, which would count the form as sent
    const form = event.target, button = event.submitter;
    if (form === passed) { passed = undefined; return; }
    if (!posts(form, button) || sentByHtmx(form) || dialog.contains(form) || Date.now() < freshUntil) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (asking) return;
    const then = () => { passed = form; form.requestSubmit(button ?? undefined); };
    ask({ path: pathOf(form, button), always: switchesOff(form), step: button?.textContent.trim().replace(/\s+/g, " "), by: button, then });
  }, true);

  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-confirm-first]");
    if (!link || asking || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    ask({ always: true, by: link, then: () => location.reload() });
  });

  document.addEventListener("htmx:finally:request", event => {
    const { ctx } = event.detail;
    if (ctx.response?.status !== CONFIRMED || !dialog.contains(ctx.sourceElement)) return;
    const then = goOn;
    freshUntil = freshFor(10 * 60);
    dialog.close();
    then?.();
  });
  dialog.addEventListener("close", () => { goOn = undefined; way.replaceChildren(); });
})();
