// One line and a bar, moved by the run's feed. It asks for the page's numbers when something happened that they show.
const PAUSE = 5000;  // milliseconds between two times that it asks because of epochs, which may be short

function move(place, said) {
  place.querySelector("p").textContent = said.says;
  const bar = place.querySelector("[role=progressbar]"), percent = Math.round(100 * said.share);
  bar.setAttribute("aria-valuenow", percent);
  bar.setAttribute("aria-valuetext", `${percent} %. ${said.says}`);
  bar.firstElementChild.style.width = `${100 * said.share}%`;
}

function urgent(place, said) {
  const now = performance.now(), { state, epoch } = place.shown;
  if (said.state === state && said.epoch === epoch) return false;
  const same = place.asked?.state === said.state && (said.state !== state || place.asked.epoch === said.epoch);
  if ((same || said.state === state) && now - (place.asked?.time ?? -PAUSE) < PAUSE) return false;
  place.asked = { state: said.state, epoch: said.epoch, time: now };
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
    take: ({ progress }) => { move(place, progress); if (urgent(place, progress)) place.look(); },
    draw: () => place.patience.ask(),
  };
  const feed = listen(data.run, "progress", place.taker);
  return () => leave(feed, "progress", place.taker);
}
