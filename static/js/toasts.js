// toasts.js: messages in the corner stand clear of every button that does something.
//   <div class="toasts" id="toasts">  is lifted until it covers none; it is placed anew when the page moves below it
(() => {
  const BUTTONS = "main :is(.button--primary, .button--end, form button:not([type=button], [data-dismiss]), .composer__foot .button)";
  const GAP = 6, STEP = 8;
  const overlaps = (one, other) =>
    one.left < other.right + GAP && one.right > other.left - GAP && one.top < other.bottom + GAP && one.bottom > other.top - GAP;

  const place = () => {
    const toasts = document.getElementById("toasts");
    if (!toasts) return;
    toasts.style.removeProperty("translate");
    if (!toasts.querySelector(".toast")) return;
    const { left, right, top, bottom } = toasts.getBoundingClientRect();
    const buttons = [...document.querySelectorAll(BUTTONS)]
      .filter(one => one.checkVisibility?.({ visibilityProperty: true }) ?? true)
      .map(one => one.getBoundingClientRect());
    for (let lift = 0; lift <= top; lift += STEP) {
      const box = { left, right, top: top - lift, bottom: bottom - lift };
      if (buttons.some(one => overlaps(box, one))) continue;
      if (lift) toasts.style.setProperty("translate", `0 ${-lift}px`);
      return;
    }
  };
  let asked = 0;
  const later = () => { asked ||= requestAnimationFrame(() => { asked = 0; place(); }); };

  document.addEventListener("DOMContentLoaded", () => {
    const toasts = document.getElementById("toasts");
    if (!toasts) return;
    new MutationObserver(later).observe(toasts, { childList: true });
    new ResizeObserver(later).observe(document.querySelector("main") ?? document.body);
    place();
  });
  addEventListener("scroll", later, { capture: true, passive: true });
  addEventListener("resize", later);
  document.addEventListener("toggle", later, true);
  document.addEventListener("htmx:after:swap", later);
})();
