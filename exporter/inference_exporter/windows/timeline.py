"""All counts of one model in time: per version the totals since ever and the panes of each window.

The timeline knows what has changed since the last commit and writes only that: the totals of
versions that were seen, the panes that were added to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from inference_exporter.config.schema import Window
from inference_exporter.values.tally import Tally
from inference_exporter.windows import codec
from inference_exporter.windows.panes import Panes, base_length
from inference_exporter.windows.placement import NO_PANE, Placement

_KEY = msgspec.json.Encoder()


@dataclass(slots=True)
class History:
    """One version: `created` and `newest` (event time) in epoch seconds."""

    total: Tally
    panes: dict[str, Panes]
    created: float
    newest: float = math.nan
    changed: bool = True


class _StoredTotal(msgspec.Struct, array_like=True):
    created: float
    newest: float | None
    tally: bytes


class Timeline:
    """The counts of one model.

    Parameters
    ----------
    windows
        The configured windows.
    slices, signature
        Where each accumulator's cells are in a tally, and a hash of that.
    empty
        Makes a tally in which everything known beforehand stands at 0.
    """

    def __init__(
        self,
        windows: tuple[Window, ...],
        slices: Mapping[str, slice],
        signature: str,
        empty: Callable[[], Tally],
    ) -> None:
        self.windows = windows
        self.base = base_length(windows)
        self.versions: dict[str, History] = {}
        self._slices, self._signature, self._empty = slices, signature, empty
        self._deleted: set[str] = set()
        self._layout_saved = False
        self.watch: Callable[[str, int, Tally], None] | None = None
        """Is told what is added: version, number of the base pane, increments."""

    def version(self, name: str, now: float) -> History:
        """The history of a version; a new one starts with everything at 0."""
        history = self.versions.get(name)
        if history is None:
            panes = self.new_panes()
            history = self.versions[name] = History(self._empty(), panes, created=now)
        return history

    def new_panes(self) -> dict[str, Panes]:
        """The panes of a new version, by window."""
        return {window.name: Panes(window, self.base) for window in self.windows}

    def add(
        self, placement: Placement, names: list[str], tallies: Iterable[Tally], now: float
    ) -> None:
        """Count what a batch adds: one tally per group of the placement."""
        groups = zip(placement.groups, placement.newest, tallies, strict=True)
        for (version, pane), newest, tally in groups:
            history = self.version(names[version], now)
            history.total.merge(tally)
            history.changed = True
            history.newest = float(np.fmax(history.newest, newest))
            if pane != NO_PANE:
                for panes in history.panes.values():
                    panes.add(pane, tally)
                if self.watch is not None:
                    self.watch(names[version], pane, tally)

    def pane_length(self, window: Window) -> float:
        """Length of the panes of a window, in seconds."""
        return Panes(window, self.base).length

    @property
    def newest(self) -> float:
        """Newest event time of all versions, NaN before the first."""
        times = [history.newest for history in self.versions.values()]
        return max((time for time in times if not math.isnan(time)), default=math.nan)

    def window(self, version: str, window: str, now: float) -> Tally:
        """What was counted in the window that ends at `now`."""
        history = self.versions[version]
        into = Tally.zeros(len(history.total.dense))
        return history.panes[window].merge(into, now)

    def expire(self, now: float) -> None:
        """Let panes go that have left their windows."""
        for name, history in self.versions.items():
            for panes in history.panes.values():
                for number in panes.expire(now):
                    self._deleted.add(_pane_key(name, panes, number))

    def take_changes(self, *, everything: bool = False) -> tuple[dict[str, bytes], set[str]]:
        """Keys to write and keys to delete since the last call; or all there is."""
        if everything:
            self.mark_all()
        puts = {} if self._layout_saved else self._layout()
        for name, history in self.versions.items():
            if history.changed:
                puts[_key("total", name)] = self._total(history)
                history.changed = False
            for panes in history.panes.values():
                for number in panes.changed:
                    value = codec.encode(panes.tallies[number], self._signature)
                    puts[_pane_key(name, panes, number)] = value
                panes.changed.clear()
        deletes, self._deleted = self._deleted - puts.keys(), set()
        return puts, deletes

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:
        """Take up committed counts; returns a sentence for each value that could not be used."""
        layouts: dict[str, dict[str, slice]] = {}
        problems: list[str] = []
        for stage in ("layout", "total", "pane"):
            for key, value in state.items():
                parts = msgspec.json.decode(key, type=list[str])
                try:
                    if parts[0] == stage == "layout":
                        layouts[parts[1]] = codec.decode_layout(value)
                    elif parts[0] == stage == "total":
                        self._restore_total(parts[1], value, layouts, now)
                    elif parts[0] == stage == "pane":
                        self._restore_pane(parts, value, layouts, now)
                except ValueError as error:
                    problems.append(f"{key}: {error}")
        self._deleted |= {_key("layout", name) for name in layouts if name != self._signature}
        self._rewrite_if_moved(layouts)
        return problems

    def _restore_total(
        self, name: str, value: bytes, layouts: Mapping[str, codec.Slices], now: float
    ) -> None:
        try:
            stored = msgspec.msgpack.decode(value, type=_StoredTotal)
        except msgspec.MsgspecError as error:
            raise ValueError(f"damaged totals: {error}") from error
        history = self.version(name, now)
        history.created = stored.created
        history.newest = math.nan if stored.newest is None else stored.newest
        history.total = codec.decode(stored.tally, self._empty(), self._slices, layouts)
        history.changed = False

    def _restore_pane(
        self, parts: list[str], value: bytes, layouts: Mapping[str, codec.Slices], now: float
    ) -> None:
        _, version, window, cut, number = parts
        panes = self.version(version, now).panes.get(window)
        if panes is None or panes.cut != cut:
            self._deleted.add(_key(*parts))  # the configuration has other windows now
            return
        empty = Tally.zeros(len(self._empty().dense))
        panes.tallies[int(number)] = codec.decode(value, empty, self._slices, layouts)

    def _rewrite_if_moved(self, layouts: Mapping[str, codec.Slices]) -> None:
        """With another layout than was committed, everything is written anew."""
        self._layout_saved = self._signature in layouts
        if any(name != self._signature for name in layouts):
            self.mark_all()

    def mark_all(self) -> None:
        """Nothing of it is on disk: the next changes are all there is."""
        self._layout_saved = False
        for history in self.versions.values():
            history.changed = True
            for panes in history.panes.values():
                panes.changed.update(panes.tallies)

    def _layout(self) -> dict[str, bytes]:
        self._layout_saved = True
        return {_key("layout", self._signature): codec.encode_layout(self._slices)}

    def _total(self, history: History) -> bytes:
        newest = None if math.isnan(history.newest) else history.newest
        tally = codec.encode(history.total, self._signature)
        return msgspec.msgpack.encode(_StoredTotal(history.created, newest, tally))


def _key(*parts: str) -> str:
    return _KEY.encode(parts).decode()


def _pane_key(version: str, panes: Panes, number: int) -> str:
    return _key("pane", version, panes.window.name, panes.cut, str(number))
