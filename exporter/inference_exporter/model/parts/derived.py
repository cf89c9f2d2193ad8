"""Features that are worked out of others: text lengths, distances to the mean embedding."""

from __future__ import annotations

from typing import Self

from inference_exporter.derived import Deriver, with_derived
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Setting
from inference_exporter.values.batch import Batch, Floats


class DerivedPart(Part):
    """Derived features of one model, as soon as there is a reference that has them."""

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        return cls() if setting.config.derived else None

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        known = counting.reference
        derived = counting.config.derived
        self._deriver = None if known is None else Deriver(derived, known.centroids)

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:  # noqa: ARG002
        """See `Part.columns`."""
        return batch if self._deriver is None else with_derived(batch, self._deriver)
