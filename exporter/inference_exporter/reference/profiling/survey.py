"""The first pass over reference data: what kind each column is, and where its bins are.

A column is numeric if at least 90 % of its present values are numbers (`nan` and `inf` speak
neither for nor against), unless the config says so; anything else, booleans included, is
categorical. A column without any usable value is categorical with the one cell `unseen`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from inference_exporter.config.schema import ModelConfig
from inference_exporter.errors import ProfileError
from inference_exporter.reference.profiling.sketch import QuantileSketch
from inference_exporter.reference.reading.columns import booleans, not_numbers, numeric
from inference_exporter.reference.reading.roles import Block
from inference_exporter.values.batch import TextColumn

NUMERIC_SHARE = 0.9
MAX_COLUMNS = 10_000
REGRESSION_DISTINCT = 20  # more distinct numbers than this are not classes


class ColumnSurvey:
    """One column in the first pass."""

    def __init__(self) -> None:
        self.sketch = QuantileSketch()
        self.others = self.booleans = 0

    def add(self, cells: TextColumn) -> None:
        """Take in a block of the column."""
        column = numeric(cells)
        values = column.values
        self.booleans += booleans(cells)
        self.sketch.add(values[~np.isnan(values)])
        if column.invalid is not None:
            self.others += not_numbers(cells, column.invalid)

    @property
    def present(self) -> bool:
        """Whether there is any usable value."""
        return self.sketch.count + self.others > 0

    @property
    def numeric(self) -> bool:
        """Whether the column is one of numbers."""
        count = self.sketch.count
        numbers = count - self.booleans
        return numbers > 0 and numbers >= NUMERIC_SHARE * (count + self.others)

    @property
    def continuous(self) -> bool:
        """Whether numbers are quantities and not names of classes."""
        distinct = self.sketch.distinct()
        if distinct is None or len(distinct) > REGRESSION_DISTINCT:
            return True
        return bool((distinct != np.floor(distinct)).any())


class Survey:
    """All columns in the first pass."""

    def __init__(self, model: ModelConfig) -> None:
        self._model = model
        self.rows = 0
        self.rejected = 0
        self.features: dict[str, ColumnSurvey] = {}
        self.prediction: ColumnSurvey | None = None
        self.score: ColumnSurvey | None = None

    def take(self, blocks: Iterable[Block]) -> Survey:
        """Read all blocks."""
        for block in blocks:
            self._add(block)
        return self

    def _add(self, block: Block) -> None:
        self.rows += block.rows
        self.rejected += block.rejected
        for name, cells in block.features.items():
            if name not in self.features:
                self.features[name] = ColumnSurvey()
            self.features[name].add(cells)
        if len(self.features) > MAX_COLUMNS:
            raise ProfileError(
                f"more than {MAX_COLUMNS} columns would be features of the model: name those"
                " that are in fields.features.only"
            )
        if block.prediction is not None:
            self.prediction = self.prediction or ColumnSurvey()
            self.prediction.add(block.prediction)
        if block.score is not None:
            self.score = self.score or ColumnSurvey()
            self.score.add(block.score)

    def is_numeric(self, name: str) -> bool:
        """Whether a feature gets a numeric profile."""
        fields, survey = self._model.fields.features, self.features[name]
        if survey.sketch.count == 0:
            return False
        if fields and name in fields.numeric:
            return True
        return survey.numeric and not (fields and name in fields.categorical)

    @property
    def task(self) -> str:
        """The config's task, or the one that the predictions look like."""
        if self._model.task:
            return self._model.task
        found = self.prediction
        return "regression" if found and found.numeric and found.continuous else "classification"
