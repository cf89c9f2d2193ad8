"""Two versions side by side on the page: which rows count, over restarts, with late labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from exporter_process import Series, total
from inference_exporter.exposition.status.html.model import model_page
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.performance import sequence
from sidecar import NOW, Sidecar, line

PLAIN = """\
fields: {timestamp: at, id: id, version: v, prediction: y, actual: a, weight: w}
min_samples: 50
compare_versions: {champion: "7", challenger: "8", metric: accuracy}
"""
LATE = """\
fields: {timestamp: at, id: id, version: v, prediction: y}
min_samples: 50
labels: {logs: labels.jsonl, id: id, actual: a, update: last}
compare_versions: {champion: "7", challenger: "8", metric: accuracy}
"""
KEY = {"model": "m", "champion": "7", "challenger": "8", "metric": "accuracy"}
NAME = "inference_comparison"
Row = dict[str, object]


def _rows(count: int, rates: dict[str, float], seed: int = 0) -> list[Row]:
    rng = np.random.default_rng(seed)
    versions = list(rates)
    found: list[Row] = []
    for row in range(count):
        version = versions[int(rng.integers(len(versions)))]
        right = rng.random() < rates[version]
        found.append({"at": NOW - 600 + row / 100, "id": f"{seed}-{row}", "v": version, "y": 1,
                      "a": int(right)})  # fmt: skip
    return found


def _sum(page: Series, side: str, what: str) -> float:
    return total(page, f"{NAME}_sums_total", side=side, sum=what, **KEY)


def _restarted(folder: Path, text: str, before: Sidecar) -> Sidecar:
    again = Sidecar(folder, text)
    again.pipeline._store = before.pipeline._store
    again.pipeline.restore()
    return again


def test_the_page_says_what_the_rows_do(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, PLAIN)
    rows = _rows(3000, {"7": 0.9, "8": 0.7, "9": 0.1})
    first = next(at for at, row in enumerate(rows) if row["v"] == "8")
    rows = [{**row, "v": "7"} if at < first else row for at, row in enumerate(rows)]
    rows = _rows(80, {"7": 0.0}, seed=5) + rows  # before the challenger: another time, not counted
    lines = [line(**row) for row in rows]
    sidecar.reads(*lines[:1000])
    sidecar.reads(*lines[1000:])
    page = sidecar.page()
    own = {
        side: np.array([row["a"] for row in rows[80 + first :] if row["v"] == version], float)
        for side, version in (("champion", "7"), ("challenger", "8"))
    }
    for side, values in own.items():
        assert _sum(page, side, "weight") == len(values)
        assert _sum(page, side, "value") == values.sum()
        assert _sum(page, side, "squared_value") == values.sum()
        assert total(page, f"{NAME}_value", side=side, **KEY) == pytest.approx(values.mean())
        assert total(page, f"{NAME}_samples", side=side, **KEY) == pytest.approx(len(values))
    difference = own["challenger"].mean() - own["champion"].mean()
    assert total(page, f"{NAME}_difference", **KEY) == pytest.approx(difference)
    spread = max(one.var() + 1 / len(one) for one in own.values())
    shared = sum(1 / len(one) for one in own.values())
    half = sequence.half_width(np.array(spread * shared), np.array(2 / shared), 0.02, 5000)
    upper = total(page, f"{NAME}_difference_upper", **KEY)
    assert upper == pytest.approx(difference + float(half))
    assert total(page, f"{NAME}_state", **KEY) == -1
    assert total(page, f"{NAME}_remaining_samples", **KEY) == 0
    assert (f"{NAME}_decided_timestamp_seconds", frozenset(KEY.items())) in {
        (name, frozenset(labels)) for name, labels in page
    }


def test_too_few_rows_have_no_interval(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, PLAIN)
    sidecar.reads(*(line(**row) for row in _rows(60, {"7": 0.9, "8": 0.7})))
    page = sidecar.page()
    assert not [name for name, _ in page if name.startswith(f"{NAME}_difference")]
    assert not [name for name, _ in page if name.startswith(f"{NAME}_remaining")]
    assert total(page, f"{NAME}_state", **KEY) == 0


def test_weights_are_those_of_the_rows(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, PLAIN)
    rows = _rows(400, {"7": 0.9, "8": 0.8})
    weights = np.random.default_rng(1).choice([1.0, 20.0], 400).tolist()
    sidecar.reads(line(**{**rows[0], "v": "8", "w": 1.0}))
    sidecar.reads(*(line(**row, w=w) for row, w in zip(rows[1:], weights[1:], strict=True)))
    values = [row["a"] for row in rows[1:] if row["v"] == "7"]
    own = [w for row, w in zip(rows[1:], weights[1:], strict=True) if row["v"] == "7"]
    page = sidecar.page()
    assert _sum(page, "champion", "weight") == sum(own)
    assert _sum(page, "champion", "weight_squared") == sum(one**2 for one in own)
    expected = np.average(np.array(values, float), weights=own)
    assert total(page, f"{NAME}_value", side="champion", **KEY) == pytest.approx(expected)


def test_since_counts_both_from_then_on_also_where_only_one_is_seen(tmp_path: Path) -> None:
    text = PLAIN.replace("metric: accuracy", "metric: accuracy, since: '2027-01-15T07:50:05Z'")
    sidecar = Sidecar(tmp_path, text)
    rows = _rows(1000, {"7": 0.9})
    sidecar.reads(*(line(**row) for row in rows))
    later = [row for row in rows if float(str(row["at"])) >= 1_799_999_405]
    assert 0 < len(later) < 1000
    assert _sum(sidecar.page(), "champion", "weight") == len(later)


def test_a_restart_changes_nothing_and_another_challenger_begins_anew(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, PLAIN)
    lines = [line(**row) for row in _rows(3000, {"7": 0.9, "8": 0.7})]
    sidecar.reads(*lines[:1100])
    again = _restarted(tmp_path, PLAIN, sidecar)
    again.reads(*lines[1100:])
    sidecar.reads()
    ours = {key: value for key, value in again.page().items() if key[0].startswith(NAME)}
    for key, value in sidecar.page().items():
        if key[0].startswith(NAME) and not key[0].endswith("_seconds"):
            assert ours[key] == value
    other = _restarted(tmp_path, PLAIN.replace('"8"', '"9"'), again)
    other.reads()
    new = {**KEY, "challenger": "9"}
    assert total(other.page(), f"{NAME}_sums_total", side="champion", sum="weight", **new) == 0


def test_late_labels_count_once_whatever_newer_ones_say(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, LATE)
    rows = _rows(600, {"7": 0.9, "8": 0.7})
    sidecar.reads(*(line(**{key: row[key] for key in ("at", "id", "v", "y")}) for row in rows))
    labels = [json.dumps({"id": row["id"], "a": row["a"]}) + "\n" for row in rows]
    with (tmp_path / "labels.jsonl").open("a") as log:
        log.writelines(labels[:400])
    sidecar.reads()
    turned = [
        json.dumps({"id": row["id"], "a": 1 - int(str(row["a"]))}) + "\n" for row in rows[:100]
    ]
    with (tmp_path / "labels.jsonl").open("a") as log:
        log.writelines(turned + labels[400:])
    sidecar.reads()
    page = sidecar.page()
    first = next(at for at, row in enumerate(rows) if row["v"] == "8")
    own = [row["a"] for row in rows[first:] if row["v"] == "7"]
    assert _sum(page, "champion", "weight") == len(own)
    assert _sum(page, "champion", "value") == sum(int(str(one)) for one in own)
    assert total(page, "inference_labels_total", version="7", result="duplicate") > 0


def test_the_status_page_says_what_the_metrics_say(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, PLAIN)
    sidecar.reads(*(line(**row) for row in _rows(3000, {"7": 0.9, "8": 0.7})))
    view = model_view(sidecar.snapshot, "m", Selection())
    assert view is not None
    assert view.contest is not None
    assert view.contest.state == "the challenger is worse"
    page, shown = sidecar.page(), {one.name: one.number.value for one in view.contest.numbers}
    assert shown["Difference"] == total(page, f"{NAME}_difference", **KEY)
    assert shown["At most"] == total(page, f"{NAME}_difference_upper", **KEY)
    assert shown["Rows until decided"] == 0
    text = model_page(view, Selection(), "../")
    assert "Accuracy: 8 against 7, the challenger is worse" in str(text)


INPUTS = """\
fields: {timestamp: at, version: v, prediction: y, actual: a, features: x}
reference: {warmup: 1000}
min_samples: 50
windows: [1h]
compare_versions: {champion: "7", challenger: "8", metric: accuracy}
"""


def _with_inputs(rng: np.random.Generator, rows: int, shift: float) -> list[bytes]:
    found = []
    for _ in range(rows):
        version = "78"[int(rng.integers(2))]
        moved = rng.normal() + shift * (version == "8")
        inputs = {
            "amount": moved,
            "age": rng.normal(),
            "land": "DE" if rng.random() < 0.3 else "FR",
        }
        found.append(line(at=NOW - 100, v=version, y=1, a=1, x=inputs))
    return found


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_inputs_of_two_versions_are_held_against_each_other(tmp_path: Path, shift: float) -> None:
    sidecar = Sidecar(tmp_path, INPUTS)
    rng = np.random.default_rng(8)
    sidecar.reads(*_with_inputs(rng, 1000, 0.0))
    sidecar.reads(*_with_inputs(rng, 4000, shift))
    page, key = sidecar.page(), {"champion": "7", "challenger": "8", "window": "1h"}
    found = {
        feature: (
            total(page, f"{NAME}_input_drift", feature=feature, **key),
            total(page, f"{NAME}_input_drift_critical", feature=feature, **key),
        )
        for feature in ("amount", "age", "land")
    }
    for feature, (psi, critical) in found.items():
        assert psi == pytest.approx(_psi(page, feature), rel=1e-9)
        assert (psi > critical) == (feature == "amount" and shift > 0)
    assert total(page, f"{NAME}_differing_inputs", **key) == (shift > 0)


def _psi(page: Series, feature: str) -> float:
    """By hand, of the counters: all rows are in the window."""
    counts: list[dict[str, float]] = [{}, {}]
    for (name, labels), value in page.items():
        one = dict(labels)
        if name == "inference_feature_bin_total" and one["feature"] == feature:
            counts["78".index(one["version"])][one["bin"]] = value
    old, new = (np.array([one[cell] + 0.5 for cell in sorted(counts[0])]) for one in counts)
    p, q = new / new.sum(), old / old.sum()
    return float(((p - q) * np.log(p / q)).sum())
