"""A column in which hardly two rows are alike is most likely no category."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference_exporter.cli import main
from inference_exporter.reference import doubts
from reference_files import built


def test_numbers_written_as_text_are_named_as_such(tmp_path: Path) -> None:
    amounts = [f"{1000 + row * 7:,}.{row % 100:02d}" for row in range(400)]
    (found,) = doubts(built(tmp_path, amounts))
    assert "feature 'x' has 400 different values in 400 rows" in found
    assert "numbers written as text" in found


@pytest.mark.parametrize("form", ["{} ms", "{}%", "$1,{:03d}", "{}.5 €"])
def test_units_and_signs_are_seen(tmp_path: Path, form: str) -> None:
    (found,) = doubts(built(tmp_path, [form.format(row) for row in range(100)]))
    assert "numbers written as text" in found


def test_identifiers_are_named_as_such(tmp_path: Path) -> None:
    (found,) = doubts(built(tmp_path, [f"user-{row:x}-abc" for row in range(200)]))
    assert "an identifier" in found


def test_categories_and_numbers_are_beyond_doubt(tmp_path: Path) -> None:
    assert not list(doubts(built(tmp_path, [f"land {row % 20}" for row in range(400)])))
    assert not list(doubts(built(tmp_path, [f"{row}.5" for row in range(400)])))
    assert not list(doubts(built(tmp_path, [f"user-{row}x" for row in range(49)])))
    assert not list(doubts(built(tmp_path, [f"zip {row % 100}" for row in range(4000)])))


def test_the_command_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"features": {"amount": f"{row:,} EUR"}, "y": 1} for row in range(2000)]
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = tmp_path / "config.yaml"
    config.write_text("models: {m: {logs: [x], fields: {features: features, prediction: y}}}")
    output = f"--output={tmp_path / 'r.json'}"
    assert main(["reference", "build", str(data), f"--config.file={config}", output]) == 0
    assert "warning: feature 'amount' has 2,000 different values" in capsys.readouterr().out
