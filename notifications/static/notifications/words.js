/* Shows the words again a moment after each change; without this the button does it. */
const form = document.querySelector("[data-words]");
const show = () => form.requestSubmit(form.querySelector("[data-preview]"));
let waiting = 0;
form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 500); });
form.addEventListener("change", show);
show();
