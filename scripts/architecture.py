"""docs/architecture.md: the rooms of the package, drawn from its imports and their contract."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "inference_exporter"
SOURCE = ROOT / "exporter" / PACKAGE
_HEAD = """\
# Architecture

One thread runs one loop: lines are read from sources, decoded into columns, counted, committed, and
only then published. Everything that ages is told the time. This page is made from the code's own
imports by `make docs`; [CONTRIBUTING.md](../CONTRIBUTING.md) says where to add what.

```
  bytes        columns       increments         counts in time    numbers       text
 sources  ──►  formats  ──►  Batch  ──►  accumulators  ──►  windows  ──►  results  ──►  exposition
     └─────────────────────  model/ and loop/ introduce them to each other  ───────────────┘
```

What happens to a line: `loop/channel.py` hands a block of lines to `model/model.py`, which decodes
it, lets its parts (`model/parts/`, in the order of one table) add columns, counts it in a ledger
and tells the parts. `loop/pipeline.py` commits offsets and counts in one transaction, then
publishes.

JSON lines have two readers. `formats/columns/compiled.py` is the one that says what a line is;
`_native`, in C and only where it was compiled, reads the lines of which it is certain to say the
same ([ADR 27](adr/0027-a-reader-in-c-and-one-truth.md)).

## The floors

A room imports only from floors below it; `lint-imports` holds that, and that every room is here.
"""
_DATA = """
## What crosses them

Rooms hand each other values of `values/`; these are the ones each room speaks of.

| room | what it is | values it takes or gives |
|---|---|---|
"""


def render() -> str:
    """The page."""
    drawing = "\n".join(_floor(number, floor) for number, floor in enumerate(_floors()))
    rooms = [room for floor in _floors() for room in floor]
    rows = "".join(f"| `{one}` | {_sentence(one)} | {_values(one)} |\n" for one in rooms)
    return f"{_HEAD}\n```\n{drawing}\n```\n{_DATA}{rows}\n{_ARROWS}{_arrows(rooms)}"


_ARROWS = """\
## Who knows whom

| room | imports from |
|---|---|
"""


def _floors() -> list[list[str]]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = config["tool"]["importlinter"]["contracts"]
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


def _floor(number: int, rooms: list[str]) -> str:
    lines, line = [], ""
    for room in rooms:
        if len(line) + len(room) > 78:
            lines.append(line)
            line = ""
        line += f"[ {room} ]  "
    lines.append(line)
    pad = "\n" + " " * 5
    return f"{len(_floors()) - number:>3}  " + pad.join(text.rstrip() for text in lines)


def _modules(room: str) -> Iterator[ast.Module]:
    folder = SOURCE / room
    paths = sorted(folder.rglob("*.py")) if folder.is_dir() else [SOURCE / f"{room}.py"]
    for path in paths:
        yield ast.parse(path.read_text(encoding="utf-8"))


def _imports(room: str) -> Iterator[tuple[str, str]]:
    """Modules of the package that a room imports from, with the name it takes."""
    for module in _modules(room):
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
                base = (node.module or "").removeprefix(PACKAGE).lstrip(".")
                for alias in node.names:
                    yield (base, alias.name) if base else (alias.name, "")


def _sentence(room: str) -> str:
    folder = SOURCE / room
    path = folder / "__init__.py" if folder.is_dir() else SOURCE / f"{room}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def _values(room: str) -> str:
    taken = {name for base, name in _imports(room) if base.startswith("values.")}
    found = sorted(name for name in taken if name[:1].isupper() and not name.isupper())
    return ", ".join(f"`{name}`" for name in found) or "–"


def _arrows(rooms: list[str]) -> str:
    lines = []
    for room in rooms:
        known = {base.split(".")[0] for base, _ in _imports(room)} - {room, "__version__"}
        names = ", ".join(f"`{one}`" for one in rooms if one in known)
        lines.append(f"| `{room}` | {names or 'nothing'} |\n")
    return "".join(lines)
