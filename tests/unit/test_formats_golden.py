"""Lines of real servers' shape, the configuration that reads them, and the rows they become.

    tests/golden/formats/<format>-<server>/{sample.log,config.yaml,expected.json}

`UPDATE_GOLDEN=1 pytest tests/unit/test_formats_golden.py` writes `expected.json` anew.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from inference_exporter import config
from inference_exporter.formats import Decoded, make_decoder
from inference_exporter.formats.columns.plan import Kind
from inference_exporter.values.batch import CategoryColumn, NumericColumn

CASES = sorted((Path(__file__).parents[1] / "golden" / "formats").iterdir())


def _features(case: Path) -> dict[str, Kind] | None:
    """The features of a case: a comment `# features: {"age": "numeric"}` in its configuration."""
    for line in (case / "config.yaml").read_text(encoding="utf-8").splitlines():
        if line.startswith("# features: "):
            features: dict[str, Kind] = json.loads(line.removeprefix("# features: "))
            return features
    return None


def _rows(decoded: Decoded) -> list[dict[str, Any]]:
    batch = decoded.batch
    columns: dict[str, Any] = {
        name: getattr(batch, name)
        for name in (
            "timestamp", "id", "version", "prediction", "score", "latency", "status", "trace_id",
            "actual", "weight",
        )
    }  # fmt: skip
    columns |= {f"steps.{name}": column for name, column in batch.steps.items()}
    columns |= {f"features.{name}": column for name, column in batch.features.items()}
    return [
        {name: _value(column, row) for name, column in columns.items() if column is not None}
        for row in range(batch.rows)
    ]


def _value(column: Any, row: int) -> Any:
    if not isinstance(column, NumericColumn | CategoryColumn):
        return column[row]
    if column.invalid is not None and column.invalid[row]:
        return "INVALID"
    value = column.values[row]
    return None if isinstance(value, float) and math.isnan(value) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_lines_become_the_expected_rows(case: Path) -> None:
    (model,) = config.load(str(case / "config.yaml")).models
    decoded = make_decoder(model, _features(case)).decode((case / "sample.log").read_bytes())
    found = {
        "results": dict(decoded.results),
        "invalid": dict(decoded.invalid),
        "inputs": None if decoded.batch.inputs is None else decoded.batch.inputs.tolist(),
        "rows": _rows(decoded),
    }
    expected = case / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))
