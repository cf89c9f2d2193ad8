"""The segments of a reference as text: how good the model was for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inference_exporter.values.segment_profiles import SegmentProfile, SegmentProfiles

_NAME = 32
_SHOWN = ("accuracy", "roc_auc", "log_loss", "mae", "rmse", "r2")


def segment_lines(segments: SegmentProfiles) -> Iterator[str]:
    """A table for each field, the most frequent value first."""
    for field, known in segments.items():
        metrics = _metrics(known.values())
        heads = " ".join(f"{metric:>10}" for metric in metrics)
        yield from ("", f"{f'performance by {field}':<{_NAME}} {'labelled':>10} {heads}")
        for value, one in sorted(known.items(), key=lambda pair: -pair[1].samples):
            cells = " ".join(_cell(one, metric) for metric in metrics)
            name = f"  {shortened(value)}"
            yield f"{name:<{_NAME}} {one.samples:>10,} {cells}"


def shortened(value: str) -> str:
    """The name of a segment as a terminal can show it."""
    clean = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in value)
    return (clean or "(absent)")[: _NAME - 3]


def _metrics(profiles: Iterable[SegmentProfile]) -> list[str]:
    known = {key for one in profiles for key in one.performance}
    return [metric for metric in _SHOWN if (metric, "") in known]


def _cell(one: SegmentProfile, metric: str) -> str:
    value = one.performance.get((metric, ""))
    return f"{'':>10}" if value is None else f"{value:>10.4f}"
