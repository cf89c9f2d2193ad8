"""The Prometheus text format, version 0.0.4.

    # HELP inference_request_failures_total Requests whose status is not among the ok values.
    # TYPE inference_request_failures_total counter
    inference_request_failures_total{model="credit-risk",version="7"} 12.0

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator

from inference_exporter.exposition.grouping import by_family
from inference_exporter.exposition.lines import chunks, sample_lines
from inference_exporter.families import Family
from inference_exporter.values.samples import Snapshot


def render_text(snapshot: Snapshot) -> bytes:
    """The whole page."""
    return b"".join(text_chunks(snapshot))


def text_chunks(snapshot: Snapshot) -> Iterator[bytes]:
    """The page in pieces, so that nobody holds the interpreter lock for long."""
    return chunks(_lines(snapshot))


def _lines(snapshot: Snapshot) -> Iterator[list[str]]:
    for family, blocks in by_family(snapshot):
        name = family.name
        yield [f"# HELP {name} {_escape_help(family)}", f"# TYPE {name} {family.kind}"]
        for block in blocks:
            yield from sample_lines(block)


def _escape_help(family: Family) -> str:
    return family.help.replace("\\", r"\\").replace("\n", r"\n")
