"""OpenMetrics, version 1.0.0: the same samples, with exemplars and `_created`.

    # HELP inference_request_failures Requests whose status is not among the ok values.
    # TYPE inference_request_failures counter
    inference_request_failures_total{model="credit-risk",version="7"} 12.0
    inference_request_failures_created{model="credit-risk",version="7"} 1760000000.0
    # EOF

Differences from the text format: a counter's family is named without `_total`, the lines of one
label set stand together, quotes in HELP are escaped, and the page has an end.
https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from inference_exporter.exposition.grouping import by_family
from inference_exporter.exposition.lines import chunks, sample_lines, value_text
from inference_exporter.families import Family
from inference_exporter.values.samples import Exemplar, Samples, Snapshot, escape_label, printable

EXEMPLAR_LIMIT = 128  # characters of label names and values together; from the specification


def render_openmetrics(snapshot: Snapshot) -> bytes:
    """The whole page."""
    return b"".join(openmetrics_chunks(snapshot))


def openmetrics_chunks(snapshot: Snapshot) -> Iterator[bytes]:
    """The page in pieces, so that nobody holds the interpreter lock for long."""
    return chunks(chain(_lines(snapshot), [["# EOF"]]))


def family_name(family: Family) -> str:
    """The family's name in OpenMetrics.

    >>> from inference_exporter.families import FAMILIES
    >>> family_name(FAMILIES["inference_requests_total"])
    'inference_requests'
    """
    return family.name.removesuffix("_total") if family.kind == "counter" else family.name


def has_room(exemplar: Exemplar) -> bool:
    """Whether the trace id fits into an exemplar; one that does not is left out."""
    return len("trace_id") + len(printable(exemplar.trace_id)) <= EXEMPLAR_LIMIT


def created_times(block: Samples) -> Sequence[float]:
    """When each label set's counters began; empty where that is unknown or means nothing."""
    if block.created is None or block.series.family.kind == "gauge":
        return ()
    if isinstance(block.created, float | int):
        return [block.created] * len(block.series.label_sets)
    return list(block.created)


def _lines(snapshot: Snapshot) -> Iterator[list[str]]:
    for family, blocks in by_family(snapshot):
        name = family_name(family)
        yield [f"# HELP {name} {escape_label(family.help)}", f"# TYPE {name} {family.kind}"]
        for block in blocks:
            yield from _block_lines(block)


def _block_lines(block: Samples) -> Iterator[list[str]]:
    created = created_times(block)
    if not created and not block.exemplars:
        yield from sample_lines(block)
        return
    lines = list(chain.from_iterable(sample_lines(block)))
    for index, exemplar in block.exemplars.items():
        if has_room(exemplar):
            lines[index] += _exemplar_text(exemplar)
    yield _with_created(block, lines, created) if created else lines


def _exemplar_text(exemplar: Exemplar) -> str:
    labels = f'{{trace_id="{escape_label(exemplar.trace_id)}"}}'
    return f" # {labels} {value_text(exemplar.value)} {value_text(exemplar.timestamp)}"


def _with_created(block: Samples, lines: list[str], created: Sequence[float]) -> list[str]:
    """Put each label set's `_created` behind its other lines: they must not be torn apart."""
    count = len(block.series.label_sets)
    texts = map(value_text, created)
    starts = [f"{p}{t}" for p, t in zip(block.series.created_prefixes, texts, strict=True)]
    columns = [lines[offset :: len(lines) // count] for offset in range(len(lines) // count)]
    return list(chain.from_iterable(zip(*columns, starts, strict=True)))
