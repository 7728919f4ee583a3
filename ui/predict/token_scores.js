// Words in colours of their scores. Every text is set as text, so whatever a sample holds stays text.
function word(token) {
  const made = document.createElement("span");
  made.className = token.kind;
  made.textContent = token.text;
  made.title = token.note;
  const colour = token.share >= 0 ? "rgb(214 39 40)" : "rgb(31 93 190)";
  const cover = Math.round(60 * Math.abs(token.share));
  if (cover) made.style.background = `color-mix(in srgb, ${colour} ${cover}%, transparent)`;
  return made;
}

export default function (component) {
  component.parentElement.querySelector(".scores").replaceChildren(...component.data.tokens.map(word));
}
