"""The preview shows what training gets: the same pixels for the same row, epoch or view, and seed."""

import numpy as np
import pytest
import torch
from PIL import Image

from tlcore.data import add_sample, ingest
from tlcore.data.augmentation import Augmentation
from tlcore.data.transforms import restore
from tlcore.errors import DataError
from tlcore.features.inputs import image_preprocessing, reader
from tlcore.features.stored import DatasetFeeds
from tlcore.runs import jobs
from tlcore.runs.preview import pictures, tokens
from tlcore.zoo import backbone

LITE0 = backbone("efficientnet_lite0")
HOW = image_preprocessing(LITE0)
SIDE = LITE0.input_size
VARIED = Augmentation(policy="standard", views=2, erasing=0.7, blur=1.5, rotation=40.0)


@pytest.fixture
def pets(tmp_path, home):
    draw = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for i in range(5):
            pixels = draw.integers(0, 256, (90, 120, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / label / f"{i}.png")
    return ingest(tmp_path / "data", home)


def preview(dataset, row, shown="epoch", augmentation=VARIED, seed=7, n=3):
    """The answer, and the tiles (S, S, 3) of each sheet of the job's folder."""
    about = {
        "dataset": dataset.id, "row": row, "backbone": LITE0.name, "augmentation": augmentation.to_dict(),
        "seed": seed, "shown": shown, "n": n,
    }  # fmt: skip
    folder = jobs.place(dataset.home, "preview", about)
    folder.mkdir(parents=True)
    answer = pictures(dataset.home, about, lambda share, words: None)
    return answer, {path.stem: _tiles(path) for path in folder.glob("*.png")}


def _tiles(path):
    sheet = np.asarray(Image.open(path))
    rows, columns = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
    return [sheet[r * SIDE : (r + 1) * SIDE, c * SIDE : (c + 1) * SIDE] for r in range(rows) for c in range(columns)]


class Kept:
    """Stands in for the backbone and keeps the images that it is asked to embed."""

    def __init__(self):
        self.seen = []

    def __call__(self, x):
        self.seen.append(x)
        return torch.zeros(len(x), LITE0.n_features)


def feeds(dataset, **settings):
    return DatasetFeeds(
        dataset, LITE0, dataset.home, device=torch.device("cpu"), augmentation=VARIED, seed=7, **settings
    )


def test_what_is_shown_of_an_epoch_is_what_training_reads_in_it(pets):
    row = int(pets.rows("train")[3])
    answer, sheets = preview(pets, row)
    train = feeds(pets).raw("train")
    for epoch in (1, 2, 3):
        x = torch.cat([x for x, _ in train.batches(4, None, epoch)])[3]
        assert np.array_equal(sheets["versions"][epoch - 1], restore(x[None], HOW)[0].numpy())
        assert torch.equal(reader(LITE0).collate([sheets["versions"][epoch - 1]])[0], x), "nothing is lost on the way"
    assert not np.array_equal(sheets["versions"][0], sheets["versions"][1])
    plain = torch.cat([x for x, _ in feeds(pets).raw("val").batches(4)])[0]
    _, of_val = preview(pets, int(pets.rows("val")[0]))
    assert np.array_equal(of_val["seen"][0], restore(plain[None], HOW)[0].numpy())
    assert np.array_equal(sheets["seen"][1], sheets["versions"][0])
    after = answer["training"]["after"]
    first = reader(LITE0).collate([sheets["versions"][0]])[0]
    assert after["mean"] == pytest.approx(first.mean((1, 2)).tolist(), abs=1e-5)
    assert [sum(channel) for channel in after["shares"]] == pytest.approx([1.0] * 3)


def test_what_is_shown_of_a_view_is_what_the_frozen_backbone_embeds(pets, monkeypatch):
    monkeypatch.setattr(DatasetFeeds, "_fastest", lambda self, embed: embed)
    row, embed = int(pets.rows("train")[2]), Kept()
    _, sheets = preview(pets, row, "view")
    train = feeds(pets).features("train", embed)
    for epoch in range(20):
        list(train.batches(16, None, epoch))
    seen = {restore(image[None], HOW).numpy().tobytes() for batch in embed.seen for image in batch}
    assert [tile.tobytes() in seen for tile in sheets["versions"][:3]] == [True, True, False], (
        "two views were asked for"
    )


def test_another_seed_shows_others_and_a_mixed_pair_says_its_label(pets):
    row = int(pets.rows("train")[0])
    mixed = Augmentation(policy="light", mixup=1.0)
    one, first = preview(pets, row, augmentation=mixed)
    _, other = preview(pets, row, augmentation=mixed, seed=8)
    assert not np.array_equal(first["versions"][0], other["versions"][0])
    for number, shares in enumerate(one["mixed"]):
        mine, partner, both = (tile.astype(float) for tile in first["mixed"][3 * number : 3 * number + 3])
        assert sum(shares) == pytest.approx(1)
        assert np.abs(shares[0] * mine + shares[1] * partner - both).max() <= 1, "blended as the label says"
    assert "mixed" not in preview(pets, row)[1]


def test_a_row_that_is_not_there_is_refused(pets):
    with pytest.raises(DataError, match="no sample 10; its samples are 0 to 9"):
        preview(pets, 10)


def test_tokens_are_those_the_model_reads_and_the_rest_is_marked_as_cut(home):
    inputs = reader(backbone("minilm"))
    about = {"backbone": "minilm", "text": "An unaffordable \N{T-REX} <b>" + " very" * 300}
    told = tokens(home, about, None)
    read = [token for token in told["tokens"] if token["read"]]
    assert [token["id"] for token in read] == inputs.collate([about["text"]])["input_ids"][0].tolist()
    assert (told["n_read"], told["max_tokens"], len(read)) == (256, 256, 256)
    assert [(t["text"], t["kind"]) for t in read[:8]] == [
        ("[CLS]", "special"), ("An", "word"), ("una", "word"), ("ff", "piece"), ("ord", "piece"), ("able", "piece"),
        ("\N{T-REX}", "unknown"), ("<", "word"),
    ]  # fmt: skip
    assert (read[3]["name"], read[-1]["name"]) == ("##ff", "[SEP]")
    cut = [token for token in told["tokens"] if not token["read"]]
    assert {token["name"] for token in cut} == {"very"} and len(cut) == told["n_cut"]
    whole = inputs.tokenizer(about["text"], verbose=False)["input_ids"]
    assert told["n_read"] + told["n_cut"] == len(whole)


def test_tokens_of_nothing_and_of_a_row(home):
    assert [token["name"] for token in tokens(home, {"backbone": "minilm", "text": ""}, None)["tokens"]] == [
        "[CLS]",
        "[SEP]",
    ]
    dataset = add_sample("messages", home)
    told = tokens(home, {"backbone": "minilm", "dataset": dataset.id, "row": 3}, None)
    assert told["n_cut"] == 0 and str(dataset.sample(3)).startswith(told["tokens"][1]["text"])


def test_old_previews_go(home, monkeypatch):
    monkeypatch.setattr("tlcore.runs.launcher.ring", lambda home: None)
    monkeypatch.setattr(jobs, "KEPT", {"tokens": 2})
    asked = [{"backbone": "minilm", "text": f"text {n}"} for n in range(4)]
    for about in asked:
        jobs.ask(home, "tokens", about)
        jobs.work(home, jobs.place(home, "tokens", about))
    assert [jobs.look(home, "tokens", about).status for about in asked] == ["new", "new", "done", "done"]
