"""What became of labels and of predictions that waited for one: counts by reason, from closed sets.

`RESULTS` are what can become of a label. `PROBLEMS` are what is odd about one; it may be counted
all the same, as its result says.
"""

from __future__ import annotations

import msgspec

from inference_exporter.values.samples import Labels

RESULTS = ("matched", "duplicate", "unmatched", "late", "invalid")
FOREIGN = "foreign"  # instead of unmatched, where several sidecars read one feed of labels
PROBLEMS = (
    "no_id",
    "no_actual",
    "not_a_number",
    "unknown_class",
    "unreadable_time",
    "clock_skew",
    "conflict",
)
EVICTIONS = ("expired", "capacity", "unwritten")
IGNORED = ("no_id", "duplicate_id")

_FAMILIES = {
    "label": "inference_labels_total",
    "problem": "inference_label_problems_total",
    "evicted": "inference_predictions_evicted_total",
    "ignored": "inference_predictions_not_awaiting_total",
}


class Counts:
    """Counters of one model; names after the kind are label values."""

    def __init__(self, shared: bool) -> None:
        self._shared = shared
        self.counters: dict[tuple[str, ...], float] = {}
        self.awaiting: dict[str, float] = {}  # predictions without a label, by version
        for result in (*RESULTS[2:], *((FOREIGN,) if shared else ())):
            self.add("label", "", result, by=0)
        for kind, reasons in (("problem", PROBLEMS), ("evicted", EVICTIONS), ("ignored", IGNORED)):
            for reason in reasons:
                self.add(kind, reason, by=0)

    def add(self, *key: str, by: float) -> None:
        """Count; `by=0` makes the series exist."""
        self.counters[key] = self.counters.get(key, 0.0) + by

    def add_awaiting(self, version: str, by: float) -> None:
        """More (or fewer) predictions of a version wait; its counters exist from then on."""
        if version not in self.awaiting:
            for result in RESULTS[:2]:
                self.add("label", version, result, by=0)
        self.awaiting[version] = self.awaiting.get(version, 0.0) + by

    def given_up(self, labels: int) -> None:
        """Labels whose prediction did not come: of another replica, where the feed is shared."""
        self.add("label", "", FOREIGN if self._shared else "unmatched", by=labels)

    def samples(self, model: str) -> dict[str, dict[Labels, float]]:
        """All counters and the gauge, by family."""
        values: dict[str, dict[Labels, float]] = {
            "inference_predictions_awaiting_label": {
                (model, version): count for version, count in self.awaiting.items()
            }
        }
        for (kind, *names), count in self.counters.items():
            values.setdefault(_FAMILIES[kind], {})[(model, *names)] = count
        return values

    def to_bytes(self) -> bytes:
        """For the committed state."""
        return msgspec.msgpack.encode((list(self.counters.items()), list(self.awaiting.items())))

    def restore(self, data: bytes) -> None:
        """Take up committed counts; raises ValueError if damaged."""
        kind = tuple[list[tuple[tuple[str, ...], float]], list[tuple[str, float]]]
        try:
            counters, awaiting = msgspec.msgpack.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise ValueError(f"damaged counts of labels: {error}") from error
        self.counters.update({key: value for key, value in counters if key[0] in _FAMILIES})
        self.awaiting.update(awaiting)
