"""Which rows of reference data are in which segment, by the names that live ones have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from inference_exporter.config.schema import Segment
from inference_exporter.reference.reading.columns import names
from inference_exporter.values.batch import Ints, TextColumn
from inference_exporter.values.ranges import range_names, ranges_of
from inference_exporter.values.vocabulary import LABEL_LENGTH


def rows_by_value(one: Segment, raw: TextColumn) -> Iterator[tuple[str, Ints]]:
    """The rows of each value, named as live ones are; the empty name is no value."""
    if one.bins:
        known, at = ("", *range_names(one.bins)), ranges_of(raw, one.bins) + 1
    else:
        known, at = _coded(raw)
    for index in np.unique(at).tolist():
        if not one.values or known[index] in ("", *one.values):
            yield known[index], np.flatnonzero(at == index)


def _coded(raw: TextColumn) -> tuple[tuple[str, ...], Ints]:
    """Names, and the index among them of each row."""
    named = ["" if name is None else name[:LABEL_LENGTH] for name in names(raw)]
    known = tuple(dict.fromkeys(named))
    codes = dict(zip(known, range(len(known)), strict=True))
    return known, np.fromiter(map(codes.__getitem__, named), np.int64, len(named))
