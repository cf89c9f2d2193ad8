"""Sections of the file that are of no model: who may push, what is sent where, what is recorded."""

from __future__ import annotations

from inference_exporter.config.checks import Key, Section, expected, shaped
from inference_exporter.config.schema_services import (
    EventsConfig,
    PushTarget,
    ReceiversConfig,
    RecordConfig,
    TracesConfig,
)
from inference_exporter.config.values import (
    duration,
    integer,
    list_of,
    mapping_of,
    names,
    number,
    one_of,
    text,
    true_or_false,
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


@shaped({"type": "string", "pattern": "^https?://"})
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

REASONS = ("error", "slow", "wrong", "outlier", "boundary")

PUSH = Section(
    "events.loki",
    PushTarget,
    (
        Key("endpoint", _endpoint, "an address", "Where events are posted to.",
            "http://loki:3100/loki/api/v1/push", required=True),
        Key("headers", mapping_of(text, "a mapping of names to texts"), "names, each with a text",
            "Headers of the requests.", "{X-Scope-OrgID: risk}", default="none"),
    ),
)  # fmt: skip

EVENTS = Section(
    "events",
    EventsConfig,
    (
        Key("predictions", list_of(one_of(*REASONS), "a list of reasons such as [error, slow]"),
            f"a list of {', '.join(REASONS)}", "Which requests are worth an event.",
            "[error, boundary]", default="error, slow, wrong, outlier"),
        Key("features", names, "a list of inputs",
            "Inputs that are said with a request; the reference has to have them.",
            "[amount, country]", default="none"),
        Key("redact", names, "a list of fields and inputs",
            "Their values are replaced by `[redacted]`.", "[request_id, country]", default="none"),
        Key("per_minute", integer(1, 10_000), "a whole number",
            "How many events of a model, kind and reason; the others are counted.", "60"),
        Key("log", true_or_false, "true or false", "Write them to the exporter's own log.",
            "false", default="true"),
        Key("file", text, "a path", "Append them to this file as JSON lines; at 64 MiB it becomes"
            " `<file>.1` and is begun anew. Relative to the configuration file.",
            "/var/log/inference/events.jsonl", default="none"),
        Key("loki", PUSH, "a section, below", "Push them to Loki.",
            "{endpoint: http://loki:3100/loki/api/v1/push}", default="none"),
        Key("otlp", PUSH, "a section, below", "Post them as OpenTelemetry's logs (OTLP/HTTP,"
            " protobuf).", "{endpoint: http://127.0.0.1:4318/v1/logs}", default="none"),
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


@shaped({"anyOf": [RECORD, {"enum": ["off", False]}]})
def record(value: object) -> RecordConfig | None:
    """The section, or None for `off`, which YAML reads as false."""
    if value is False or value == "off":
        return None
    found: RecordConfig = RECORD(value)
    return found
