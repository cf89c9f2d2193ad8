"""Hours of the day and of the week: which one each row is of, and which the reference knows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Self

import numpy as np

from inference_exporter.accumulators import seasons_of
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Setting
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.batch import Batch, Floats
from inference_exporter.values.hours import LocalHours
from inference_exporter.values.samples import Labels, Samples
from inference_exporter.values.seasons import Times, by_day

log = logging.getLogger("inference_exporter.model.parts.season")


class SeasonPart(Part):
    """The hours of one model's rows."""

    def __init__(self, model: str, kind: str | None, timezone: str) -> None:
        self._model, self._kind = model, kind
        self._hours = LocalHours(timezone)
        self._known: int | None = None
        self._times: Times | None = None

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`. Without a reference there is nothing that an hour could be compared to."""
        config = setting.config
        if config.reference is None:
            return None
        return cls(config.name, config.season, config.season_timezone)

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        seasons = seasons_of(counting.config, counting.reference)
        self._known = None if seasons is None else int((seasons.rows > 0).sum())
        self._times = counting.reference.times if counting.reference else None
        if self._kind is not None and counting.reference is not None and seasons is None:
            log.warning(
                "model %s: `season: %s` is set, but the reference does not know these hours in %s; "
                "everything is compared with all of it until it is built again",
                self._model, self._kind, counting.config.season_timezone,
            )  # fmt: skip

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:
        """See `Part.columns`."""
        if self._known is None or self._kind is None:
            return batch
        moments = np.where(np.isfinite(times), times, now)
        return replace(batch, season=self._hours.cells(moments, self._kind))

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:
        """See `Part.samples`."""
        if self._kind is not None:
            known: dict[Labels, float] = {(self._model, self._kind): float(self._known or 0)}
            yield cache.samples("inference_reference_season_cells", known)
        if self._times is not None and np.isfinite(clock):
            covers = covered(self._times, clock)
            values: dict[Labels, float] = {(self._model, one): x for one, x in covers.items()}
            yield cache.samples("inference_reference_covers", values)


def covered(times: Times, now: float) -> dict[str, float]:
    """Whether the reference has rows of such an hour, weekday and month: 1 or 0 each."""
    clock = LocalHours(times.timezone)
    moment = np.array([now])
    hour = int(clock.cells(moment, "hour_of_week")[0])
    return {
        "hour": float(by_day(times.hours)[hour % 24] > 0),
        "weekday": float(times.hours.reshape(7, 24)[hour // 24].sum() > 0),
        "month": float(times.months[clock.months(moment)[0]] > 0),
    }
