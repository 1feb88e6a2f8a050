// The editor's frame follows what is written. Without JavaScript its button does the same.
(() => {
  "use strict";
  const form = document.querySelector("#editor");
  const button = document.querySelector("[data-preview]");
  let later = 0;

  // A new frame each time: then a preview is no page to go back to.
  const show = () => {
    const old = document.querySelector(".stage iframe");
    const fresh = old.cloneNode();
    fresh.removeAttribute("src");
    old.replaceWith(fresh);
    form.requestSubmit(button);
  };
  form.addEventListener("input", () => { clearTimeout(later); later = setTimeout(show, 700); });
  // The frame's own address shows what is saved; test data that was just filled in is not.
  if ("unsaved" in form.dataset) show();
})();
