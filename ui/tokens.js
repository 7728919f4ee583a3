// Tokens as chips, those of one word together. Every text is set as text, so whatever a sample holds stays text.
function chip(token) {
  const made = document.createElement("span");
  made.className = ["token", token.kind, token.read ? "read" : "cut"].join(" ");
  made.textContent = token.text;
  made.title = `${token.name} · number ${token.id}` + (token.read ? "" : " · cut off, not read");
  return made;
}

export default function (component) {
  const words = [];
  for (const token of component.data.tokens) {
    if (token.kind !== "piece" || !words.length) words.push(document.createElement("span"));
    words.at(-1).appendChild(chip(token));
  }
  for (const word of words) word.className = "word";
  component.parentElement.querySelector(".tokens").replaceChildren(...words);
}
