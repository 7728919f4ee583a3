// What the run's notes put on a chart: a vertical line where a phase begins, with its name above, and one for a warning.
const LABEL = 11;  // pixels
const ROOM = 18;   // pixels above the plot for the names

function spread(text, family, size) {
  spread.pen ??= document.createElement("canvas").getContext("2d");
  spread.pen.font = `${size}px ${family}`;
  return spread.pen.measureText(text.replace(/&[a-z]+;/g, "x")).width;
}

function markLines(data, look, scale) {
  return data.marks.filter((mark) => mark.step > 0).map((mark) => ({
    type: "line", xref: "x", yref: "paper", x0: mark.step * scale, x1: mark.step * scale, y0: 0, y1: 1, layer: "below",
    opacity: mark.kind === "phase" ? 0.6 : 0.8, line: mark.kind === "phase" ? { color: look.quiet, width: 1, dash: "dot" } : { color: look.alarm, width: 1 },
  }));
}

// A phase's name stands where it fits, else its number; a phase that began left of what is shown has its name at the edge.
function markLabels(data, look, scale, shown) {
  const phases = data.marks.filter((mark) => mark.kind === "phase");
  const names = phases.flatMap((mark, i) => {
    const from = Math.max(mark.step * scale, shown.from);
    const to = Math.min(i + 1 < phases.length ? phases[i + 1].step * scale : Infinity, shown.to);
    const room = (to - from) / (shown.to - shown.from) * shown.width;
    const text = [mark.name, `phase ${i + 1}`, `${i + 1}`].find((text) => spread(text, look.font, LABEL) + 6 <= room);
    return text ? [{ x: from, y: 1, xanchor: "left", yanchor: "bottom", xshift: 1, yshift: 1, text, hovertext: mark.hover,
                     font: { size: LABEL, color: look.quiet } }] : [];
  });
  const warnings = data.marks.filter((mark) => mark.kind === "warning").map((mark) => ({
    x: mark.step * scale, y: 0, xanchor: "center", yanchor: "bottom", text: "<b>!</b>", hovertext: mark.hover,
    font: { size: LABEL, color: look.page }, bgcolor: look.alarm, borderpad: 1, width: 10,
  }));
  const label = { bgcolor: look.paper, bordercolor: look.grid, font: { color: look.text, family: look.font } };
  return [...names, ...warnings].map((one) => ({ xref: "x", yref: "paper", showarrow: false, hoverlabel: label, ...one }));
}
