"""Hours of the parts of a reference: rows add, where the bins of all parts are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from inference_exporter.errors import ProfileError
from inference_exporter.reference.files.shard import Shard
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import (
    OTHER,
    CategoricalProfile,
    FeatureProfile,
    NumericProfile,
    by_key,
)
from inference_exporter.values.seasons import Seasons, Times


def merged_times(parts: Sequence[Shard]) -> Times | None:
    """When the rows of all parts were made; None if some do not say.

    What hours differ by is the mean over the parts, by their rows.
    """
    known = [part.reference.times for part in parts]
    times = [one for one in known if one is not None]
    if len(times) < len(known) or len({one.timezone for one in times}) > 1:
        return None
    keys = {key for one in times for key in one.swings}
    return Times(
        times[0].timezone,
        min(one.first for one in times),
        max(one.last for one in times),
        np.sum([one.hours for one in times], axis=0),
        np.sum([one.months for one in times], axis=0),
        {key: (_swing(times, key, 0), _swing(times, key, 1)) for key in sorted(keys)},
    )


def merged_seasons(
    parts: Sequence[Shard], profiles: Mapping[str, FeatureProfile]
) -> Seasons | None:
    """The hours of all parts in the cells of the merged profiles; None if none knows hours.

    Raises ProfileError where some parts know hours that do not add up.
    """
    known = [part.reference.seasons for part in parts]
    seasons = [one for one in known if one is not None]
    if not seasons:
        return None
    if len(seasons) < len(known) or len({(one.kind, one.timezone) for one in seasons}) > 1:
        raise ProfileError(
            "the parts tell hours apart in different ways, or not all do; build all with the same "
            "season and season_timezone"
        )
    counts = {}
    for key, profile in profiles.items():
        tables = [
            _in_cells_of(profile, part, one, key)
            for part, one in zip(parts, seasons, strict=True)
            if key in one.counts
        ]
        if tables:
            counts[key] = np.sum(tables, axis=0)
    first = seasons[0]
    rows: Floats = np.sum([one.rows for one in seasons], axis=0)
    return Seasons(first.kind, first.timezone, rows, counts)


def _in_cells_of(profile: FeatureProfile, part: Shard, seasons: Seasons, key: str) -> Floats:
    """Rows of a part (S, B) in the cells of the merged profile."""
    reference = part.reference
    own, table = by_key(reference.features, reference.outputs)[key], seasons.counts[key]
    if isinstance(profile, NumericProfile):
        same = isinstance(own, NumericProfile) and np.array_equal(own.edges, profile.edges)
        if not same:
            raise ProfileError(
                f"{key}: the parts tell hours apart, and have different bins; build them with the "
                "same --edges-from"
            )
        return table
    assert isinstance(own, CategoricalProfile)
    return _categories(profile, own, part.categories.get(key, {}), table)


def _categories(
    profile: CategoricalProfile, own: CategoricalProfile, rows: Mapping[str, int], table: Floats
) -> Floats:
    """As `_in_cells_of`; a category that a part does not list has its share of `other` there."""
    bins, cells = profile.bins, {name: at for at, name in enumerate(profile.categories)}
    rest = bins.index(OTHER) if OTHER in bins[len(cells) :] else len(bins) - 1
    found = np.zeros((len(table), len(bins)))
    for at, name in enumerate(own.categories):
        found[:, cells.get(name, rest)] += table[:, at]
    others = table[:, len(own.categories) :].sum(axis=1)
    left = 1.0
    for name in cells.keys() - set(own.categories):
        share = rows.get(name, 0) / max(1, own.other_count + own.overflow)
        found[:, cells[name]] += share * others
        left -= share
    found[:, rest] += max(0.0, left) * others
    return found


def _swing(times: Sequence[Times], key: str, which: int) -> float | None:
    pairs = [(one.swings[key][which], one.hours.sum()) for one in times if key in one.swings]
    known = [(value, rows) for value, rows in pairs if value is not None]
    if not known:
        return None
    values, rows = zip(*known, strict=True)
    return float(np.average(values, weights=rows))
