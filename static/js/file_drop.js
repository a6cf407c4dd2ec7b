// file_drop.js: a file that is dropped on, or chosen in, its form is sent at once, as soon as what the form has to know
// besides is chosen; one that is too large is not sent.
//   <form data-file-drop="bytes at most" data-too-large="words">
(() => {
  const say = (input, words) => {
    input.setCustomValidity(words);
    if (words) input.reportValidity();
  };
  document.addEventListener("change", event => {
    const form = event.target.closest("form[data-file-drop]");
    const input = form?.querySelector("input[type=file]");
    if (!input?.files.length) return;
    const tooLarge = input.files[0].size > Number(form.dataset.fileDrop);
    say(input, tooLarge ? form.dataset.tooLarge : "");
    if (tooLarge) return;
    if (form.reportValidity()) form.requestSubmit();
  });
  document.addEventListener("submit", event => {
    const input = event.target.matches("form[data-file-drop]") && event.target.querySelector("input[type=file]");
    if (!input || !input.validationMessage) return;
    event.preventDefault();
    input.reportValidity();
  }, true);
})();
