"""Rows that repeat others are marked before they are counted: see `repeats`."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np

from inference_exporter.model.part import Part, Setting
from inference_exporter.repeats import Keys, Seen, fingerprints, keys_of, mixed
from inference_exporter.values.batch import Batch, Bools, Floats

SOON, HOURLY = "repeated/soon", "repeated/hour"  # names of flags
SLOT, HOUR = 10.0, 3600.0  # seconds in which equal rows count once


class RepeatsPart(Part):
    """Which rows of one model repeat others. In memory only: a restart forgets them."""

    def __init__(self) -> None:
        self._soon, self._hourly = Seen(), Seen()

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`. Without a reference no features are read."""
        return None if setting.config.reference is None else cls()

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:
        """See `Part.columns`: flags of rows whose inputs are those of a row before."""
        if not batch.features:
            return batch
        times = np.where(np.isnan(times), now, times)
        keys = fingerprints(batch.features, batch.rows)
        if batch.version is not None:
            keys = mixed(keys, keys_of(batch.version).view(np.int64))
        again = {
            SOON: _again(self._soon, keys, times, SLOT),
            HOURLY: _again(self._hourly, keys, times, HOUR),
        }
        return replace(batch, flags={**batch.flags, **again})


def _again(seen: Seen, keys: Keys, times: Floats, seconds: float) -> Bools:
    marks: Bools = seen.times(mixed(keys, (times // seconds).astype(np.int64))) > 1
    return marks
