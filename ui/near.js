// A chart in sight is drawn at once, any other when the browser has nothing else to do, or for print: a page of many
// charts is there sooner, and nobody who scrolls meets an empty one.
const REST = 2000;  // milliseconds
const MARGIN = "200px";

function near(div, draw) {
  if (div.near) { draw(); return; }
  div.first = draw;
  if (div.stray) return;
  const begin = () => { stray(div); div.near = true; div.first(); };
  const watch = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) begin(); }, { scrollMargin: MARGIN });
  const idle = window.requestIdleCallback ?? ((done) => setTimeout(done, 0));
  const later = setTimeout(() => idle(() => { if (!div.near && div.clientWidth) begin(); }), REST);
  window.addEventListener("beforeprint", begin);
  div.stray = () => { watch.disconnect(); clearTimeout(later); window.removeEventListener("beforeprint", begin); };
  watch.observe(div);
}

function stray(div) {
  div.stray?.();
  div.stray = null;
}
