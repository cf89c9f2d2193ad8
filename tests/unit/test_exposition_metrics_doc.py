"""docs/metrics.md is the table of families, no older than it."""

from __future__ import annotations

from pathlib import Path

from inference_exporter.exposition.metrics_doc import LABELS, render
from inference_exporter.families import FAMILIES

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_document_is_fresh() -> None:
    command = (
        "PYTHONPATH=exporter python -m inference_exporter.exposition.metrics_doc > docs/metrics.md"
    )
    assert DOCUMENT.read_text(encoding="utf-8") == render(), f"run: {command}"


def test_every_family_has_a_row() -> None:
    rows = {
        line.split(" ")[1] for line in render().splitlines() if line.startswith("| `inference_")
    }
    assert rows == {f"`{name}`" for name in FAMILIES}


def test_every_label_is_explained_and_used() -> None:
    assert set(LABELS) == {label for family in FAMILIES.values() for label in family.labels}


def test_markup_in_help_is_escaped_but_not_in_code() -> None:
    assert "R^2" in render()
    assert "`__overflow__`" in render()
    assert r"(score - outcome)^2" in render()
