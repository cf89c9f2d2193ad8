"""docs/architecture.md is drawn from the code, and no older than it."""

from __future__ import annotations

from scripts import architecture
from scripts.docs import DOCS


def test_the_page_is_fresh() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    assert page == architecture.render(), "run make docs"


def test_every_room_says_what_it_is() -> None:
    page = architecture.render()
    table = page.partition("## What crosses them")[2].partition("## Who knows whom")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) > 25
    assert all(sentence.endswith((".", ":")) or len(sentence) > 10 for _, sentence, _ in rows)
    by_room = {room.strip("| `"): values for room, _, values in rows}
    assert "`Batch`" in by_room["formats"]
    assert "`Tally`" in by_room["windows"]
    assert "`Samples`" in by_room["exposition"]


def test_rooms_import_only_from_floors_below() -> None:
    _, _, arrows = architecture.render().partition("## Who knows whom")
    known = dict(line.strip("| ").split(" | ") for line in arrows.splitlines() if "| `" in line)
    assert "`loop`" in known["`app`"]
    assert known["`errors`"] == "nothing"
