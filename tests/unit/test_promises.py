"""Whether intervals of estimates held, day by day, against what each day shows on its own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from exporter_process import Series, parse
from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.exposition.text import render_text
from inference_exporter.model import Model
from inference_exporter.model.parts.promises import PromisesPart
from inference_exporter.performance import rank_edges
from inference_exporter.reference.judging.calibrate import calibrate
from inference_exporter.report.cohorts import cohorts
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.results.promises import DAY
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Snapshot
from performance_data import values

START = 1_800_057_600.0  # midnight
LATE_BY = DAY / 4
FAMILY = "inference_performance_estimate_checks"
SAME_LINE = """\
models:
  m:
    logs: [log.jsonl]
    fields: {timestamp: at, id: id, version: v, prediction: y, score: p, actual: a}
    windows: [1h, 24h]
    min_samples: 100
    positive_class: 1
"""
LATE = (
    SAME_LINE.replace(", actual: a", "")
    + """\
    labels: {logs: [labels.jsonl], id: id, actual: a, wait: 20d}
"""
)


def reference() -> Reference:
    random = np.random.default_rng(1)
    score = random.random(20_000)
    known = calibrate(score, random.random(20_000) < score, ("0", "1"), rank_edges(np.empty(0)))
    return Reference(
        model="m", rows=20_000, created=0.0, fingerprint="", task="classification", features={},
        classes=("0", "1"), calibration=known,
    )  # fmt: skip


def day_of(number: int, rows: int, *, wrong: bool = False) -> list[dict[str, Any]]:
    """Rows of a day; where something is wrong, scores say the opposite of what comes."""
    random = np.random.default_rng(number)
    score: Floats = random.random(rows)
    came = random.random(rows) < (1 - score if wrong else score)
    times = START + number * DAY + random.uniform(0, DAY - 1, rows)
    table = zip(times.tolist(), score.tolist(), came.tolist(), strict=True)
    return [
        {"at": at, "id": f"{number}-{row}", "v": "1", "y": int(p >= 0.5), "p": p, "a": int(a)}
        for row, (at, p, a) in enumerate(table)
    ]


def made(text: str = SAME_LINE) -> Model:
    (one,) = config.parse(text, "test.yaml").models
    model = make_model(replace(one, lateness=LATE_BY), reference())
    model.start(START)
    return model


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def page_at(model: Model, now: float) -> Series:
    blocks = tuple(model.samples(now, EvaluationFacts()))
    return parse(render_text(Snapshot(blocks, timestamp=now)).decode())


def days_of(model: Model, now: float, metric: str = "accuracy") -> tuple[float, float]:
    found = values(page_at(model, now), FAMILY, "metric", "result")
    return found.get((metric, "held"), 0.0), found.get((metric, "missed"), 0.0)


def taken(model: Model, rows: list[dict[str, Any]], now: float) -> None:
    """In blocks of three hours."""
    ordered = sorted(rows, key=lambda row: float(row["at"]))
    step = max(1, len(ordered) // 8)
    for start in range(0, len(ordered), step):
        part = ordered[start : start + step]
        model.take(lines(part), max(float(row["at"]) for row in part))
    model.settle(None, now)


def test_a_day_is_judged_when_it_is_over() -> None:
    model = made()
    taken(model, day_of(0, 1500), START + DAY - 1)
    assert days_of(model, START + DAY + LATE_BY - 1) == (0, 0)
    model.publisher.stale()
    assert days_of(model, START + DAY + LATE_BY) == (1, 0)


def test_days_are_told_apart_by_whether_their_interval_held() -> None:
    model = made()
    for number in range(8):
        taken(model, day_of(number, 800, wrong=number in (3, 5)), START + (number + 1) * DAY)
    held, missed = days_of(model, START + 8 * DAY + LATE_BY)
    assert (held, missed) == (6, 2)
    page = values(page_at(model, START + 8 * DAY + LATE_BY), FAMILY, "metric", "result")
    assert {metric for metric, _ in page} == {
        "accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "brier_score",
        "log_loss",
    }  # fmt: skip
    assert all(page[metric, "held"] + page[metric, "missed"] == 8 for metric, _ in page)


def test_cohorts_are_what_labels_of_a_day_say_beside_what_was_estimated() -> None:
    model, days = made(), [day_of(number, 800, wrong=number == 2) for number in range(4)]
    for number, rows in enumerate(days):
        taken(model, rows, START + (number + 1) * DAY)
    part = model.part(PromisesPart)
    assert part is not None
    clock = START + 4 * DAY + LATE_BY
    found = {(one.day, one.metric): one for one in part.cohorts(clock)}
    first = round(START / DAY)
    for number, rows in enumerate(days):
        one = found[first + number, "accuracy"]
        assert one.labelled == 800
        assert one.realised == pytest.approx(np.mean([row["y"] == row["a"] for row in rows]))
        scores = np.array([row["p"] for row in rows])
        assert one.estimated == pytest.approx(np.maximum(scores, 1 - scores).mean(), abs=0.03)
        assert one.between is not None
        assert one.between[0] < one.realised < one.between[1]
        assert one.held == (one.expected[0] <= one.realised <= one.expected[1]) == (number != 2)
        assert found[first + number, "recall"].key == ("recall", "1")
    ends = (START + 2.2 * DAY, START + 9 * DAY)
    known = replace(reference(), performance={("accuracy", ""): 0.751, ("recall", "1"): 0.752})
    page = "".join(map(str, cohorts(part.cohorts(clock), known, *ends)))
    shown = [datetime.fromtimestamp((first + n) * DAY, UTC).strftime("%Y-%m-%d") for n in range(4)]
    assert [day in page for day in shown] == [False, False, True, True]
    assert "outside" in page
    assert "0.751" in page
    assert "0.752" in page
    assert list(cohorts([], known, *ends)) == []


def test_few_labels_say_nothing_of_a_day() -> None:
    model = made()
    taken(model, day_of(0, 90), START + DAY)
    assert days_of(model, START + DAY + LATE_BY) == (0, 0)


def test_intervals_hold_on_95_of_100_days_that_the_reference_is_like() -> None:
    model = made()
    for number in range(50):
        taken(model, day_of(number, 400), START + (number + 1) * DAY)
    held, missed = days_of(model, START + 50 * DAY + LATE_BY)
    assert held + missed == 50
    assert missed <= 7


def test_a_restart_remembers_the_days() -> None:
    model = made()
    for number in range(3):
        taken(model, day_of(number, 400, wrong=number == 1), START + (number + 1) * DAY)
    puts, _ = model.take_changes()
    again = made()
    assert again.restore(puts, START + 3 * DAY) == []
    assert (
        days_of(again, START + 3 * DAY + LATE_BY)
        == days_of(model, START + 3 * DAY + LATE_BY)
        == (2, 1)
    )


def test_a_day_older_than_sixty_is_forgotten() -> None:
    model = made()
    taken(model, day_of(0, 400), START + DAY)
    assert days_of(model, START + 60 * DAY)[0] == 1
    written = {key for key in model.take_changes()[0] if key.startswith('promises/["pane"')}
    assert len(written) == 1
    assert days_of(model, START + 61.5 * DAY) == (0, 0)
    _, deletes = model.take_changes()
    assert written <= deletes


@pytest.mark.parametrize(("share", "judged_at_once"), [(1.0, True), (0.5, False)])
def test_labels_that_come_late_are_waited_for(share: float, judged_at_once: bool) -> None:
    """With all of them there a day is judged at once; with half of them after `wait`."""
    model = made(LATE)
    rows = day_of(0, 2000)
    taken(model, [{key: row[key] for key in row if key != "a"} for row in rows], START + DAY)
    assert days_of(model, START + DAY + 10) == (0, 0)
    chosen = rows[: int(share * len(rows))]  # in the order of nothing: any half
    labels = next(part for part in model._parts if type(part).__name__ == "LateLabels")
    labels.log(lines([{"id": row["id"], "a": row["a"]} for row in chosen]), START + 2 * DAY)  # type: ignore[attr-defined]
    model.settle(None, START + 2 * DAY)
    model.publisher.stale()
    assert sum(days_of(model, START + 2 * DAY + 10)) == float(judged_at_once)
    model.publisher.stale()
    assert sum(days_of(model, START + 22 * DAY)) == 1


def test_without_labels_or_estimates_nothing_is_kept() -> None:
    text = SAME_LINE.replace(", actual: a", "")
    assert not [one for one in made(text)._parts if type(one).__name__ == "PromisesPart"]
    (one,) = config.parse(SAME_LINE, "test.yaml").models
    model = make_model(one, None)
    model.start(START)
    model.take(lines(day_of(0, 10)), START + DAY)
    assert not [key for key in model.take_changes()[0] if key.startswith("promises")]
