"""A service to put on any machine: the model, its server, and what builds a container of both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shutil import copyfile
from typing import Any

from tlcore.export.catalogue import Tell
from tlcore.export.files import copy, requirements
from tlcore.export.making import found
from tlcore.export.native import beside
from tlcore.export.subject import Subject

__all__ = ["service"]

HEALTH = "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=3)"
DOCKERFILE = """# docker build -t classifier . && docker run -p 8000:8000 classifier
FROM python:3.12-slim
WORKDIR /service
COPY requirements-serve.txt .
RUN pip install --no-cache-dir -r requirements-serve.txt
COPY model.json model.onnx model.py serve.py ./
{tokenizer}RUN useradd --system service
USER service
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "{health}"]
CMD ["python", "serve.py"]
"""


def service(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """All that a container needs."""
    tell(0.1, "putting the service together")
    beside(subject, folder)
    copy(("serve.py",), folder)
    copyfile(root / "onnx" / "model.onnx", folder / "model.onnx")
    text = subject.record.modality == "text"
    copied = "COPY tokenizer ./tokenizer\n" if text else ""
    (folder / "Dockerfile").write_text(DOCKERFILE.format(tokenizer=copied, health=HEALTH), encoding="utf-8")
    inputs = ("tokenizers",) if text else ("pillow",)
    packages = ("anyio", "fastapi", "numpy", "onnxruntime", "python-multipart", "uvicorn", *inputs)
    requirements(folder / "requirements-serve.txt", packages)
    return {
        "words": f"Of the ONNX graph that it answers from: {_graph(root)} The service itself was put together, not "
        f"started. `python serve.py`, or `docker build .`, gives /health, /predict and /batch; the same runs here with "
        f"`python -m tlcore serve {subject.run}`."
    }


def _graph(root: Path) -> str:
    """What was checked of it when it was made."""
    made = found("onnx", root)
    return made.words if made else "it was not checked."
