"""The lines of a model's log, and the table that its reference is built from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from dashboards.fleet.scenarios import Scenario

_NAMES = ("income", "age", "debt_ratio", "country", "loan_amount", "channel", "tenure", "balance")
_CATEGORIES = {"country": ("DE", "FR", "IT", "ES", "PL"), "channel": ("web", "app", "branch")}
_SPECIES = ("bird", "cat", "dog", "fish", "horse")
_ITEMS = tuple(f"item-{number:02d}" for number in range(12))
_TOO_LARGE = 1.3
Row = dict[str, Any]


def inputs(count: int) -> tuple[str, ...]:
    """Names of so many inputs."""
    return (*_NAMES[:count], *(f"feature_{number:03d}" for number in range(len(_NAMES), count)))


class Draws:
    """Rows of one model, with their outcomes."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._random = np.random.default_rng(seed)
        names = inputs(scenario.features)
        numeric = [name for name in names if name not in _CATEGORIES]
        self._moving = set(numeric[: scenario.drifting])
        self._names, self._count = names, seed * 10_000_000

    def rows(self, count: int, trouble: bool = False) -> list[Row]:
        """Inputs, output and outcome."""
        columns = [self._column(name, count, trouble) for name in self._names]
        outputs = getattr(self, f"_{self._scenario.task}")(count, trouble)
        pairs = zip(zip(*columns, strict=True), outputs, strict=True)
        return [
            {"x": dict(zip(self._names, values, strict=True))} | output for values, output in pairs
        ]

    def lines(
        self, count: int, begin: float, seconds: float, trouble: bool = False
    ) -> Iterator[str]:
        """So many requests in the seconds from `begin` on."""
        draw, bad = self._random, trouble and self._scenario.failing
        if trouble and self._scenario.stops:
            return
        times = np.sort(draw.uniform(begin, begin + seconds, count)).round(3).tolist()
        slow = 2.5 if bad else 1.0
        steps = {name: draw.lognormal(mean, 0.5, count) * (slow if name == "lookup" else 1)
                 for name, mean in (("lookup", 2.2), ("inference", 1.8))}  # fmt: skip
        total = sum(steps.values()) + draw.lognormal(0.5, 0.4, count)
        failed = draw.random(count) < (0.06 if bad else 0.002)
        lost = draw.random(count) < (0.25 if bad else 0.01)
        for at, row in enumerate(self.rows(count, trouble)):
            self._count += 1
            if lost[at]:
                row["x"][self._names[-1]] = None
            if not self._scenario.labels:
                del row["y"]
            took = {name: round(float(values[at]), 3) for name, values in steps.items()}
            yield json.dumps({
                "t": times[at], "id": f"{self._count}", "v": "3", "trace": f"{self._count:032x}",
                "code": 500 if failed[at] else 200, "ms": round(float(total[at]), 3), "st": took,
            } | row)  # fmt: skip

    def _column(self, name: str, count: int, trouble: bool) -> list[Any]:
        draw = self._random
        if name in _CATEGORIES:
            words = _CATEGORIES[name]
            return [words[at] for at in draw.integers(0, len(words), count).tolist()]
        if name == "age":
            values = draw.normal(42, 12, count)
        elif name in ("debt_ratio", "tenure"):
            values = draw.beta(2, 5, count)
        else:
            values = draw.lognormal(7.5, 0.6, count)
        factor = _TOO_LARGE if trouble and name in self._moving else 1.0
        return list((values * factor).round(4).tolist())

    def _wrong(self, count: int, trouble: bool) -> Any:
        """Which outcomes are then not what the model could know."""
        share = self._scenario.quality if trouble else 0.0
        return self._random.random(count) < share

    def _binary(self, count: int, trouble: bool) -> list[Row]:
        score = self._random.beta(0.9, 1.6, count).round(4)
        bad = (self._random.random(count) < score) ^ self._wrong(count, trouble)
        word = ("good", "bad")
        return [
            {"s": s, "p": word[s > 0.5], "y": word[int(b)]}
            for s, b in zip(score.tolist(), bad.tolist(), strict=True)
        ]

    def _multiclass(self, count: int, trouble: bool) -> list[Row]:
        logits = self._random.normal(0, 2, (count, len(_SPECIES)))
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        drawn = (shares.cumsum(axis=1) < self._random.random((count, 1))).sum(axis=1)
        wrong = self._wrong(count, trouble)
        actual = np.where(wrong, 0, np.minimum(drawn, len(_SPECIES) - 1))
        return [
            {"scores": [round(s, 5) for s in share], "y": _SPECIES[y]}
            for share, y in zip(shares.tolist(), actual.tolist(), strict=True)
        ]

    def _regression(self, count: int, trouble: bool) -> list[Row]:
        said = self._random.normal(300, 40, count).round(2)
        spread = np.where(self._wrong(count, trouble), 50.0, 12.0)
        came = (said + self._random.normal(0, 1, count) * spread).round(2)
        return [{"p": p, "y": y} for p, y in zip(said.tolist(), came.tolist(), strict=True)]

    def _ranking(self, count: int, trouble: bool) -> list[Row]:
        order = self._random.permuted(np.tile(np.arange(len(_ITEMS)), (count, 1)), axis=1)
        rank = np.minimum(self._random.geometric(0.45, count) - 1, len(_ITEMS) - 1)
        rank = np.where(self._wrong(count, trouble), len(_ITEMS) - 1, rank)
        return [
            {"items": [_ITEMS[at] for at in items], "y": _ITEMS[items[r]]}
            for items, r in zip(order.tolist(), rank.tolist(), strict=True)
        ]


_OUTPUTS: dict[str, dict[str, Any]] = {
    "binary": {"prediction": "p", "score": "s"},
    "multiclass": {"scores": {"from": "scores", "classes": list(_SPECIES)}},
    "regression": {"prediction": "p"},
    "ranking": {"ranking": "items"},
}


def model(scenario: Scenario, log: str, reference: str) -> dict[str, Any]:
    """The model in the exporter's configuration."""
    fields = {
        "timestamp": "t", "id": "id", "version": "v", "features": "x", "status": "code",
        "trace_id": "trace", "latency": {"from": "ms", "unit": "ms"}, "actual": "y",
        "steps": {name: {"from": f"st.{name}", "unit": "ms"} for name in ("lookup", "inference")},
    } | _OUTPUTS[scenario.task]  # fmt: skip
    found: dict[str, Any] = {
        "logs": [log], "start_at": "beginning", "fields": fields, "reference": reference,
        "thresholds": {"request_duration_seconds": 0.1}, "windows": ["1h"],
    }  # fmt: skip
    if scenario.task == "binary":
        found["positive_class"] = "bad"
        if scenario.models == 1 and scenario.features <= len(_NAMES) and scenario.labels:
            found["segments"] = {"country": "country"}
    if scenario.task == "regression":
        found["task"] = "regression"
    return found
