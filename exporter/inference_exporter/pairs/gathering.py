"""Requests that are several lines, each a row, and the one line that answers them.

Nothing in a line says how many rows a request has, and the answer is in another file as a rule,
which may be read first. So a request that has its answer waits until no line of it came for a
while; then it is one line, with the rows in the order in which they came. A row that comes later
still is counted as a duplicate, not as a request of its own.

The state is that of `waiting`: a key for every line that waits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from itertools import chain

import msgspec

from inference_exporter.pairs.halves import Half, joined, listed
from inference_exporter.pairs.waiting import Waiting, WaitingHalves


class _Group(msgspec.Struct):
    """The lines of one request: its rows, and what answers them."""

    rows: list[Waiting]
    answer: Waiting | None = None
    last: float = 0.0  # when a line of it came last

    def lines(self) -> list[Waiting]:
        return self.rows if self.answer is None else [*self.rows, self.answer]

    @property
    def is_whole(self) -> bool:
        return bool(self.rows) and self.answer is not None


class GatheredHalves(WaitingHalves):
    """The lines of one model, by id; the limit is of lines."""

    def __init__(self, within: float, limit: int, settle: float) -> None:
        super().__init__(within, limit)
        self._settle = settle
        # Both by when a line came last: the oldest leave first.
        self._open: OrderedDict[str, _Group] = OrderedDict()  # one side is missing
        self._whole: OrderedDict[str, _Group] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def meet(self, half: Half, now: float) -> bytes:
        """Take a line; the lines of requests that wait no longer, because too many do."""
        self._changed = True
        group = self._open.get(half.id) or self._whole.get(half.id)
        answered = group is not None and group.answer is not None
        if half.id in self._done or (half.side == "response" and answered):
            self.counts["duplicate"] += 1
            return b""
        self._number += 1
        self._keep(Waiting(half, now, self._number))
        return b"" if self._size <= self._limit else self._leave(self._whole or self._open)

    def _keep(self, one: Waiting) -> None:
        group = self._open.pop(one.half.id, None) or self._whole.pop(one.half.id, None)
        group = group or _Group([])
        if one.half.side == "request":
            group.rows.append(one)
        else:
            group.answer = one
        group.last = max(group.last, one.arrived)
        self._size += 1
        (self._whole if group.is_whole else self._open)[one.half.id] = group

    def whole(self, now: float) -> bytes:
        """Requests with their answers of which no line came for a while."""
        return b"".join(self._due(self._whole, now - self._settle))

    def is_due(self, now: float) -> bool:
        """See `WaitingHalves.is_due`."""
        waits = ((self._whole, self._settle), (self._open, self._within))
        return any(
            next(iter(groups.values())).last <= now - time for groups, time in waits if groups
        )

    def overdue(self, now: float) -> bytes:
        """See `WaitingHalves.overdue`."""
        whole = self.whole(now)
        lines = self._due(self._open, now - self._within)
        self._forget_done(now)
        return b"".join([whole, *lines])

    def _due(self, groups: OrderedDict[str, _Group], until: float) -> list[bytes]:
        lines = []
        while groups and next(iter(groups.values())).last <= until:
            lines.append(self._leave(groups))
        return lines

    def _leave(self, groups: OrderedDict[str, _Group]) -> bytes:
        """The oldest request waits no more."""
        self._changed = True
        one, group = groups.popitem(last=False)
        lines = group.lines()
        self._size -= len(lines)
        for line in lines:
            self._forget(line)
        self._remember(one, group.last if group.is_whole else group.last + self._within)
        missing = "unanswered" if group.answer is None else "unasked"
        self.counts["answered" if group.is_whole else missing] += 1
        rows = listed([row.half.body for row in group.rows])
        return joined(one, rows, None if group.answer is None else group.answer.half.body)

    def _all(self) -> Iterable[Waiting]:
        groups = chain(self._open.values(), self._whole.values())
        return chain.from_iterable(group.lines() for group in groups)
