"""Events of a model: requests that are worth a line, and versions that appear."""

from __future__ import annotations

from typing import Self

import numpy as np

from inference_exporter.config.schema_services import EventsConfig
from inference_exporter.model.counting import Counting
from inference_exporter.model.interest import Interest, told_of
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.values.batch import Batch, NumericColumn, Scalar
from inference_exporter.values.events import PREDICTION, VERSION, Event, Teller, reference_event
from inference_exporter.values.spans import Attribute
from inference_exporter.values.vocabulary import OVERFLOW

_TEXTS = {
    "error": "a request failed",
    "slow": "a request was slow",
    "wrong": "a prediction was wrong",
    "outlier": "inputs unlike the reference's",
    "boundary": "a score close to the boundary",
}


class EventsPart(Part):
    """Tells of one model's requests and versions."""

    def __init__(self, setting: Setting, config: EventsConfig, teller: Teller) -> None:
        self._model, self._config, self._teller = setting.config.name, config, teller
        self._interest = Interest(setting.config)
        self._versions: set[str] = set()
        self._names = 0  # how many names of versions were looked at
        self._reference, self._started = "", False

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        return cls(setting, *setting.events) if setting.events else None

    def use(self, counting: Counting, now: float) -> None:
        """See `Part.use`: another reference than before is an event."""
        self._layout, self._timeline = counting.layout, counting.timeline
        before = self._reference
        self._reference = counting.reference.fingerprint if counting.reference else ""
        if self._reference != before and self._started:
            self._teller.tell(reference_event(self._model, now, before, self._reference))

    def start(self, now: float) -> None:  # noqa: ARG002
        """See `Part.start`: what is known from before is not new."""
        self._versions = {OVERFLOW, *self._timeline.versions}
        self._started = True

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`."""
        for name in rows.names[self._names :]:
            self._appeared(name, rows.now)
        self._names = len(rows.names)
        told: set[int] = set()
        for reason, mask in self._interest.reasons(rows.batch, self._layout):
            if reason in self._config.predictions:
                self._tell(rows, reason, mask.nonzero()[0].tolist(), told)

    def _appeared(self, version: str, now: float) -> None:
        if version and version not in self._versions:
            fields = {"version": version}
            if self._teller.has_room(self._model, VERSION, "", now):
                self._teller.tell(Event(VERSION, now, self._model, "a version appeared", fields))
        self._versions.add(version)

    def _tell(self, rows: Rows, reason: str, chosen: list[int], told: set[int]) -> None:
        """Each request once, for the first reason."""
        new = [row for row in chosen if row not in told]
        told.update(new)
        for place, row in enumerate(new):
            if not self._teller.has_room(self._model, PREDICTION, reason, rows.now):
                self._teller.hold_back(PREDICTION, len(new) - place - 1)
                return
            self._teller.tell(self._event(rows, row, reason))

    def _event(self, rows: Rows, row: int, reason: str) -> Event:
        batch, time = rows.batch, float(rows.times[row])
        fields: dict[str, Attribute] = {"reason": reason, **told_of(batch, row)}
        trace = batch.trace_id[row] if batch.trace_id is not None else None
        if trace is not None:
            fields["trace_id"] = str(trace)
        if batch.latency is not None and not np.isnan(took := float(batch.latency.values[row])):
            fields["latency_seconds"] = took
        for name in self._config.features:
            value = _feature(batch, name, row)
            if value is not None:
                fields[name] = value
        when = rows.now if np.isnan(time) else time
        return Event(PREDICTION, when, self._model, _TEXTS[reason], fields)


def _feature(batch: Batch, name: str, row: int) -> Scalar:
    column = batch.features.get(name)
    if not isinstance(column, NumericColumn):
        return None if column is None else column.values[row]
    value = float(column.values[row])
    return None if np.isnan(value) else value
