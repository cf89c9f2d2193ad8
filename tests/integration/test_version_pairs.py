"""Requests that two versions scored: pairs against a list of events, in any order, over crashes."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from scipy import stats

from exporter_process import Series, total
from inference_exporter.versions.contest import PAIR_SUMS
from late_sidecar import NOW, LateSidecar

NAME = "inference_comparison"
KEY = {"model": "m", "champion": "7", "challenger": "8"}
CONTEST = "compare_versions: {{champion: 7, challenger: 8, metric: {metric}, paired: true{more}}}"
FEED = "logs: labels.jsonl, timestamp: at"
ON_LINE = "prediction: predicted, score: score, actual: outcome"


@dataclass
class Request:
    """What happened to one: predictions by version, and its label."""

    label: str
    predicted: dict[str, str] = field(default_factory=dict)
    score: dict[str, float] = field(default_factory=dict)
    labelled: bool = False


def _sidecar(folder: Path, more: str = "", **settings: str) -> LateSidecar:
    settings = {"labels": FEED} | settings
    text = CONTEST.format(metric="accuracy", more=more) + "\n    positive_class: 1"
    return LateSidecar(folder, more=text, **settings)


def _events(draw: random.Random, requests: int) -> list[tuple[float, str, int]]:
    """Times of predictions by version, and of labels."""
    events = []
    for number in range(requests):
        for version, share in (("7", 0.9), ("8", 0.8), ("6", 0.1)):
            if draw.random() < share:
                events.append((number + draw.expovariate(1 / 5), version, number))
        if draw.random() < 0.8:
            events.append((number + draw.expovariate(1 / 10) - 5, "label", number))
    return sorted(events)


def _played(sidecar: LateSidecar, seed: int, *, on_line: bool = False) -> list[Request]:
    """Predictions of both versions and labels of 300 requests in any order, with crashes."""
    draw = random.Random(seed)
    requests = [Request(str(draw.randrange(2))) for _ in range(300)]
    for at, kind, number in _events(draw, len(requests)):
        one = requests[number]
        sidecar.clock.seconds = max(sidecar.clock.seconds, NOW + at)
        if kind != "label":
            _predict(sidecar, draw, one, kind, number, on_line and draw.random() < 0.5)
        elif not on_line:
            one.labelled = True
            sidecar.label({"id": f"r{number}", "actual": one.label, "at": NOW + at})
        if draw.random() < 0.1:
            sidecar.turn(draw.choice((0, 1, 5)))
        if draw.random() < 0.02:
            sidecar.crash()
    sidecar.settle()
    sidecar.crash()
    sidecar.settle()
    return requests


def _predict(
    sidecar: LateSidecar, draw: random.Random, one: Request, version: str, number: int, known: bool
) -> None:
    right = draw.random() < {"6": 0.5, "7": 0.8, "8": 0.7}[version]
    said = one.label if right else str(1 - int(one.label))
    score = round(draw.random(), 3)
    others = {"6": "7", "7": "6"}  # a third version has the key of the first: a duplicate
    known = known and others.get(version) not in one.predicted
    if others.get(version) not in one.predicted:
        one.predicted[version], one.score[version] = said, score
        one.labelled = one.labelled or known
    line: dict[str, object] = {
        "id": f"r{number}", "at": NOW + number, "version": version, "predicted": said,
        "score": score,
    }  # fmt: skip
    sidecar.predict(line | ({"outcome": one.label} if known else {}))


def _sums(page: Series, metric: str = "accuracy") -> dict[str, float]:
    found = f"{NAME}_pair_sums_total"
    return {name: total(page, found, sum=name, metric=metric, **KEY) for name in PAIR_SUMS}


def _expected(requests: list[Request]) -> dict[str, float]:
    both = [one for one in requests if one.labelled and {"7", "8"} <= one.predicted.keys()]
    apart = [(one.predicted["8"] == one.label) - (one.predicted["7"] == one.label) for one in both]
    gain, loss = float(apart.count(1)), float(apart.count(-1))
    return {
        "weight": len(both), "gain": gain, "loss": loss, "weight_squared": len(both),
        "weighted_gain": gain, "weighted_loss": loss, "squared_difference": gain + loss,
    }  # fmt: skip


def _outcomes(requests: list[Request]) -> Counter[str]:
    return Counter(
        f"{version}/{said}/{one.label}"
        for one in requests
        if one.labelled
        for version, said in one.predicted.items()
    )


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("update", ["first", "last"])
def test_each_pair_counts_once_in_any_order_over_crashes(
    tmp_path: Path, seed: int, update: str
) -> None:
    sidecar = _sidecar(tmp_path, labels=f"{FEED}, update: {update}")
    requests = _played(sidecar, seed)
    page = sidecar.page()
    assert _sums(page) == _expected(requests)
    met = [one for one in requests if {"7", "8"} <= one.predicted.keys()]
    assert total(page, f"{NAME}_paired_requests_total", **KEY) == len(met) > 100
    assert total(page, f"{NAME}_agreements_total", **KEY) == sum(
        one.predicted["7"] == one.predicted["8"] for one in met
    )
    distance = sum(abs(one.score["7"] - one.score["8"]) for one in met)
    assert total(page, f"{NAME}_score_distance_total", **KEY) == pytest.approx(distance)
    assert total(page, f"{NAME}_mean_score_distance", **KEY) == pytest.approx(distance / len(met))
    found = sidecar.counts("inference_outcomes_total", "version", "predicted", "actual")
    assert found == _outcomes(requests)


@pytest.mark.parametrize("seed", range(2))
def test_a_label_on_one_line_is_the_label_of_both(tmp_path: Path, seed: int) -> None:
    sidecar = _sidecar(tmp_path, labels="", outputs=ON_LINE)
    requests = _played(sidecar, seed, on_line=True)
    assert _sums(sidecar.page()) == _expected(requests)
    found = sidecar.counts("inference_outcomes_total", "version", "predicted", "actual")
    assert found == _outcomes(requests)


@pytest.mark.parametrize("seed", range(2))
def test_separate_rows_count_once_over_crashes(tmp_path: Path, seed: int) -> None:
    contest = CONTEST.format(metric="accuracy", more=", since: '2027-01-01T00:00Z'")
    contest = contest.replace("paired: true", "paired: false")
    sidecar = LateSidecar(tmp_path, FEED, more=contest)
    draw, rows = random.Random(seed), Counter[tuple[str, bool]]()
    for number in range(300):
        version, right = draw.choice("789"), draw.random() < 0.7
        sidecar.predict(_asked(number, version, "1" if right else "0"))
        if draw.random() < 0.8:
            rows[version, right] += 1
            sidecar.label({"id": f"r{number}", "actual": "1", "at": NOW + number})
        if draw.random() < 0.1:
            sidecar.turn(draw.choice((0, 1, 5)))
        if draw.random() < 0.04:
            sidecar.crash()
    sidecar.settle()
    sidecar.crash()
    page = sidecar.settle()
    for version, side in (("7", "champion"), ("8", "challenger")):
        found = {
            one: total(page, f"{NAME}_sums_total", side=side, sum=one, **KEY)
            for one in ("weight", "value", "squared_value")
        }
        both = float(rows[version, True] + rows[version, False])
        right_ones = float(rows[version, True])
        assert found == {"weight": both, "value": right_ones, "squared_value": right_ones}


def _asked(number: int, version: str, said: str) -> dict[str, object]:
    return {"id": f"r{number}", "at": NOW + number, "version": version, "predicted": said,
            "score": 0.5}  # fmt: skip


def test_the_variance_of_pairs_is_that_of_mcnemar(tmp_path: Path) -> None:
    """Without a difference the variance of b - c is b + c; the exact test says the same."""
    sidecar = _sidecar(tmp_path, more=", alpha: 0.05, planned: 400")
    for number in range(400):
        right = ("1" if number % 10 else "0", "1" if number % 4 else "0")
        sidecar.predict(*(_asked(number, v, said) for v, said in zip("78", right, strict=True)))
        sidecar.label({"id": f"r{number}", "actual": "1", "at": NOW})
    page = sidecar.settle()
    sums = _sums(page)
    gain, loss = int(sums["gain"]), int(sums["loss"])
    assert (gain, loss) == (20, 80)
    assert stats.binomtest(gain, gain + loss).pvalue < 1e-8
    assert total(page, f"{NAME}_state", **KEY) == -1
    lower, upper = (total(page, f"{NAME}_difference_{end}", **KEY) for end in ("lower", "upper"))
    plain = 1.96 * ((gain + loss - (gain - loss) ** 2 / 400) / 400**2) ** 0.5
    assert upper - lower == pytest.approx(2 * 1.55 * plain, rel=0.05)  # 1.55 for every look
    assert total(page, f"{NAME}_samples", side="champion", **KEY) == 400


def test_a_partner_that_comes_when_the_other_was_given_up_is_alone(tmp_path: Path) -> None:
    sidecar = _sidecar(tmp_path, labels=f"{FEED}, wait: 60s")
    sidecar.predict(*(_asked(number, "7", "1") for number in range(20)))
    sidecar.settle()
    sidecar.clock.advance(120)
    sidecar.settle()
    sidecar.predict(*(_asked(number, "8", "1") for number in range(20)))
    page = sidecar.settle()
    assert total(page, f"{NAME}_paired_requests_total", **KEY) == 0
    assert total(page, f"{NAME}_predictions_total", side="champion", **KEY) == 20
    assert total(page, f"{NAME}_predictions_total", side="challenger", **KEY) == 20
    assert sidecar.awaiting() == 20  # the champion's are given up


def test_labels_count_once_for_each_prediction(tmp_path: Path) -> None:
    sidecar = _sidecar(tmp_path)
    for number in range(30):
        sidecar.predict(_asked(number, "7", "1"))
        if number < 10:
            sidecar.predict(_asked(number, "8", "0"))
        sidecar.label({"id": f"r{number}", "actual": "1", "at": NOW + 1})
    sidecar.settle()
    assert sidecar.counts("inference_labels_total", "version", "result") == {
        "7/matched": 30, "8/matched": 10,
    }  # fmt: skip
    assert sidecar.awaiting() == 0
    sidecar.predict(_asked(20, "8", "0"))  # the label is known already
    page = sidecar.settle()
    assert sidecar.awaiting() == 0
    assert _sums(page)["loss"] == 11
