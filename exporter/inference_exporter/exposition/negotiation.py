"""Which format and encoding a client gets, from its `Accept` and `Accept-Encoding` headers.

Protobuf and OpenMetrics are served to those who name them and want them at least as much as plain
text, the text format to everybody else. Prometheus names protobuf if it scrapes native histograms.
Nobody is refused: a client that accepts none of them still gets text, as from every Prometheus
client library.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from inference_exporter.exposition.openmetrics import openmetrics_chunks
from inference_exporter.exposition.protobuf import protobuf_chunks
from inference_exporter.exposition.text import text_chunks
from inference_exporter.values.samples import Snapshot

# Level 1 compresses a page 1:17 in 0.25 s per 100 MB; level 6 takes five times as long for 6 %
# less, level 9 ten times for 16 %. A sidecar shares its CPU with a model; the network is near.
GZIP_LEVEL = 1
_GZIP_WINDOW = 31  # zlib's number for the largest window with a gzip header

_OPENMETRICS = "application/openmetrics-text"
_PROTOBUF = "application/vnd.google.protobuf"
_MESSAGES = {"proto": "io.prometheus.client.metricfamily", "encoding": "delimited"}
_TEXT = ("text/plain", "text/*", "*/*")


class Dialect(Enum):
    """A format; the value is its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    PROTOBUF = (
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily;"
        " encoding=delimited"
    )


RENDERERS: dict[Dialect, Callable[[Snapshot], Iterator[bytes]]] = {
    Dialect.TEXT: text_chunks,
    Dialect.OPENMETRICS: openmetrics_chunks,
    Dialect.PROTOBUF: protobuf_chunks,
}


def negotiate(accept: str) -> Dialect:
    """Choose the format for an `Accept` header.

    >>> negotiate("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
    <Dialect.OPENMETRICS: 'application/openmetrics-text; version=1.0.0; charset=utf-8'>
    >>> negotiate("*/*").name
    'TEXT'
    """
    wanted = dict.fromkeys((Dialect.PROTOBUF, Dialect.OPENMETRICS, Dialect.TEXT), 0.0)
    for name, parameters, quality in _entries(accept):
        dialect = _dialect(name, parameters)
        if dialect is not None:
            wanted[dialect] = max(wanted[dialect], quality)
    best = max(wanted, key=lambda one: wanted[one])  # of equals the first
    return best if wanted[best] > 0 else Dialect.TEXT


def _dialect(name: str, parameters: dict[str, str]) -> Dialect | None:
    if name == _PROTOBUF and parameters.items() >= _MESSAGES.items():
        return Dialect.PROTOBUF
    if name == _OPENMETRICS and parameters.get("version", "1.0.0") == "1.0.0":
        return Dialect.OPENMETRICS
    return Dialect.TEXT if name in _TEXT else None


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client wants gzip, and at least as much as the plain page.

    >>> accepts_gzip("gzip, deflate"), accepts_gzip("gzip;q=0"), accepts_gzip("")
    (True, False, False)
    """
    wanted = {name: quality for name, _, quality in _entries(accept_encoding)}
    gzip = wanted.get("gzip", wanted.get("x-gzip", wanted.get("*", 0.0)))
    return gzip > 0 and gzip >= wanted.get("identity", 0.0)


def compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress piece by piece: zlib releases the interpreter lock while it works."""
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()


def _entries(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """The comma-separated entries of a header: name, parameters and q-value."""
    for entry in header.split(","):
        name, *rest = (part.strip().lower() for part in entry.split(";"))
        if not name:
            continue
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip(): value.strip().strip('"') for key, _, value in pairs}
        yield name, parameters, _quality(parameters.get("q", "1"))


def _quality(text: str) -> float:
    """A q-value; one that cannot be read counts as a refusal."""
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
