"""Two passes over blocks make a Reference: where the bins are, then what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from inference_exporter.batch import TextColumn
from inference_exporter.config.schema import ModelConfig
from inference_exporter.errors import ProfileError
from inference_exporter.profile import FeatureProfile, Reference
from inference_exporter.reference.census import CategoryCensus, NumericCensus
from inference_exporter.reference.fingerprint import fingerprint
from inference_exporter.reference.outcomes import ClassOutcomes, NumberOutcomes
from inference_exporter.reference.roles import Block
from inference_exporter.reference.survey import Survey

Census = NumericCensus | CategoryCensus


def build_from(
    read: Callable[[], Iterable[Block]], model: ModelConfig, *, now: float, source: str
) -> Reference:
    """A Reference from blocks that can be read twice."""
    survey = Survey(model).take(read())
    if not survey.rows:
        raise ProfileError(
            f"{source}: no row can be used ({survey.rejected} lines rejected); lines that are not "
            "valid, or have neither features nor a prediction, do not count"
        )
    count = _Count(survey)
    for block in read():
        count.add(block)
    if count.rows != survey.rows:
        raise ProfileError(f"{source}: changed while it was read; build from a finished file")
    return count.reference(model, now, source)


class _Count:
    """The second pass."""

    def __init__(self, survey: Survey) -> None:
        self.rows = 0
        self._survey = survey
        self._features: dict[str, Census] = {
            name: NumericCensus(column.sketch) if survey.is_numeric(name) else CategoryCensus()
            for name, column in survey.features.items()
        }
        self._task = survey.task
        self._prediction: Census | None = None
        if survey.prediction and survey.prediction.present:
            regression = self._task == "regression" and survey.prediction.sketch.count
            sketch = survey.prediction.sketch
            self._prediction = NumericCensus(sketch) if regression else CategoryCensus()
        self._score: NumericCensus | None = None
        if survey.score and survey.score.sketch.count:
            self._score = NumericCensus(survey.score.sketch)
        regression = self._task == "regression"
        self._outcomes = NumberOutcomes() if regression else ClassOutcomes()

    def add(self, block: Block) -> None:
        """Take in a block."""
        self.rows += block.rows
        for name, cells in block.features.items():
            self._features[name].add(cells)
        _add(self._prediction, block.prediction)
        _add(self._score, block.score)
        self._outcomes.add(block.prediction, block.actual)

    def reference(self, model: ModelConfig, now: float, source: str) -> Reference:
        """What was counted."""
        rows = self.rows
        outputs: dict[str, FeatureProfile] = {}
        if self._score:
            outputs["score"] = self._score.profile(rows)
        if self._prediction:
            outputs["prediction"] = self._prediction.profile(rows)
        reference = Reference(
            model=model.name,
            rows=rows,
            created=now,
            fingerprint="",
            task=self._task,
            features={name: census.profile(rows) for name, census in self._features.items()},
            outputs=outputs,
            classes=self._outcomes.classes,
            performance=self._outcomes.metrics(model.limits.classes),
            performance_samples=self._outcomes.samples,
            source=source,
            rejected=self._survey.rejected,
        )
        return replace(reference, fingerprint=fingerprint(reference))


def _add(census: Census | None, cells: TextColumn | None) -> None:
    if census is not None and cells is not None:
        census.add(cells)
