"""The data sets that NannyML (0.13, Apache 2.0) comes with: what its files and columns mean.

They are in the folder `nannyml/datasets/data` of its wheel. Nothing of them is in this repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DataSet:
    """`files`: reference, analysis, its labels. `chunk` rows are one window.

    `peer`: mean |estimate - outcome| of the tool itself over such chunks, by metric.
    """

    name: str
    files: tuple[str, str, str]
    prediction: str
    actual: str
    chunk: int
    score: str | None = None
    exclude: tuple[str, ...] = ()
    peer: Mapping[str, float] = field(default_factory=dict)


DATA_SETS = (
    DataSet(
        "MA employment",
        ("employment_MA_reference.pq", "employment_MA_analysis.pq",
         "employment_MA_analysis_target.pq"),
        "prediction", "employed", 5000, "predicted_probability", ("year",),
        {"accuracy": 0.0051, "f1": 0.0066, "roc_auc": 0.0040},
    ),
    DataSet(
        "car loan",
        ("synthetic_car_loan_reference.csv", "synthetic_car_loan_analysis.csv",
         "synthetic_car_loan_analysis_target.csv"),
        "y_pred", "repaid", 5000, "y_pred_proba", ("timestamp",),
        {"f1": 0.0038, "roc_auc": 0.0037},
    ),
    DataSet(
        "California housing",
        ("california_housing_reference.csv", "california_housing_analysis.csv",
         "california_housing_analysis_gt.csv"),
        "y_pred", "clf_target", 1000, "y_pred_proba", ("timestamp",),
    ),
    DataSet(
        "car price",
        ("regression_synthetic_reference.csv", "regression_synthetic_analysis.csv",
         "regression_synthetic_analysis_targets.csv"),
        "y_pred", "y_true", 6000, exclude=("timestamp",), peer={"mae": 9.6},
    ),
)  # fmt: skip


def read(one: DataSet, folder: Path) -> tuple[Rows, Rows]:
    """Rows of the reference and of the analysis, both with labels, in the order of time."""
    reference, analysis, labels = (_table(folder / name) for name in one.files)
    actual = {row["id"]: row[one.actual] for row in labels}
    with_labels = [
        {**row, one.actual: actual[row["id"]]} for row in analysis if row["id"] in actual
    ]
    return [_line(one, row) for row in reference], [_line(one, row) for row in with_labels]


def _table(path: Path) -> Rows:
    if path.suffix == ".csv":
        from pyarrow import csv

        rows: Rows = csv.read_csv(path).to_pylist()
        return rows
    from pyarrow import parquet

    found: Rows = parquet.read_table(path).to_pylist()
    return found


def _line(one: DataSet, row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of a log: inputs, prediction, score and label."""
    apart = {"id", one.prediction, one.actual, one.score, *one.exclude}
    inputs = {name: value for name, value in row.items() if name not in apart}
    if one.score is None:
        return {"inputs": inputs, "y": row[one.prediction], "a": row[one.actual]}
    outcome = {"y": int(row[one.prediction]), "p": row[one.score], "a": int(row[one.actual])}
    return {"inputs": inputs, **outcome}
