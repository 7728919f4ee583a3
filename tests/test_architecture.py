"""What holds the parts together, read off the source: the one way imports run, and what no file may do."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RANKS: tuple[frozenset[str], ...] = (
    frozenset({"tlcore"}),
    frozenset({"tlcore.errors"}),
    frozenset({"tlcore.home", "tlcore.device", "tlcore.lock", "tlcore.precision", "tlcore.quantities", "tlcore.seeds"}),
    frozenset({"tlcore.shelf"}),
    frozenset({"tlcore.data", "tlcore.zoo"}),
    frozenset({"tlcore.features", "tlcore.adapters"}),
    frozenset({"tlcore.strategies"}),
    frozenset({"tlcore.training"}),
    frozenset({"tlcore.evaluation"}),
    frozenset({"tlcore.advisor", "tlcore.export"}),
    frozenset({"tlcore.runs"}),
    frozenset({"tlcore.reporting"}),
    frozenset({"tlcore.commands", "ui"}),
    frozenset({"tlcore.__main__"}),
    frozenset({"pages"}),
    frozenset({"app"}),
)
"""A room imports from rooms of lower ranks and from itself; those of one rank do not know each other."""
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}
LIGHT = ("tlcore", "tlcore.data", "tlcore.zoo", "tlcore.runs", "tlcore.device", "tlcore.training", "tlcore.strategies")
HEAVY = ("streamlit", "torch")
PICKLES = frozenset({"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"})
SOURCES = sorted(
    [*(ROOT / "tlcore").rglob("*.py"), *(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"]
)
PACKAGES = sorted(path.parent for path in (ROOT / "tlcore").rglob("__init__.py"))


def module(path: Path) -> str:
    """`tlcore/zoo/__init__.py` -> `tlcore.zoo`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(name: str) -> str:
    """`tlcore.zoo.head` -> `tlcore.zoo`; outside tlcore the first part."""
    return ".".join(name.split(".")[: 2 if name.startswith("tlcore.") else 1])


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that the file imports anywhere, also inside functions or for types only."""
    package = module(path).split(".") if path.name == "__init__.py" else module(path).split(".")[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *filter(None, [node.module])])
            yield from ((node.lineno, f"{start}.{name.name}") for name in node.names)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def ours(name: str) -> str | None:
    """The room that an imported name belongs to; None where it is not ours. A name of tlcore itself is tlcore's."""
    found = room(name)
    if found in RANK:
        return found
    return found.partition(".")[0] if found.partition(".")[0] in RANK else None


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_every_source_file_is_in_a_room_with_a_rank():
    homeless = [str(path.relative_to(ROOT)) for path in SOURCES if room(module(path)) not in RANK]
    assert not homeless, f"Give these a place in RANKS: {homeless}"


def test_imports_run_one_way():
    wrong = []
    for path in SOURCES:
        here = room(module(path))
        for line, name in imports(path):
            there = ours(name)
            if there is not None and there != here and RANK[there] >= RANK[here]:
                wrong.append(f"{where(path, line)}: {here} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_the_engine_knows_neither_streamlit_nor_the_pages():
    strangers = {"streamlit", "ui", "pages", "app", "tests"}
    wrong = [
        f"{where(path, line)}: {name}"
        for path in SOURCES
        if module(path).startswith("tlcore")
        for line, name in imports(path)
        if name.partition(".")[0] in strangers
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("sources", "heavy"), [(LIGHT, HEAVY), (("ui",), ("torch",))], ids=["tlcore", "ui"])
def test_importing_loads_nothing_heavy(sources: tuple[str, ...], heavy: tuple[str, ...]):
    modules = sources if sources == LIGHT else tuple(module(p) for p in SOURCES if room(module(p)) == "ui")
    code = (
        "import importlib, json, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        f"    loaded = [heavy for heavy in {heavy!r} if heavy in sys.modules]\n"
        "    if loaded:\n"
        "        print(json.dumps([name, loaded]))\n"
        "        break\n"
        "else:\n"
        "    print(json.dumps(None))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) is None, f"Imported too early: {ran.stdout}"


@pytest.mark.parametrize("package", PACKAGES, ids=module)
def test_a_package_says_what_it_offers(package: Path):
    imported = importlib.import_module(module(package))
    names = imported.__all__
    assert list(names) == sorted(names, key=_constants_classes_functions)
    assert len(set(names)) == len(names)
    assert [name for name in names if not hasattr(imported, name)] == []


def test_the_app_is_short():
    lines = (ROOT / "app.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 40, f"app.py has {len(lines)} lines; it holds the page configuration and the navigation only."


def test_no_page_writes_html():
    wrong = [path for path in SOURCES if "unsafe_allow_html" in path.read_text(encoding="utf-8")]
    assert not wrong, wrong


def test_nothing_is_pickled():
    wrong = [
        f"{where(path, line)}: {name}"
        for path in SOURCES
        for line, name in imports(path)
        if name.partition(".")[0] in PICKLES
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_loaded_cannot_run_code():
    torch_loads, numpy_loads = (
        [(where(path, call.lineno), _said(call)) for path in SOURCES for call in _calls(path, name)]
        for name in ("torch.load", "numpy.load")
    )
    assert [place for place, said in torch_loads if said.get("weights_only") is not True] == []
    assert [place for place, said in numpy_loads if said.get("allow_pickle", False) is not False] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_complete_and_legible(theme: str):
    colours = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"][theme]
    assert len(set(colours["chartCategoricalColors"])) == 10, "with any other number Plotly falls back to its own"
    assert _contrast(colours["primaryColor"], "#FFFFFF") >= 4.5, "white on a primary button"
    assert _contrast(colours["textColor"], colours["backgroundColor"]) >= 7
    assert _contrast(colours["textColor"], colours["secondaryBackgroundColor"]) >= 7
    faint = [c for c in colours["chartCategoricalColors"] if _contrast(c, colours["backgroundColor"]) < 3]
    assert not faint, "a line in a chart needs 3:1"


def _constants_classes_functions(name: str) -> tuple[int, str]:
    """The order that ruff's RUF022 keeps."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def _calls(path: Path, function: str) -> Iterator[ast.Call]:
    """Calls of a function by its full name, whatever the file calls it."""
    aliases = _aliases(path)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            start, dot, rest = ast.unparse(node.func).partition(".")
            if aliases.get(start, start) + dot + rest == function:
                yield node


def _said(call: ast.Call) -> dict[str | None, object]:
    """The keyword arguments of a call; those that are no constant read as their source."""
    return {k.arg: k.value.value if isinstance(k.value, ast.Constant) else ast.unparse(k.value) for k in call.keywords}


def _aliases(path: Path) -> dict[str, str]:
    """Local name -> full name: `np` -> `numpy`, and `load` -> `torch.load` where that is what was imported."""
    found = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.asname: name.name for name in node.names if name.asname}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
    return found


def _contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_components_have_names_of_their_own() -> None:
    """Streamlit lets the one registered last take the place of the other, in every page that shows either."""
    names = [
        node.args[0].value
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.components.v2.component"
        if isinstance(node.args[0], ast.Constant)
    ]
    assert len(names) >= 5
    assert sorted(names) == sorted(set(names))
