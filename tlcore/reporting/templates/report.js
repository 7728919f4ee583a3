"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const places = [...document.querySelectorAll("[data-figure]")];
const scheme = matchMedia("(prefers-color-scheme: dark)");
const colours = {
  light: { text: "#132440", line: "#d3dee6", ground: "#ffffff", lines: [
    "#16476a", "#3b9797", "#c77d0a", "#7b5ea7", "#5f8a2f", "#b0587f", "#4a8fd0", "#8c6d4f", "#5b6b7b", "#1f7a5c"] },
  dark: { text: "#e6edf2", line: "#2a3f5e", ground: "#132440", lines: [
    "#7fb6e0", "#4db6b2", "#f0b24a", "#b79ce8", "#a3c96b", "#e79abf", "#4f9be8", "#cda77f", "#a5b4c3", "#5fc79a"] },
};

function themed(layout, look) {
  const axis = { gridcolor: look.line, zerolinecolor: look.line, linecolor: look.line };
  return {
    ...layout, colorway: look.lines, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: look.text, family: "system-ui, sans-serif" },
    hoverlabel: { bgcolor: look.ground, bordercolor: look.line, font: { color: look.text }, namelength: -1 },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: look.line, activecolor: look.text },
    xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis },
  };
}

const PAPER = 680;  // pixels across that A4 and Letter have, less their margins

// A place has its figure's height by itself, or Plotly takes its least one when the window changes.
function draw(dark, width) {
  const look = dark ? colours.dark : colours.light;
  for (const place of places) {
    const figure = figures[place.dataset.figure];
    place.style.height = `${figure.layout.height}px`;
    const traces = figure.data.map((one) => (one.texttemplate ? { ...one, textfont: { color: look.text } } : one));
    Plotly.react(place, traces, themed({ ...figure.layout, width }, look), { responsive: true, displaylogo: false });
  }
}

draw(scheme.matches);
scheme.addEventListener("change", () => draw(scheme.matches));
addEventListener("beforeprint", () => { draw(false, PAPER); for (const one of document.querySelectorAll("details")) one.open = true; });
addEventListener("afterprint", () => { draw(scheme.matches); places.forEach((place) => Plotly.Plots.resize(place)); });
