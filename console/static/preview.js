// Looks again at what is being written a moment after the last key, by pressing the button that was pressed last.
const form = document.querySelector("form.writing");
const buttons = form ? [...form.querySelectorAll("[data-preview]")] : [];
let chosen = buttons[0];
let waiting;
for (const button of buttons) button.addEventListener("click", () => { chosen = button; });
if (chosen) {
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(chosen), 700);
  });
  form.addEventListener("submit", () => clearTimeout(waiting));
}
