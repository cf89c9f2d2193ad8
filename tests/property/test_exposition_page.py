"""Whatever the labels and values, a page says what the snapshot says, as others read and write."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exposition_pages import (
    assert_valid_page,
    content,
    everything,
    expected,
    parse,
    protobuf_content,
    protobuf_exemplars,
)
from inference_exporter.exposition.collector import SnapshotCollector
from inference_exporter.exposition.openmetrics import render_openmetrics
from inference_exporter.exposition.protobuf import render_protobuf
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.text import render_text
from inference_exporter.families import FAMILIES, Family
from inference_exporter.values.samples import Exemplar, Samples, SeriesSet, Snapshot

# The client library reads 2e-16 as 2: what is written with an exponent is no time of ours.
TIMES = st.just(0.0) | st.floats(1.0, 2e9)
LABELS = st.text(st.one_of(st.sampled_from('"\\\n\r\t {},=#é\ud800\udfff'), st.characters()))
ANY_NUMBER = st.one_of(
    st.floats(),
    st.integers(-(10**18), 10**18),
    st.sampled_from([math.inf, -math.inf, math.nan, 1e300, 5e-324, -0.0, 2**63, 10**400]),
    st.floats(width=32).map(np.float32),
    st.integers(-(2**31), 2**31).map(np.int64),
    st.booleans(),
)
COUNTS = st.one_of(st.integers(0, 2**60), st.floats(0, 1e300), st.floats(0, 1e9).map(np.float64))
# The client library's parser does not know that a quote in an exemplar's label can be escaped.
TRACES = st.text(max_size=140).filter(lambda text: '"' not in text)
EXEMPLARS = st.builds(Exemplar, TRACES, st.floats(0, 1e9), TIMES)


def _label_sets(family: Family) -> st.SearchStrategy[list[tuple[str, ...]]]:
    one = st.tuples(*[LABELS for _ in family.labels])
    return st.lists(one, min_size=1, max_size=4, unique=True)


@st.composite
def _blocks(draw: st.DrawFn) -> Samples:
    family = FAMILIES[draw(st.sampled_from(sorted(FAMILIES)))]
    label_sets = draw(_label_sets(family))
    created = draw(st.one_of(st.none(), TIMES, st.tuples(*[TIMES for _ in label_sets])))
    if family.kind == "histogram":
        return _histograms(draw, family, label_sets, created)
    number = COUNTS if family.kind == "counter" else ANY_NUMBER
    values = draw(st.tuples(*[number for _ in label_sets]))
    return Samples(SeriesSet(family, label_sets), values, created)


def _histograms(
    draw: st.DrawFn,
    family: Family,
    label_sets: list[tuple[str, ...]],
    created: float | tuple[float, ...] | None,
) -> Samples:
    bounds = draw(st.lists(st.floats(1e-9, 1e9), max_size=4, unique=True).map(sorted))
    cells = st.tuples(*[st.integers(0, 2**40) for _ in (*bounds, math.inf)])
    values: list[float] = []
    for _ in label_sets:
        counts = list(accumulate(draw(cells)))
        values += [*counts, draw(st.floats(0, 1e12)), counts[-1]]
    width = len(bounds) + 3
    buckets = [i for i in range(len(values)) if i % width <= len(bounds)]
    exemplars = draw(st.dictionaries(st.sampled_from(buckets), EXEMPLARS, max_size=2))
    return Samples(SeriesSet(family, label_sets, tuple(bounds)), values, created, exemplars)


def _distinct(blocks: list[Samples]) -> bool:
    keys = [(b.series.family.name, labels) for b in blocks for labels in b.series.label_sets]
    return len(set(keys)) == len(keys)


SNAPSHOTS = (
    st.lists(_blocks(), max_size=5).filter(_distinct).map(lambda blocks: Snapshot(tuple(blocks)))
)


@settings(deadline=None)
@given(SNAPSHOTS)
def test_text_says_what_the_snapshot_says(snapshot: Snapshot) -> None:
    assert content(parse(render_text(snapshot))) == expected(snapshot)


@settings(deadline=None)
@given(SNAPSHOTS)
def test_openmetrics_says_what_the_snapshot_says(snapshot: Snapshot) -> None:
    assert content(parse(render_openmetrics(snapshot))) == expected(snapshot, created=True)


@settings(deadline=None)
@given(SNAPSHOTS)
def test_protobuf_says_what_the_snapshot_says(snapshot: Snapshot) -> None:
    found, wanted = protobuf_content(render_protobuf(snapshot)), expected(snapshot, created=True)
    times = {key for key in wanted if key[0].endswith("_created")}  # written in nanoseconds
    for key in times:
        assert float(found.pop(key)) == pytest.approx(float(wanted.pop(key)), abs=1e-6)
    assert found == wanted


@settings(deadline=None)
@given(SNAPSHOTS)
def test_protobuf_has_the_exemplars_of_openmetrics(snapshot: Snapshot) -> None:
    theirs = everything(parse(render_openmetrics(snapshot)))
    wanted = [one[-1] for one in theirs if one[-1] is not None]  # type: ignore[index]
    found = list(protobuf_exemplars(render_protobuf(snapshot)))
    assert [(e.labels["trace_id"], e.value) for e in wanted] == [one[:2] for one in found]
    assert [float(e.timestamp) for e in wanted] == pytest.approx([one[2] for one in found])


@settings(deadline=None)
@given(SNAPSHOTS)
def test_text_equals_the_client_librarys_page(snapshot: Snapshot) -> None:
    theirs = parse(generate_latest(_registry(snapshot)))
    kept = [metric for metric in theirs if not metric.name.endswith("_created")]
    assert everything(parse(render_text(snapshot))) == everything(kept)


@settings(deadline=None)
@given(SNAPSHOTS)
def test_openmetrics_equals_the_client_librarys_page_exemplars_included(snapshot: Snapshot) -> None:
    theirs = generate_openmetrics(_registry(snapshot))  # type: ignore[no-untyped-call]
    assert everything(parse(render_openmetrics(snapshot))) == everything(parse(theirs))


@pytest.mark.parametrize("render", [render_text, render_openmetrics])
@settings(deadline=None)
@given(snapshot=SNAPSHOTS)
def test_every_page_is_valid(render: Callable[[Snapshot], bytes], snapshot: Snapshot) -> None:
    assert_valid_page(render(snapshot))


def _registry(snapshot: Snapshot) -> CollectorRegistry:
    published = Published()
    published.publish(snapshot)
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(published))
    return registry
