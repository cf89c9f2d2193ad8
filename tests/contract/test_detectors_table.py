"""The table of detectors is the folder, and what is documented is what was measured."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import inference_exporter.detectors as package
from inference_exporter.detectors import DEFAULT, DETECTORS

NOT_DETECTORS = {"__init__", "base"}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "detectors.md"
SECTIONS = ("Parameters\n", "Notes\n", "Cost:", "misleads", "False alarms:", "Examples\n")


def rows(name: str) -> list[list[str]]:
    """The cells of the detector's lines in the page's table."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith(f"| {name} |")
    ]


def test_every_file_is_in_the_table_and_every_entry_has_its_file() -> None:
    files = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - NOT_DETECTORS
    assert set(DETECTORS) == files
    assert list(DETECTORS) == sorted(DETECTORS)
    for name, detector in DETECTORS.items():
        assert detector.name == name
        assert detector.__module__ == f"{package.__name__}.{name}"


def test_the_defaults_are_in_the_table_and_understand_errors() -> None:
    for name in DEFAULT:
        assert "binary" in DETECTORS[name].inputs


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_says_what_it_is_and_what_it_understands(name: str) -> None:
    detector = DETECTORS[name]
    assert detector.help.endswith(".")
    assert "\n" not in detector.help
    assert detector.inputs
    assert detector.inputs <= {"binary", "real"}


@pytest.mark.parametrize("name", DETECTORS)
def test_a_docstring_has_formula_cost_weakness_rates_example_and_reference(name: str) -> None:
    text = inspect.getdoc(DETECTORS[name]) or ""
    assert [
        section for section in (*SECTIONS, "References\n", ":math") if section not in text
    ] == []


@pytest.mark.parametrize("name", DETECTORS)
def test_the_page_has_every_detector_and_its_docstring_has_the_page_s_numbers(name: str) -> None:
    text = " ".join((inspect.getdoc(DETECTORS[name]) or "").split())
    assert {row[1] for row in rows(name)} == DETECTORS[name].inputs
    for row in rows(name):
        false_alarms, median_delay = row[2], row[4]
        assert false_alarms in text
        assert median_delay == "–" or f"{median_delay} values" in text
