// One Plotly chart that lives as long as its place on the page. Data are always in steps; the x axis may show epochs.
const SIZE = 13, ROW = 19, BAR = 26;  // pixels: of letters, of a row of the legend, of the buttons that appear above it
const RESTS = 200;  // milliseconds
const LOOKS = {
  faint: { mode: "lines", opacity: 0.35, width: 1 },
  line: { mode: "lines", opacity: 1, width: 1.8 },
  strong: { mode: "lines+markers", opacity: 1, width: 2.5, size: 6 },
  dots: { mode: "markers", opacity: 1, width: 0, size: 6 },
  dashed: { mode: "lines", opacity: 1, width: 1.8, dash: "dash", rank: 1001 },
  star: { mode: "markers", opacity: 1, width: 0, size: 15, symbol: "star" },
};

const steps = (data) => (data.unit === "epoch" ? 1 / data.per_epoch : 1);

function traces(data, look) {
  const y = data.tick.endsWith("%") ? "%{y:.1%}" : "%{y:.4~g}";
  const averaged = data.traces.some((trace) => trace.look === "line");
  return data.traces.map((trace) => {
    const colour = look.colours[trace.colour % look.colours.length], drawn = LOOKS[trace.look];
    const dash = drawn.dash ?? (trace.colour < look.colours.length ? "solid" : "dot");
    const rim = trace.look === "star" ? { color: look.page, width: 1.5 } : { width: 0 };
    return {
      type: "scatter", name: trace.name, uid: trace.key, mode: drawn.mode, opacity: drawn.opacity,
      x: trace.x.map((step) => step * steps(data)), y: trace.y, line: { color: colour, width: drawn.width, dash },
      marker: { color: colour, size: drawn.size ?? 6, symbol: drawn.symbol ?? "circle", opacity: 1, line: rim },
      legendrank: drawn.rank ?? 1000, showlegend: !(averaged && trace.look === "faint"),
      ...(trace.look === "star" ? { hoverinfo: "skip" } : { hovertemplate: `${trace.name} ${y}<extra></extra>` }),
    };
  });
}

// Plotly lays a legend out in columns as wide as its longest name.
function legendRows(data, look, width) {
  const widest = Math.max(0, ...data.traces.map((trace) => spread(trace.name, look.font, SIZE)));
  return Math.ceil(data.traces.length / Math.max(1, Math.floor(width / (widest + 45))));
}

function decades(data) {
  const values = data.traces.flatMap((trace) => trace.y.filter((y) => y > (data.floor ?? 0)));
  return values.length ? Math.log10(values.reduce((a, b) => Math.max(a, b)) / values.reduce((a, b) => Math.min(a, b))) : 0;
}

function layout(data, look, zoom, labels, width) {
  const axis = { gridcolor: look.grid, linecolor: look.grid, zeroline: false, automargin: true, color: look.text };
  const waiting = !data.traces.length, many = data.traces.length > 1, named = data.marks.some((m) => m.kind === "phase");
  const rows = many ? legendRows(data, look, width - 60) : 0;
  const ranged = (range, times) => (range ? { range: range.map((v) => v * times), autorange: false } : { autorange: true });
  const nothing = { text: data.nothing, showarrow: false, xref: "paper", yref: "paper", x: 0.5, y: 0.5 };
  const share = data.tick.endsWith("%");
  const scale = { type: data.log ? "log" : "linear", nticks: data.log && decades(data) < 3 ? 4 : 6, tickformat: data.tick };
  return {
    uirevision: "kept", autosize: true, height: 300 + ROW * Math.max(0, rows - 1), hovermode: "x unified", showlegend: many,
    margin: { l: 8, r: 12, t: BAR + ROW * rows + (named ? ROOM : 0), b: 8 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: look.font, size: SIZE, color: look.text },
    hoverlabel: { bgcolor: look.paper, bordercolor: look.grid, font: { color: look.text }, namelength: -1 },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: look.text, activecolor: look.colours[1] },
    legend: { orientation: "h", x: 0, xanchor: "left", y: named ? 1.1 : 1.02, yanchor: "bottom", traceorder: "normal" },
    annotations: waiting ? [nothing] : labels, shapes: waiting ? [] : markLines(data, look, steps(data)),
    xaxis: { ...axis, visible: !waiting, ...ranged(zoom.x, steps(data)), title: { text: data.unit === "epoch" ? "epoch" : "optimizer step" },
             rangemode: "tozero", nticks: 8, hoverformat: data.unit === "epoch" ? ".2f" : ",d" },
    yaxis: { ...axis, visible: !waiting, ...ranged(zoom.y, 1), ...scale, title: { text: data.what },
             rangemode: data.include.includes(0) ? "tozero" : "normal",
             autorangeoptions: { include: data.include, clipmin: data.floor ?? (share ? -0.02 : undefined), clipmax: share ? 1.03 : undefined } },
  };
}

function follow(div) {
  div.on("plotly_relayout", (change) => {
    for (const name of ["x", "y"]) {
      if (change[`${name}axis.autorange`]) div.zoom[name] = null;
      else if (change[`${name}axis.range[0]`] !== undefined || change[`${name}axis.range`]) {
        div.zoom[name] = div.layout[`${name}axis`].range.map((v) => v / (name === "x" ? steps(div.shown) : 1));
      }
    }
    closer(div);
  });
  div.on("plotly_afterplot", () => settle(div));
}

// Where points were left out, those of the part that is looked at are asked for, once the hand rests.
function closer(div) {
  clearTimeout(div.resting);
  if (!div.asked && !div.shown.traces.some((trace) => trace.thinned)) return;
  div.resting = setTimeout(() => { div.asked = div.zoom.x !== null; div.ask(div.zoom.x); }, RESTS);
}

// Which names fit is known once the axis is drawn; while they stay the same, nothing is drawn twice.
function settle(div) {
  if (div.settling || !div.shown.traces.length) return;
  const [from, to] = div.layout.xaxis.range, width = div._fullLayout._size.w;
  const labels = markLabels(div.shown, theme(div), steps(div.shown), { from, to, width });
  if (JSON.stringify(labels) === JSON.stringify(div.labels)) return;
  div.labels = labels;
  div.settling = true;  // names may change the room that they have: one look at each drawing, or it would never end
  window.Plotly.relayout(div, { annotations: labels }).finally(() => { div.settling = false; });
}

// A tab in the background draws nothing until somebody looks at it.
function seen(div) {
  if (div.unseen) return;
  div.unseen = true;
  document.addEventListener("visibilitychange", () => { div.unseen = false; div.draw?.(); }, { once: true });
}

const CONFIG = {
  displaylogo: false, responsive: true, showTips: false, modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
};

// What the page brought, or later what its feed did.
function adopt(div, data) {
  div.setAttribute("aria-label", data.alt);
  if (div.shown && div.shown.log !== data.log) div.zoom.y = null;
  div.shown = data;
}

// A chart of a live run takes what its feed brings. Without a feed the first of them has the page look for all.
function feed(div, data) {
  const kept = div.feed;
  if (kept && kept.run !== data.feed?.run) { leave(kept, data.key, div.taker); div.feed = null; }
  if (!data.feed) return;
  div.taker ??= {
    take: ({ charts }) => { if (charts[data.key]) { adopt(div, charts[data.key]); div.draw?.(); } },
    draw: data.key.startsWith("loss-") && (() => div.patience.ask()),
  };
  div.feed = listen(data.feed.run, data.key, div.taker);
  turn(div.feed, data.feed.address, data.feed.version);
}

export default function (component) {
  const div = component.parentElement.querySelector(".live-plot"), data = component.data;
  div.zoom ??= { x: null, y: null };
  div.look = () => component.setTriggerValue("look", `${performance.now()}`);
  div.patience ??= patient(() => div.look());
  div.ask = (range) => {
    if (div.feed) closeUp(div.feed, data.key, range);
    component.setStateValue("shown", range);
  };
  if (div.stamp !== data.stamp) {
    div.stamp = data.stamp;
    div.patience.drawn();
    adopt(div, data);
  }
  feed(div, data);
  div.labels ??= [];
  const draw = () => {
    if (!window.Plotly || !div.isConnected) return;
    if (document.hidden) { seen(div); return; }
    const look = theme(div);
    const first = !div.classList.contains("js-plotly-plot");
    if (first) div.textContent = "";
    window.Plotly.react(div, traces(div.shown, look), layout(div.shown, look, div.zoom, div.labels, div.clientWidth), CONFIG);
    if (first) { follow(div); settle(div); }
  };
  if (!window.Plotly && !div.firstChild) div.textContent = "Drawing…";
  near(div, () => {
    div.draw = draw;
    plotly(data.src).then(draw).catch((error) => { div.textContent = "The chart cannot be drawn: " + error.message; });
  });
  return () => {
    div.draw = null;
    stray(div);
    if (div.feed) leave(div.feed, data.key, div.taker);
    window.Plotly?.purge(div);
  };
}
