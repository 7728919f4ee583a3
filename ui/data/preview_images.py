"""An image as training and evaluation show it to a network."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlcore.data import Dataset
from tlcore.data.augmentation import Augmentation
from tlcore.data.transforms import ImagePreprocessing, seen
from tlcore.errors import RecipeError
from tlcore.features.inputs import image_preprocessing
from tlcore.home import home
from tlcore.runs import jobs
from ui import state
from ui.augmentation import MIXING, TITLES, filling, knob_fields
from ui.data.preview_charts import spread
from ui.job import soon, waits
from ui.layout import card
from ui.models import Entry
from ui.tiles import Tile, tiles
from ui.words import plain, visible

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["images"]

VERSIONS = 12
COLUMNS = 4
"""Tiles in a row of the job's sheet of versions."""
PIXELS = 640
"""Longest side of the original on the page."""
MOST_SEED = 2**31 - 1
TOP: Mapping[str, float] = {key: min(high, 2.0) for key, (_, high, _) in MIXING.items()}
"""Where the sliders end; the recipe's form goes further."""
SHOWN: Mapping[str, str] = {"epoch": "Each epoch", "view": "Views of a frozen backbone"}


def images(dataset: Dataset, row: int, entry: Entry) -> None:
    """The original and how it is varied; then what becomes of it at the network's input."""
    how = image_preprocessing(entry.record)
    left, right = st.columns([2, 3])
    with left:
        original(dataset, row, how)
        with card("Augmentation", key="preview-augmentation-card"):
            augmentation, seed, shown = settings(dataset, entry)
    if augmentation is None:
        return
    about = {
        "dataset": dataset.id,
        "row": row,
        "backbone": entry.record.name,
        "augmentation": augmentation.to_dict(),
        "seed": seed,
        "shown": shown,
        "n": VERSIONS,
    }
    with right:
        now = soon("preview", about)
    if now.status == "failed":
        right.error(plain(now.words), icon=":material/error:")
        return
    if now.status == "done":
        state.keep_shown("preview", about)
    last = about if now.status == "done" else _last(dataset, row)
    if now.status != "done":
        waits("preview", about)
    if last is None:
        right.info("The first versions are on their way …", icon=":material/hourglass_empty:")
        return
    answer(last, dataset, how, right, busy=now.status != "done")


def _last(dataset: Dataset, row: int) -> Mapping[str, Any] | None:
    """The last question about this image, if its answer is still kept."""
    last = state.last_shown("preview")
    if last is None or (last["dataset"], last["row"]) != (dataset.id, row):
        return None
    return last if jobs.look(home(), "preview", last).status == "done" else None


def original(dataset: Dataset, row: int, how: ImagePreprocessing) -> None:
    """The image as it was brought, and what of it a network gets to see."""
    with card("Original", key="preview-original-card"):
        picture, (width, height) = _marked(str(dataset.home), dataset.content, row, repr(how), dataset, how)
        st.image(picture, width="stretch", alt=f"Sample {row} with the part that evaluation keeps")
        left, top, right, bottom = seen(width, height, how)
        share = (right - left) * (bottom - top) / (width * height)
        way = f"pressed to {how.resize} × {how.resize}" if how.squash else f"shorter side to {how.resize}"
        st.caption(
            f"{width:,} × {height:,} pixels → {way} ({how.interpolation}) → the middle {how.input_size} × "
            f"{how.input_size}. Evaluation keeps **{100 * share:.0f} %** of the image: the bright frame."
        )


def settings(dataset: Dataset, entry: Entry) -> tuple[Augmentation | None, int, str]:
    """The augmentation that the fields make, the seed, and what training varies by; None where they contradict."""
    policy = state.segment("policy", list(TITLES), lambda name: TITLES[name].partition(":")[0], label="Policy")
    given: dict[str, float] = {}
    if policy != "none":
        with st.expander("Single changes", icon=":material/tune:", key="preview-knobs", expanded=policy == "own"):
            given = knob_fields(policy, lambda name, own: state.linked(f"{policy}.{name}", own))
            st.button("Back to the policy's own", icon=":material/restart_alt:", key="knobs-reset", disabled=not given,
                      on_click=_forget, args=(policy, list(given)))  # fmt: skip
    with st.expander("Erasing, MixUp, CutMix", icon=":material/join_inner:", key="preview-mixing"):
        extra = {
            key: st.slider(title, 0.0, TOP[key], step=0.1, help=text, **state.linked(key, 0.0, _within(TOP[key])))
            for key, (title, _, text) in MIXING.items()
        }
    seed = _seed()
    shown = state.segment("shown", list(SHOWN), SHOWN.__getitem__, label="As training sees it in", help_text=WHICH)
    try:
        made = Augmentation(policy=policy, **extra, **given)
    except RecipeError as error:
        st.error(plain(error), icon=":material/error:")
        return None, seed, shown
    if st.button("Use this augmentation", type="primary", icon=":material/arrow_forward:", key="use-augmentation"):
        fields = {key: value for key, value in filling(made).items() if key != "augmentation-views"}
        state.write(fields | {"seed": seed})
        st.switch_page("pages/strategy.py", query_params={"dataset": dataset.id, "backbone": entry.record.name})
    needs = " MixUp and CutMix need a strategy that trains the backbone." if made.mixes else ""
    st.caption(f"Opens the strategy form with these settings and this seed.{needs}")
    return made, seed, shown


WHICH = (
    "A backbone that trains sees each image anew in every epoch. A frozen one sees the plain image and as many views "
    "as the recipe asks for, once. The pixels shown are those that training reads with this seed."
)


def _within(top: float) -> Callable[[float], bool]:
    return lambda value: 0 <= value <= top


def _seed() -> int:
    box, dice = st.columns([3, 1], vertical_alignment="bottom")
    seed = box.number_input("Seed", 0, MOST_SEED, step=1, **state.linked("aug-seed", 0, lambda n: 0 <= n <= MOST_SEED))

    def roll() -> None:
        st.query_params["aug-seed"] = str(secrets.randbelow(100_000))

    dice.button("", icon=":material/casino:", key="aug-dice", help="Another seed", on_click=roll)
    return int(seed)


def _forget(policy: str, names: Sequence[str]) -> None:
    for name in names:
        st.query_params.pop(f"{policy}.{name}", None)


def answer(about: Mapping[str, Any], dataset: Dataset, how: ImagePreprocessing, place: Any, *, busy: bool) -> None:
    """The pictures and figures of an answer; paler while a newer one is on its way."""
    told, folder = jobs.look(home(), "preview", about).result, jobs.place(home(), "preview", about)
    n, side = about["n"], told["side"]
    with place, card("What training sees", key="preview-versions-card"):
        word = "Epoch" if about["shown"] == "epoch" else "View"
        grid = [Tile(place=i, caption=f"{word} {i + 1}", alt=f"The image in {word.lower()} {i + 1}") for i in range(n)]
        tiles(
            folder / "versions.png", grid, key="versions", columns=COLUMNS, total=n, side=side, least="8rem", waits=busy
        )
        if told["mixed"]:
            mixed(told["mixed"], folder, dataset, side, busy=busy)
    with place, card("What the model sees", key="preview-seen-card"):
        pair = [
            Tile(place=0, caption="Evaluation: val, test, prediction", alt="The image as evaluation shows it"),
            Tile(place=1, caption=f"Training: {word.lower()} 1", alt="The image as training first sees it"),
        ]
        sizes = {"least": "8rem", "most": f"{max(side, 96)}px"}
        tiles(folder / "seen.png", pair, key="seen", columns=2, total=2, side=side, waits=busy, **sizes)
        st.caption(f"{side} × {side} pixels, made of the numbers that the network reads: normalised, and that undone.")
        spread(told["evaluation"], told["training"], how)


def mixed(pairs: Sequence[Sequence[float]], folder: Path, dataset: Dataset, side: int, *, busy: bool) -> None:
    """Pairs of images, and what MixUp or CutMix makes of each and of its label."""
    st.markdown("**Mixed with other images**")
    squares = []
    for number, shares in enumerate(pairs):
        label = ", ".join(f"{100 * s:.0f} % {visible(dataset.classes[i])}" for i, s in enumerate(shares) if s > 0.005)
        for place, caption in enumerate(("This image", "Another", label)):
            squares.append(Tile(place=3 * number + place, caption=caption, alt=caption))
    tiles(
        folder / "mixed.png",
        squares,
        key="mixed",
        columns=3,
        total=len(squares),
        side=side,
        least="max(4.5rem, 14%)",
        waits=busy,
    )
    st.caption(
        "In training the partner is another image of the same batch, and the share is drawn anew for each batch."
    )


@st.cache_data(show_spinner=False, max_entries=64)
def _marked(
    folder: str, content: str, row: int, transform: str, _dataset: Dataset, _how: ImagePreprocessing
) -> tuple[bytes, tuple[int, int]]:
    """The image as a file, dark where evaluation does not look, and its size."""
    sample: Any = _dataset.sample(row)
    size = sample.size
    image = _fitted(sample)
    scale = image.width / size[0]
    frame = tuple(round(scale * edge) for edge in seen(*size, _how))
    dark = image.point(lambda value: value * 2 // 5)
    dark.paste(image.crop(frame), frame[:2])
    _outline(dark, frame)
    out = BytesIO()
    dark.save(out, "PNG" if max(size) < PIXELS else "JPEG", quality=88)
    return out.getvalue(), size


def _fitted(image: Image) -> Image:
    from PIL.Image import Resampling

    scale = PIXELS / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Resampling.NEAREST if scale > 4 else Resampling.LANCZOS)


def _outline(image: Image, frame: tuple[int, ...]) -> None:
    from PIL import ImageDraw

    left, top, right, bottom = frame
    draw = ImageDraw.Draw(image)
    draw.rectangle((left, top, right - 1, bottom - 1), outline="black", width=5)
    draw.rectangle((left + 1, top + 1, right - 2, bottom - 2), outline="white", width=2)
