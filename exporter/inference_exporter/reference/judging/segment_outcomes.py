"""Labelled rows of the reference data by segment: how good the model was for each part of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.worth import class_pair, values_of
from inference_exporter.performance import MACRO, WEIGHTED, Metrics, Values
from inference_exporter.reference.judging.outcomes import (
    ClassOutcomes,
    NumberOutcomes,
    OutcomeState,
)
from inference_exporter.reference.judging.score_cells import ScoreCells
from inference_exporter.reference.judging.scored import ScoredLabels
from inference_exporter.reference.judging.segment_bias import estimate_bias
from inference_exporter.reference.reading.columns import names, numeric
from inference_exporter.reference.reading.roles import Block
from inference_exporter.reference.reading.segment_rows import rows_by_value
from inference_exporter.values.batch import TextColumn
from inference_exporter.values.profile import Calibration
from inference_exporter.values.segment_profiles import SegmentProfile

LEAST = 200  # labelled rows of a segment that has a reference of its own
_KEPT = 10_000  # labelled scores of a segment that estimates are checked on, 24 bytes each
_SEEN = 10  # times as many values are counted as are kept: which are frequent shows at the end
_TWO = 2

States = Mapping[str, Mapping[str, OutcomeState]]  # by field, then by value


@dataclass(slots=True)
class _Segment:
    """What is counted of one value of one field."""

    outcomes: ClassOutcomes | NumberOutcomes
    scores: ScoreCells | None
    kept: ScoredLabels | None = None  # some rows, where estimates are wanted


class SegmentOutcomes:
    """Outcomes and scores by the segments of a model; the first values of a field that come."""

    def __init__(self, model: ModelConfig, *, regression: bool) -> None:
        self._model, self._regression = model, regression
        self._fields: dict[str, dict[str, _Segment]] = {one.name: {} for one in model.segments}
        self._estimated = {one.name for one in model.segments if one.estimates}

    def add(self, block: Block) -> None:
        """Take in a block."""
        if block.prediction is None or block.actual is None:
            return
        for one in self._model.segments:
            raw = block.segments.get(one.name)
            if raw is not None:
                for value, rows in rows_by_value(one, raw):
                    self._add(one.name, value, rows.tolist(), block)

    def _add(self, field: str, value: str, rows: list[int], block: Block) -> None:
        segment = self._of(field, value)
        if segment is None:
            return
        actual = _taken(block.actual, rows)
        segment.outcomes.add(_taken(block.prediction, rows), actual)
        score = _taken(block.score, rows)
        if segment.scores is not None and score is not None and actual is not None:
            segment.scores.add(numeric(score).values, names(actual))
        if segment.kept is not None:
            segment.kept.add(score, _taken(block.prediction, rows), actual)

    def _of(self, field: str, value: str) -> _Segment | None:
        """Where a value is counted; None beyond the limit."""
        known = self._fields[field]
        if value not in known and len(known) < _SEEN * self._model.limits.segments:
            if self._regression:
                known[value] = _Segment(NumberOutcomes(), None)
            else:
                kept = ScoredLabels(self._model, _KEPT) if field in self._estimated else None
                scores = ScoreCells(self._model.positive_class)
                known[value] = _Segment(ClassOutcomes(), scores, kept)
        return known.get(value)

    @property
    def states(self) -> States:
        """What `merge` of others takes in."""
        return {
            field: {value: one.outcomes.state for value, one in known.items()}
            for field, known in self._fields.items()
            if known
        }

    def profiles(
        self, classes: tuple[str, ...], calibration: Calibration | None
    ) -> dict[str, dict[str, SegmentProfile]]:
        """The segments with labels enough, the most frequent ones of each field.

        `calibration` is that of all rows.
        """
        worth = values_of(self._model, classes)
        found = {
            field: most(
                {value: self._profile(one, classes, worth) for value, one in known.items()},
                self._model.limits.segments,
            )
            for field, known in self._fields.items()
        }
        return {
            field: {
                value: self._with_bias(one, self._fields[field][value], classes, calibration)
                for value, one in of_field.items()
            }
            for field, of_field in found.items()
            if of_field
        }

    def _with_bias(
        self,
        profile: SegmentProfile,
        segment: _Segment,
        classes: tuple[str, ...],
        calibration: Calibration | None,
    ) -> SegmentProfile:
        rows = segment.kept.labelled(classes) if segment.kept else None
        if rows is None or calibration is None:
            return profile
        return replace(profile, estimate_bias=estimate_bias(rows, calibration))

    def _profile(
        self, one: _Segment, classes: tuple[str, ...], worth: Values | None
    ) -> SegmentProfile:
        profile = profile_of(one.outcomes, classes, worth)
        pair = class_pair(self._model, classes)
        if one.scores is None or pair is None:
            return profile
        metrics, intervals = one.scores.judged(pair[1])
        return SegmentProfile(
            profile.samples,
            {**profile.performance, **metrics},
            {**profile.intervals, **intervals},
        )


def profile_of(
    outcomes: ClassOutcomes | NumberOutcomes,
    classes: tuple[str, ...],
    worth: Values | None = None,
) -> SegmentProfile:
    """Performance from outcomes; of more than two classes only what is about all of them."""
    metrics = outcomes.metrics(len(outcomes.classes), worth)
    intervals = outcomes.intervals()
    if len(classes) > _TWO:
        metrics = _of_all(metrics)
    return SegmentProfile(
        outcomes.samples, metrics, {key: intervals[key] for key in metrics if key in intervals}
    )


def merged(
    states: Sequence[States], task: str, classes: tuple[str, ...], limit: int
) -> dict[str, dict[str, SegmentProfile]]:
    """The segments of parts together, of fields that all have; no scores, as in the whole."""
    found = {}
    for field in states[0]:
        if all(field in part for part in states):
            sums = _sums([part[field] for part in states], task)
            profiles = {value: profile_of(one, classes) for value, one in sums.items()}
            found[field] = most(profiles, limit)
    return {field: of_field for field, of_field in found.items() if of_field}


def _sums(
    parts: Sequence[Mapping[str, OutcomeState]], task: str
) -> dict[str, ClassOutcomes | NumberOutcomes]:
    kind = NumberOutcomes if task == "regression" else ClassOutcomes
    sums: dict[str, ClassOutcomes | NumberOutcomes] = {}
    for part in parts:
        for value, state in part.items():
            sums.setdefault(value, kind()).merge(state)
    return sums


def most(found: Mapping[str, SegmentProfile], limit: int) -> dict[str, SegmentProfile]:
    """Those with labels enough, at most `limit` of them, in the order of their names."""
    enough = [value for value, one in found.items() if one.samples >= LEAST and one.performance]
    kept = sorted(enough, key=lambda value: (-found[value].samples, value))[:limit]
    return {value: found[value] for value in sorted(kept)}


def _of_all(metrics: Metrics) -> Metrics:
    return {key: value for key, value in metrics.items() if key[1] in ("", MACRO, WEIGHTED)}


def _taken(column: TextColumn | None, rows: list[int]) -> TextColumn | None:
    return None if column is None else [column[row] for row in rows]
