"""The live channel: what is new of a run, made once for all who watch it, and fetched by their browsers each second.

Drawing a page's part anew costs the server some 30 ms for each tab and second, and a training on the same processors
pays for it. An answer that is kept costs less than one.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tlcore.errors import RunError
from ui import state
from ui.growth import growth
from ui.live_plot import base
from ui.progress import progress
from ui.sight import Sight, look
from ui.signing import sign, signed
from ui.train_charts import charts
from ui.train_view import View

__all__ = ["Feed", "address", "feed", "routes"]

KIND = "live"
FRESH_SECONDS = 0.2
"""A run is looked at no oftener than this, whoever asks."""
BEAT_SECONDS = 1.0
AFTER_SECONDS = 0.02
"""All tabs ask this long after the server's full second, so that one look serves them."""
SOONEST_SECONDS = 0.3
MOST_ANSWERS, MOST_RUNS = 24, 16
MOST_ZOOM = 2000
"""Characters."""
SQUEEZE = 3
"""Level of compression: half the time of the usual one for a few per cent more bytes."""
NEXT = "Next-Look"
"""Header: in how many milliseconds to ask again."""

Zoom = Mapping[str, tuple[float, float]]
Key = tuple[str, str, str, str]


def address(run_id: str, view: View) -> str:
    """Where what is new of a run in this view is handed out, below the server's own address."""
    spec = view.text()
    return f"/live/{run_id}?{urlencode({'spec': spec, 'sign': sign(KIND, run_id, spec)})}"


def feed(seen: Sight, view: View) -> dict[str, str]:
    """What a chart needs to grow by itself."""
    return {"run": seen.run.id, "address": f"{base()}{address(seen.run.id, view)}", "version": seen.version}


def routes() -> list[Route]:
    """For the server's application."""
    return [Route("/live/{run}", Feed().respond, methods=["GET"])]


@dataclass(slots=True)
class Answer:
    """What is said of a run in one view, and the forms in which it was sent already."""

    version: str
    content: Mapping[str, Any]
    before: Answer | None
    """The one that those hold who asked last time; its own is dropped."""
    sent: dict[str, bytes] = field(default_factory=dict)
    """By the version that is held: compressed JSON."""

    def base(self, have: str, part: bool) -> str:
        """The version that this one can be told as the growth of; empty for none."""
        return have if part and self.before and self.before.version == have else ""

    def write(self, base: str) -> bytes:
        """All, or what was not in the version `base`."""
        said = dict(self.content)
        if base and self.before:
            said["charts"] = growth(self.before.content["charts"], said["charts"])
        text = json.dumps(said, separators=(",", ":"), allow_nan=False)
        return self.sent.setdefault(base, gzip.compress(text.encode(), SQUEEZE, mtime=0))


@dataclass(slots=True)
class Feed:
    """Keeps the last looks and answers, both bounded."""

    looks: OrderedDict[str, tuple[float, str]] = field(default_factory=OrderedDict)
    """By run: when it was looked at, by the monotonic clock, and the version that was seen."""
    answers: OrderedDict[Key, Answer] = field(default_factory=OrderedDict)
    """By run, view, zoom and brevity."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while one is made: who asks meanwhile gets the same, and no thread waits for it."""

    async def respond(self, request: Request) -> Response:
        """What is new since `have`; 204 for nothing.

        Who holds what was said then, and says so by `part`, is told the ends of lines. A tab that nobody looks at asks
        in `brief`, without charts.
        """
        run_id, asked = str(request.path_params["run"]), request.query_params
        spec, zoom = asked.get("spec", ""), asked.get("zoom", "")
        if not signed(asked.get("sign", ""), KIND, run_id, spec):
            return PlainTextResponse("This address is not whole; open the run on the Train page.", status_code=403)
        if len(zoom) > MOST_ZOOM:
            return PlainTextResponse("No page looks at so many parts of its charts.", status_code=400)
        key, have, part = (run_id, spec, zoom, asked.get("brief", "")[:1]), asked.get("have", ""), "part" in asked
        try:
            body = self._ready(key, have, part)
            if body is None:
                async with self.lock:
                    body = self._ready(key, have, part)
                    if body is None:
                        body = await to_thread.run_sync(self._made, key, have, part)
        except RunError as error:
            return PlainTextResponse(str(error), status_code=404)
        except ValueError:
            return PlainTextResponse("The zoom is not a range of steps for each chart.", status_code=400)
        headers = {"Cache-Control": "no-store", NEXT: f"{1000 * _wait(time.time()):.0f}"}
        if not body:
            return Response(status_code=204, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(body, media_type="application/json", headers=headers)

    def _ready(self, key: Key, have: str, part: bool) -> bytes | None:
        """What to send, nothing for no news; None if it has to be made."""
        answer = self._kept(key)
        if answer is None:
            return None
        return b"" if answer.version == have else answer.sent.get(answer.base(have, part))

    def _kept(self, key: Key) -> Answer | None:
        """The answer, if the run was looked at just now and the answer was made of that."""
        then, version = self.looks.get(key[0], (0.0, ""))
        found = self.answers.get(key)
        fresh = time.monotonic() - then < FRESH_SECONDS
        return found if fresh and found and found.version == version else None

    def _made(self, key: Key, have: str, part: bool) -> bytes:
        answer = self._kept(key) or self._looked(key, _zoom(key[2]))
        return b"" if answer.version == have else answer.write(answer.base(have, part))

    def _looked(self, key: Key, shown: Zoom) -> Answer:
        run_id, spec, _, brief = key
        with state.history(run_id).lock:
            seen, found = look(run_id), self.answers.get(key)
            if found is None or found.version != seen.version:
                if found:
                    found.before = None
                found = Answer(seen.version, content(seen, None if brief else View.read(spec), shown), found)
        _put(self.looks, run_id, (time.monotonic(), found.version), MOST_RUNS)
        _put(self.answers, key, found, MOST_ANSWERS)
        return found


def content(seen: Sight, view: View | None, shown: Zoom) -> dict[str, Any]:
    """All that moves on the page, as the browser draws it; without a view no charts."""
    return {
        "version": seen.version,
        "live": seen.run.live,
        "status": seen.run.status,
        "progress": progress(seen, time.time()),
        "charts": {chart.key: chart.data(shown.get(chart.key)) for chart in (charts(seen, view) if view else ())},
    }


def _zoom(text: str) -> Zoom:
    """The steps, from and to, by the chart's key.

    Raises:
        ValueError: it is something else.
    """
    try:
        return {key: (float(low), float(high)) for key, (low, high) in json.loads(text or "{}").items()}
    except (AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(text) from error


def _wait(now: float) -> float:
    """Seconds until all ask again."""
    left = BEAT_SECONDS - now % BEAT_SECONDS + AFTER_SECONDS
    return left if left >= SOONEST_SECONDS else left + BEAT_SECONDS


def _put(kept: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
