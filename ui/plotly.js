// Plotly's script, loaded once for the page, and the theme's colours for it.
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
    quiet: read("gray-text-color", "#666"),
    alarm: read("red-color", "#b00"),
    page: read("background-color", "#fff"),
    grid: read("border-color-light", read("border-color", "#ddd")),
    paper: read("secondary-background-color", "#fff"),
    font: read("font", "sans-serif"),
    colours: read("chart-categorical-colors", "#16476A,#3B9797").split(",").map((c) => c.trim()),
  };
}
