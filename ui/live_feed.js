// What is new of a run, asked for once a second for all charts of a page and its progress line. They are components of
// their own, so the feeds are where each can find them. A taker has `take(said)`; one in each part of the page has
// `draw()` too, for where there is no feed.
const FEEDS = Symbol.for("tlstudio.feeds");
const BEAT = 1000, UNSEEN = 2000, LONGEST = 10000, SOON = 30, APART = 250;  // milliseconds

function listen(run, name, taker) {
  const feeds = (window[FEEDS] ??= new Map());
  if (!feeds.has(run)) {
    const feed = { run, address: "", have: "", charts: null, zoom: {}, takers: new Map(), timer: null, failures: 0 };
    feed.wake = () => { if (!document.hidden) soon(feed, 0); };
    document.addEventListener("visibilitychange", feed.wake);
    feeds.set(run, feed);
  }
  const feed = feeds.get(run);
  feed.takers.set(name, taker);
  if (feed.timer === null && !feed.asking) soon(feed, BEAT);
  return feed;
}

function leave(feed, name, taker) {
  if (feed.takers.get(name) !== taker) return;
  feed.takers.delete(name);
  if (feed.takers.size) return;
  clearTimeout(feed.timer);
  document.removeEventListener("visibilitychange", feed.wake);
  if (window[FEEDS].get(feed.run) === feed) window[FEEDS].delete(feed.run);
}

// Another view has another address; `have` is the version that came with the page.
function turn(feed, address, have) {
  if (feed.address === address) return;
  Object.assign(feed, { address, have, charts: null });
}

function closeUp(feed, name, range) {
  if (range) feed.zoom[name] = range;
  else delete feed.zoom[name];
  feed.have = "";
}

// A part of the page that is asked for again before it is drawn begins anew, and on a busy server would never end.
function patient(look) {
  let since = -Infinity;
  return {
    ask: () => { if (performance.now() - since > LONGEST) { since = performance.now(); look(); } },
    drawn: () => { since = -Infinity; },
  };
}

function soon(feed, wait) {
  clearTimeout(feed.timer);
  feed.timer = setTimeout(() => ask(feed), wait);
}

async function ask(feed) {
  feed.timer = null;
  if (feed.asking || !feed.takers.size) return;
  if (!feed.address) { soon(feed, BEAT); return; }
  const brief = document.hidden, asked = where(feed, brief);
  let wait = BEAT;
  feed.asking = true;
  try {
    const answer = await fetch(asked, { cache: "no-store", signal: AbortSignal.timeout(LONGEST) });
    wait = brief ? UNSEEN : Number(answer.headers.get("Next-Look")) || BEAT;
    if (answer.status === 200 && (answer.headers.get("Content-Type") ?? "").startsWith("application/json")) {
      const said = await answer.json();
      if (asked === where(feed, brief)) hand(feed, said, brief);
      else wait = SOON;
    } else if (answer.ok && answer.status !== 204 || answer.status === 403 || answer.status === 404) {
      // No such route, or no longer this one: the page itself looks. Streamlit draws one part of it at a time.
      [...feed.takers.values()].filter((taker) => taker.draw).forEach((taker, i) => setTimeout(taker.draw, APART * i));
    } else if (answer.status !== 204) throw new Error(answer.statusText);
    feed.failures = 0;
  } catch {
    wait = Math.min(LONGEST, BEAT * 2 ** ++feed.failures);
  } finally {
    feed.asking = false;
  }
  if (feed.takers.size && !feed.over) soon(feed, wait);
}

// A tab that nobody looks at needs its title only, and what it has of the charts stays as old as it is. One that holds
// charts from its feed is told the ends of their lines.
function where(feed, brief) {
  if (brief) return `${feed.address}&brief=1`;
  const zoom = Object.keys(feed.zoom).length ? `&zoom=${encodeURIComponent(JSON.stringify(feed.zoom))}` : "";
  return `${feed.address}&have=${feed.have}${feed.charts ? "&part=1" : ""}${zoom}`;
}

function grown(held, charts) {
  const whole = (trace, from) => (trace.same
    ? { ...trace, x: from.x.slice(0, trace.same).concat(trace.x), y: from.y.slice(0, trace.same).concat(trace.y) } : trace);
  const lines = (key, { traces }) => traces.map((trace) => whole(trace, held[key]?.traces.find((one) => one.key === trace.key)));
  return Object.fromEntries(Object.entries(charts).map(([key, chart]) => [key, { ...chart, traces: lines(key, chart) }]));
}

function hand(feed, said, brief) {
  if (!brief) {
    feed.charts = said.charts = grown(feed.charts ?? {}, said.charts);
    feed.have = said.version;
  }
  feed.over = !said.live;
  const words = ([name]) => name === "progress";  // at once; charts take a while to draw
  [...feed.takers].sort((a, b) => words(b) - words(a)).forEach(([, taker]) => taker.take(said));
}
