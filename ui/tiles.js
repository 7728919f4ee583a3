// Square parts of one picture, side by side. A new picture takes the old one's place only once it is decoded, so nothing flickers.
function part(place, data) {
  const rows = Math.ceil(data.total / data.columns);
  const at = (i, n) => (n > 1 ? (100 * i) / (n - 1) : 0) + "%";
  return { size: `${100 * data.columns}% ${100 * rows}%`,
           position: `${at(place % data.columns, data.columns)} ${at(Math.floor(place / data.columns), rows)}` };
}

function figure(tile, data) {
  const box = document.createElement("figure");
  const picture = box.appendChild(document.createElement("div"));
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", tile.alt);
  const { size, position } = part(tile.place, data);
  Object.assign(picture.style, { backgroundImage: `url(${data.src})`, backgroundSize: size, backgroundPosition: position });
  if (data.side <= 64) picture.style.imageRendering = "pixelated";
  box.appendChild(document.createElement("figcaption")).textContent = tile.caption;
  return box;
}

export default function (component) {
  const { data, parentElement } = component;
  const grid = parentElement.querySelector(".tiles");
  grid.classList.toggle("waits", data.waits);
  grid.setAttribute("aria-busy", String(data.waits));
  const wanted = JSON.stringify([data.src.length, data.name, data.tiles]);
  if (grid.wanted === wanted) return;
  grid.wanted = wanted;
  const picture = new Image();
  picture.src = data.src;
  const show = () => {
    if (grid.wanted !== wanted) return;
    grid.style.setProperty("--least", data.least);
    grid.style.setProperty("--most", data.most);
    grid.replaceChildren(...data.tiles.map((tile) => figure(tile, data)));
  };
  picture.decode().then(show, show);
}
