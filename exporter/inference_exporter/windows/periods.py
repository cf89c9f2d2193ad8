"""Calendar periods as panes: a pane is a whole day, week, month or quarter of a zone.

Increments come by local day (`Placement.days`), which is a part of exactly one pane of each kind.
Which days belong to a period never depends on how long they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from inference_exporter.config.schema import Window
from inference_exporter.values.calendar import PERIODS, Calendar, number_of
from inference_exporter.values.tally import Tally
from inference_exporter.windows.panes import Panes
from inference_exporter.windows.timeline import Timeline

DAY = 86400.0


class PeriodPanes(Panes):
    """The periods of one kind and one model version, keyed by their number since 1970.

    The newest `PERIODS[kind]` are kept, also while nobody lets the others go. `added` is another
    number for a period whenever something was counted in it.
    """

    def __init__(self, kind: str, calendar: Calendar) -> None:
        super().__init__(Window(kind, PERIODS[kind] * DAY), DAY)
        self.kind, self._calendar = kind, calendar
        self.added: dict[int, int] = {}
        self._additions = 0
        self._dropped: list[int] = []

    @property
    def cut(self) -> str:
        """See `Panes.cut`: periods of another zone are others."""
        return self._calendar.timezone

    def number(self, base_pane: int) -> int:
        """See `Panes.number`; base panes are days."""
        return number_of(self.kind, base_pane)

    def add(self, base_pane: int, increments: Tally) -> None:
        """See `Panes.add`."""
        super().add(base_pane, increments)
        number = self.number(base_pane)
        self._additions += 1
        self.added[number] = self._additions
        if len(self.tallies) > PERIODS[self.kind]:
            self._drop(min(self.tallies))

    def _drop(self, number: int) -> None:
        del self.tallies[number]
        self.changed.discard(number)
        self.added.pop(number, None)
        self._dropped.append(number)

    def expire(self, now: float) -> list[int]:
        """See `Panes.expire`."""
        for number in [one for one in self.tallies if not self._is_inside(one, now)]:
            self._drop(number)
        gone, self._dropped = self._dropped, []
        return [number for number in gone if number not in self.tallies]

    def _is_inside(self, number: int, now: float) -> bool:
        return number > self.number(self._calendar.day(now)) - PERIODS[self.kind]


class PeriodTimeline(Timeline):
    """The counts of one model by calendar period."""

    def __init__(
        self,
        kinds: Sequence[str],
        calendar: Calendar,
        slices: Mapping[str, slice],
        signature: str,
        empty: Callable[[], Tally],
    ) -> None:
        super().__init__((Window("day", DAY),), slices, signature, empty)
        self.kinds, self.calendar, self.base = tuple(kinds), calendar, DAY

    def new_panes(self) -> dict[str, Panes]:
        """See `Timeline.new_panes`."""
        return {kind: PeriodPanes(kind, self.calendar) for kind in self.kinds}

    def periods(self, version: str, kind: str) -> PeriodPanes:
        """The periods of one kind."""
        found = self.versions[version].panes[kind]
        assert isinstance(found, PeriodPanes)
        return found

    def current(self, kind: str, now: float) -> int:
        """The number of the period of a kind that `now` is in."""
        return number_of(kind, self.calendar.day(now))

    def oldest(self, now: float) -> int:
        """The first day that any period that is kept may have, or an earlier one."""
        longest = max(PERIODS[kind] * _LONGEST[kind] for kind in self.kinds)
        return self.calendar.day(now) - longest


_LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92}
