// Tells htmx that the tenant's records have changed, while somebody looks; and draws charts once they come into view.
let source;
let heard = false;

const tell = () => document.body.dispatchEvent(new Event("changed"));

function listen() {
  if (source) return;
  source = new EventSource("/live");
  source.addEventListener("changed", tell);
  // Between two streams something may have been missed.
  source.addEventListener("open", () => { if (heard) tell(); heard = true; });
}

function rest() {
  source?.close();
  source = undefined;
}

// A browser holds few connections to a house: those who do not look give theirs up.
const attend = () => (document.hidden ? rest() : listen());
document.addEventListener("visibilitychange", attend);
window.addEventListener("pagehide", rest);
window.addEventListener("pageshow", attend);
attend();

const figures = document.querySelectorAll("figure.chart");
const inView = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    inView.unobserve(target);
    import(target.dataset.script).then((chart) => chart.draw(target));
  }
});
for (const figure of figures) inView.observe(figure);
