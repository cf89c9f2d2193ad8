"""Checks of the `pairs:` section: requests and responses that are lines of their own."""

from __future__ import annotations

from inference_exporter.config.checks import Findings, Key, Section
from inference_exporter.config.conditions import conditions
from inference_exporter.config.fields import PATH, field
from inference_exporter.config.schema import PairsConfig
from inference_exporter.config.values import duration, integer

_TYPE = "paths, each with a value, a list of values, or a condition"

PAIRS = Section(
    "pairs",
    PairsConfig,
    (
        Key("id", field, f"{PATH}, or {{from, as}}",
            "What a request and its response have in common.", "id", required=True),
        Key("request", conditions, _TYPE, "Which lines are requests.", "{type: request}",
            default="all others"),
        Key("response", conditions, _TYPE, "Which lines are responses.", "{type: response}",
            default="all others"),
        Key("within", duration(0.1, 7 * 86400.0), "a duration",
            "How long a half waits for the other, from when it was read. A request whose time is"
            " over is unanswered.", "60s", default="1m"),
        Key("max_waiting", integer(1, 10_000_000), "a whole number",
            "How many halves wait; beyond it the oldest is given up.", "50000"),
    ),
)  # fmt: skip


def pairs(value: object) -> PairsConfig:
    """The section, which must tell the halves apart."""
    findings = Findings()
    values = PAIRS.read(value, findings)
    if not values.get("request") and not values.get("response"):
        findings.add("request", "missing; expected it, or response, to tell the lines apart")
    findings.raise_any()
    return PairsConfig(**values)
