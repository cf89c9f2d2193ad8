"""Requests and responses that have nothing in common but their order in one file.

A server that answers one request at a time writes a request, its response, the next request. So a
response is that of the request right before it, as long as no other request is open. Where two are
open nothing tells whose response comes first: none of them is joined, they count as `ambiguous`,
and so do all that come until nothing is open any more. A request that is never answered is given
up after `within`.
"""

from __future__ import annotations

from collections.abc import Iterable

from inference_exporter.pairs.halves import Half, joined
from inference_exporter.pairs.waiting import Waiting, WaitingHalves

_CLEAR, _DOUBTFUL = "", "?"  # ids of halves, in their place


class OrderedHalves(WaitingHalves):
    """The open requests of one file, the oldest first."""

    def __init__(self, within: float, limit: int) -> None:
        super().__init__(within, limit)
        self.counts["ambiguous"] = 0
        self._open: list[Waiting] = []

    def __len__(self) -> int:
        return len(self._open)

    def meet(self, half: Half, now: float) -> bytes:
        """Take a half; the line that is whole now, or nothing."""
        self._changed = True
        if half.side == "request":
            self._number += 1
            self._open.append(Waiting(Half("request", _CLEAR, half.body), now, self._number))
            if len(self._open) > 1:
                self._doubt()
            return self._give_up() if len(self._open) > self._limit else b""
        if not self._open:
            self.counts["unasked"] += 1
            return joined(None, None, half.body)
        request = self._open.pop()  # the newest: one that is never answered grows old and goes
        self._forget(request)
        if request.half.id == _DOUBTFUL:
            self.counts["ambiguous"] += 1
            return b""
        self.counts["answered"] += 1
        return joined(None, request.half.body, half.body)

    def _doubt(self) -> None:
        """None of the open requests can be joined."""
        for one in self._open:
            if one.half.id != _DOUBTFUL:
                one.half.id = _DOUBTFUL
                self._restated.add(one.number)

    def is_due(self, now: float) -> bool:
        """See `WaitingHalves.is_due`."""
        return bool(self._open) and self._open[0].arrived <= now - self._within

    def overdue(self, now: float) -> bytes:
        """Lines of requests whose time is over."""
        lines = []
        while self.is_due(now):
            lines.append(self._give_up())
        return b"".join(lines)

    def _give_up(self) -> bytes:
        self._changed = True
        request = self._open.pop(0)
        self._forget(request)
        if request.half.id == _DOUBTFUL:
            self.counts["ambiguous"] += 1
            return b""
        self.counts["unanswered"] += 1
        return joined(None, request.half.body, None)

    def _all(self) -> Iterable[Waiting]:
        return self._open

    def _keep(self, one: Waiting) -> None:
        self._open.append(one)
