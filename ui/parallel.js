// Parallel coordinates that live as long as their place on the page: what was brushed stays while lines come.
// The words of the first axis stand left of it, its name in the middle above it.
function room(axis, family) {
  room.pen ??= document.createElement("canvas").getContext("2d");
  room.pen.font = `12px ${family}`;
  const wide = (text) => room.pen.measureText(text).width;
  return Math.ceil(Math.max(40, wide(axis.label) / 2 + 8, ...(axis.ticktext ?? ["100%"]).map((text) => wide(text) + 16)));
}

export default function (component) {
  const div = component.parentElement.querySelector(".parallel");
  div.setAttribute("aria-label", component.data.alt);
  div.shown = component.data;
  const draw = () => {
    if (!window.Plotly || !div.isConnected || document.hidden) return;
    const { dimensions, colour, low, high } = div.shown, look = theme(div);
    const drawn = JSON.stringify([div.shown, look]);
    if (drawn === div.drawn) return;
    if (!div.classList.contains("js-plotly-plot")) div.textContent = "";
    div.drawn = drawn;
    div.style.minWidth = `${110 * dimensions.length + 90}px`;
    const font = { family: look.font, size: 12, color: look.text };
    const bar = { title: { text: "val" }, tickformat: ".1~%", thickness: 10, tickfont: font, outlinewidth: 0 };
    const line = {
      color: colour, cmin: low, cmax: high, showscale: true, colorbar: bar,
      colorscale: [[0, look.grid], [0.5, look.colours[0]], [1, look.colours[2 % look.colours.length]]],
    };
    const trace = {
      type: "parcoords", uid: "trials", dimensions, line, labelfont: { ...font, size: 13 }, tickfont: font,
      rangefont: { ...font, color: "rgba(0,0,0,0)" }, labelside: "top",
    };
    const layout = {
      uirevision: "kept", autosize: true, height: 340, margin: { l: room(dimensions[0], look.font), r: 40, t: 50, b: 20 }, font,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    };
    window.Plotly.react(div, [trace], layout, { displaylogo: false, displayModeBar: false, responsive: true });
  };
  plotly(component.data.src).then(draw).catch((error) => { div.textContent = "The chart cannot be drawn: " + error.message; });
  const again = () => draw();
  document.addEventListener("visibilitychange", again);
  return () => { document.removeEventListener("visibilitychange", again); window.Plotly?.purge(div); };
}
