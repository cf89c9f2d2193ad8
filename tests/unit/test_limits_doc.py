"""Every number of docs/limits.md is the one in the code."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from inference_exporter.config.schema import LabelsConfig, Limits

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20}
ROWS = [
    [cell.strip() for cell in line.strip("| \n").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "`" in line
]


def _said(text: str) -> float:
    """The number that a cell begins with."""
    found = re.match(r"([\d,]+) ?(KiB|MiB)?", text)
    assert found, text
    return int(found[1].replace(",", "")) * UNITS[found[2] or ""]


def _in_code(path: str) -> float:
    """The value of `module:NAME`, of a field's default, of half of either, or of a key."""
    path, _, part = path.partition(" / ")
    module, _, names = path.partition(":")
    if not names:
        fields = Limits.__dataclass_fields__ | LabelsConfig.__dataclass_fields__
        return float(str(fields[path].default))
    found = import_module(f"inference_exporter.{module}")
    first, _, attribute = names.partition(".")
    found = getattr(found, first)
    value = found.__dataclass_fields__[attribute].default if attribute else found
    return float(value) / int(part or 1)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_limit_is_what_the_page_says(row: list[str]) -> None:
    assert _said(row[1]) == _in_code(row[-1].strip("`"))


def test_every_limit_that_can_be_configured_is_on_the_page() -> None:
    named = {row[-1].strip("`") for row in ROWS}
    assert set(Limits.__dataclass_fields__) <= named
