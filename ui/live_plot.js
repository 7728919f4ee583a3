// One Plotly chart that lives as long as its place on the page. Data are always in steps; the x axis may show epochs.
let loading = null;

function plotly(src) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = src;
    script.onload = () => done(window.Plotly);
    script.onerror = () => { loading = null; failed(new Error("plotly.min.js is not at " + src)); };
    document.head.appendChild(script);
  });
  return loading;
}

function theme(element) {
  const style = getComputedStyle(element);
  const read = (name, otherwise) => {
    const value = style.getPropertyValue("--st-" + name).trim();
    return value && value !== "unset" ? value : otherwise;
  };
  return {
    text: read("text-color", "#444"),
    grid: read("border-color-light", read("border-color", "#ddd")),
    paper: read("secondary-background-color", "#fff"),
    font: read("font", "sans-serif"),
    colours: read("chart-categorical-colors", "#16476A,#3B9797").split(",").map((c) => c.trim()),
  };
}

function traces(data, look) {
  const scale = data.unit === "epoch" ? 1 / data.per_epoch : 1;
  const y = data.share ? "%{y:.1%}" : "%{y:.4g}";
  return data.traces.map((trace) => {
    const colour = look.colours[trace.colour % look.colours.length];
    const strong = trace.look === "strong";
    return {
      type: "scatter", name: trace.name, uid: trace.name, x: trace.x.map((step) => step * scale), y: trace.y,
      mode: strong ? "lines+markers" : "lines", opacity: strong ? 1 : 0.4,
      line: { color: colour, width: strong ? 2.5 : 1 }, marker: { color: colour, size: 6 },
      hovertemplate: `${trace.name} ${y}<extra></extra>`,
    };
  });
}

function layout(data, look, zoom) {
  const scale = data.unit === "epoch" ? 1 / data.per_epoch : 1;
  const axis = { gridcolor: look.grid, linecolor: look.grid, zeroline: false, automargin: true, color: look.text };
  const waiting = !data.traces.length;
  const ranged = (range, times) => (range ? { range: range.map((v) => v * times), autorange: false } : { autorange: true });
  return {
    uirevision: "kept", autosize: true, height: 300, margin: { l: 8, r: 12, t: 34, b: 8 }, hovermode: "x unified",
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: look.font, size: 13, color: look.text },
    hoverlabel: { bgcolor: look.paper, bordercolor: look.grid, font: { color: look.text } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: look.text, activecolor: look.colours[1] }, showlegend: true,
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
    annotations: waiting ? [{ text: data.nothing, showarrow: false, xref: "paper", yref: "paper", x: 0.5, y: 0.5 }] : [],
    xaxis: { ...axis, visible: !waiting, ...ranged(zoom.x, scale), title: { text: data.unit === "epoch" ? "epoch" : "optimizer step" },
             rangemode: "tozero", nticks: 8, hoverformat: data.unit === "epoch" ? ".2f" : ",d" },
    yaxis: { ...axis, visible: !waiting, ...ranged(zoom.y, 1), title: { text: data.what }, nticks: 6, tickformat: data.share ? ".0%" : undefined },
  };
}

function follow(div) {
  div.on("plotly_relayout", (change) => {
    const scale = div.shown.unit === "epoch" ? div.shown.per_epoch : 1;
    for (const name of ["x", "y"]) {
      if (change[`${name}axis.autorange`]) div.zoom[name] = null;
      else if (change[`${name}axis.range[0]`] !== undefined || change[`${name}axis.range`]) {
        div.zoom[name] = div.layout[`${name}axis`].range.map((v) => v * (name === "x" ? scale : 1));
      }
    }
  });
}

const CONFIG = {
  displaylogo: false, responsive: true, showTips: false, modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
};

export default function (component) {
  const div = component.parentElement.querySelector(".live-plot");
  div.setAttribute("aria-label", component.data.alt);
  div.shown = component.data;
  div.zoom ??= { x: null, y: null };
  const draw = () => {
    if (!window.Plotly || !div.isConnected) return;
    const look = theme(div);
    div.theme = JSON.stringify(look);
    const first = !div.classList.contains("js-plotly-plot");
    window.Plotly.react(div, traces(div.shown, look), layout(div.shown, look, div.zoom), CONFIG);
    if (first) follow(div);
  };
  plotly(component.data.src).then(draw).catch((error) => { div.textContent = "The chart cannot be drawn: " + error.message; });
  return () => { window.Plotly?.purge(div); };
}
