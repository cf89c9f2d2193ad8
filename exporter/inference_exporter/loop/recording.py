"""Decisions of all models, as the loop needs them: counted, and put on record.

They are made before a commit (`DecisionsPart.settle`), counted and given a place in that commit,
and appended to the record after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from inference_exporter.clock import Clock
from inference_exporter.decisions import Judgement
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.model import DecisionsPart
from inference_exporter.record import VERDICTS, Journal, lines_of

_ME = "inference_exporter_"


class Recording:
    """The decisions of all models, for one loop. Without a `journal` they are only counted."""

    def __init__(
        self, feeds: Iterable[Feed], telemetry: Telemetry, journal: Journal | None, clock: Clock
    ) -> None:
        self._telemetry, self._journal, self._clock = telemetry, journal, clock
        self._parts: dict[str, DecisionsPart] = {}
        self._begun: set[tuple[str, str, str, str]] = set()  # series that are there
        for feed in feeds:
            part = feed.model.part(DecisionsPart)
            assert part is not None  # every model has them
            self._parts[feed.name] = part
            part.watch(partial(self._told, feed.name))

    def _told(self, model: str, judgement: Judgement) -> None:
        """A window was decided on."""
        self._begin(model, judgement.version, judgement.window)
        fingerprint = self._parts[model].reference
        for line in lines_of(judgement, model, fingerprint, self._clock.now()):
            base = (model, line.version)
            self._telemetry.inc("inference_drift_decisions_total", *base, line.window, line.verdict)
            if line.onset:
                self._telemetry.inc(_ONSETS[line.scope], *base, line.name, line.window)
            if self._journal is not None:
                self._journal.add(judgement.end, line.encoded())

    def _begin(self, model: str, version: str, window: str) -> None:
        """Let counters begin at 0, before the first decision: an increase has to be seen."""
        for verdict in VERDICTS:
            self._telemetry.inc(
                "inference_drift_decisions_total", model, version, window, verdict, by=0
            )
        for scope, name in self._parts[model].decisions.subjects.names:
            self._telemetry.inc(_ONSETS[scope], model, version, name, window, by=0)

    def note(self) -> None:
        """Before a commit: counters of series that are new, and of the record."""
        for model, part in self._parts.items():
            for version, window in part.decisions.tracks:
                key = (model, version, window, part.reference)
                if key not in self._begun:
                    self._begun.add(key)
                    self._begin(model, version, window)
        if self._journal is not None:
            self._note_journal(self._journal)

    def _note_journal(self, journal: Journal) -> None:
        tell, (written, dropped, errors) = self._telemetry, journal.take_counts()
        tell.inc(f"{_ME}record_lines_total", "written", by=written)
        tell.inc(f"{_ME}record_lines_total", "dropped", by=dropped)
        tell.inc(f"{_ME}record_errors_total", by=errors)
        tell.set(f"{_ME}record_waiting_bytes", value=float(journal.waiting_bytes))
        tell.set(f"{_ME}record_bytes", value=float(journal.size_bytes))

    def take_changes(self) -> tuple[dict[str, bytes], list[str]]:
        """State to write and to delete."""
        return ({}, []) if self._journal is None else self._journal.take_changes()

    def append(self, now: float) -> None:
        """After a commit: its lines into their files."""
        if self._journal is not None:
            self._journal.append(now)

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Take up committed state; raises ValueError if it is damaged."""
        if self._journal is not None:
            self._journal.restore(state)


_ONSETS = {
    "feature": "inference_drift_onsets_total",
    "output": "inference_output_drift_onsets_total",
}
