"""Random histories of predictions, labels, crashes and full disks, against dictionaries.

Chunks, blocks and generations are so small here that all of them come and go many times.
"""

from __future__ import annotations

import gzip
import random
import sqlite3
from pathlib import Path

import pytest

from inference_exporter.truth.waiting import chunks, index, marks, places, tables
from pending_loop import NOW, Both
from pending_model import PendingModel

OLD = Path(__file__).parents[1] / "golden" / "state" / "pending-tree.sqlite.gz"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk has two parts, a generation five blocks or so, and no question has room for all."""
    for module, name, value in (
        (chunks, "CHUNK", 8), (index, "GENERATION", 40), (index, "BLOCK", 8),
        (index, "_AT_ONCE", 2), (tables, "_ASKED", 3), (marks, "_AT_ONCE", 2),
        (marks, "_PART_BITS", 2), (marks, "_PART", 4), (chunks, "PARTS", 4 << places.BITS - 2),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)


def live(both: Both, draw: random.Random, names: list[str], steps: int) -> None:
    """Any steps in any order; in some histories every third commit fails."""
    schemas = ["", "score"]
    fails = draw.choice((0.06, 0.2))
    for _ in range(steps):
        step = draw.random()
        some = [draw.choice(names) for _ in range(draw.randrange(1, 25))]
        if step < 0.35:
            own = [draw.choice("012") if draw.random() < 0.1 else None for _ in some]
            both.predict(
                *((name, draw.choice("012"), one) for name, one in zip(some, own, strict=True))
            )
        elif step < 0.6:
            both.label(*((name, draw.choice("012")) for name in some))
        elif step < 0.7:
            both.model.now += draw.choice((0.1, 1.0, 20.0, 300.0))
        elif step < 0.94 - fails:
            both.commit()
        elif step < 0.94:
            both.fail(early=draw.random() < 0.5)
        else:
            both.crash(draw.choice(schemas))
    both.commit()
    both.crash()
    both.label(*((name, "3") for name in names))  # who is there, and with which label
    both.commit()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "seed", [*range(20), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(20, 250))]
)
def test_any_history_gives_what_dictionaries_give(seed: int) -> None:
    draw = random.Random(seed)
    model = PendingModel(
        last=draw.random() < 0.5, wait=draw.choice((600.0, 1e6)), ahead=draw.choice((60.0, 1e6)),
        max_pending=draw.choice((20, 150, 10_000)), group=8,
    )  # fmt: skip
    both = Both(model, sqlite3.connect(":memory:", isolation_level=None))
    live(both, draw, [f"id-{number}" for number in range(draw.choice((50, 400)))], steps=120)
    both.model.now += 2e6
    both.commit()
    assert both.join._pending.size == 0
    rows = {
        table: both.connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        for (table,) in both.connection.execute("SELECT name FROM sqlite_master").fetchall()
        if not table.startswith(("aside", "sqlite"))
    }
    assert rows
    assert not any(rows.values()), rows


def old_history(both: Both) -> list[str]:
    """What the database of the earlier version was made from, told to the model; all names."""
    model = both.model
    names = [f"p{chunk}-{number}" for chunk in range(12) for number in range(100)]
    for chunk in range(12):
        for name in [*names[100 * chunk : 100 * chunk + 100], f"p{chunk}-0"]:
            model.predict(name, "1")
        model.now += 101
        model.settle()
    for step, actual in ((4, "1"), (8, "0")):
        for chunk in range(2, 12):
            for number in range(0, 100, step):
                model.label(f"p{chunk}-{number}", actual)
        for name in ("early-1", "early-2", "p0-1") if step == 8 else ():
            model.label(name, "1")
        model.settle()
    model.committed()
    return [*names, "early-1", "early-2"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 40))]
)
def test_what_an_earlier_version_wrote_goes_on(tmp_path: Path, seed: int) -> None:
    """Its tables were a tree by key and a queue of keys; see ADR 11."""
    (tmp_path / "state.sqlite").write_bytes(gzip.decompress(OLD.read_bytes()))
    connection = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    state: dict[str, bytes] = dict(connection.execute("SELECT key, value FROM state"))
    model = PendingModel(last=True, wait=25600.0, ahead=3600.0, max_pending=1000, group=4096)
    both = Both(model, connection, state)
    names = old_history(both)
    assert model.now == NOW + 1212
    both.compare()
    draw = random.Random(seed)
    model.group, model.kept.groups[-1].schema = 8, "before"
    model.committed()
    live(both, draw, [*names, *(f"new-{number}" for number in range(300))], steps=100)
    left = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert any(name.startswith("chunk_") for name in left)
    model.now += 25600 + 3600 + 1
    both.commit()
    assert both.join._pending.size == 0
    both.commit()
    left = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert not any(name.startswith(("pending_", "queue_")) for name in left)
