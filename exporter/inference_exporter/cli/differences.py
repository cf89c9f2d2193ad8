"""How far one reference is from another: `reference diff`, with the statistics of live drift.

The new reference is put in the bins of the old one. Where its bins are the same, counts are exact;
else rows are taken to be spread evenly within each of its about 100 fine cells, so that a bin is
wrong by at most parts of two cells, about 1 % of the rows; values that occur often have cells of
their own and are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from inference_exporter.cli.movement import movements
from inference_exporter.cli.segment_differences import segment_differences
from inference_exporter.reference import bar, cut, without_whole
from inference_exporter.statistics import (
    STATISTICS,
    Comparison,
    comparison_categorical,
    comparison_numeric,
)
from inference_exporter.values.batch import Floats
from inference_exporter.values.edges import NEAR
from inference_exporter.values.profile import (
    OTHER,
    CategoricalProfile,
    FeatureProfile,
    Multivariate,
    NumericProfile,
    Reference,
)

SHOWN = ("psi", "js", "ks", "wasserstein", "tvd", "mean_shift")
SCALE = 0.25  # the PSI of a full bar: past it a change is called large


def difference(old: Reference, new: Reference) -> str:
    """A table, the largest PSI first, and what only one of them has.

    Rows as a whole are compared only by the same fit: each reference is near its own.
    """
    if not _same_fit(old.multivariate, new.multivariate):
        old, new = without_whole(old), without_whole(new)
    lines = [
        f"{old.model} {old.fingerprint}, {old.rows:,} rows from {old.source}",
        f"{new.model} {new.fingerprint}, {new.rows:,} rows from {new.source}",
        "the bins are the same" if old.fingerprint == new.fingerprint else "the bins differ",
    ]
    lines += _hours(old, new)
    lines += _schema("feature", old.features, new.features)
    lines += _schema("output", old.outputs, new.outputs)
    rows = sorted(
        [*_rows(old.features, new.features, ""), *_rows(old.outputs, new.outputs, " (output)")],
        key=lambda row: -row[1].get("psi", 0.0),
    )
    if rows:
        lines += ["", *_table(rows)]
    told = list(movements([(name, comparison) for name, _, comparison in rows]))
    if told:
        lines += ["", "which way, and the bins that moved most", *told]
    lines += _importance(old, new)
    lines += _performance(old, new)
    lines += segment_differences(old.segments, new.segments)
    return "\n".join(lines) + "\n"


def _hours(old: Reference, new: Reference) -> Iterator[str]:
    """What the two know of hours, where one knows any; hours that only one has rows of."""
    one, other = old.seasons, new.seasons
    if one is None and other is None:
        return
    if one is None or other is None or (one.kind, one.timezone) != (other.kind, other.timezone):
        said = ("none" if x is None else f"{x.kind} in {x.timezone}" for x in (one, other))
        yield f"hours that are told apart: {' before, '.join(said)} now"
        return
    known, now = (int((x.rows > 0).sum()) for x in (one, other))
    yield f"{one.kind}: {known} hours are known before, {now} now"


def _same_fit(one: Multivariate | None, other: Multivariate | None) -> bool:
    if one is None or other is None or one.features != other.features:
        return False
    pairs = ((one.centre, other.centre), (one.covariance, other.covariance))
    return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def compare(old: FeatureProfile, new: FeatureProfile) -> Comparison | None:
    """The new profile against the old one, in its bins; None if one is not of the other's kind."""
    if isinstance(old, NumericProfile) and isinstance(new, NumericProfile):
        counts, sums = rebinned(new, old.fine_edges)
        with np.errstate(over="ignore", invalid="ignore"):
            shift = new.mean - old.mean
            squares = new.samples * (new.std * new.std + shift * shift)
            return comparison_numeric(old, counts, sums, squares)
    if isinstance(old, CategoricalProfile) and isinstance(new, CategoricalProfile):
        return comparison_categorical(old, _cells(old, new))
    return None


def rebinned(profile: NumericProfile, edges: Floats) -> tuple[Floats, Floats]:
    """Rows and sums of values of a profile in other fine cells."""
    sums = profile.counts * np.nan_to_num(profile.means)
    if np.array_equal(profile.fine_edges, edges):
        return profile.counts, sums
    own = _reached(profile)
    inner = (own > profile.minimum) & (own < profile.maximum)
    with np.errstate(over="ignore"):
        below = np.nextafter(profile.minimum, -np.inf)
    at = np.concatenate(([below], [profile.minimum], own[inner], [profile.maximum]))
    return _spread(at, own, profile.counts, edges), _spread(at, own, sums, edges)


def _reached(profile: NumericProfile) -> Floats:
    """Where all rows of a cell and of those before it are reached: its edge, or its only value.

    A value that comes again has an edge a hair above it, and how wide a hair is depends on its
    neighbours; all of its rows are at the value.
    """
    own, means = profile.fine_edges, profile.means[:-1]
    with np.errstate(over="ignore"):
        hair = own - means
        room = np.append(own[1:], np.inf) - own
        size = np.fmax(np.abs(own), np.diff(own, prepend=-np.inf))
        size = np.where(np.isfinite(size), size, np.fmax(np.abs(own), 1.0))
    largest = np.fmax(size, np.where(np.isfinite(room), room, 0.0))
    only = (hair <= NEAR * largest) & (room > 4 * hair)
    reached: Floats = np.where(only, means, own)
    return reached


def _spread(at: Floats, own: Floats, amounts: Floats, edges: Floats) -> Floats:
    """Amounts per own cell, cumulated at `at`, read off at `edges`."""
    total = float(amounts.sum())
    cumulated = np.append(0.0, np.cumsum(amounts))
    # Up to and including a value: all cells that end at it or below.
    ends = cumulated[np.searchsorted(own, at, side="right")]
    ends[0], ends[-1] = 0.0, total
    points, first = np.unique(at, return_index=True)
    found: Floats = np.interp(edges, points, ends[first], left=0.0, right=total)
    return np.diff(found, prepend=0.0, append=total)


def _cells(old: CategoricalProfile, new: CategoricalProfile) -> Floats:
    """Rows of the new profile per cell of the old one.

    Which of the new one's unlisted categories the old one knows is certain only if all or none.
    """
    counts = dict(zip(new.categories, new.counts.tolist(), strict=True))
    cells = [counts.pop(name, 0.0) for name in old.categories]
    known = sum(count for name, count in counts.items() if name in old.known_others)
    rest = sum(count for name, count in counts.items() if name not in old.known_others)
    hidden, names = float(new.other_count), new.known_others
    share = len(names & (old.known_others | set(old.categories))) / len(names) if names else 0.0
    known, rest = known + hidden * share, rest + hidden * (1 - share) + new.overflow
    if OTHER in old.bins[len(old.categories) :]:
        cells.append(known)
    cells.append(rest)
    return np.array(cells)


Row = tuple[str, dict[str, float], Comparison]


def _rows(
    old: Mapping[str, FeatureProfile], new: Mapping[str, FeatureProfile], suffix: str
) -> Iterator[Row]:
    for name, profile in old.items():
        other = new.get(name)
        comparison = None if other is None else compare(profile, other)
        if comparison is None or not comparison.n or not comparison.m:
            continue
        values: dict[str, float] = {}
        with np.errstate(all="ignore"):
            for key in SHOWN:
                result = STATISTICS[key](comparison)
                if result is not None and np.isfinite(result.value):
                    values[key] = result.value
        yield cut(name) + suffix, values, comparison


def _table(rows: list[Row]) -> Iterator[str]:
    width = max(len("feature"), *(len(name) for name, _, _ in rows))
    yield f"{'feature':<{width}}  {'psi':>8} {'':30} " + " ".join(f"{k:>11}" for k in SHOWN[1:])
    for name, values, _ in rows:
        cells = " ".join(f"{_number(values.get(key)):>11}" for key in SHOWN[1:])
        drawn = bar(min(1.0, values.get("psi", 0.0) / SCALE))
        yield f"{name:<{width}}  {_number(values.get('psi')):>8} {drawn:<30} {cells}"
    yield f"a full bar is a PSI of {SCALE:g} or more"


def _schema(
    what: str, old: Mapping[str, FeatureProfile], new: Mapping[str, FeatureProfile]
) -> Iterator[str]:
    gone = [cut(name) for name in old if name not in new]
    come = [cut(name) for name in new if name not in old]
    if gone:
        yield f"only the old one has the {what}: {', '.join(gone)}"
    if come:
        yield f"only the new one has the {what}: {', '.join(come)}"
    for name, profile in old.items():
        other = new.get(name)
        if other is None or type(other) is type(profile):
            continue
        if profile.samples and other.samples:
            yield f"{cut(name)}: {_kind(profile)} in the old one, {_kind(other)} in the new one"
        else:
            yield f"{cut(name)}: one of them has no value"


def _kind(profile: FeatureProfile) -> str:
    return "numeric" if isinstance(profile, NumericProfile) else "categorical"


def _importance(old: Reference, new: Reference) -> Iterator[str]:
    """What each feature explains of the score, in both; the most important first."""
    before, after = (one.importance.explained() if one.importance else {} for one in (old, new))
    shared = [name for name in before if name in after]
    if shared:
        yield ""
        yield "share of the score's variance that a feature explains"
    for name in sorted(shared, key=lambda name: -max(before[name], after[name])):
        change = after[name] - before[name]
        yield f"  {cut(name):<45} {before[name]:8.4f} {after[name]:8.4f} {change:+8.4f}"


def _performance(old: Reference, new: Reference) -> Iterator[str]:
    shared = [key for key in old.performance if key in new.performance]
    if shared:
        yield ""
        yield "performance"
    for key in shared:
        name = f"{key[0]} of {cut(key[1])}" if key[1] else key[0]
        before, after = old.performance[key], new.performance[key]
        yield f"  {name:<45} {before:8.4f} {after:8.4f} {after - before:+8.4f}"
    yield from _estimate_errors(old.estimate_errors, new.estimate_errors)


def _estimate_errors(old: Mapping[str, float], new: Mapping[str, float]) -> Iterator[str]:
    shared = [metric for metric in old if metric in new]
    if shared:
        yield ""
        yield "what estimates were off by from one time to the next, beyond chance"
    for metric in shared:
        before, after = old[metric], new[metric]
        yield f"  {metric:<45} {before:8.4f} {after:8.4f} {after - before:+8.4f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
