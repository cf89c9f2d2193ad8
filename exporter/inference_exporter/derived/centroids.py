"""The mean vector of reference data, by derived feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inference_exporter.config.schema import Derived
from inference_exporter.derived.columns import vector
from inference_exporter.values.batch import Floats


class Centroids:
    """Takes in columns of vectors; the first vector of a feature fixes how long they are."""

    def __init__(self, derived: Mapping[str, Derived]) -> None:
        self._sources = {n: d.source for n, d in derived.items() if d.kind == "centroid_distance"}
        self._sums: dict[str, Floats] = {}
        self._counts: dict[str, int] = {}

    @property
    def wanted(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._sources)

    def add(self, raw: Mapping[str, Sequence[object]]) -> None:
        """Take in a block."""
        for name, source in self._sources.items():
            for value in raw.get(source, ()):
                found = vector(value)
                if found is None or not len(found):
                    continue
                known = self._sums.get(name)
                if known is None:
                    self._sums[name], self._counts[name] = found.copy(), 1
                elif len(known) == len(found):
                    known += found
                    self._counts[name] += 1

    def result(self) -> dict[str, Floats]:
        """The means."""
        return {name: total / self._counts[name] for name, total in self._sums.items()}
