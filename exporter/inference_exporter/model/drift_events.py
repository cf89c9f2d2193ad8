"""Drift that began and drift that ended, told as decisions are made."""

from __future__ import annotations

from inference_exporter.decisions import Decisions, Judgement
from inference_exporter.values.events import DRIFT, Event, Teller
from inference_exporter.values.spans import Attribute

Subject = tuple[str, str, str, str]  # version, window, scope, name


class DriftEvents:
    """Follows the decisions of one model. A window that cannot be decided on changes nothing."""

    def __init__(self, model: str, teller: Teller) -> None:
        self._model, self._teller = model, teller
        self._drifted: set[Subject] = set()

    def know(self, decisions: Decisions) -> None:
        """What drifted before is not new."""
        subjects = [(one.scope, one.name) for one in decisions.subjects.bins]
        for (version, window), track in decisions.tracks.items():
            for row in track.states.drifted.nonzero()[0].tolist():
                self._drifted.add((version, window, *subjects[row]))

    def __call__(self, judged: Judgement) -> None:
        """A window was decided on."""
        for row, (scope, name) in enumerate(judged.subjects):
            subject = (judged.version, judged.window, scope, name)
            drifted = bool(judged.drifted[row])
            if judged.enough[row] and drifted != (subject in self._drifted):
                self._drifted ^= {subject}
                self._told(judged, row, subject, drifted)

    def _told(self, judged: Judgement, row: int, subject: Subject, drifted: bool) -> None:
        version, window, scope, name = subject
        fields: dict[str, Attribute] = {
            "state": "began" if drifted else "ended", "version": version, "window": window,
            scope: name, "distance": float(judged.evidence.distance[row]),
            "rows": float(judged.evidence.rows[row]),
        }  # fmt: skip
        text = f"drift of {scope} {name} {'began' if drifted else 'ended'}"
        if self._teller.has_room(self._model, DRIFT, name, judged.end):
            self._teller.tell(Event(DRIFT, judged.end, self._model, text, fields))
