"""Predictions and labels of a regression as numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from inference_exporter.accumulators import task_of
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Setting
from inference_exporter.values.batch import Batch, Floats
from inference_exporter.values.numeric import numeric_column


class NumbersPart(Part):
    """Numeric columns of outputs, where the task is regression."""

    @classmethod
    def of(cls, setting: Setting) -> Self:  # noqa: ARG003
        """See `Part.of`. The task may be known only with the reference."""
        return cls()

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        self._regression = task_of(counting.config, counting.reference) == "regression"

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:  # noqa: ARG002
        """See `Part.columns`."""
        if not self._regression or batch.prediction is None:
            return batch
        return replace(
            batch,
            prediction_value=numeric_column(batch.prediction),
            actual_value=None if batch.actual is None else numeric_column(batch.actual),
        )
