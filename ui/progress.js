// A run's numbers, one line and a bar, moved by the run's feed. Where its state is another, the page is drawn anew.
const PAUSE = 5000;  // milliseconds between two times that it asks because of the same state

function tiles(list, numbers) {
  const same = list.children.length === numbers.length;
  if (!same) list.replaceChildren(...numbers.map(() => {
    const tile = document.createElement("div");
    tile.append(document.createElement("dt"), document.createElement("dd"));
    return tile;
  }));
  numbers.forEach(([name, value], i) => {
    const [label, figure] = list.children[i].children;
    if (label.textContent !== name) label.textContent = name;
    if (figure.textContent !== value) figure.textContent = value;
  });
}

function move(place, said) {
  tiles(place.querySelector("dl"), said.numbers);
  place.querySelector("p").textContent = said.says;
  const bar = place.querySelector("[role=progressbar]"), percent = Math.round(100 * said.share);
  bar.setAttribute("aria-valuenow", percent);
  bar.setAttribute("aria-valuetext", `${percent} %. ${said.says}`);
  bar.firstElementChild.style.width = `${100 * said.share}%`;
}

function urgent(place, said) {
  const now = performance.now();
  if (said.state === place.shown.state) return false;
  if (place.asked?.state === said.state && now - place.asked.time < PAUSE) return false;
  place.asked = { state: said.state, time: now };
  return true;
}

export default function (component) {
  const place = component.parentElement.querySelector(".run-progress"), data = component.data;
  place.look = () => component.setTriggerValue("look", `${performance.now()}`);
  place.patience ??= patient(() => place.look());
  if (place.stamp !== data.stamp) {
    place.stamp = data.stamp;
    place.patience.drawn();
    place.shown = data;
    move(place, data);
  }
  place.taker ??= {
    // The page has written its own title. One that was set as this is put in place could come after that of the next page.
    take: ({ progress }) => { document.title = progress.title; move(place, progress); if (urgent(place, progress)) place.look(); },
    draw: () => place.patience.ask(),
  };
  const feed = listen(data.run, "progress", place.taker);
  return () => leave(feed, "progress", place.taker);
}
