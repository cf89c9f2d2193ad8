"""Sections of the file that are of no model: who may push, where spans go, what is recorded."""

from __future__ import annotations

from inference_exporter.config.checks import Key, Section, expected
from inference_exporter.config.schema import ReceiversConfig, RecordConfig, TracesConfig
from inference_exporter.config.values import (
    duration,
    integer,
    mapping_of,
    names,
    number,
    one_of,
    text,
)

RECEIVERS = Section(
    "receivers",
    ReceiversConfig,
    (
        Key("users", names, "a list of users of `--web.config.file`",
            "Only they may post predictions, events, spans and labels, and nothing else is open to"
            " them.", "[kserve-logger]", default="every user"),
    ),
)  # fmt: skip


def _endpoint(value: object) -> str:
    found = text(value)
    if not found.startswith(("http://", "https://")):
        raise expected("an address such as http://127.0.0.1:4318/v1/traces", value)
    return found


TRACES = Section(
    "traces",
    TracesConfig,
    (
        Key("endpoint", _endpoint, "an address", "Where spans are posted to (OTLP/HTTP, protobuf).",
            "http://127.0.0.1:4318/v1/traces", required=True),
        Key("headers", mapping_of(text, "a mapping of names to texts"), "names, each with a text",
            "Headers of the requests.", "{x-mlflow-experiment-id: '1'}", default="none"),
        Key("service", text, "a name", "`service.name` of the spans.", "credit-api"),
        Key("sample", number(0.0, 1.0), "a share", "How many of all requests are sent, beside those"
            " that failed, were slow, close to the boundary or wrong.", "0.05"),
        Key("timestamp", one_of("start", "end"), "start or end",
            "Whether `fields.timestamp` is when a request began or when it ended.", "start"),
    ),
)  # fmt: skip

RECORD = Section(
    "record",
    RecordConfig,
    (
        Key("keep", duration(86400.0, 3660 * 86400.0), "a duration",
            "How long decisions are kept; a month goes as a whole.", "90d", default="400d"),
        Key("month_bytes", integer(1 << 16, 1 << 40), "a number of bytes",
            "Lines beyond it in a month are left out and counted.", "268435456"),
    ),
)  # fmt: skip


def record(value: object) -> RecordConfig | None:
    """The section, or None for `off`, which YAML reads as false."""
    if value is False or value == "off":
        return None
    found: RecordConfig = RECORD(value)
    return found
