"""The parts of a profile's file that say when its rows were made, and what is normal at which hour.

"times": {"timezone": "UTC", "first": 1790000000.0, …, "hours": [168 rows], "months": [12 rows]},
"seasons": {"kind": "hour_of_day", "timezone": "UTC", "rows": [ … ],
            "counts": {"feature/income": [[rows per bin], … 24 of them], …}}
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from inference_exporter.values.batch import Floats
from inference_exporter.values.hours import SEASONS
from inference_exporter.values.profile import FeatureProfile
from inference_exporter.values.seasons import Seasons, Times


class TimesState(msgspec.Struct, forbid_unknown_fields=True):
    """`Times` as JSON; `swings` are those of hours of the day and of the week."""

    timezone: str
    first: float
    last: float
    hours: list[float]
    months: list[float]
    swings: dict[str, tuple[float | None, float | None]]

    @classmethod
    def of(cls, times: Times | None) -> TimesState | msgspec.UnsetType:
        """What is written."""
        if times is None:
            return msgspec.UNSET
        swings = {key: (_short(day), _short(week)) for key, (day, week) in times.swings.items()}
        return cls(
            times.timezone, times.first, times.last, times.hours.tolist(), times.months.tolist(),
            swings,
        )  # fmt: skip


class SeasonsState(msgspec.Struct, forbid_unknown_fields=True):
    """`Seasons` as JSON."""

    kind: str
    timezone: str
    rows: list[float]
    counts: dict[str, list[list[float]]]

    @classmethod
    def of(cls, seasons: Seasons | None) -> SeasonsState | msgspec.UnsetType:
        """What is written."""
        if seasons is None:
            return msgspec.UNSET
        counts = {key: table.tolist() for key, table in seasons.counts.items()}
        return cls(seasons.kind, seasons.timezone, seasons.rows.tolist(), counts)


def times_of(state: TimesState | msgspec.UnsetType) -> Times | None:
    """What was read; ValueError if it does not fit together."""
    if isinstance(state, msgspec.UnsetType):
        return None
    hours, months = _rows(state.hours, 168), _rows(state.months, 12)
    return Times(state.timezone, state.first, state.last, hours, months, state.swings)


def seasons_of(
    state: SeasonsState | msgspec.UnsetType, profiles: Mapping[str, FeatureProfile]
) -> Seasons | None:
    """What was read, for `profiles` by `feature/name`; ValueError if it does not fit together."""
    if isinstance(state, msgspec.UnsetType):
        return None
    if state.kind not in SEASONS:
        raise ValueError(f"is damaged: seasons: unknown kind {state.kind!r}")
    size, counts = SEASONS[state.kind], {}
    for key, rows in state.counts.items():
        if key not in profiles:
            raise ValueError(f"is damaged: seasons: there is no {key}")
        shape = (size, len(profiles[key].bins))
        try:
            table = np.array(rows, dtype=np.float64)
        except ValueError as error:
            raise ValueError(f"is damaged: seasons: {key}: {error}") from error
        if table.shape != shape or (table < 0).any():
            raise ValueError(f"is damaged: seasons: {key}: expected {shape[0]} × {shape[1]} rows")
        counts[key] = table
    return Seasons(state.kind, state.timezone, _rows(state.rows, size), counts)


def _rows(values: list[float], size: int) -> Floats:
    rows = np.array(values, dtype=np.float64)
    if rows.shape != (size,) or (rows < 0).any():
        raise ValueError(f"is damaged: hours: expected {size} numbers of rows")
    return rows


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
