"""A dataset made from another: what it holds, what it costs, and that the first stays as it was."""

from dataclasses import replace
from pathlib import Path

from tests.data.bringing import pictures, png, reviews, table, zipped
from tlcore.data import SplitRatios, ingest, load_dataset
from tlcore.data.revision import items_of, revise
from tlcore.data.selection import Item


def test_dropped_samples_make_another_dataset_that_knows_its_parent(tmp_path: Path, home: Path) -> None:
    first = ingest(zipped(tmp_path / "x.zip", pictures(9)), home)
    made = revise(first, items_of(first)[1:], change="Left out one image.")
    assert (made.n_samples, made.parent, made.change) == (17, first.id, "Left out one image.")
    assert made.name == first.name and made.content != first.content
    assert load_dataset(home, first.id).n_samples == 18
    for dataset in (first, made):
        files = home / "contents" / dataset.content / "files"
        assert all((files / sample).is_file() for sample in dataset.manifest()["sample"])
    sample = made.manifest()["sample"][0]
    inode = [(home / "contents" / one.content / "files" / sample).stat().st_ino for one in (first, made)]
    assert inode[0] == inode[1], "linked, not copied"


def test_most_samples_stay_in_their_split(tmp_path: Path, home: Path) -> None:
    first = ingest(zipped(tmp_path / "x.zip", pictures(60)), home)
    made = revise(first, items_of(first)[3:], change="Left out three.")
    before, after = (one.manifest().set_index("digest")["split"] for one in (first, made))
    assert (before[after.index] == after).mean() > 0.9


def test_nothing_changed_is_the_same_dataset(tmp_path: Path, home: Path) -> None:
    first = ingest(table(tmp_path / "x.csv", reviews()), home)
    assert revise(first, items_of(first), change="Nothing.") == first


def test_a_split_of_one_s_own_stays_unless_ratios_are_given(tmp_path: Path, home: Path) -> None:
    files = {
        f"{split}/{name}": data
        for split, start in (("train", 0), ("val", 300), ("test", 600))
        for name, data in {f"{c}/{i}.png": png(start + 100 * (c == "b") + i) for c in "ab" for i in range(4)}.items()
    }
    first = ingest(zipped(tmp_path / "x.zip", files), home)
    made = revise(first, items_of(first)[1:], change="Left out one.")
    assert made.split is None
    kept = made.manifest().set_index("digest")["split"]
    assert (first.manifest().set_index("digest")["split"][kept.index] == kept).all()
    anew = revise(first, items_of(first), change="Split anew.", ratios=SplitRatios())
    assert anew.split == SplitRatios() and anew.content == first.content


def test_new_files_are_brought_beside_the_old(tmp_path: Path, home: Path) -> None:
    first = ingest(zipped(tmp_path / "x.zip", pictures(4)), home)
    new = Item(label="cats", digest="f" * 32, sample="ff/new.png", origin="more.zip", split=None)

    def bring(folder: Path) -> None:
        (folder / "files" / "ff").mkdir(parents=True)
        (folder / "files" / "ff" / "new.png").write_bytes(png(99))

    made = revise(first, [*items_of(first), new], change="Added one.", bring=bring)
    assert made.n_samples == 9
    assert all(made.sample(row) is not None for row in range(9))


def test_relabelled_samples_change_their_class(tmp_path: Path, home: Path) -> None:
    first = ingest(table(tmp_path / "x.csv", reviews()), home)
    items = items_of(first)
    other = next(item.label for item in items if item.label != items[0].label)
    made = revise(first, [replace(items[0], label=other), *items[1:]], change="One label was wrong.")
    assert made.counts()["total"][other] == first.counts()["total"][other] + 1
