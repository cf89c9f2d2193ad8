"""Two passes over blocks make a Reference: where the bins are, then what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.worth import values_of
from inference_exporter.derived import Centroids, Deriver
from inference_exporter.errors import ProfileError
from inference_exporter.reference.files.fingerprint import fingerprint
from inference_exporter.reference.files.shard import Shard
from inference_exporter.reference.judging.class_scores import LabelledChoices
from inference_exporter.reference.judging.losses import PredictedErrors
from inference_exporter.reference.judging.outcomes import ClassOutcomes, NumberOutcomes
from inference_exporter.reference.judging.scored import ScoredLabels, edges_of
from inference_exporter.reference.judging.segment_outcomes import SegmentOutcomes
from inference_exporter.reference.profiling.association import Association, target_of
from inference_exporter.reference.profiling.by_hour import HourCensus
from inference_exporter.reference.profiling.by_segment import with_cells
from inference_exporter.reference.profiling.census import CategoryCensus, EmptyCensus, NumericCensus
from inference_exporter.reference.profiling.sketch import QuantileSketch
from inference_exporter.reference.profiling.survey import Survey
from inference_exporter.reference.profiling.whole import fitted, scales, with_whole
from inference_exporter.reference.reading.roles import Block, derived_block
from inference_exporter.values.batch import TextColumn
from inference_exporter.values.profile import (
    FeatureProfile,
    Multivariate,
    NumericProfile,
    Reference,
    by_key,
)

Census = NumericCensus | CategoryCensus | EmptyCensus


def build_from(
    read: Callable[[], Iterable[Block]],
    model: ModelConfig,
    *,
    now: float,
    source: str,
    bins: Reference | None = None,
) -> Reference:
    """A Reference from blocks that can be read twice."""
    return shard_from(read, model, now=now, source=source, bins=bins).reference


def shard_from(
    read: Callable[[], Iterable[Block]],
    model: ModelConfig,
    *,
    now: float,
    source: str,
    bins: Reference | None = None,
) -> Shard:
    """A Reference, and beside it what merging it with others takes.

    With `bins`, kinds and edges of the features and outputs that this reference has are its.
    """
    if model.derived:
        return _with_derived(read, model, now=now, source=source, bins=bins)
    survey = Survey(model).take(read())
    if not survey.rows:
        raise ProfileError(
            f"{source}: no row can be used ({survey.rejected} lines rejected); lines that are not "
            "valid, or have neither features nor a prediction, do not count: `check --sample` "
            "shows how they are understood"
        )
    count = _Count(survey, bins, model)
    for block in read():
        count.add(block)
    if count.rows != survey.rows:
        raise ProfileError(f"{source}: changed while it was read; build from a finished file")
    shard = count.shard(model, now, source)
    if any(one.drift for one in model.segments):
        shard = replace(shard, reference=with_cells(shard.reference, read(), model))
    if not model.multivariate:
        return shard
    if bins is not None and bins.multivariate is not None:
        fit: Multivariate | None = bins.multivariate
    else:
        sketches = {name: column.sketch for name, column in survey.features.items()}
        fit = fitted(read(), scales(sketches, shard.reference.features))
    return replace(shard, reference=with_whole(shard.reference, read(), fit, bins))


def _with_derived(
    read: Callable[[], Iterable[Block]],
    model: ModelConfig,
    *,
    now: float,
    source: str,
    bins: Reference | None,
) -> Shard:
    """The reference of derived features in the place of what they are made of."""
    centroids = Centroids(model.derived)
    if bins is None and centroids.wanted:
        for block in read():
            centroids.add(block.features)
    means = centroids.result() if bins is None else dict(bins.centroids)
    deriver = Deriver(model.derived, means)

    def read_derived() -> Iterable[Block]:
        return (derived_block(block, deriver) for block in read())

    plain = replace(model, derived={})
    shard = shard_from(read_derived, plain, now=now, source=source, bins=bins)
    reference = replace(shard.reference, centroids=means)
    return replace(shard, reference=replace(reference, fingerprint=fingerprint(reference)))


class _Count:
    """The second pass."""

    def __init__(self, survey: Survey, bins: Reference | None, model: ModelConfig) -> None:
        self.rows = 0
        self._survey = survey
        features = bins.features if bins else {}
        outputs = bins.outputs if bins else {}
        self._features: dict[str, Census] = {
            name: _census(column.sketch, features.get(name), numeric=survey.is_numeric(name))
            for name, column in survey.features.items()
        }
        self._task = bins.task if bins else survey.task
        self._prediction: Census | None = None
        if survey.prediction and survey.prediction.present:
            sketch = survey.prediction.sketch
            regression = self._task == "regression" and sketch.count > 0
            self._prediction = _census(sketch, outputs.get("prediction"), numeric=regression)
        self._score: Census | None = None
        if survey.score and survey.score.sketch.count:
            self._score = _census(survey.score.sketch, outputs.get("score"), numeric=True)
        regression = self._task == "regression"
        self._outcomes = NumberOutcomes() if regression else ClassOutcomes()
        self._scored = ScoredLabels(None if regression else model)
        self._choices = LabelledChoices(None if regression else model)
        self._segments = SegmentOutcomes(model, regression=regression)
        self._hours = HourCensus(model)
        self._errors = PredictedErrors(
            {name: not isinstance(one, CategoryCensus) for name, one in self._features.items()}
        )
        self._association = self._associated(survey, regression=regression)

    def _associated(self, survey: Survey, *, regression: bool) -> Association | None:
        target = target_of(survey.score, survey.prediction, regression=regression)
        bounds = {
            name: None if isinstance(one, CategoryCensus) else one.edges
            for name, one in self._features.items()
        }
        return Association(*target, bounds) if target and bounds else None

    def add(self, block: Block) -> None:
        """Take in a block."""
        self.rows += block.rows
        for name, cells in block.features.items():
            self._features[name].add(cells)
        _add(self._prediction, block.prediction)
        _add(self._score, block.score)
        self._add_hours(block)
        self._outcomes.add(block.prediction, block.actual)
        self._scored.add(block.score, block.prediction, block.actual)
        self._choices.add(block)
        self._segments.add(block)
        if self._task == "regression":
            self._errors.add(block.prediction, block.actual, block.features)
        if self._association:
            self._association.add(block)

    def _add_hours(self, block: Block) -> None:
        self._hours.begin(block.times)
        for name, cells in block.features.items():
            self._hours.add(f"feature/{name}", self._features[name], cells)
        for name, census, column in (
            ("score", self._score, block.score),
            ("prediction", self._prediction, block.prediction),
        ):
            if census is not None:
                self._hours.add(f"output/{name}", census, column)

    def shard(self, model: ModelConfig, now: float, source: str) -> Shard:
        """What was counted, with what merging takes."""
        columns: dict[str, tuple[Census, QuantileSketch]] = {
            f"feature/{name}": (census, self._survey.features[name].sketch)
            for name, census in self._features.items()
        }
        for name, output, survey in (
            ("score", self._score, self._survey.score),
            ("prediction", self._prediction, self._survey.prediction),
        ):
            if output and survey:
                columns[f"output/{name}"] = (output, survey.sketch)
        return Shard(
            self._reference(model, now, source),
            sketches={k: s for k, (one, s) in columns.items() if isinstance(one, NumericCensus)},
            categories={
                k: one.counts for k, (one, _) in columns.items() if isinstance(one, CategoryCensus)
            },
            outcomes=self._outcomes.state,
            scores=self._association.categories() if self._association else {},
            segments=self._segments.states,
        )

    def _reference(self, model: ModelConfig, now: float, source: str) -> Reference:
        rows = self.rows
        classes = tuple(sorted({*self._outcomes.classes, *self._choices.classes}))
        outputs: dict[str, FeatureProfile] = {}
        if self._score:
            outputs["score"] = self._score.profile(rows)
        if self._prediction:
            outputs["prediction"] = self._prediction.profile(rows)
        edges = edges_of(outputs)
        scored = self._scored.judged(classes, edges)
        performance = {
            **self._outcomes.metrics(model.limits.classes, values_of(model, classes)),
            **scored.metrics,
            **self._choices.metrics(),
        }
        intervals = {**self._outcomes.intervals(), **scored.intervals}
        features = {name: census.profile(rows) for name, census in self._features.items()}
        profiles = by_key(features, outputs)
        calibration = self._scored.calibration(classes, edges)
        losses, errors = self._errors.found() if self._task == "regression" else (None, {})
        reference = Reference(
            model=model.name,
            rows=rows,
            created=now,
            fingerprint="",
            task=self._task,
            features=features,
            outputs=outputs,
            classes=classes,
            performance=performance,
            performance_intervals={key: intervals[key] for key in performance if key in intervals},
            performance_binned=scored.binned,
            performance_samples=self._outcomes.samples,
            source=source,
            rejected=self._survey.rejected,
            calibration=calibration,
            estimate_errors=errors or self._scored.estimate_errors(classes, calibration),
            class_calibration=self._choices.calibration(),
            times=self._hours.times(profiles),
            seasons=self._hours.seasons(profiles),
            losses=losses,
            importance=self._association.result(features) if self._association else None,
            segments=self._segments.profiles(classes, calibration),
        )
        return replace(reference, fingerprint=fingerprint(reference))


def _census(sketch: QuantileSketch, fixed: FeatureProfile | None, *, numeric: bool) -> Census:
    """Who counts a column: as the profile that fixes the bins says, else as the column looks."""
    if fixed is not None and fixed.samples:
        numeric = isinstance(fixed, NumericProfile)
    if not numeric:
        return CategoryCensus()
    if not sketch.count:
        return EmptyCensus()
    bins = (fixed.edges, fixed.fine_edges) if isinstance(fixed, NumericProfile) else None
    return NumericCensus(sketch, bins)


def _add(census: Census | None, cells: TextColumn | None) -> None:
    if census is not None and cells is not None:
        census.add(cells)
