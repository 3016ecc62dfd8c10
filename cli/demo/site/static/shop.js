// What the shop tells the pixel; page views it finds by itself.
const tell = (event, props) => window.AgenticTrack?.send(event, props);

for (const shown of document.querySelectorAll("[data-variant]")) {
  tell("exposure", { variant_id: Number(shown.dataset.variant) });
}

for (const button of document.querySelectorAll("[data-buy]")) {
  button.addEventListener("click", () => {
    const { buy: product, value, currency } = button.dataset;
    tell("purchase", { value: Number(value), currency, product });
    button.parentElement.querySelector("output").textContent = "Thank you: your order is invented too.";
  });
}

for (const form of document.querySelectorAll("[data-lead]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell("lead", { form: form.dataset.lead });
    form.querySelector("output").textContent = "Until Thursday.";
    form.reset();
  });
}
