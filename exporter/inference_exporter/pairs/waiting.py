"""Halves of predictions that wait for the other: bounded, committed, each counted once.

A half waits until the other comes, its time is over, or too many wait. The ids of pairs that are
complete are kept as long: a log that is delivered at least once repeats its lines.

State: a key for every half that waits at a commit, and one chunk of ids for every commit.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping

import msgspec

from inference_exporter.pairs.halves import Half, joined

HALF, DONE, COUNTS = "pairs/half/", "pairs/done/", "pairs/counts"
RESULTS = ("answered", "unanswered", "unasked", "duplicate")


class Waiting(msgspec.Struct):
    """A half, since when it waits, and its number in the state."""

    half: Half
    arrived: float
    number: int


class WaitingHalves:
    """The halves of one model, by id."""

    def __init__(self, within: float, limit: int) -> None:
        self._within, self._limit = within, limit
        # Both in order of arrival: the oldest leave first, which a plain dict is slow at.
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()
        self._done: OrderedDict[str, float] = OrderedDict()  # ids of complete pairs, by when
        self.counts: Counter[str] = Counter(dict.fromkeys(RESULTS, 0))
        self._number = 0
        self._stored: set[int] = set()  # numbers of halves in the state
        self._restated: set[int] = set()  # of these, what is said differently by now
        self._gone: set[str] = set()  # keys of the state to delete
        self._fresh: list[str] = []  # ids done since the last commit
        self._chunks: dict[str, float] = {}  # chunks of done ids in the state, by when
        self._changed = True

    def __len__(self) -> int:
        return len(self._waiting)

    def meet(self, half: Half, now: float) -> bytes:
        """Take a half; the line that is whole now, or nothing."""
        self._changed = True
        one, side = half.id, half.side
        other = self._waiting.get(one)
        if other is None:
            if one in self._done:
                self.counts["duplicate"] += 1
                return b""
            self._number += 1
            self._waiting[one] = Waiting(half, now, self._number)
            return self._give_up_oldest() if len(self._waiting) > self._limit else b""
        if other.half.side == side:
            self.counts["duplicate"] += 1
            return b""
        self._drop(one)
        self._remember(one, now)
        self.counts["answered"] += 1
        if side == "request":
            return joined(one, half.body, other.half.body)
        return joined(one, other.half.body, half.body)

    def whole(self, now: float) -> bytes:  # noqa: ARG002
        """Lines that are whole since others did not come; pairs are whole as they meet."""
        return b""

    def is_due(self, now: float) -> bool:
        """Whether something has waited long enough."""
        oldest = next(iter(self._waiting.values()), None)
        return oldest is not None and oldest.arrived <= now - self._within

    def overdue(self, now: float) -> bytes:
        """Lines of halves whose time is over; ids that need not be remembered are forgotten."""
        lines: list[bytes] = []
        while self._waiting:
            oldest = next(iter(self._waiting.values()))
            if oldest.arrived > now - self._within:
                break
            lines.append(self._give_up_oldest())
        self._forget_done(now)
        return b"".join(lines)

    def _forget_done(self, now: float) -> None:
        while self._done and next(iter(self._done.values())) <= now - self._within:
            self._done.popitem(last=False)
        for key, when in list(self._chunks.items()):
            if when <= now - self._within:
                del self._chunks[key]
                self._gone.add(key)

    def _give_up_oldest(self) -> bytes:
        self._changed = True
        oldest = next(iter(self._waiting))
        half = self._waiting[oldest].half
        arrived = self._waiting[oldest].arrived
        self._drop(oldest)
        self._remember(oldest, arrived + self._within)
        if half.side == "request":
            self.counts["unanswered"] += 1
            return joined(oldest, half.body, None)
        self.counts["unasked"] += 1
        return joined(oldest, None, half.body)

    def _drop(self, one: str) -> None:
        self._forget(self._waiting.pop(one))

    def _forget(self, one: Waiting) -> None:
        """A half does not wait any more."""
        if one.number in self._stored:
            self._stored.discard(one.number)
            self._gone.add(f"{HALF}{one.number}")

    def _all(self) -> Iterable[Waiting]:
        """Every half that waits."""
        return self._waiting.values()

    def _keep(self, one: Waiting) -> None:
        """A half waits."""
        self._waiting[one.half.id] = one

    def _remember(self, one: str, now: float) -> None:
        self._done[one] = now
        self._fresh.append(one)
        if len(self._done) > 2 * self._limit:
            self._done.popitem(last=False)

    # -- state ----------------------------------------------------------------------------------

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """What to write and to delete since the last call."""
        if not self._changed and not self._gone:
            return {}, set()
        puts = {COUNTS: msgspec.msgpack.encode((dict(self.counts), self._number))}
        for one in self._all():
            if one.number not in self._stored or one.number in self._restated:
                self._stored.add(one.number)
                record = (one.half.id, one.half.side, one.arrived, one.half.body)
                puts[f"{HALF}{one.number}"] = msgspec.msgpack.encode(record)
        if self._fresh:
            self._number += 1
            key = f"{DONE}{self._number}"
            when = max(self._done.get(one, 0.0) for one in self._fresh)
            puts[key] = msgspec.msgpack.encode((when, self._fresh))
            self._chunks[key], self._fresh = when, []
        self._restated.clear()
        gone, self._gone, self._changed = self._gone, set(), False
        return puts, gone

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Take up committed state; ValueError if it cannot be used."""
        if COUNTS not in state:
            return
        decode = msgspec.msgpack.decode
        counts, self._number = decode(state[COUNTS], type=tuple[dict[str, int], int])
        self.counts.update(counts)
        halves = sorted((int(k.removeprefix(HALF)), k) for k in state if k.startswith(HALF))
        for number, key in halves:
            one, side, arrived, body = decode(state[key], type=tuple[str, str, float, bytes])
            half = Half("request" if side == "request" else "response", one, body)
            self._keep(Waiting(half, arrived, number))
            self._stored.add(number)
        for key in (key for key in state if key.startswith(DONE)):
            when, ids = decode(state[key], type=tuple[float, list[str]])
            self._chunks[key] = when
            self._done.update(dict.fromkeys(ids, when))
        self._done = OrderedDict(sorted(self._done.items(), key=lambda entry: entry[1]))
