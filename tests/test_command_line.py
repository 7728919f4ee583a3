"""The shell does what the pages do: a new user's first commands, and the accuracy that is promised."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

from tlcore.__main__ import app


def run(*words, home, expect=0):
    """`python -m tlcore WORDS`; returns (the JSON lines of stdout, stderr)."""
    done = subprocess.run(
        [sys.executable, "-m", "tlcore", *words],
        env={**os.environ, "TLSTUDIO_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return lines, done.stderr


def test_digits_reach_what_is_promised(shared_home):
    words = "train --data sample:digits --backbone efficientnet_lite0 --strategy feature_extraction --epochs 5 --json"
    lines, _ = run(*words.split(), home=shared_home)
    result = lines[-1]
    assert result["status"] == "finished"
    assert (result["backbone"], result["strategy"]) == ("efficientnet_lite0", "feature_extraction")
    assert result["test_accuracy"] >= 0.93
    assert result["test_macro_f1"] >= 0.93
    assert [line["epoch"] for line in lines[:-1]] == [1, 2, 3, 4, 5]

    (shown,), _ = run("show", result["run"], "--json", home=shared_home)
    assert (shown["run"], shown["status"], shown["epoch"]) == (result["run"], "finished", 5)
    assert isinstance(shown["pid"], int)
    assert shown["report"]["accuracy"] == result["test_accuracy"]
    assert sum(map(sum, shown["report"]["confusion"])) == shown["report"]["n"] > 250

    listed, _ = run("runs", "--json", home=shared_home)
    assert listed[0]["run"] == result["run"]
    _predicts(result["run"], shared_home)


def _predicts(name, home):
    """Noise is told from digits, and a file that is no image is named and passed over."""
    from PIL import Image

    from tlcore.data import list_datasets

    digits = next(one for one in list_datasets(home) if one.modality == "image")
    row, noise = int(digits.rows("test")[0]), np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    folder = home / "asked"
    folder.mkdir()
    digits.sample(row).save(folder / "digit.png")
    Image.fromarray(noise).save(folder / "noise.png")
    (folder / "torn.png").write_bytes(b"no image")
    lines, said = run("predict", name, str(folder), "--json", "--nearest", "3", home=home, expect=2)
    digit, other, summary = lines
    label = digits.classes[digits.labels()[row]]
    assert (digit["input"], digit["answer"], digit["unlike"]) == ("digit.png", label, False)
    assert [near["class"] for near in digit["neighbours"]] == [label] * 3
    assert (other["input"], other["unlike"]) == ("noise.png", True)
    assert "torn.png: not an image that can be read" in said
    assert (summary["n"], summary["refused"], summary["unlike"], summary["features"]) == (2, 1, 1, "own")


def test_messages_beat_a_bag_of_words(shared_home):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from tlcore.data import add_sample

    dataset = add_sample("messages", shared_home)
    texts, labels = dataset.manifest()["sample"].to_numpy(), dataset.labels()
    train, test = np.concatenate([dataset.rows("train"), dataset.rows("val")]), dataset.rows("test")
    baseline = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)).fit(texts[train], labels[train])
    words = ["train", "--data", "sample:messages", "--backbone", "minilm", "--epochs", "20", "--json"]
    lines, _ = run(*words, home=shared_home)
    assert lines[-1]["test_accuracy"] > baseline.score(texts[test], labels[test]) + 0.2
    assert lines[-1]["test_accuracy"] > 0.8
    _judges_elsewhere(lines[-1], dataset, shared_home)


def _judges_elsewhere(trained, messages, home):
    """A csv of two known classes in capitals, an unknown one, and some texts that were trained on."""
    import csv

    texts, labels = messages.manifest()["sample"].to_numpy(), messages.labels()
    learned = messages.rows("train")[labels[messages.rows("train")] == 0][:3]
    fresh = [row for name in (0, 1) for row in messages.rows("test")[labels[messages.rows("test")] == name]]
    rows = [(texts[row], messages.classes[labels[row]]) for row in learned]
    rows += [(texts[row].upper(), messages.classes[labels[row]]) for row in fresh]
    rows += [(f"parcel {i}", "parcels") for i in range(4)]
    with (home / "mail.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    lines, said = run("evaluate", trained["run"], "--data", str(home / "mail.csv"), "--json", home=home)
    result = lines[-1]
    assert (result["run"], result["epoch"], result["split"]) == (trained["run"], trained["best_epoch"], "all")
    assert (result["n"], result["left_out"]) == (len(fresh), {"unknown": 4, "learned": 3})
    assert result["shared_samples"] == {"train": 3, "val": 0, "test": 0} and result["classes_unknown"] == {"parcels": 4}
    assert len(result["classes_absent"]) == len(messages.classes) - 2 and "scored" in said
    assert sum(line["support"] for line in lines[:-1]) == len(fresh)
    figure, own = result["figures"]["accuracy"], result["own_test"]
    assert figure["low"] <= figure["value"] <= figure["high"] and own["n"] == len(fresh)
    gap = figure["value"] - own["figures"]["accuracy"]["value"]
    assert own["changes"]["accuracy"]["value"] == pytest.approx(gap)
    lines, said = run("evaluate", trained["run"], "--data", "sample:digits", home=home, expect=2)
    assert not lines and said.strip().count("\n") == 0 and "The run reads texts, and Handwritten digits holds" in said


def test_a_recipe_file_repeats_a_run(shared_home, tmp_path):
    from tlcore.runs import Studio
    from tlcore.training import Recipe

    words = ["train", "--data", "sample:messages", "--epochs", "4", "--set", "lr=0.01", "--set", "seed=5", "--json"]
    first, _ = run(*words, home=shared_home)
    made = Recipe.from_dict(Studio(shared_home).run(first[-1]["run"]).recipe)
    assert (made.strategy.lr, made.seed, made.epochs) == (0.01, 5, 4)
    path = tmp_path / "recipe.toml"
    path.write_text(made.to_toml())
    second, _ = run("train", str(path), "--json", home=shared_home)
    same = ("train_loss", "val_loss", "val_accuracy")
    for one, other in zip(first[:-1], second[:-1], strict=True):  # 1e-6: a matrix product may round by where it lies
        assert [one[key] for key in same] == pytest.approx([other[key] for key in same], rel=1e-6)


def test_detach_then_stop(shared_home):
    words = ["train", "--data", "sample:messages", "--epochs", "9000", "--detach", "--json"]
    (begun,), _ = run(*words, home=shared_home)
    assert begun["status"] in ("queued", "running")
    (stopped,), _ = run("stop", begun["run"], "--json", home=shared_home)
    assert stopped["status"] in ("stopping", "stopped")


def test_data_checks_only(shared_home):
    (result,), _ = run("data", "sample:digits", "--json", home=shared_home)
    assert (result["modality"], result["n_samples"], len(result["classes"])) == ("image", 1797, 10)
    for counts in result["classes"].values():
        assert counts["train"] + counts["val"] + counts["test"] == counts["total"]


def test_models_have_their_weights(shared_home):
    rows, _ = run("models", "--json", home=shared_home)
    kinds = {row["backbone"]: row["weights"] for row in rows}
    packaged = ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "minilm"]
    assert list(kinds)[:4] == packaged and all(kinds[name] == "packaged" for name in packaged)
    assert len(kinds) >= 89 and {"resnet18", "bert-base-uncased"} <= set(kinds)
    assert set(kinds.values()) <= {"packaged", "cached", "downloadable"}


def test_weights_are_brought_and_taken_away_again(shared_home, tmp_path):
    import torch
    from torchvision import models

    torch.save(models.get_model("squeezenet1_1").state_dict(), tmp_path / "mine.pth")
    name = "squeezenet1_1"
    (brought,), _ = run("weights", name, "--upload", str(tmp_path / "mine.pth"), "--json", home=shared_home)
    assert (brought["weights"], brought["ready"], len(brought["report"]["matched"])) == ("uploaded", True, 50)
    (after,), _ = run("weights", name, "--remove", "--json", home=shared_home)
    assert after["weights"] != "uploaded"


def test_a_model_is_added_by_its_name(home):
    (added,), _ = run("models", "--add", "test_resnet", "--json", home=home)
    assert (added["backbone"], added["source"]) == ("test_resnet", "timm")
    rows, _ = run("models", "--json", home=home)
    assert rows[-1] == added


def test_lora_counts_without_loading_a_model(shared_home, tmp_path):
    (found,), _ = run("lora", "llama-7b", "--rank", "8", "--targets", "q,v", "--json", home=shared_home)
    assert (found["trainable"], found["total"], found["reduction"]) == (
        4_194_304,
        6_742_609_920,
        pytest.approx(1606.56, abs=0.01),
    )
    assert found["adapter_bytes"]["float16"] == 8_388_608
    assert set(found["memory"]) == {"full", "lora", "qlora"} and found["memory"]["full"]["total"] > 100e9
    (found,), _ = run("lora", "minilm", "--rank", "4", "--dora", "--json", home=shared_home)
    assert found["trainable"] == 12 * (4 * 768 + 384)
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"model_type": "bert", "num_hidden_layers": 2}))
    (found,), _ = run("lora", str(path), "--targets", "query,value", "--json", home=shared_home)
    assert found["trainable"] == 4 * 8 * 2 * 768
    lines, _ = run("lora", "gpt3-175b", "--rank", "1", home=shared_home)
    assert lines == [], "without --json it is a table"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["lora", "llama-8000b"], "There is no model 'llama-8000b'. Presets: llama-7b"),
        (["lora", "llama-7b", "--targets", "nowhere"], "fits the adapter's target 'nowhere'"),
        (["lora", "llama-7b", "--rank", "0"], "from 1 to 1,024; got 0"),
        (["lora", "llama-7b", "--bias", "some"], "one of none, lora_only, all; got 'some'"),
        (["train", "--data", "sample:digits", "--backbone", "resnet9000"], "no backbone called 'resnet9000'"),
        (["train", "--data", "sample:digits", "--strategy", "luck"], "no strategy called 'luck'"),
        (["train", "--data", "sample:digits", "--set", "lr"], "takes key=value; got 'lr'"),
        (["train", "--data", "sample:digits", "--set", "lr=fast"], "strategy.lr takes a number; got 'fast'"),
        (
            ["train", "--data", "sample:digits", "--set", "foo=1"],
            "There is no setting 'foo'. Known: accumulate, augmentation",
        ),
        (["train", "--data", "sample:digits", "--epochs", "0"], "epochs is a whole number"),
        (["train", "--data", "sample:messages", "--backbone", "efficientnet_lite0"], "reads images"),
        (["train", "--data", "sample:digits", "--set", "augmentation.policy=light"], "choose at least one"),
        (["train", "--data", "sample:messages", "--set", "augmentation.policy=light"], "Only images can be augmented"),
        (["train"], "Say what to train on"),
        (["train", "/no/such/recipe.toml"], "Cannot read the recipe"),
        (["data", "/no/such/place"], "/no/such/place"),
        (["data", "sample:unicorns"], "unicorns"),
        (["data", "public:unicorns"], "there are cifar10"),
        (["data"], "--list for what is stored"),
        (["explain", "nope", ""], "The input is blank; give the path of an image, or a text"),
        (["explain", "nope", " \n "], "The input is blank"),
        (["show", "nope"], "no run 'nope'"),
        (["stop", "nope"], "no run 'nope'"),
        (["models", "--add", "../up"], "cannot be the name of a backbone"),
        (["weights", "nope"], "no backbone called 'nope'"),
        (["weights", "minilm", "--download", "--remove"], "exclude each other"),
        (["weights", "resnet18", "--upload", "/no/such/w.pth"], "Cannot read 'w.pth'"),
        (["train", "--data", "sample:digits", "--backbone", "vit_h_14"], "Four ways to get them"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(words, sentence, shared_home):
    _, errors = run(*words, home=shared_home, expect=2)
    assert sentence in errors
    assert len(errors.strip().splitlines()) == 1


def test_names_that_other_commands_take_are_never_shortened(shared_home):
    done = subprocess.run(
        [sys.executable, "-m", "tlcore", "models"],
        env={**os.environ, "TLSTUDIO_HOME": str(shared_home), "COLUMNS": "40"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "efficientnet_lite0 " in done.stdout and "\u2026" not in done.stdout


def test_stopping_what_is_over_says_so(shared_home):
    (run_over, *_), _ = run("train", "--data", "sample:messages", "--epochs", "1", "--json", home=shared_home)
    _, said = run("stop", run_over["run"], "--json", home=shared_home)
    assert f"Run {run_over['run']} was over already: finished." in said


def test_a_run_is_queued_paused_extended_and_deleted_from_the_shell(shared_home):
    train = ["train", "--data", "sample:messages", "--json"]
    (long,), _ = run(*train, "--epochs", "9000", "--detach", home=shared_home)
    (behind,), _ = run(*train, "--epochs", "1", "--detach", home=shared_home)
    queue, _ = run("runs", "--queue", "--json", home=shared_home)
    assert [row["run"] for row in queue][-1] == behind["run"] and queue[-1]["position"] == len(queue)
    assert queue[-1]["why"].endswith(("next in line.", "ahead of it.", "within moments."))
    (paused,), _ = run("pause", long["run"], "--json", home=shared_home)
    assert paused["status"] in ("pausing", "paused")
    _, refused = run("extend", long["run"], "1", home=shared_home, expect=2)
    assert "only a finished run can be extended" in refused
    until(shared_home, behind["run"], "finished")
    (*_, extended), _ = run("extend", behind["run"], "1", "--json", home=shared_home)
    assert (extended["status"], extended["epoch"]) == ("finished", 2)
    until(shared_home, long["run"], "paused")
    _, asked = run("delete", long["run"], home=shared_home, expect=1)
    assert "with its weights and metrics" in asked
    (gone,), _ = run("delete", long["run"], "--yes", "--json", home=shared_home)
    assert gone == {"run": long["run"], "status": "deleted"}
    _, missing = run("show", long["run"], home=shared_home, expect=2)
    assert "There is no run" in missing


def until(home, run_id, status):
    from tlcore.runs import Studio

    deadline = time.monotonic() + 200
    while (found := Studio(home).run(run_id)).status != status:
        assert time.monotonic() < deadline, f"{found.status}: {found.reason}"
        time.sleep(0.1)


def test_datasets_are_listed_renamed_and_deleted(home):
    from tlcore.data import add_sample

    dataset = add_sample("messages", home)
    (row,), _ = run("data", "--list", "--json", home=home)
    assert (row["dataset"], row["samples"], row["source"]) == (dataset.id, 360, "sample:messages")
    (renamed,), _ = run("data", dataset.id, "--rename", "Our mail", "--json", home=home)
    assert renamed == {"dataset": dataset.id, "name": "Our mail"}
    _, said = run("data", "messages", "--delete", "--yes", home=home, expect=2)
    assert "messages" in said
    (gone,), _ = run("data", dataset.id, "--delete", "--yes", "--json", home=home)
    assert gone["deleted"] and run("data", "--list", "--json", home=home)[0] == []


def test_backbones_are_ranked_and_a_second_time_at_once(shared_home):
    lines, _ = run("rank", "--data", "sample:messages", "--json", home=shared_home)
    row, result = lines
    assert (row["backbone"], row["status"], row["kept"]) == ("minilm", "done", False)
    assert row["linear"] >= 0.8 and row["low"] < row["linear"] < row["high"] and row["latency_ms"] > 0
    assert (result["best"], result["not_told_apart"]) == ("minilm", ["minilm"])
    (ranked,) = result["ranking"]
    assert ranked == {key: value for key, value in row.items() if key != "kept"}
    assert len(result["dataset"]) == 12 and result["seconds"] > 0

    table = CliRunner().invoke(app, ["rank", "--data", "sample:messages"], env={"TLSTUDIO_HOME": str(shared_home)})
    assert f"Scored on {row['n_val']} val samples; test was not touched." in table.stdout

    words = ("rank", "--data", "sample:messages", "--backbone", "minilm", "--backbone", "bert-base-uncased", "--json")
    lines, _ = run(*words, home=shared_home)
    by_name = {line["backbone"]: line for line in lines[:-1]}
    assert by_name["minilm"]["kept"] is True and by_name["minilm"]["linear"] == row["linear"]
    assert by_name["bert-base-uncased"]["status"] == "unusable"
    assert "never starts from random weights" in lines[-1]["others"][0]["reason"]


def test_a_ranking_that_cannot_be_is_one_line(shared_home):
    _, said = run("rank", home=shared_home, expect=2)
    assert said == "Say what to rank on: --data PATH, or --data sample:digits.\n"
    _, said = run("rank", "--data", "sample:messages", "--backbone", "resnet18", home=shared_home, expect=2)
    assert "ResNet-18 reads images, but the dataset 'Customer messages' holds texts." in said
