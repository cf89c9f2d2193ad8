"""The shipped rules over hours of the past: Prometheus evaluates, what comes out is written back.

Rules are evaluated in the order of their groups; what one has recorded is there for the next, as in
Prometheus. Alerts wait (`for`) and stay (`keep_firing_for`) as Prometheus's do. Labels of alerts
that are templates are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import requests
import yaml
from alert_rules.ruleset import render
from alert_rules.ruleset.settings import Settings, seconds
from dashboards.fleet.remote import Chunk, Writer, text_of

from inference_exporter.values.batch import Floats

Key = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Alert:
    """One alert of one series."""

    since: float = np.nan
    firing: bool = False
    until: float = np.nan  # when it was last true, while it is kept

    def look(self, rule: Mapping[str, Any], now: float, true: bool) -> str:
        """Its state: firing, pending or nothing."""
        if true:
            self.since = now if np.isnan(self.since) else self.since
            self.until = now
            self.firing = self.firing or now - self.since >= _span(rule, "for")
            return "firing" if self.firing else "pending"
        if self.firing and now - self.until < _span(rule, "keep_firing_for"):
            return "firing"
        self.since, self.firing = np.nan, False
        return ""


def _span(rule: Mapping[str, Any], key: str) -> float:
    return seconds(rule[key]) if key in rule else 0.0


@dataclass(slots=True)
class Rules:
    """All rules with what they remember."""

    url: str
    writer: Writer
    groups: list[dict[str, Any]] = field(default_factory=list)
    _alerts: dict[tuple[str, int, Key], _Alert] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for text in render.files(Settings()).values():
            self.groups += yaml.safe_load(text)["groups"]

    def evaluate(self, begin: float, minutes: int) -> None:
        """Everything from `begin` (epoch seconds) on."""
        for group in self.groups:
            step = max(60.0, seconds(group["interval"]))
            times = np.arange(begin, begin + 60 * minutes, step)
            for number, rule in enumerate(group["rules"]):
                found = self._ask(rule["expr"], times, step)
                results = list(self._results(rule, number, found, times))
                if results:
                    series = [text_of(name, labels) for name, labels, _ in results]
                    chunk = Chunk(series, {}, np.array([values for _, _, values in results]))
                    self.writer.write(chunk, (times * 1000).astype(np.int64))

    def _results(
        self, rule: Mapping[str, Any], number: int, found: dict[Key, Floats], times: Floats
    ) -> Iterator[tuple[str, dict[str, str], Floats]]:
        if "record" in rule:
            for key, values in found.items():
                yield rule["record"], dict(key), values
            return
        name = rule["alert"]
        known = {key for owner, of, key in self._alerts if (owner, of) == (name, number)}
        nothing = np.full(len(times), np.nan)
        for key in sorted(known | set(found)):
            alert = self._alerts.setdefault((name, number, key), _Alert())
            yield from _alerting(rule, alert, key, found.get(key, nothing), times)

    def _ask(self, expr: str, times: Floats, step: float) -> dict[Key, Floats]:
        parameters = {"query": expr, "start": times[0], "end": times[-1], "step": step}
        answer = requests.post(f"{self.url}/api/v1/query_range", data=parameters, timeout=1200)
        document = answer.json()
        if document["status"] != "success":
            raise RuntimeError(f"{document['error']}: {expr}")
        found = {}
        for one in document["data"]["result"]:
            values = np.full(len(times), np.nan)
            at = [round((time - times[0]) / step) for time, _ in one["values"]]
            values[at] = [float(text) for _, text in one["values"]]
            labels = {key: text for key, text in one["metric"].items() if key != "__name__"}
            found[tuple(sorted(labels.items()))] = values
        return found


def _alerting(
    rule: Mapping[str, Any], alert: _Alert, key: Key, values: Floats, times: Floats
) -> Iterator[tuple[str, dict[str, str], Floats]]:
    """The series that Prometheus writes about an alert."""
    states, since = [], []
    for now, value in zip(times.tolist(), values.tolist(), strict=True):
        states.append(alert.look(rule, now, not np.isnan(value)))
        since.append(alert.since)
    own = {name: text for name, text in rule["labels"].items() if "{{" not in text}
    labels = dict(key) | own | {"alertname": rule["alert"]}
    for state in ("pending", "firing"):
        if state in states:
            ones = np.array([1.0 if one == state else np.nan for one in states])
            yield "ALERTS", labels | {"alertstate": state}, ones
    if any(states):
        yield "ALERTS_FOR_STATE", labels, np.array(since)
