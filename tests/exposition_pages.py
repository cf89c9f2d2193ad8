"""Pages for the exposition tests: a snapshot with every family, and what a valid page is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from inference_exporter.exposition.lines import as_float
from inference_exporter.exposition.openmetrics import family_name
from inference_exporter.families import FAMILIES, Family
from inference_exporter.values.samples import Exemplar, Samples, SeriesSet, Snapshot, format_bound
from metrics_proto import TYPES, families

Labels = tuple[tuple[str, str], ...]
Content = dict[tuple[str, Labels], str]

BOUNDS = (0.1, 1.0, 10.0)


def block(name: str, *label_sets: tuple[str, ...], values: Sequence[float]) -> Samples:
    return Samples(SeriesSet(FAMILIES[name], label_sets), values)


def failures(value: float, model: str = "credit-risk") -> Snapshot:
    """The smallest page: one counter."""
    samples = block("inference_request_failures_total", (model, "7"), values=[value])
    return Snapshot((samples,))


def full_snapshot() -> Snapshot:
    """Every family in two blocks, as if of two models; exemplars and creation times included."""
    families = FAMILIES.values()
    return Snapshot(tuple(_block(f, n) for n in (0, 1) for f in families if f.labels or n == 0))


def small_snapshot() -> Snapshot:
    """A page short enough to be read: one family of each kind, odd labels, odd values."""
    wanted = [
        "inference_requests_total",
        "inference_request_duration_seconds",
        "inference_feature_reference_ratio",
        "inference_exporter_state_persistent",
    ]
    blocks = full_snapshot().blocks
    kept = [b for name in wanted for b in blocks if b.series.family.name == name]
    odd = ('a "model"', "C:\\models\nx", "grüße")
    return Snapshot((*kept, block(wanted[0], odd, values=[float("inf")])))


def _block(family: Family, number: int) -> Samples:
    labels = tuple(f"{label}-{number}" for label in family.labels)
    if family.kind == "histogram":
        series = SeriesSet(family, [labels], BOUNDS)
        exemplars = {1: Exemplar("4bf92f3577b34da6a3ce929d0e0e4736", 0.7, 1760000060.25)}
        return Samples(series, [3.0, 5.0, 6.0, 7.0, 31.25, 7.0], 1760000000.0, exemplars)
    created = 1760000000.0 if family.kind == "counter" else None
    return Samples(SeriesSet(family, [labels]), [number + 0.5], created)


def parse(page: bytes) -> list[Metric]:
    """Read a page with the client library's parser for its format."""
    text = page.decode()
    if text.endswith("# EOF\n"):
        families = openmetrics_parser.text_string_to_metric_families
        return list(families(text))  # type: ignore[no-untyped-call]
    return list(text_string_to_metric_families(text))


def assert_valid_page(page: bytes) -> Sequence[Metric]:
    """Fail unless Prometheus can take the whole page; returns what it says."""
    text = page.decode()
    metrics = parse(page)
    assert text.endswith("\n") or not text
    assert "np." not in text
    names = [line.split(" ")[2] for line in text.split("\n") if line.startswith("# TYPE ")]
    assert _repeated(names) == [], "a family is torn apart"
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    series = [(s.name, tuple(sorted(s.labels.items()))) for m in metrics for s in m.samples]
    assert _repeated(series) == []
    assert len(series) == len(lines), "the parser has seen other lines than there are"
    known = {family_name(family) for family in FAMILIES.values()}
    assert {metric.name for metric in metrics} <= known
    return metrics


def expected(snapshot: Snapshot, *, created: bool = False) -> Content:
    """What a page of the snapshot has to say, worked out line by line."""
    return dict(line for samples in snapshot.blocks for line in _expected(samples, created))


def content(metrics: Iterable[Metric]) -> Content:
    """Samples of parsed metrics; values as text, so that NaN equals NaN and 0.0 is not -0.0."""
    return {
        (s.name, tuple(sorted(s.labels.items()))): repr(float(s.value))
        for metric in metrics
        for s in metric.samples
    }


def protobuf_content(page: bytes) -> Content:
    """The same of a page in protobuf, with the times of creation."""
    return dict(sample for family in families(page) for sample in _protobuf_samples(family))


def _protobuf_samples(family: Any) -> Iterator[tuple[tuple[str, Labels], str]]:
    kind = TYPES[family.type]
    for metric in family.metric:
        labels = {pair.name: pair.value for pair in metric.label}
        value = getattr(metric, kind)
        for name, extra, number in _protobuf_values(family.name, kind, value):
            yield (name, tuple(sorted((labels | extra).items()))), repr(float(number))


def _protobuf_values(name: str, kind: str, value: Any) -> Iterator[tuple[str, dict[str, str], Any]]:
    if kind == "histogram":
        for one in value.bucket:
            le = {"le": format_bound(one.upper_bound)}
            yield f"{name}_bucket", le, one.cumulative_count_float or one.cumulative_count
        yield f"{name}_sum", {}, value.sample_sum
        yield f"{name}_count", {}, value.sample_count_float or value.sample_count
    else:
        yield name, {}, value.value
    if kind != "gauge" and value.HasField("created_timestamp"):
        yield f"{name.removesuffix('_total')}_created", {}, _seconds(value.created_timestamp)


def _seconds(time: Any) -> float:
    return float((time.seconds * 10**9 + time.nanos) / 1e9)


def protobuf_exemplars(page: bytes) -> Iterator[tuple[str, float, float]]:
    """Trace, value and time of each exemplar of a page in protobuf."""
    for family in families(page):
        for metric in family.metric:
            for one in (*metric.histogram.bucket, metric.counter):
                if one.HasField("exemplar"):
                    (label,) = one.exemplar.label
                    assert label.name == "trace_id"
                    yield label.value, one.exemplar.value, _seconds(one.exemplar.timestamp)


def everything(metrics: Iterable[Metric]) -> list[object]:
    """Parsed metrics in comparable form, in order, with HELP, TYPE and exemplars."""
    return [
        (m.name, m.documentation, m.type, s.name, s.labels, repr(float(s.value)), s.exemplar)
        for m in metrics
        for s in m.samples
    ]


def _expected(samples: Samples, created: bool) -> Iterator[tuple[tuple[str, Labels], str]]:
    series, values = samples.series, iter(samples.values)
    for position, label_set in enumerate(series.label_sets):
        labels = dict(zip(series.family.labels, map(_shown, label_set), strict=True))
        for name, extra in _lines_of(series):
            key = name, tuple(sorted((labels | extra).items()))
            yield key, repr(as_float(next(values)))
        if created and samples.created is not None and series.family.kind != "gauge":
            times = samples.created
            time = times if isinstance(times, float) else times[position]
            name = f"{family_name(series.family)}_created"
            yield (name, tuple(sorted(labels.items()))), repr(float(time))


def _lines_of(series: SeriesSet) -> Iterator[tuple[str, dict[str, str]]]:
    name = series.family.name
    if series.family.kind != "histogram":
        yield name, {}
        return
    for bound in (*series.bounds, math.inf):
        yield f"{name}_bucket", {"le": format_bound(bound)}
    yield f"{name}_sum", {}
    yield f"{name}_count", {}


def _shown(value: str) -> str:
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in value)


def _repeated(items: Iterable[object]) -> list[object]:
    return [item for item, count in Counter(items).items() if count > 1]
