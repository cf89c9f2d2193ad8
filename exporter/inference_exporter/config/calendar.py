"""`calendar:` of a model: days, weeks, months and quarters beside the windows."""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.config.checks import Findings, Key, Section
from inference_exporter.config.fields import time_zone
from inference_exporter.config.schema import CalendarConfig
from inference_exporter.config.values import duration, list_of, one_of
from inference_exporter.values.calendar import PERIODS

_KINDS = ", ".join(PERIODS)

CALENDAR = Section(
    "calendar",
    CalendarConfig,
    (
        Key("timezone", time_zone, "an IANA time zone",
            "At whose midnights days begin.", "Europe/Paris", default="UTC"),
        Key("periods", list_of(one_of(*PERIODS), f"a list of {_KINDS}"), f"a list of {_KINDS}",
            "Which periods to evaluate over: each is published as it is so far (`month`) and as it"
            " was when it was last complete (`previous_month`). Weeks begin on Mondays.",
            "[month, quarter]"),
        Key("early", duration(1.0, 400 * 86400.0), "a duration",
            "How long after its prediction a label may come to count for the early outcome of a"
            " period, beside the outcome as of now.", "7d", default="none: no early outcome"),
    ),
)  # fmt: skip


def check_calendar(values: Mapping[str, object], findings: Findings) -> None:
    """Periods say how good predictions were: something must tell."""
    found = values.get("calendar")
    if not isinstance(found, CalendarConfig):
        return
    labels = values.get("labels")
    own = getattr(values.get("fields"), "actual", None)
    if labels is None and own is None and values.get("reference") is None:
        findings.add("calendar", "needs labels, fields.actual or a reference: periods are"
                     " evaluated by labels, or by estimates without them")  # fmt: skip
    if found.early is not None and labels is None:
        findings.add("calendar.early", "needs labels: those on a prediction's own line are never"
                     " late")  # fmt: skip
