"""A collector for `prometheus_client`, for programs that embed the exporter in their own page.

    registry.register(SnapshotCollector(published))

About ten times slower than `text.render_text`; the exporter's own server does not use it.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from inference_exporter.exposition.grouping import by_family
from inference_exporter.exposition.lines import as_float
from inference_exporter.exposition.openmetrics import created_times, family_name, has_room
from inference_exporter.exposition.published import Published
from inference_exporter.families import FAMILIES, Family
from inference_exporter.values.samples import Samples, format_bound, printable


class SnapshotCollector(Collector):
    """Yields the metric families of whatever is published at the moment."""

    def __init__(self, published: Published) -> None:
        self._published = published

    def describe(self) -> Iterator[Metric]:
        """Every family that can occur, so that a registry finds clashing names at once."""
        return (_metric(family) for family in FAMILIES.values())

    def collect(self) -> Iterator[Metric]:
        """The families that have samples, each with all of them."""
        snapshot = self._published.snapshot
        if snapshot is None:
            return
        for family, blocks in by_family(snapshot):
            metric = _metric(family)
            for block in blocks:
                _add(metric, block)
            yield metric


def _metric(family: Family) -> Metric:
    return Metric(family_name(family), family.help, family.kind)


def _add(metric: Metric, block: Samples) -> None:
    series = block.series
    created = created_times(block)
    suffixes = _suffixes(block)
    for position, label_set in enumerate(series.label_sets):
        values = map(printable, label_set)
        labels = dict(zip(series.family.labels, values, strict=True))
        first = position * len(suffixes)
        for index, (suffix, extra) in enumerate(suffixes, first):
            name, value = f"{metric.name}{suffix}", as_float(block.values[index])
            metric.add_sample(name, labels | extra, value, exemplar=_exemplar(block, index))
        if created:
            metric.add_sample(f"{metric.name}_created", labels, created[position])


def _suffixes(block: Samples) -> list[tuple[str, dict[str, str]]]:
    """What each value of a label set adds to the family's name and labels."""
    if block.series.family.kind == "gauge":
        return [("", {})]
    if block.series.family.kind == "counter":
        return [("_total", {})]
    bounds = (*block.series.bounds, float("inf"))
    buckets = [("_bucket", {"le": format_bound(bound)}) for bound in bounds]
    return [*buckets, ("_sum", {}), ("_count", {})]


def _exemplar(block: Samples, index: int) -> Exemplar | None:
    exemplar = block.exemplars.get(index)
    if exemplar is None or not has_room(exemplar):
        return None
    labels = {"trace_id": printable(exemplar.trace_id)}
    return Exemplar(labels, exemplar.value, exemplar.timestamp)
