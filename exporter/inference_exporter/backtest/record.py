"""What is kept of each window of a log: its decision, and its counts for performance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from inference_exporter.config.schema import Window
from inference_exporter.decisions import Judgement
from inference_exporter.decisions.spans import Span
from inference_exporter.model import Model
from inference_exporter.model.parts.decisions import DecisionsPart
from inference_exporter.values.tally import Tally

Metrics = dict[str, float]


@dataclass(slots=True)
class Looked:
    """A window of a version: what was decided, and how good the model was in it.

    `realised` and `estimated` are by metric; `judgement` is None for a window without features.
    """

    version: str
    window: str
    end: float
    judgement: Judgement | None = None
    requests: float = 0.0
    realised: Metrics = field(default_factory=dict)
    estimated: Metrics = field(default_factory=dict)


class Record:
    """Collects while a log is read."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.also: Callable[[Judgement, Tally], None] | None = None  # is told of each, with counts
        windows = model.config.windows
        self._spans = [Span.of(window, model.timeline.base) for window in windows]
        self._tallies: dict[tuple[str, str, int], Tally] = {}
        self.judgements: list[Judgement] = []
        self._decisions = model.part(DecisionsPart)
        assert self._decisions is not None  # every model has them
        self._decisions.watch(self._judged)
        model.timeline.watch = self._added

    def _judged(self, judgement: Judgement) -> None:
        self.judgements.append(judgement)
        if self.also is not None:
            self.also(
                judgement, self._tallies[judgement.version, judgement.window, judgement.number]
            )
        self.model.timeline.expire(judgement.end)  # the page at the end needs no more

    def _added(self, version: str, pane: int, tally: Tally) -> None:
        for span in self._spans:
            number, _ = span.place(pane)
            key = (version, span.window.name, number)
            kept = self._tallies.get(key)
            if kept is None:
                self._tallies[key] = tally.copy()
            else:
                kept.merge(tally)

    def decide_rest(self) -> None:
        """Decide on the windows that are open at the end of the log, as if they were complete."""
        longest = max(span.seconds for span in self._spans)
        assert self._decisions is not None
        self._decisions.decisions.decide(self.model.timeline.newest + longest, 0.0, live=False)

    def looked(self) -> list[Looked]:
        """Every window, in the order of their ends."""
        judged = {(one.version, one.window, one.number): one for one in self.judgements}
        found = [self._of(key, judged.get(key)) for key in self._tallies]
        return sorted(found, key=lambda one: (one.end, one.window, one.version))

    def _of(self, key: tuple[str, str, int], judgement: Judgement | None) -> Looked:
        version, name, number = key
        span = next(one for one in self._spans if one.window.name == name)
        tally, positive = self._tallies[key], self.model.config.positive_class
        gauges = self.model.publisher.evaluator.of_window(version, span.window, tally)
        requests = sum(value for cell, value in tally.sparse.items() if cell[0] == "code")
        return Looked(
            version, name, span.end(number), judgement, requests,
            dict(_metrics(gauges.get("inference_performance", {}), span.window, positive)),
            dict(_metrics(gauges.get("inference_performance_estimate", {}), span.window, positive)),
        )  # fmt: skip


def _metrics(
    values: dict[tuple[str, ...], float], window: Window, positive: str | None
) -> Iterator[tuple[str, float]]:
    """By metric: of the whole, and of the positive class; labels are (…, metric, class, window)."""
    for labels, value in values.items():
        if labels[-1] == window.name and set(labels[3:-1]) <= {"", positive}:
            yield labels[2], value
