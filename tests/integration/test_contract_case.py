"""The whole command line on a fixed case: what a user would type gives the expected samples."""

from __future__ import annotations

import gzip
import math
import shutil
from pathlib import Path

import pytest

import credit_case
from exporter_process import Series, parse
from inference_exporter.cli import main

CASE = Path(__file__).parent.parent / "golden" / "credit"


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("config.yaml", "reference.csv", "expected.prom"):
        shutil.copy(CASE / name, tmp_path)
    lines = gzip.decompress((CASE / "predictions.jsonl.gz").read_bytes())
    (tmp_path / "predictions.jsonl").write_bytes(lines)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def disagreements(expected: Series, actual: Series) -> list[str]:
    """Expected samples without an equal sum of actual ones that have at least their labels."""
    by_name: dict[str, list[tuple[dict[str, str], float]]] = {}
    for (name, labels), value in actual.items():
        by_name.setdefault(name, []).append((dict(labels), value))
    wrong = []
    for (name, wanted), value in expected.items():
        found = [
            v
            for have, v in by_name.get(name, [])
            if all(have.get(key, "") == text for key, text in wanted)
        ]
        if not found or not math.isclose(sum(found), value, rel_tol=1e-6, abs_tol=1e-9):
            wrong.append(f"{name}{dict(wanted)}: expected {value}, found {found}")
    return wrong


def page_of(capfdbinary: pytest.CaptureFixture[bytes]) -> Series:
    """What `reference build` and then `once` print in this folder."""
    built = main(
        ["reference", "build", "reference.csv", "--config.file=config.yaml",
         "--output=reference.json"]
    )  # fmt: skip
    assert built == 0
    capfdbinary.readouterr()
    assert main(["once", "--config.file=config.yaml"]) == 0
    return parse(capfdbinary.readouterr().out.decode())


def test_reference_build_then_once_gives_the_expected_samples(
    case: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    page = page_of(capfdbinary)
    expected = parse((case / "expected.prom").read_text(encoding="utf-8"))
    assert len(expected) == 227
    assert disagreements(expected, page) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_generated_cases_agree_with_counting_by_hand(
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    shutil.copy(CASE / "config.yaml", tmp_path)
    expected = credit_case.write(tmp_path, seed)
    monkeypatch.chdir(tmp_path)
    page = page_of(capfdbinary)
    assert len(expected) > 150
    assert disagreements(expected, page) == []
