"""Concept drift of one model: per version, every configured detector on every stream there is.

Streams are followed in the order in which rows are read. `take` makes them of a batch that has its
labels on the same lines; `feed` takes arrays, for labels that were joined later:

    drift.feed("v1", {"error": errors(predicted, actual)}, now)

State is bounded (at most 8 kB a detector and stream, versions are limited by the model) and is
committed with the counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from inference_exporter.concept.follower import Follower, StoredFollower
from inference_exporter.concept.signals import signals_of
from inference_exporter.config.schema import ConceptDrift
from inference_exporter.detectors import DETECTORS
from inference_exporter.values.batch import Batch, Floats, Ints

KEY = "concept/"

Gauges = dict[tuple[str, str, str], float]  # (version, detector, signal)


class _Stored(msgspec.Struct, array_like=True):
    settings: str
    followers: list[tuple[str, str, StoredFollower]]
    latencies: list[float]  # logarithms that do not make a value yet


class _Version:
    """The streams of one version."""

    def __init__(self) -> None:
        self.followers: dict[tuple[str, str], Follower] = {}
        self.latencies: Floats = np.empty(0)
        self.changed = False


class ConceptRunner:
    """All streams of one model; `positive` is the class whose probability the score is."""

    def __init__(self, config: ConceptDrift, positive: str | None = None) -> None:
        self._config, self.positive = config, positive
        self._settings = repr((sorted(config.parameters.items()), config.latency_rows))
        self._versions: dict[str, _Version] = {}

    def take(self, batch: Batch, versions: Ints | None, names: Sequence[str], now: float) -> None:
        """Follow the streams of a batch; `versions` (rows,) are indexes into `names`."""
        if versions is None:
            self.feed("", signals_of(batch, slice(None), self.positive), now)
            return
        for index in np.unique(versions).tolist():
            rows: slice | Ints = np.flatnonzero(versions == index)
            if len(rows) == batch.rows:  # type: ignore[arg-type]  # an array, see above
                rows = slice(None)
            self.feed(names[index], signals_of(batch, rows, self.positive), now)

    def feed(self, version: str, signals: Mapping[str, Floats], now: float) -> None:
        """Follow values of one version by signal: `error` 0 and 1, `residual`, `latency` (log)."""
        for signal in self._config.signals:
            values = signals.get(signal)
            if values is None:
                continue
            state = self._versions.setdefault(version, _Version())
            if signal == "latency":
                values = self._means(state, values)
            for name in self._config.detectors:
                follower = self._follower(state, name, signal)
                if follower is not None and len(values):
                    follower.follow(values, now)
                    state.changed = True

    def _means(self, state: _Version, values: Floats) -> Floats:
        """Means of `latency_rows` values each; the rest waits for more."""
        state.changed = state.changed or len(values) > 0
        known = np.concatenate((state.latencies, values))
        size = self._config.latency_rows
        whole = len(known) // size * size
        state.latencies = known[whole:].copy()
        means: Floats = known[:whole].reshape(-1, size).mean(axis=1)
        return means

    def _follower(self, state: _Version, name: str, signal: str) -> Follower | None:
        kind = DETECTORS[name]
        if signal != "error" and "real" not in kind.inputs:
            return None
        key = (name, signal)
        if key not in state.followers:
            state.followers[key] = Follower(kind, self._config.parameters.get(name, {}), signal)
        return state.followers[key]

    def levels(self, now: float) -> Gauges:
        """0, 1 or 2 by version, detector and signal; streams without a value have none."""
        hold = self._config.hold
        return {k: float(one.level(now, hold)) for k, one in self._all() if one.values}

    def detections(self) -> Gauges:
        """Detections since ever."""
        return {key: float(one.detections) for key, one in self._all()}

    def _all(self) -> Iterator[tuple[tuple[str, str, str], Follower]]:
        for version, state in self._versions.items():
            for (name, signal), follower in state.followers.items():
                yield (version, name, signal), follower

    def take_changes(self) -> dict[str, bytes]:
        """Versions that changed since the last call, to be committed."""
        puts: dict[str, bytes] = {}
        for version, state in self._versions.items():
            if state.changed:
                state.changed = False
                followers = [(*key, one.to_stored()) for key, one in state.followers.items()]
                stored = _Stored(self._settings, followers, state.latencies.tolist())
                puts[KEY + version] = msgspec.msgpack.encode(stored)
        return puts

    def restore(self, states: Mapping[str, bytes]) -> list[str]:
        """Take up committed streams; a sentence for each that could not be used."""
        problems = []
        for key, data in states.items():
            if key.startswith(KEY):
                try:
                    self._versions[key.removeprefix(KEY)] = self._restored(data)
                except (ValueError, msgspec.MsgspecError) as error:
                    problems.append(f"concept drift of version {key.removeprefix(KEY)!r}: {error}")
        return problems

    def _restored(self, data: bytes) -> _Version:
        stored = msgspec.msgpack.decode(data, type=_Stored)
        state = _Version()
        same = stored.settings == self._settings
        for name, signal, one in stored.followers:
            if name in self._config.detectors and signal in self._config.signals:
                follower = self._follower(state, name, signal)
                if follower is not None:
                    follower.restore(one, same=same)
        if same:
            state.latencies = np.array(stored.latencies)
        return state
