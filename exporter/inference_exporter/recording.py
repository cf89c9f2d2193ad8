"""Facts of the stages become metrics about the exporter; the stages themselves count nothing."""

from __future__ import annotations

import math

from inference_exporter.model import BlockFacts
from inference_exporter.sources import SourceFacts
from inference_exporter.telemetry import Telemetry

_ME = "inference_exporter_"


def note_block(tell: Telemetry, source: str, facts: BlockFacts, now: float) -> None:
    """What became of a block of lines."""
    for result, lines in facts.decoded.results.items():
        tell.inc(f"{_ME}lines_total", source, result, by=lines)
    for name, values in facts.decoded.invalid.items():
        tell.inc(f"{_ME}invalid_values_total", source, name, by=values)
    if facts.placement is not None:
        tell.inc(f"{_ME}late_events_total", source, by=facts.placement.late)
        tell.inc(f"{_ME}future_events_total", source, by=facts.placement.future)
        tell.inc(f"{_ME}untimed_events_total", source, by=facts.placement.untimed)
    if not math.isnan(facts.newest):
        tell.set(f"{_ME}lag_seconds", source, value=max(0.0, now - facts.newest))


def note_source(tell: Telemetry, source: str, facts: SourceFacts) -> None:
    """The facts of a source as metrics."""
    gauges = {
        "files_watched": facts.files_watched,
        "files_open": facts.files_open,
        "files_unreadable": facts.files_unreadable,
        "lag_bytes": facts.lag_bytes,
        "catching_up": facts.catching_up,
        "source_up": facts.up,
    }
    for (family, *labels), number in counters_of(facts).items():
        tell.inc(f"{_ME}{family}", source, *labels, by=number)
    for family, value in gauges.items():
        tell.set(f"{_ME}{family}", source, value=value)


def counters_of(facts: SourceFacts) -> dict[tuple[str, ...], int]:
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
