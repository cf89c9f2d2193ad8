"""Snapshots as text: order, grouping, numbers, exemplars, creation times, and the golden pages."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exposition_pages import assert_valid_page, block, failures, full_snapshot, small_snapshot
from inference_exporter.exposition.grouping import duplicates
from inference_exporter.exposition.lines import CHUNK
from inference_exporter.exposition.openmetrics import openmetrics_chunks, render_openmetrics
from inference_exporter.exposition.text import render_text, text_chunks
from inference_exporter.families import FAMILIES, Family
from inference_exporter.values.samples import Exemplar, Samples, SeriesSet, Snapshot

GOLDEN = Path(__file__).parent.parent / "golden" / "exposition"
LATENCY = FAMILIES["inference_request_duration_seconds"]
FAILURES = "inference_request_failures_total"
WARMUP = "inference_reference_warmup_remaining"


@pytest.mark.parametrize(
    ("file", "render"), [("page.prom", render_text), ("page.openmetrics", render_openmetrics)]
)
def test_small_page_is_the_golden_page(file: str, render: Callable[[Snapshot], bytes]) -> None:
    page = render(small_snapshot())
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / file).write_bytes(page)
    assert page.decode() == (GOLDEN / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("render", [render_text, render_openmetrics])
def test_page_of_all_families_is_valid_and_holds_them_all(
    render: Callable[[Snapshot], bytes],
) -> None:
    metrics = assert_valid_page(render(full_snapshot()))
    assert len(metrics) == len(FAMILIES)


def test_blocks_of_one_family_stand_together_in_the_order_of_the_table() -> None:
    snapshot = Snapshot(
        (
            block(WARMUP, ("a",), values=[1.0]),
            block(FAILURES, ("a", "1"), values=[1.0]),
            block(WARMUP, ("b",), values=[2.0]),
            block(FAILURES, ("b", "1"), values=[2.0]),
        )
    )
    lines = render_text(snapshot).decode().splitlines()
    assert [line.split("{")[0].split(" ")[0] for line in lines] == [
        "#", "#", FAILURES, FAILURES, "#", "#", WARMUP, WARMUP,
    ]  # fmt: skip


def test_families_that_are_not_in_the_table_come_last() -> None:
    strange = Samples(SeriesSet(Family("a_strange_one", "gauge", (), "x"), [()]), [1.0])
    snapshot = Snapshot((strange, *failures(1.0).blocks))
    assert render_text(snapshot).decode().splitlines()[-1] == "a_strange_one 1.0"


def test_family_without_series_is_not_mentioned() -> None:
    assert render_text(Snapshot((block(FAILURES, values=[]),))) == b""
    assert render_openmetrics(Snapshot()) == b"# EOF\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3.0"),
        (3, "3"),
        (2**63, "9223372036854775808"),
        (-0.0, "-0.0"),
        (5e-324, "5e-324"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (10**400, "+Inf"),
        (-(10**400), "-Inf"),
        (True, "1.0"),
        (np.float64(1.5), "1.5"),
        (np.float32(0.1), "0.10000000149011612"),
        (np.int64(7), "7.0"),
    ],
)
def test_numbers_are_written_as_prometheus_reads_them(value: float, text: str) -> None:
    samples = block(WARMUP, ("a",), values=[value])
    assert render_text(Snapshot((samples,))).decode().endswith(f'{{model="a"}} {text}\n')


def test_one_odd_number_does_not_spoil_its_neighbours() -> None:
    labels = [(f"m{n}",) for n in range(4)]
    values = [1.0, math.nan, 1e308, 1e308]  # the last two are finite, their sum is not
    page = render_text(Snapshot((block(WARMUP, *labels, values=values),))).decode()
    assert [line.split(" ")[1] for line in page.splitlines()[2:]] == [
        "1.0", "NaN", "1e+308", "1e+308",
    ]  # fmt: skip


def test_numpy_array_of_values_is_converted() -> None:
    samples = block(WARMUP, ("a",), ("b",), values=np.array([1.0, 2.0]).tolist())
    array = Samples(samples.series, np.array([1.0, 2.0]))  # type: ignore[arg-type]
    assert render_text(Snapshot((array,))) == render_text(Snapshot((samples,)))


@pytest.mark.parametrize("count", [CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_pieces_are_small_and_together_the_page(count: int) -> None:
    labels = [(f"m{n}",) for n in range(count)]
    snapshot = Snapshot((block(WARMUP, *labels, values=list(range(count))),))
    pieces = list(text_chunks(snapshot))
    assert b"".join(pieces) == render_text(snapshot)
    assert max(piece.count(b"\n") for piece in pieces) < 2 * CHUNK
    assert len(assert_valid_page(render_text(snapshot))[0].samples) == count
    assert b"".join(openmetrics_chunks(snapshot)) == render_openmetrics(snapshot)


def test_openmetrics_names_counters_without_total_and_ends() -> None:
    assert render_openmetrics(failures(2.0)).decode().splitlines()[1:] == [
        "# TYPE inference_request_failures counter",
        'inference_request_failures_total{model="credit-risk",version="7"} 2.0',
        "# EOF",
    ]


def test_quotes_in_help_are_escaped_in_openmetrics_only() -> None:
    family = Family("inference_x", "gauge", (), 'a "b"\n\\c')
    snapshot = Snapshot((Samples(SeriesSet(family, [()]), [1.0]),))
    assert render_text(snapshot).startswith(rb'# HELP inference_x a "b"\n\\c')
    assert render_openmetrics(snapshot).startswith(rb"# HELP inference_x a \"b\"\n\\c")


def test_created_follows_the_lines_of_its_label_set() -> None:
    series = SeriesSet(LATENCY, [("a", "1"), ("b", "1")], (0.5,))
    samples = Samples(series, [1.0, 2.0, 3.5, 2.0] * 2, (100.0, 200.5))
    lines = render_openmetrics(Snapshot((samples,))).decode().splitlines()
    assert lines[2:7] == [
        'inference_request_duration_seconds_bucket{model="a",version="1",le="0.5"} 1.0',
        'inference_request_duration_seconds_bucket{model="a",version="1",le="+Inf"} 2.0',
        'inference_request_duration_seconds_sum{model="a",version="1"} 3.5',
        'inference_request_duration_seconds_count{model="a",version="1"} 2.0',
        'inference_request_duration_seconds_created{model="a",version="1"} 100.0',
    ]
    assert lines[11].endswith('_created{model="b",version="1"} 200.5')
    assert b"_created" not in render_text(Snapshot((samples,)))


def test_exemplars_are_on_buckets_in_openmetrics_unless_too_long() -> None:
    exemplars = {0: Exemplar("ab12", 0.4, 1760000000.5), 1: Exemplar("x" * 121, 9.0, 1.0)}
    samples = Samples(SeriesSet(LATENCY, [("a", "1")], (0.5,)), [1, 2, 9.4, 2], None, exemplars)
    lines = render_openmetrics(Snapshot((samples,))).decode().splitlines()
    assert lines[2].endswith('le="0.5"} 1 # {trace_id="ab12"} 0.4 1760000000.5')
    assert lines[3].endswith('le="+Inf"} 2')
    assert b"trace_id" not in render_text(Snapshot((samples,)))


def test_lone_surrogates_stay_different_from_each_other() -> None:
    samples = block(WARMUP, ("\ud800",), ("\ud801",), values=[1.0, 2.0])
    assert duplicates(Snapshot((samples,))) == []
    assert_valid_page(render_text(Snapshot((samples,))))


def test_series_of_two_blocks_that_are_the_same_are_found() -> None:
    snapshot = Snapshot(failures(1.0).blocks * 2)
    assert duplicates(snapshot) == [f'{FAILURES}{{model="credit-risk",version="7"}}']
    with pytest.raises(AssertionError):
        assert_valid_page(render_text(snapshot))


def test_label_sets_that_repeat_or_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="there twice"):
        block(WARMUP, ("a",), ("a",), values=[1, 2])
    with pytest.raises(ValueError, match="has the labels"):
        block(WARMUP, ("a", "b"), values=[1])
    with pytest.raises(ValueError, match="2 values for 1 series"):
        block(WARMUP, ("a",), values=[1, 2])


def test_lengths_count_lines() -> None:
    histogram = SeriesSet(LATENCY, [("a", "1"), ("b", "1")], (0.5,))
    assert len(histogram) == len(histogram.prefixes) == 8
    assert len(Snapshot((Samples(histogram, [0.0] * 8), *failures(1.0).blocks))) == 9
