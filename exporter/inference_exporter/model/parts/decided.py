"""The decisions of late, as a few bits each: for the timeline of the status page.

The record (`record/`) has every decision with its evidence; this has the last few at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

import msgspec

from inference_exporter.decisions import Judgement
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Setting
from inference_exporter.values.status_facts import Decided, ModelFacts

PREFIX = "decided/"
MOST = 60  # of each version and window

Key = tuple[str, str]


class DecidedPart(Part):
    """Remembers what was decided on the last windows."""

    leftovers = (PREFIX,)

    def __init__(self) -> None:
        self._known: dict[Key, tuple[Decided, ...]] = {}
        self._changed: set[Key] = set()
        self._watching = False

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`. Who reads a log once has no page."""
        return None if setting.event_time or setting.config.reference is None else cls()

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        self._windows = {window.name for window in counting.config.windows}
        if not self._watching:
            assert counting.watch_decisions is not None  # the part that decides comes before
            counting.watch_decisions(self.told)
            self._watching = True

    def told(self, judgement: Judgement) -> None:
        """Take a decision on a window."""
        rows = list(zip(judgement.subjects, judgement.drifted, judgement.enough, strict=True))
        one = Decided(
            judgement.end,
            frozenset(name for name, drifted, _ in rows if drifted),
            frozenset(name for name, _, enough in rows if not enough),
        )
        key = (judgement.version, judgement.window)
        self._known[key] = (*self._known.get(key, ()), one)[-MOST:]
        self._changed.add(key)

    def facts(self, known: ModelFacts) -> ModelFacts:
        """See `Part.facts`."""
        return replace(known, decided=dict(self._known))

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        puts = {
            PREFIX + msgspec.json.encode(key).decode(): msgspec.msgpack.encode(self._known[key])
            for key in self._changed
        }
        self._changed.clear()
        return puts, set()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        problems = []
        for name, value in state.items():
            if name.startswith(PREFIX):
                try:
                    key = msgspec.json.decode(name.removeprefix(PREFIX), type=Key)
                    found = msgspec.msgpack.decode(value, type=tuple[Decided, ...])
                except msgspec.MsgspecError as error:
                    problems.append(f"{name}: {error}")
                    continue
                if key[1] in self._windows:
                    self._known[key] = found
        return problems
