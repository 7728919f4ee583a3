// A wall of small pictures; a click tells the row of the one that was meant.
function tile(one, chosen, open) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tile" + (one.row === chosen ? " chosen" : "");
  button.title = one.origin;
  if (one.src) {
    const image = document.createElement("img");
    image.src = one.src;
    image.alt = one.label + ": " + one.origin;
    button.append(image);
  } else {
    const missing = document.createElement("span");
    missing.className = "missing";
    missing.textContent = "cannot be shown";
    button.append(missing);
  }
  for (const [name, text] of [["label", one.label], ...one.note.split("\n").map((line) => ["note", line])]) {
    const line = document.createElement("span");
    line.className = name;
    line.textContent = text;
    button.append(line);
  }
  button.onclick = () => open(one.row);
  return button;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const wall = parentElement.querySelector(".tiles");
  wall.replaceChildren(...data.tiles.map((one) => tile(one, data.chosen, (row) => setTriggerValue("open", row))));
}
