"""A run's model on new inputs: as its evaluation, and with a word on what it does not know."""

import contextlib
import json
from dataclasses import asdict

import numpy as np
from typer.testing import CliRunner

from tests.runs.test_worker import queued as queued
from tests.test_command_line import run as shell
from tlcore.__main__ import app
from tlcore.data import Dataset, load_dataset
from tlcore.evaluation.predictions import kept
from tlcore.runs import run_folder, tries, worker
from tlcore.runs.predicting import Predictor
from tlcore.runs.temperature import Temperature, forget_temperature
from tlcore.runs.trying import tried

FOREIGN = (
    "これは日本語で書かれた文章で、機械学習とは関係がありません。",
    "Кот сидит на крыше и смотрит на луну, а вокруг тишина.",
    "ဒီစာကို မြန်မာလို ရေးထားတာပါ။",
)


def test_answers_are_the_evaluations_and_foreign_texts_are_told_apart(queued, monkeypatch, tmp_path):
    studio, run = queued
    assert worker.work(studio.home, run.id, run.claim) == 0
    run = studio.store.run(run.id)
    seen, rows = [], Dataset.rows
    model = Predictor(studio.home, run)
    with monkeypatch.context() as patch:
        patch.setattr(Dataset, "rows", lambda self, split: seen.append(split) or rows(self, split))
        near = model.near()
    assert set(seen) <= {"train", "val"}, "the threshold never sees the test split"

    dataset = load_dataset(studio.home, run.dataset)
    answers = kept(run_folder(studio.home, run.id), "test")
    samples = [dataset.sample(row) for row in answers.rows[:20]]
    assert np.allclose(model.logits(samples).numpy(), answers.logits[:20], atol=1e-3)

    val = model.answer([dataset.sample(row) for row in dataset.rows("val")])
    assert sum(one.unlike for one in val) <= 0.01 * len(val) + 1
    assert near.n_val == len(val)
    assert all(one.unlike for one in model.answer(FOREIGN))
    train = int(dataset.rows("train")[3])
    first = model.answer([dataset.sample(train)], nearest=2)[0].neighbours[0]
    assert dataset.sample(first.row) == dataset.sample(train) and first.similarity > 0.999

    fitted = Temperature(temperature=4.0, epoch=run.best_epoch, n=10, ece_before=0.2, ece_after=0.1)
    (run_folder(studio.home, run.id) / "temperature.json").write_text(json.dumps(asdict(fitted)))
    cooler = Predictor(studio.home, run).answer(samples[:1])[0]
    warmer = model.answer(samples[:1])[0]
    assert cooler.label == warmer.label and cooler.confidence < warmer.confidence
    forget_temperature(studio.home, run)
    _page(studio, run)
    _shell(studio, run, tmp_path)


def _page(studio, run):
    """What the page is told of a table, a text, and what cannot be read."""
    files = [("a b.csv", _bytes("text\n=1+1\n\nhello\n")), ("c.csv", _bytes(""))]
    long = Predictor(studio.home, run).answer(["word " * 1_500, "short"], nearest=0)
    assert long[0].cut == "only the first 256 of 1,502 tokens were read" and not long[1].cut
    table = tries.begun(studio.home, run.id, files=files)
    assert tried(studio.home, {"of": run.id, "run": run.id, "token": table.token}, lambda share, words: None)["n"] == 3
    told = tries.answers(table, run.id)
    first, second, third = told["inputs"]
    assert (first["name"], first["text"], second["text"]) == ("a b.csv:2", "=1+1", "hello")
    assert third["problem"].startswith("c.csv is empty") and "answer" not in third
    assert first["cut"] == "" and told["milliseconds"] > 0 and len(first["neighbours"]) == 6
    assert abs(sum(share for _, share in first["top"]) - 1) < 1e-5


def _bytes(text):
    from io import BytesIO

    return BytesIO(text.encode())


def _shell(studio, run, tmp_path):
    (tmp_path / "in.csv").write_text("text,label\nmy invoice is wrong,x\n=cmd(),y\n")
    words = [FOREIGN[0], str(tmp_path / "in.csv"), "--json", "--nearest", "2", "--csv", str(tmp_path / "out.csv")]
    lines, _ = shell("predict", run.id, *words, home=studio.home)
    assert [line["unlike"] for line in lines[:1]] == [True]
    assert [line["input"] for line in lines[1:3]] == ["in.csv:2", "in.csv:3"]
    assert len(lines[1]["top"]) == 3 and len(lines[1]["neighbours"]) == 2
    assert (lines[-1]["n"], lines[-1]["refused"], lines[-1]["percentile"]) == (3, 0, 99.0)
    table = (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    assert "'=cmd()" in table and "neighbour_class_1,neighbour_similarity_1,neighbour_origin_1,neigh" in table
    _as_table(studio, run, tmp_path, lines[1])
    _passes_over(studio, run, tmp_path)


def _passes_over(studio, run, tmp_path):
    """What is missing, blank or empty is named and the rest answered; a folder's name alone is a text."""
    (tmp_path / "delivery").mkdir()
    (tmp_path / "empty.csv").write_text("text,label\n")
    words = ["predict", run.id, "gone.csv", "", "empty.csv", "-", "delivery", "delivery/", "--json"]
    with contextlib.chdir(tmp_path):
        done = CliRunner().invoke(app, words, env={"TLSTUDIO_HOME": str(studio.home)})
    lines, said = [json.loads(line) for line in done.stdout.splitlines()], done.stderr
    assert [line["input"] for line in lines[:-1]] == ["delivery"], done.output
    assert (lines[-1]["refused"], done.exit_code) == (5, 2)
    assert "There is no file or folder 'gone.csv'; give a path" in said and "input 2: It is blank; give a text" in said
    for name in ("empty.csv", "Standard input", "delivery/"):
        assert f"{name} is empty" in said or f"{name} has no" in said, said


def _as_table(studio, run, tmp_path, known):
    """What people see: the neighbours, which column was read, and which input was not."""
    (tmp_path / "in.csv").write_text("text,label\nmy invoice is wrong,x\n ,y\n")
    command = ["predict", run.id, str(tmp_path / "in.csv"), "--nearest", "2"]
    done = CliRunner().invoke(app, command, env={"TLSTUDIO_HOME": str(studio.home)}, terminal_width=200)
    near = known["neighbours"][0]
    assert f"{near['class']} {near['similarity']:.2f} ({near['origin']}), " in done.stdout, done.output
    assert "in.csv: the texts are those of its column 'text'" in done.stderr and done.exit_code == 2
    assert "in.csv:3: The text is empty." in done.stderr
