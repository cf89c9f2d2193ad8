"""What the panes of the last day say one after the other: for the small lines of the status page.

Nothing is worked out here until somebody asks for a page, in the thread that writes it. The tallies
belong to nobody else: what is counted after they were handed over is counted in copies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from inference_exporter.config.schema import Window
from inference_exporter.results.evaluate import Evaluator
from inference_exporter.values.batch import Floats
from inference_exporter.values.status_facts import Scope, Stretch
from inference_exporter.values.tally import Tally

DAY = 86400.0
MOST = 30  # stretches in a line: each is of panes that lie side by side


@dataclass(frozen=True)
class Lately:
    """The panes of one version up to `now`, by number; each is `length` seconds long."""

    evaluator: Evaluator
    version: str
    window: Window
    panes: Mapping[int, Tally]
    length: float
    now: float

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """The stretches of the last day, or of the window if that is shorter, oldest first."""
        return tuple(stretch for stretch, _ in self._merged)

    @cached_property
    def _merged(self) -> list[tuple[Stretch, Tally | None]]:
        span = min(self.window.seconds, DAY)
        step = max(1, math.ceil(span / self.length / MOST - 1e-9))
        last = int(self.now // (self.length * step))
        count = math.ceil(span / (self.length * step) - 1e-9)
        return [self._stretch(at, step) for at in range(last - count + 1, last + 1)]

    def _stretch(self, at: int, step: int) -> tuple[Stretch, Tally | None]:
        found = [self.panes[n] for n in range(at * step, (at + 1) * step) if n in self.panes]
        stretch = Stretch(at * step * self.length, (at + 1) * step * self.length)
        if len(found) < 2:
            return stretch, found[0] if found else None
        merged = found[0].copy()
        for one in found[1:]:
            merged.merge(one)
        return stretch, merged

    def distances(self, scope: Scope, name: str) -> list[float | None]:
        """The distance of each stretch from the reference; None where too few values are."""
        ask = partial(self.evaluator.distance, self.version, self.window)
        return [None if one is None else ask(one, scope, name) for _, one in self._merged]

    def shares(self, scope: Scope, name: str) -> list[Floats | None]:
        """The shares of the bins in each stretch; None where no value is."""
        ask = partial(self.evaluator.shares, self.version, self.window)
        return [None if one is None else ask(one, scope, name) for _, one in self._merged]

    def figures(self) -> Mapping[str, list[float | None]]:
        """Requests, failures, latency and performance of each stretch, as far as they are known."""
        ask = partial(self.evaluator.figures, self.version, self.window)
        found = [{} if one is None else ask(one) for _, one in self._merged]
        if self.stretches[-1].end > self.now:
            found[-1].pop("requests", None)  # it is not over: there will be more
        names = dict.fromkeys(name for one in found for name in one)
        return {name: [one.get(name) for one in found] for name in names}


def window_of(windows: tuple[Window, ...]) -> Window:
    """The window whose panes are shown: the shortest that reaches over a day, or the longest."""
    long = [one for one in windows if one.seconds >= DAY]
    key = min if long else max
    return key(long or windows, key=lambda one: one.seconds)
