// Draws a figure's own table as lines over days: the table stays, for those who would rather read.
const HEIGHT = 220;
const HEIGHT_APART = 120;
const DASHES = [[], [8, 4], [2, 3]];
const SHORT = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });

let loading;

function plot({ plot, style }) {
  loading ??= new Promise((resolve, reject) => {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: style });
    const script = Object.assign(document.createElement("script"), { src: plot, onload: () => resolve(window.uPlot), onerror: reject });
    document.head.append(sheet, script);
  });
  return loading;
}

function read(figure) {
  const [head, ...rows] = [...figure.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent.trim()));
  const days = rows.map((row) => Date.parse(row[0].includes(":") ? `${row[0].replace(" ", "T")}:00Z` : `${row[0]}T00:00:00Z`) / 1000);
  const series = head.slice(1).map((name, n) => ({ name, values: rows.map((row) => Number.parseFloat(row[n + 1])) }));
  return { days, series };
}

function colours(figure) {
  const style = getComputedStyle(figure);
  const of = (name) => style.getPropertyValue(name).trim();
  return { lines: [of("--accent"), of("--waiting"), of("--bad")], soft: of("--soft"), grid: of("--line") };
}

export async function draw(figure) {
  const uPlot = await plot(figure.dataset);
  const { days, series } = read(figure);
  if (days.length < 2) return;
  const apart = "apart" in figure.dataset;
  const together = uPlot.sync(figure.id || Math.random().toString(36));
  const place = figure.insertBefore(document.createElement("div"), figure.querySelector("details"));
  place.className = "plots";
  place.setAttribute("aria-hidden", "true");
  const utc = (moment) => uPlot.tzDate(new Date(moment * 1e3), "Etc/UTC");
  const day = (moment) => utc(moment).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const groups = apart ? series.map((one) => [one]) : [series];
  let charts = [];

  const paint = () => {
    for (const chart of charts) chart.destroy();
    const { lines, soft, grid } = colours(figure);
    const axis = { stroke: soft, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    charts = groups.map((group, n) => new uPlot(
      {
        width: place.clientWidth,
        height: apart ? HEIGHT_APART : HEIGHT,
        tzDate: utc,
        cursor: { sync: { key: together.key }, drag: { x: false, y: false } },
        scales: { y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.1 : 1] } },
        axes: [
          { ...axis, grid: { show: false }, space: 72, incrs: [1, 2, 7, 14, 28, 91].map((days) => days * 86400), values: (_, moments) => moments.map(day) },
          { ...axis, size: 48, values: (_, values) => values.map((value) => SHORT.format(value)) },
        ],
        series: [
          { label: "Day", value: (_, moment) => (moment == null ? "" : day(moment)) },
          ...group.map(({ name }, m) => ({
            label: name, stroke: lines[(apart ? n : m) % lines.length], width: 2, dash: DASHES[(apart ? 0 : m) % DASHES.length],
            points: { show: days.length < 15 },
            value: (_, value) => (value == null ? "" : value.toLocaleString("en-GB") + figure.dataset.unit),
          })),
        ],
      },
      [days, ...group.map(({ values }) => values)],
      place,
    ));
  };
  paint();
  new ResizeObserver(() => { for (const chart of charts) chart.setSize({ width: place.clientWidth, height: chart.height }); }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
}
