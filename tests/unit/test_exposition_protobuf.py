"""Pages in protobuf: native histograms, read with the official messages."""

from __future__ import annotations

from typing import Any

import pytest

from exposition_pages import expected as wanted_of
from exposition_pages import full_snapshot, protobuf_content
from inference_exporter.exposition.protobuf import render_protobuf
from inference_exporter.families import FAMILIES
from inference_exporter.values.native import NativeCounts
from inference_exporter.values.samples import Samples, SeriesSet, Snapshot
from metrics_proto import families

DURATION = FAMILIES["inference_request_duration_seconds"]
SERIES = SeriesSet(DURATION, [("m", "1")], (0.1, 1.0))


def histogram(native: NativeCounts, values: list[float]) -> Any:
    page = render_protobuf(Snapshot((Samples(SERIES, values, native=(native,)),)))
    (family,) = families(page)
    return family.metric[0].histogram


def buckets(found: Any) -> dict[int, float]:
    """Counts by index, as a reader of the format puts them together."""
    deltas = list(found.positive_delta)
    counts = [sum(deltas[: at + 1]) for at in range(len(deltas))] or list(found.positive_count)
    indexes: list[int] = []
    at = 0
    for span in found.positive_span:
        at += span.offset
        indexes += range(at, at + span.length)
        at += span.length
    return {i: count for i, count in zip(indexes, counts, strict=True) if count}


@pytest.mark.parametrize(
    "counts",
    [
        [0.0] * 8,
        [1.0],
        [0.0, 3.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0],
        [2.0**40, 1.0, 2.0**52],
        [0.0] * 190 + [7.0],
        [0.5, 0.0, 0.0, 0.0, 2.25],
    ],
)
@pytest.mark.parametrize("first", [-111, 0, 3])
def test_native_buckets_are_read_as_they_were_counted(counts: list[float], first: int) -> None:
    count = sum(counts) + 2
    found = histogram(NativeCounts(3, 2**-14, 2.0, first, counts), [0.0, 1.0, count, 9.5, count])
    assert (found.schema, found.zero_threshold, found.sample_sum) == (3, 2**-14, 9.5)
    assert (found.zero_count_float or found.zero_count) == 2
    assert (found.sample_count_float or found.sample_count) == count
    assert buckets(found) == {first + at: one for at, one in enumerate(counts) if one}
    assert [one.upper_bound for one in found.bucket] == [0.1, 1.0, float("inf")]


def test_whole_counts_are_integers_and_others_are_both() -> None:
    whole = histogram(NativeCounts(3, 0.1, 0.0, 0, [4.0]), [0.0, 4.0, 4.0, 1.0, 4.0])
    assert not whole.HasField("sample_count_float")
    assert list(whole.positive_delta) == [4]
    part = histogram(NativeCounts(3, 0.1, 0.0, 0, [4.5]), [0.0, 4.5, 4.5, 1.0, 4.5])
    assert (part.sample_count_float, list(part.positive_count)) == (4.5, [4.5])
    assert [one.cumulative_count_float for one in part.bucket] == [0.0, 4.5, 4.5]


def test_every_family_is_there_with_its_help_and_type() -> None:
    snapshot = full_snapshot()
    page = render_protobuf(snapshot)
    assert {one.name: one.help for one in families(page)} == {
        name: family.help for name, family in FAMILIES.items()
    }
    assert protobuf_content(page) == wanted_of(snapshot, created=True)
