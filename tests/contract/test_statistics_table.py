"""The table of statistics is the folder of statistics, and every entry keeps the rules."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from inference_exporter.statistics import STATISTICS, Statistic, drift
from inference_exporter.statistics.reference_doc import render

ROOT = Path(__file__).parents[2]
FOLDER = Path(drift.__path__[0])
entries = pytest.mark.parametrize("statistic", STATISTICS.values(), ids=STATISTICS)


def test_table_is_the_folder() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert set(STATISTICS) == files


@entries
def test_file_class_and_table_agree_on_the_name(statistic: Statistic) -> None:
    assert STATISTICS[statistic.name] is statistic
    assert type(statistic).__module__.rpartition(".")[2] == statistic.name


@entries
def test_docstring_says_everything_a_user_asks(statistic: Statistic) -> None:
    text = inspect.getdoc(type(statistic)) or ""
    for part in ("Notes\n-----", "Cost: ", "Misleads ", "References\n----------", ">>> "):
        assert part in text, part


@entries
def test_it_has_help_and_kinds(statistic: Statistic) -> None:
    assert statistic.help.endswith(".")
    assert statistic.kinds
    assert statistic.kinds <= {"numeric", "categorical"}


def test_documentation_is_fresh() -> None:
    page = (ROOT / "docs" / "statistics.md").read_text()
    assert page == render(), "run: python -m inference_exporter.statistics.reference_doc"


def test_scipy_is_not_imported_before_it_is_needed() -> None:
    program = (
        "import sys, inference_exporter.statistics, inference_exporter.reference;"
        "sys.exit(any(name.partition('.')[0] in ('scipy', 'pyarrow') for name in sys.modules))"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env={"PYTHONPATH": str(ROOT / "exporter"), "PATH": ""},
    )
