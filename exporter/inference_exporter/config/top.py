"""The top level of the file: models by name, and what is of none of them."""

from __future__ import annotations

from inference_exporter.config.checks import Key, Section, expected, shaped
from inference_exporter.config.models import model
from inference_exporter.config.owner import owner_labels
from inference_exporter.config.schema import Config, ModelConfig
from inference_exporter.config.services import EVENTS, RECEIVERS, TRACES, record
from inference_exporter.config.values import duration, mapping_of

_models = mapping_of(model, "a mapping of model names to their settings")


@shaped(_models)
def models(value: object) -> dict[str, ModelConfig]:
    """At least one model by its name."""
    if value == {}:
        raise expected("at least one model", value)
    return _models(value)


TOP = Section(
    "Top level",
    Config,
    (
        Key("models", models, "model names, each with a section, below",
            "The models to watch.", required=True),
        Key("labels", owner_labels, "names of labels, each with a text",
            "What you want to know of every alert: labels of `inference_model_info`; the shipped "
            "alerts take over `team` and `env` ([docs/alerting.md](alerting.md#whose-it-is)).",
            "{team: risk, env: prod}", default="none"),
        Key("commit_interval", duration(0.1, 3600.0), "a duration",
            "The age that published values may reach: how often state is written.", "5s",
            default="5s"),
        Key("poll_interval", duration(0.01, 60.0), "a duration",
            "The pause between two looks at logs without news.", "250ms", default="250ms"),
        Key("rotate_grace", duration(0.0, 600.0), "a duration",
            "How long a rotated log stays open for late writers.", "30s", default="30s"),
        Key("traces", TRACES, "a section, below", "Spans of requests for a collector; see"
            " [traces.md](traces.md).", "{endpoint: http://127.0.0.1:4318/v1/traces}",
            default="none"),
        Key("events", EVENTS, "a section, below", "What happened, a line each, for a log; see"
            " [traces.md](traces.md#events-out).", "{predictions: [error, wrong]}", default="none"),
        Key("receivers", RECEIVERS, "a section, below", "Who may push; see"
            " [receivers.md](receivers.md).", "{users: [kserve-logger]}", default="none"),
        Key("record", record, "a section, below, or off",
            "Every decision about drift with its evidence, a line of JSON each in `decisions/` of"
            " the state folder; see [record.md](record.md).", "{keep: 90d}",
            default="on, for 400d"),
    ),
)  # fmt: skip
