// call_button.js: keeps the form of "Call now" current: whom its button names, and the number in its field.
//   <span data-call-button data-call-to="#destination" data-call-from="number">Call from Amsterdam line</span>
//   <p data-number-echo data-typed="0612345678" data-grouped="06 1234 5678" data-number="+31 6 1234 5678">
//     what the server read the field as: the script never reads a number by itself
//   <a data-fill="#destination" data-fill-with="+31 6 1234 5678">  fills the field instead of loading its page
//   <p data-number-echo … data-line="12" data-line-reason="…">  checks the line that the server chose by rule, as long
//     as <input name="line_by_rule"> is not empty: a person who chooses another line empties it
//   <small data-line-reason-of="number">  says why the line is chosen, in its row
//   <textarea data-opening-of="assistant">  shows the opening sentence (data-opening) of the chosen radio button
//   <button type="button" data-sends="place" data-to="/address/">  sends that form to another address, and places no call
//   <div data-preview id="…">  fields that the server draws anew: what was typed after it was asked stays
(() => {
  const echoOf = field => {
    const echo = field.form?.querySelector("[data-number-echo]");
    return echo && echo.dataset.typed === field.value.trim() ? echo.dataset : null;
  };
  const planned = form => {
    const { plan_date: day, plan_time: { value: time }, plan_zone: { value: zone } } = form.elements;
    const when = [dayWords(day.value), time].filter(Boolean).join(", ");
    const isElsewhere = time && zone && zone !== form.querySelector("[data-call-button]").dataset.zone;
    return [when ? `Plan for ${when}` : "Plan this call", isElsewhere && `(${zone.split("/").pop().replaceAll("_", " ")})`];
  };
  const dayWords = typed => {
    const day = new Date(`${typed}T12:00`);
    const part = option => day.toLocaleDateString("en-GB", option);
    return isNaN(day) ? "" : `${part({ weekday: "short" })} ${day.getDate()} ${part({ month: "short" }).slice(0, 3)}`;
  };
  const showLabel = () => {
    for (const button of document.querySelectorAll("[data-call-button]")) {
      const form = button.closest("form"), field = form.querySelector(button.dataset.callTo);
      const chosen = form.querySelector('[name="reading"]:checked')?.dataset.words;
      const to = field && echoOf(field) && (chosen || echoOf(field).number);  // nobody, until the server has read it
      const from = form.querySelector(`[name="${button.dataset.callFrom}"]:checked`)?.dataset.words;
      const later = form.querySelector('[name="when"][value="later"]')?.checked;
      const words = later ? planned(form) : ["Call", to, from && `from ${from}`];
      button.textContent = words.filter(Boolean).join(" ");
    }
  };
  const showOpening = () => {
    for (const field of document.querySelectorAll("[data-opening-of]")) {
      const chosen = field.form.querySelector(`[name="${field.dataset.openingOf}"]:checked`);
      if (chosen) field.placeholder = chosen.dataset.opening;
    }
  };
  const group = () => {
    for (const button of document.querySelectorAll("[data-call-button]")) {
      const field = button.closest("form").querySelector(button.dataset.callTo), echo = field && echoOf(field);
      const editsWithin = document.activeElement === field && field.selectionEnd !== field.value.length;
      if (!echo?.grouped || echo.grouped === field.value || editsWithin) continue;
      field.value = echo.typed = echo.grouped;
    }
  };
  const showReason = (form, words) => { // in the row of the line that is chosen now
    const row = form.querySelector('[name="number"]:checked')?.closest("label");
    let place = form.querySelector("[data-line-reason-of]");
    if (!place) {
      place = document.createElement("small");
      place.dataset.lineReasonOf = "number";
      place.setAttribute("role", "status");
    }
    if (row && place.parentElement !== row) row.append(place);
    place.textContent = words;
  };
  const chooseLine = () => {
    for (const echo of document.querySelectorAll("[data-number-echo][data-line]")) {
      const form = echo.closest("form"), rule = form?.elements.line_by_rule;
      const line = form?.querySelector(`[name="number"][value="${CSS.escape(echo.dataset.line)}"]:not(:disabled)`);
      if (!rule?.value || !line) continue;
      const isNew = !line.checked;
      line.checked = true;
      showReason(form, echo.dataset.lineReason);
      if (!isNew) continue;
      form.dispatchEvent(new Event("line-chosen", { bubbles: true })); // what will be sent names the line
    }
  };
  document.addEventListener("change", event => {
    const form = event.target.closest('[name="number"]')?.form;
    if (!form?.elements.line_by_rule) return;
    form.elements.line_by_rule.value = "";
    showReason(form, "You chose it.");
  }, true);
  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-fill]"), field = link && document.querySelector(link.dataset.fill);
    if (!field || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    field.value = link.dataset.fillWith;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  document.addEventListener("click", event => {
    const button = event.target.closest("button[data-sends]"), form = document.getElementById(button?.dataset.sends);
    if (!form) return;
    const place = form.getAttribute("action");
    form.setAttribute("action", button.dataset.to);
    form.submit(); // no submit event: htmx, which places the call, does not hear of it
    form.setAttribute("action", place);
  });
  const fields = id => [...document.getElementById(id)?.querySelectorAll("input:not([type=hidden]), textarea, select") ?? []];
  const folds = id => [...document.getElementById(id)?.querySelectorAll("details") ?? []];
  let typed = { id: "", values: new Map(), open: [] };
  const boxed = field => field.type === "checkbox" || field.type === "radio";
  const named = field => boxed(field) ? `${field.name}=${field.value}` : field.name;
  document.addEventListener("htmx:before:swap", event => {
    const { id } = event.detail.ctx?.sourceElement?.closest?.("[data-preview]") ?? {};
    const values = new Map(id ? fields(id).map(field => [named(field), boxed(field) ? field.checked : field.value]) : []);
    typed = { id, values, open: id ? folds(id).map(fold => fold.open) : [] };
  });
  document.addEventListener("htmx:after:swap", () => {
    for (const field of typed.id ? fields(typed.id) : []) {
      const value = typed.values.get(named(field));
      if (value === undefined) continue;
      if (boxed(field)) field.checked = value;
      else if (field.tagName !== "SELECT" || [...field.options].some(option => option.value === value)) field.value = value;
    }
    for (const [at, fold] of (typed.id ? folds(typed.id) : []).entries()) if (typed.open[at]) fold.open = true;
    typed = { id: "", values: new Map(), open: [] };
  });
  for (const update of [group, chooseLine]) addEventListener("htmx:after:swap", update);
  for (const event of ["input", "change", "htmx:after:swap", "pageshow"]) for (const update of [showLabel, showOpening]) addEventListener(event, update);
  showLabel();
  showOpening();
})();
