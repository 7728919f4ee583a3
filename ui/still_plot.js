// A chart that stands still until the page brings another. Traces with `meta: {place}` take that colour of the theme.
const CONFIG = { displaylogo: false, displayModeBar: false, scrollZoom: false, responsive: true };

// As Streamlit draws its own charts, from the same theme.
function template(look) {
  const ticks = { size: 12, color: look.quiet }, title = { font: { size: 14, color: look.quiet } };
  const lines = { gridcolor: look.grid, zerolinecolor: look.grid, tickcolor: look.grid, tickfont: ticks, automargin: true };
  return {
    data: { scatter: [{ marker: { line: { width: 0 } } }] },
    layout: {
      colorway: look.colours, font: { family: look.font, size: 12, color: look.quiet },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { pad: 8, l: 0, r: 0 },
      legend: { font: { size: 12, color: look.text }, borderwidth: 0 },
      hoverlabel: { bgcolor: look.page, bordercolor: look.grid, font: { family: look.font, size: 12, color: look.quiet } },
      xaxis: { ...lines, showgrid: false, zeroline: false, title: { ...title, standoff: 20 } },
      yaxis: { ...lines, title: { ...title, standoff: 24 } },
    },
  };
}

function coloured(trace, look) {
  const place = trace.meta?.place;
  if (place === undefined) return trace;
  const color = look.colours[place % look.colours.length];
  return { ...trace, marker: { ...trace.marker, color }, line: { ...trace.line, color } };
}

export default function (component) {
  const div = component.parentElement.querySelector(".still-plot"), { src, figure, alt } = component.data;
  div.setAttribute("aria-label", alt);
  div.style.height = `${figure.layout.height}px`;
  div.shown = figure;
  const draw = () => {
    if (!window.Plotly || !div.isConnected) return;
    const look = theme(div), drawn = JSON.stringify([div.shown, look]);
    if (drawn === div.drawn) return;
    div.drawn = drawn;
    const { data, layout } = div.shown;
    window.Plotly.react(div, data.map((trace) => coloured(trace, look)), { ...layout, template: template(look) }, CONFIG);
  };
  const begin = () => plotly(src).then(draw).catch((error) => { div.textContent = "The chart cannot be drawn: " + error.message; });
  near(div, begin);
  return () => { stray(div); window.Plotly?.purge(div); };
}
