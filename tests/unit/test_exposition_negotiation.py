"""Who gets which format, and who gets it compressed."""

from __future__ import annotations

import gzip

import pytest

from inference_exporter.exposition.negotiation import Dialect, accepts_gzip, compressed, negotiate

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_2_NATIVE = (  # 2.42 with --enable-feature=native-histograms
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
    "application/openmetrics-text;version=1.0.0;q=0.8,"
    "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_NATIVE = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
    f"q=0.7,{PROMETHEUS_3}"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept",
    [
        PROMETHEUS_2,
        PROMETHEUS_3,
        "application/vnd.google.protobuf;proto=other.Message;encoding=delimited,"
        "application/openmetrics-text;q=0.5",
        "application/openmetrics-text",
        'application/openmetrics-text; version="1.0.0"; charset=utf-8',
        "APPLICATION/OPENMETRICS-TEXT;Q=0.5, text/plain;q=0.5",
        "application/openmetrics-text;q=0.2, */*;q=0.1",
    ],
)
def test_openmetrics_goes_to_those_who_prefer_it(accept: str) -> None:
    assert negotiate(accept) is Dialect.OPENMETRICS


@pytest.mark.parametrize(
    "accept",
    [
        PROMETHEUS_2_NATIVE,
        PROMETHEUS_3_NATIVE,
        PROMETHEUS_3_NATIVE.upper(),
    ],
)
def test_protobuf_goes_to_those_who_scrape_native_histograms(accept: str) -> None:
    assert negotiate(accept) is Dialect.PROTOBUF


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "application/vnd.google.protobuf",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
        "*/*",
        "text/plain",
        BROWSER,
        "application/json",
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;version=2.0.0, text/plain;q=0.1",
        "application/openmetrics-text;q=0, */*",
        "application/openmetrics-text;q=0.3, text/plain;q=0.4",
        "application/openmetrics-text;q=0.3, */*",
        "application/openmetrics-text;q=nonsense",
        "application/openmetrics-text;q=nan",
        ",;,=;q",
    ],
)
def test_everybody_else_gets_text(accept: str) -> None:
    assert negotiate(accept) is Dialect.TEXT


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("gzip, deflate, br", True),
        ("deflate, *;q=0.5", True),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("", False),
        ("deflate", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0, *", False),
        ("identity, gzip;q=0.5", False),
    ],
)
def test_gzip_is_used_when_wanted(header: str, wanted: bool) -> None:
    assert accepts_gzip(header) is wanted


def test_compressed_pieces_are_one_gzip_file_always_the_same() -> None:
    pieces = [b"inference_x 1\n" * 50, b"inference_y 2\n"]
    body = b"".join(compressed(pieces))
    assert gzip.decompress(body) == b"".join(pieces)
    assert body == b"".join(compressed(pieces))
