"""From a log line to a notification: exporters, Prometheus, Alertmanager, a webhook. All are real.

The rules are the shipped ones at 120 times the speed: an hour is half a minute, and they are
evaluated once a second.
"""

from __future__ import annotations

import bisect
import re
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alert_rules.ruleset import names
from alert_rules.ruleset.settings import fast

from exporter_process import wait_for
from fleet import Fleet, line
from inference_exporter.reference import load
from reference_files import numeric, psi

SPEED = 120.0
EVALUATIONS = 60  # from the first drifting line to the message, one a second
_pause = threading.Event()


def settled(seconds: float) -> None:
    """Traffic for a while: there is nothing else to wait for when nothing must happen."""
    _pause.wait(seconds)


@pytest.mark.server
def test_drift_of_one_input_becomes_one_message_and_ends(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, fast(SPEED, inner="8s", least=1.0), rate=200)
    with fleet.running():
        told, traffic = fleet.receiver, fleet.traffic
        drifting = {"alertname": "InferenceFeatureDrift", "model": "credit"}
        settled(35)  # a window and its decision
        assert told.messages == []  # without drift nobody is told anything

        traffic.drift, begun = True, time.monotonic()
        traffic.away = {0}
        settled(2)
        fleet.replicas[0].kill()
        fleet.replicas[0].start()
        settled(1)
        traffic.away = set()
        wait_for(lambda: told.about(**drifting), "a message about the drift", 60)
        message = told.about(**drifting)[0]
        evaluations = (message["at"] - begun) / fleet.settings.interval_seconds
        assert evaluations <= EVALUATIONS, evaluations
        assert message["status"] == "firing"
        assert message["groupLabels"] == {"job": "exporter", "model": "credit"}
        features = {alert["labels"].get("feature") for alert in message["alerts"]}
        assert features == {"income"}
        note = message["alerts"][0]["annotations"]
        assert "credit" in note["summary"]
        assert "income" in note["summary"]
        said = r"it was 0\.\d+ over .* rows; noise alone reaches 0\.0\d+"
        assert re.search(said, note["description"]), note["description"]

        traffic.drift = False
        resolved = wait_for(
            lambda: [one for one in told.about(**drifting) if one["status"] == "resolved"],
            "the drift has ended",
            150,
        )
        assert resolved[0]["groupLabels"]["model"] == "credit"
        assert told.about(model="control") == []  # the run beside it that never drifted
        noise = set(told.names()) - {"InferenceFeatureDrift", "InferenceExporterDown"}
        assert noise == set(), told.messages

        traffic.stop()
        settled(10)  # longer than the innermost range: everything is in the sums
        _agrees(fleet)


def _agrees(fleet: Fleet) -> None:
    """Numbers from PromQL over the whole run (six hours at this speed) against all lines."""
    for model, lines in fleet.traffic.lines.items():
        print(model, len(lines), "rows;", fleet.missed(), "evaluations missed")  # noqa: T201
        for feature in ("age", "income"):
            values = [row["features"][feature] for row in lines]
            expected = psi(values, numeric(load(str(fleet.folder / f"{model}.json")), feature))
            found = fleet.value(
                names.distance("feature", "psi", "6h"), model=model, feature=feature
            )
            # Sums of rates weigh rows by when they were scraped. That is of no matter for what
            # does not change; where a drift came and went within the window, a little.
            changed = feature == "income" and model == "credit"
            within = 0.1 * expected if changed else 1e-3
            assert found == pytest.approx(expected, abs=within), (model, feature)
        right = np.mean([row["prediction"] == row["actual"] for row in lines])
        accuracy = fleet.value(names.performance("accuracy", "6h"), model=model)
        assert accuracy == pytest.approx(right, abs=1e-3)
        found_auc = fleet.value(names.performance("roc_auc", "6h"), model=model)
        assert found_auc == pytest.approx(_auc(lines), abs=1e-3)


def _auc(lines: list[dict[str, Any]]) -> float:
    """Area under the ROC curve of the scores in their 20 bins, ties half."""
    bins = np.array([bisect.bisect_left(np.arange(0.05, 1, 0.05), row["score"]) for row in lines])
    actual = np.array([row["actual"] for row in lines])
    one, none = (np.bincount(bins[actual == side], minlength=20) for side in (1, 0))
    below = np.cumsum(none) - 0.5 * none
    return float((one * below).sum() / (one.sum() * none.sum()))


def test_the_drift_of_the_test_is_a_drift() -> None:
    """The generator moves the income, and nothing else."""
    import random

    rows = {drift: [line(random.Random(5), drift) for _ in range(3)] for drift in (False, True)}
    for before, after in zip(rows[False], rows[True], strict=True):
        assert after["features"]["income"] == pytest.approx(1.6 * before["features"]["income"])
        assert after["features"]["age"] == before["features"]["age"]
