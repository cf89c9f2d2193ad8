"""Facts of the stages become metrics about the exporter, log messages, and the status page.

The stages themselves count nothing.
"""

from __future__ import annotations

import logging
import math

from inference_exporter.formats import Decoded
from inference_exporter.loop.source_states import SourceStates
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.model import BlockFacts
from inference_exporter.sources import SourceFacts

log = logging.getLogger("inference_exporter.pipeline")

LOG_INTERVAL = 60.0  # at most one message about bad lines per source and minute
_ME = "inference_exporter_"


def labels_name(model: str) -> str:
    """What the labels of a model are called among the sources."""
    return f"{model}/labels"


class Teller:
    """Tells of blocks of lines and of sources, by the name of the source."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self.states = SourceStates()
        self._logged: dict[str, float] = {}  # monotonic time of the last message about a bad line
        self._waiting: dict[str, tuple[str, ...]] = {}  # files and folders that are not there yet

    def block(self, source: str, facts: BlockFacts, now: float, monotonic: float) -> None:
        """What became of a block of lines."""
        tell = self._telemetry
        self._lines(source, facts.decoded, now, monotonic)
        if facts.labels is not None:
            self._lines(labels_name(source), facts.labels, now, monotonic)
        if facts.placement is not None:
            tell.inc(f"{_ME}late_events_total", source, by=facts.placement.late)
            tell.inc(f"{_ME}future_events_total", source, by=facts.placement.future)
            tell.inc(f"{_ME}untimed_events_total", source, by=facts.placement.untimed)
        if not math.isnan(facts.newest):
            tell.set(f"{_ME}lag_seconds", source, value=max(0.0, now - facts.newest))

    def _lines(self, source: str, decoded: Decoded, now: float, monotonic: float) -> None:
        for result, lines in decoded.results.items():
            self._telemetry.inc(f"{_ME}lines_total", source, result, by=lines)
        for name, values in decoded.invalid.items():
            self._telemetry.inc(f"{_ME}invalid_values_total", source, name, by=values)
        if decoded.bad_example:
            reason, excerpt = decoded.bad_example
            self.states.note_bad_line(source, now, reason, excerpt)
            if monotonic - self._logged.get(source, -math.inf) >= LOG_INTERVAL:
                self._logged[source] = monotonic
                log.warning("%s: line not understood (%s): %s", source, reason, excerpt)

    def source(self, source: str, facts: SourceFacts) -> bool:
        """How a source stands; whether a counter moved."""
        self.states.note(source, facts)
        if facts.waiting_for and facts.waiting_for != self._waiting.get(source):
            missing = ", ".join(facts.waiting_for)
            log.warning("%s: waiting for %s, which is not there", source, missing)
        self._waiting[source] = facts.waiting_for
        gauges = {
            "files_watched": facts.files_watched,
            "files_open": facts.files_open,
            "files_unreadable": facts.files_unreadable,
            "lag_bytes": facts.lag_bytes,
            "catching_up": facts.catching_up,
            "source_up": facts.up,
        }
        counters = _counters_of(facts)
        for (family, *labels), number in counters.items():
            self._telemetry.inc(f"{_ME}{family}", source, *labels, by=number)
        for family, value in gauges.items():
            self._telemetry.set(f"{_ME}{family}", source, value=value)
        return any(counters.values())


def _counters_of(facts: SourceFacts) -> dict[tuple[str, ...], int]:
    """What happened, by family and reason."""
    return {
        ("bytes_read_total",): facts.bytes_read,
        ("files_rotated_total",): facts.rotated,
        ("lines_too_long_total",): facts.too_long,
        ("lines_total", "too_long"): facts.too_long,
        ("partial_lines_flushed_total",): facts.partials_flushed,
        ("partial_lines_dropped_total",): facts.partials_dropped,
        ("rotate_grace_expired_total",): facts.grace_expired,
        **{
            ("files_truncated_total", reason): facts.truncated.get(reason, 0)
            for reason in ("shrunk", "rewritten")
        },
        **{("file_open_errors_total", reason): n for reason, n in facts.open_errors.items()},
    }
