"""A reference profile as text for a terminal: `reference show`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise

from inference_exporter.reference.advice import advice, span
from inference_exporter.reference.show_segments import segment_lines
from inference_exporter.values.batch import Floats
from inference_exporter.values.edges import shown
from inference_exporter.values.losses import LossTable
from inference_exporter.values.profile import (
    Calibration,
    ClassCalibration,
    FeatureProfile,
    NumericProfile,
    Reference,
)

_WIDTH = 30  # characters of the longest bar
_NAME = 32  # characters of a category's name that are shown
_EIGHTHS = " ▏▎▍▌▋▊▉"


def show(reference: Reference) -> str:
    """The profile, table by table, with a bar for every bin; the most important features first."""
    created = datetime.fromtimestamp(reference.created, UTC)
    lines = [
        f"{reference.model}: {reference.task}, reference {reference.fingerprint}",
        f"{reference.rows:,} rows from {reference.source}, made {created:%Y-%m-%d %H:%M} UTC"
        + (f"; {reference.rejected:,} lines could not be read" if reference.rejected else ""),
    ]
    lines += [f"rows are of {span(reference.times)}"] if reference.times else []
    lines += advice(reference)
    if not reference.features:
        lines.append("no features: the config names no features field, or the data has none")
    explained = reference.importance.explained() if reference.importance else {}
    for name in sorted(reference.features, key=lambda name: -explained.get(name, 0.0)):
        lines += ["", *_table(name, reference.features[name])]
        if reference.importance:
            said = f"of the {reference.importance.target}'s variance"
            lines.append(f"  explains {explained[name]:.1%} {said}")
    for name, profile in reference.outputs.items():
        lines += ["", *_table(f"{name} (output)", profile)]
    if reference.performance:
        lines += ["", *_performance(reference)]
    lines += _expectations(reference)
    lines += segment_lines(reference.segments)
    return "\n".join(lines) + "\n"


def _expectations(reference: Reference) -> Iterator[str]:
    """What estimates without labels are made of."""
    if reference.calibration:
        yield from ("", _calibration(reference.calibration))
    if reference.losses:
        yield from ("", *_losses(reference.losses))
    if reference.estimate_errors:
        yield from ("", *_estimate_errors(reference.estimate_errors))
    if reference.class_calibration:
        yield from ("", *_class_calibration(reference.class_calibration))


def _table(name: str, profile: FeatureProfile) -> Iterator[str]:
    kind = "numeric" if isinstance(profile, NumericProfile) else "categorical"
    counted = f"{profile.samples:,.0f} values, {profile.missing:,} missing"
    yield f"{name}: {kind}, {counted}, {profile.invalid:,} invalid"
    ranges = bin_labels(profile)
    if isinstance(profile, NumericProfile):
        yield (
            f"  {_number(profile.minimum)} to {_number(profile.maximum)}, "
            f"mean {_number(profile.mean)}, standard deviation {_number(profile.std)}"
        )
        labels = [f"{number}  {one}" for number, one in zip(profile.bins, ranges, strict=True)]
        yield from _bars(labels, profile.cell_counts)
        return
    yield from _bars(ranges, profile.cell_counts)
    if profile.known_others:
        yield f"  other: {len(profile.known_others):,} categories"
    if profile.overflow:
        yield (
            "  too many categories to keep: the rest counts as unseen. Is this an identifier? "
            "Exclude it"
        )


def bin_labels(profile: FeatureProfile) -> list[str]:
    """The bins of a profile as people read them: ranges of numbers, names of categories."""
    if isinstance(profile, NumericProfile):
        return _ranges(shown(profile.edges, profile.minimum, profile.maximum))
    return [cut(one) for one in profile.bins]


def _ranges(texts: list[str]) -> list[str]:
    if not texts:
        return ["any"]
    middle = [f"{low} to {high}" for low, high in pairwise(texts)]
    return [f"up to {texts[0]}", *middle, f"over {texts[-1]}"]


def _bars(labels: list[str], counts: Floats) -> Iterator[str]:
    total = max(1.0, float(counts.sum()))
    longest = max(1.0, float(counts.max(initial=0.0)))
    width = max(map(len, labels))
    for label, count in zip(labels, counts.tolist(), strict=True):
        drawn = bar(count / longest)
        yield f"  {label:<{width}}  {drawn:<{_WIDTH}} {count / total:6.1%} {count:>12,.0f}"


def bar(share: float) -> str:
    """A bar of up to 30 characters."""
    eighths = round(share * _WIDTH * 8)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _performance(reference: Reference) -> Iterator[str]:
    yield f"performance on {reference.performance_samples:,} labelled rows"
    for (metric, of_class), value in reference.performance.items():
        name = f"{metric} of {cut(of_class)}" if of_class else metric
        yield f"  {name:<{_NAME + 13}} {value:.4f}"


def _calibration(one: Calibration) -> str:
    errors = f"{one.error_before:.4f} as they are, {one.error_after:.4f} by isotonic regression"
    kept = f"{len(one.scores)} points" if len(one.scores) else "scores are taken as they are"
    return f"calibration error of the score of {cut(one.positive)}: {errors}; {kept}"


def _losses(table: LossTable) -> Iterator[str]:
    asked = Counter(
        "the prediction" if one.column is None else cut(one.column) for one in table.splits
    )
    by = "a tree" if asked else "ranges of the prediction"
    yield f"errors to expect: {len(table.rows)} cells, by {by}"
    for name, count in asked.most_common():
        yield f"  {name:<{_NAME + 13}} {count} splits"


def _estimate_errors(errors: Mapping[str, float]) -> Iterator[str]:
    yield "what estimates were off by from one time to the next, beyond chance"
    for metric, error in errors.items():
        yield f"  {metric:<{_NAME + 13}} {error:.4f}"


def _class_calibration(one: ClassCalibration) -> Iterator[str]:
    yield "calibration errors of probabilities: as they are, by isotonic regression"
    names = (*(cut(name) for name in one.classes), "the predicted class")
    for name, knots, before, after in zip(
        names, (*one.scores, one.top[0]), one.error_before, one.error_after, strict=True
    ):
        kept = f"{len(knots)} points" if len(knots) else "taken as they are"
        yield f"  {name:<{_NAME}} {before:.4f} {after:.4f}  {kept}"


def _number(value: float) -> str:
    return f"{value:.6g}"


def cut(name: str) -> str:
    """A name as a terminal can show it."""
    clean = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in name)
    return clean if len(clean) <= _NAME else f"{clean[: _NAME - 1]}…"
