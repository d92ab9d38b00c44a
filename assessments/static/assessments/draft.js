// Adds, moves and removes the rows of a draft. Without it the form has a place to type and a button that adds a row.
const form = document.querySelector("[data-draft]");
const rows = form.querySelector("[data-rows]");
const total = form.querySelector("[name=row-TOTAL_FORMS]");
const add = form.querySelector("[data-add]");
let changed = false;

form.classList.add("scripted");
rows.querySelectorAll("[data-row]").forEach(prepare);
place();
form.querySelector(".errors :is(input, select, textarea)")?.focus();

form.addEventListener("input", () => { changed = true; });
form.addEventListener("submit", () => { changed = false; });
addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

add.addEventListener("click", (event) => {
  event.preventDefault();
  const html = form.querySelector("[data-empty]").innerHTML.replaceAll("__prefix__", total.value);
  rows.insertAdjacentHTML("beforeend", html);
  total.value = Number(total.value) + 1;
  changed = true;
  prepare(rows.lastElementChild);
  place();
  rows.lastElementChild.querySelector("input[type=text]").focus();
});

function prepare(row) {
  for (const button of row.querySelectorAll("[data-move]")) {
    button.hidden = false;
    button.addEventListener("click", () => move(row, Number(button.dataset.move), button));
  }
  const remove = row.querySelector("[name$=-DELETE]");
  remove.addEventListener("change", place);
}

function move(row, by, button) {
  const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  by < 0 ? other.before(row) : other.after(row);
  changed = true;
  place();
  button.focus();
  row.scrollIntoView({ block: "nearest" });
}

function place() {
  let number = 0;
  for (const row of rows.children) {
    const gone = row.querySelector("[name$=-DELETE]").checked;
    row.classList.toggle("gone", gone);
    if (!gone) number += 1;
    row.querySelector("[name$=-ORDER]").value = gone ? "" : number;
    row.querySelector("[data-place]").textContent = gone ? "Removed when you save" : `Statement ${number}`;
  }
  add.disabled = number >= Number(form.dataset.most);
}
