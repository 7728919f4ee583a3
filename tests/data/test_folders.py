"""Folders of this machine, and train/val/test folders of the user's own."""

from pathlib import Path

import pytest

from tests.data.bringing import Files, pictures, png, unpacked, zipped
from tlcore.data import SplitRatios, ingest, resplit
from tlcore.errors import DataError


def own(train: int = 6, val: int = 3, test: int = 3, names: tuple[str, str, str] = ("train", "val", "test")) -> Files:
    """Two classes in three split folders, every picture another one."""
    sizes = dict(zip(names, (train, val, test), strict=True))
    return {
        f"{split}/{name}/{place}.png": png(10_000 * number + 1_000 * kind + place)
        for number, (split, size) in enumerate(sizes.items())
        for kind, name in enumerate(("cats", "dogs"))
        for place in range(size)
    }


def test_a_folder_is_as_good_as_a_zip(tmp_path: Path, home: Path) -> None:
    folder = ingest(unpacked(tmp_path / "pets", pictures()), home)
    assert (folder.name, folder.source) == ("pets", "pets")
    assert folder.id == ingest(zipped(tmp_path / "pets.zip", pictures()), home).id


def test_links_to_files_are_followed_links_to_folders_are_not(tmp_path: Path, home: Path) -> None:
    folder = unpacked(tmp_path / "pets", pictures())
    (tmp_path / "elsewhere.png").write_bytes(png(99))
    (folder / "cats" / "linked.png").symlink_to(tmp_path / "elsewhere.png")
    (folder / "dogs" / "broken.png").symlink_to(tmp_path / "nowhere.png")
    (folder / "loop").symlink_to(folder)
    dataset = ingest(folder, home)
    assert dataset.n_samples == 9
    assert set(dataset.left_out()["where"]) == {"loop", "dogs/broken.png"}


def test_a_path_that_is_not_there(tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError, match=r"^There is no file or folder .*nowhere\.zip; check the path\.$"):
        ingest(tmp_path / "nowhere.zip", home)


def test_an_empty_folder(tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"^empty holds no image in a class folder; put the images into one folder per"):
        ingest(tmp_path / "empty", home)


@pytest.mark.parametrize(
    "names", [("train", "val", "test"), ("Training", "validation", "testing"), ("train", "valid", "test")]
)
@pytest.mark.parametrize("around", ["", "data/"])
def test_own_splits_are_kept(tmp_path: Path, home: Path, names: tuple[str, str, str], around: str) -> None:
    files = {around + name: data for name, data in own(names=names).items()}
    dataset = ingest(zipped(tmp_path / "x.zip", files), home)
    assert (dataset.classes, dataset.split, dataset.problems) == (("cats", "dogs"), None, ())
    splits = dict(zip(dataset.manifest()["origin"], dataset.manifest()["split"], strict=True))
    expected = dict(zip(names, ("train", "val", "test"), strict=True))
    assert splits == {name: expected[name.removeprefix(around).split("/")[0]] for name in files}


def test_a_missing_val_folder_is_taken_from_train(tmp_path: Path, home: Path) -> None:
    dataset = ingest(zipped(tmp_path / "x.zip", own(train=17, val=0, test=3)), home)
    assert dataset.counts()[["train", "val", "test"]].to_numpy().tolist() == [[14, 3, 3], [14, 3, 3]]
    (problem,) = dataset.problems
    assert str(problem) == "Folder val: Has no labelled images, so a part of train was set aside for val."
    manifest = dataset.manifest()
    assert set(manifest.loc[manifest["origin"].str.startswith("test"), "split"]) == {"test"}


def test_a_test_folder_without_classes(tmp_path: Path, home: Path) -> None:
    files = {name: data for name, data in own(train=20).items() if not name.startswith("test")}
    dataset = ingest(zipped(tmp_path / "x.zip", files | {f"test/{n}.png": png(90_000 + n) for n in range(4)}), home)
    assert dataset.classes == ("cats", "dogs")
    assert list(dataset.left_out()["why"]) == ["outside the class folders of train, val and test"] * 4
    assert (dataset.counts()["test"] > 0).all()


def test_a_class_that_train_lacks_is_left_out(tmp_path: Path, home: Path) -> None:
    extra = {f"test/birds/{n}.png": png(70_000 + n) for n in range(4)}
    dataset = ingest(zipped(tmp_path / "x.zip", {**own(), **extra}), home)
    assert dataset.classes == ("cats", "dogs")
    assert set(dataset.left_out()["why"]) == {"a class without images in train"}


def test_a_class_that_val_lacks_is_named(tmp_path: Path, home: Path) -> None:
    files = {name: data for name, data in own().items() if not name.startswith("val/dogs")}
    dataset = ingest(zipped(tmp_path / "x.zip", files), home)
    assert [str(problem) for problem in dataset.problems] == [
        "dogs: Classes without a sample in val, which says nothing of them. Move some of their images to val."
    ]


def test_a_copy_in_train_and_test_stays_in_test_alone(tmp_path: Path, home: Path) -> None:
    files = {**own(), "train/cats/leak.png": png(20_000)}
    assert files["test/cats/0.png"] == png(20_000)
    dataset = ingest(zipped(tmp_path / "x.zip", files), home)
    assert list(dataset.left_out()["where"]) == ["train/cats/leak.png"]


def test_own_splits_are_another_dataset_over_the_same_content(tmp_path: Path, home: Path) -> None:
    files = own()
    mixed = {name.split("/", 1)[1].replace("/", f"/{name[:3]}"): data for name, data in files.items()}
    kept, drawn = ingest(zipped(tmp_path / "a.zip", files), home), ingest(zipped(tmp_path / "b.zip", mixed), home)
    assert kept.content == drawn.content
    assert kept.id != drawn.id
    assert resplit(kept, SplitRatios()).id == drawn.id
