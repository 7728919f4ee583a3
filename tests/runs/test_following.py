"""What a log has of a run that is followed without a terminal."""

from dataclasses import replace

from typer.testing import CliRunner

from tests.pages.conftest import make_run
from tlcore.__main__ import app
from tlcore.commands.following import EVERY_SECONDS, Lines
from tlcore.runs import Studio


def test_each_kind_of_work_is_a_line_and_its_counts_come_now_and_then(tmp_path):
    run = make_run(Studio(tmp_path))
    later = EVERY_SECONDS + 1
    lines = Lines(run, clock=iter((0.0, 0.0, 0.1, 0.2, 0.3, later, later + 1, later + 2, later + 3)).__next__)
    assert not lines.news(run), "it was said already"
    embedding = "epoch 1 of 3, embedding each sample once: {} of 4,000"
    at_work = ("starting", *(embedding.format(n) for n in (64, 128, "2,000")), "epoch 2 of 3", "epoch 3 of 3")
    said = [lines.news(replace(run, status="running", activity=words)) for words in at_work]
    assert [bool(one) for one in said] == [True, True, False, True, True, False]
    assert said[3] == f"Run {run.id} is running: {embedding.format('2,000')}."
    assert lines.news(replace(run, status="finished", activity="")) == f"Run {run.id} is finished."


def test_show_says_what_a_run_is_at(tmp_path):
    run = make_run(Studio(tmp_path))
    done = CliRunner().invoke(app, ["show", run.id], env={"TLSTUDIO_HOME": str(tmp_path)})
    assert f"{run.status}: {run.activity}\n" in done.stdout and run.activity
