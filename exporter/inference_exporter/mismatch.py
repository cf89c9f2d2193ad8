"""Is the reference of the same features as the log? Names on one side only, counted by feature.

The decoder of a log picks the features that the reference has and never sees others. So the first
line of every block is decoded a second time, with all its features: one line in some hundreds, a
few percent of the cost of a block, and a feature that is always there is found within seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from inference_exporter.accumulators import OVERFLOW, CategoryBins, Layout, NumericBins
from inference_exporter.accumulators.vocabulary import LABEL_LENGTH
from inference_exporter.formats import Decoder
from inference_exporter.profile import Reference
from inference_exporter.tally import Tally

KEY = "mismatch"
NAMES = 50  # unknown features with a series of their own


class _Stored(msgspec.Struct, array_like=True):
    reference: str
    unknown: dict[str, int]


class Mismatch:
    """Features of one model that only the log has; `sampler` decodes all features of a line.

    `sources` are the features that derived ones are made of.
    """

    def __init__(self, reference: Reference, sampler: Decoder, sources: Iterable[str] = ()) -> None:
        self._reference, self._sampler = reference.fingerprint, sampler
        self._known = frozenset(reference.features).union(sources)
        self._unknown: dict[str, int] = {}
        self._changed = False

    def sample(self, block: bytes) -> None:
        """Look at the first line of a block."""
        line = block[: block.find(b"\n") + 1] or block
        for features in self._sampler.decode(line).batch.raw_features or ():
            for name in () if features is None else features.keys() - self._known:
                self._count(name[:LABEL_LENGTH])

    def _count(self, name: str) -> None:
        if name not in self._unknown and len(self._unknown) >= NAMES:
            name = OVERFLOW
        self._unknown[name] = self._unknown.get(name, 0) + 1
        self._changed = True

    @property
    def unknown(self) -> Mapping[str, int]:
        """Sampled lines with the feature, by name, since the reference is in use."""
        return self._unknown

    def take_changes(self) -> dict[str, bytes]:
        """What is to be committed since the last call."""
        if not self._changed:
            return {}
        self._changed = False
        return {KEY: msgspec.msgpack.encode(_Stored(self._reference, self._unknown))}

    def restore(self, state: Mapping[str, bytes]) -> list[str]:
        """Take up what was committed; what another reference did not know says nothing."""
        if KEY not in state:
            return []
        try:
            stored = msgspec.msgpack.decode(state[KEY], type=_Stored)
        except msgspec.MsgspecError as error:
            return [f"unknown features: {error}"]
        if stored.reference == self._reference:
            self._unknown = stored.unknown
        return []


def absent(layout: Layout, tally: Tally) -> int | None:
    """How many features of the reference have no value at all; None if there were no inputs."""
    found, rows = 0, 0.0
    for one in layout.dense:
        if isinstance(one, NumericBins | CategoryBins) and one.scope == "feature":
            cells = layout.cells_of(one, tally)
            counts = one.fine_counts(cells) if isinstance(one, NumericBins) else one.counts(cells)
            values = float(counts.sum()) + one.invalid(cells)
            rows = max(rows, values + one.missing(cells))
            found += values == 0.0
    return found if rows else None
