"""Taking a run's model home, as its page shows it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pages.conftest import Open, image_dataset, make_run, ran, report, texts
from tlcore.export.making import REVISION
from tlcore.runs import Studio, jobs
from tlcore.runs.liveness import run_folder
from tlcore.runs.takeaway import place


def test_a_form_is_prepared_shown_with_its_check_and_handed_out(home: Path, studio: Studio, open_page: Open) -> None:
    dataset = image_dataset(home)
    run = make_run(
        studio, dataset=dataset.id, status="finished", best_epoch=2, report=report(("cats", "dogs")), finished=1.0
    )
    at = open_page("predict", run=run.id, look="take")
    assert "Take home" in texts(at) + "".join(box.value for box in at.subheader)
    assert not [button for button in at.button if button.key == "prepare-huggingface"], "it is for texts"
    said = texts(at)
    assert said.count("rough") == 1 and "another temperature" not in said, "once for all forms"
    at.button(key="prepare-onnx").click()
    ran(at)
    about = {"run": run.id, "epoch": 2, "temperature": 1.0, "formats": ["onnx"], "revision": REVISION}
    assert jobs.look(home, "takeaway", about).status == "waiting"
    folder = place(home, run) / "onnx"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"0" * 2048)
    made = {
        "format": "onnx",
        "files": {"model.onnx": 2048},
        "words": "Logits differ by 1e-07 at most.",
        "revision": REVISION,
        "at": 90_000.0,
    }
    (folder / "made.json").write_text(json.dumps(made))
    answer = {"file": "onnx/model.onnx", "bytes": 2048, "made": [made]}
    (jobs.place(home, "takeaway", about) / "answer.json").write_text(json.dumps(answer))
    ran(at)
    links = [link.proto for link in at.get("link_button")]
    assert any(
        "Download (2.0 KiB)" in link.label and f"/takeaway/{run.id}/onnx/model.onnx" in link.url for link in links
    )
    assert "Logits differ by 1e" in texts(at)
    assert "Made 1970" in texts(at) and "not packed yet" not in texts(at)
    service = place(home, run) / "service"
    service.mkdir()
    parts = {"serve.py": 1, "Dockerfile": 1}
    (service / "made.json").write_text(json.dumps({**made, "format": "service", "files": parts}))
    ran(at)
    assert at.button(key="prepare-service").label == "Pack the zip"
    assert any("Made 1970" in one.value and "its zip is not packed yet" in one.value for one in at.caption)
    fitted = {"temperature": 2.5, "epoch": 2, "n": 9, "ece_before": 0.2, "ece_after": 0.1}
    kept = run_folder(home, run.id) / "temperature.json"
    kept.write_text(json.dumps(fitted))
    ran(at)
    assert "another temperature" in texts(at) and not at.get("link_button")
    kept.unlink()
    ran(at)
    at.text_input(key="hub-repository").set_value("me/mine")
    at.text_input(key="hub-token").set_value("hf_secret")
    at.button(key="hub-upload").click()
    ran(at)
    assert "Prepare native and card first" in texts(at)
    assert not any("hf_secret" in path.read_text(errors="ignore") for path in home.rglob("*") if path.is_file())


def test_a_run_without_a_model_offers_nothing(studio: Studio, open_page: Open) -> None:
    run = make_run(studio, status="failed", reason="It broke.", finished=1.0)
    at = open_page("predict", run=run.id, look="take")
    assert not [button for button in at.button if str(button.key).startswith("prepare-")]
