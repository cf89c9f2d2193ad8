"""Which accumulators a model gets for its probabilities of many classes, or for its rankings."""

from __future__ import annotations

from inference_exporter.accumulators.base import DenseAccumulator
from inference_exporter.accumulators.class_scores import (
    ActualRanks,
    ClassLosses,
    OneVsRest,
    ScoredClasses,
    TopScores,
)
from inference_exporter.accumulators.expected_classes import ExpectedClasses
from inference_exporter.config.schema import ModelConfig
from inference_exporter.values.batch import RANKS
from inference_exporter.values.profile import Reference

PAIRS = 100  # classes of which every pair is counted: 320 kB a tally, 60 of them a window
REST = 256  # classes of which each is counted against the rest: 385 kB a tally


def expected_of(model: ModelConfig, reference: Reference) -> list[DenseAccumulator]:
    """What estimates performance without labels, where there are more than two classes."""
    scores, known = model.fields.scores, reference.class_calibration
    if scores is None or known is None or known.classes != scores.classes:
        return []
    if len(known.classes) > PAIRS:
        return []
    return [ExpectedClasses(known)]


def outcomes_of(model: ModelConfig) -> list[DenseAccumulator]:
    """What labels add to.

    Two classes have one score, and all that is made of it. Of predictions that wait for their
    label only the ten most probable classes are kept: with more classes there are no losses and
    no ROC AUC, for which all of them are needed.
    """
    scores, ranking = model.fields.scores, model.fields.ranking
    if ranking is not None:
        return [ActualRanks(None)]
    if scores is None or len(scores.classes) <= 2:
        return []
    classes = ScoredClasses(scores.classes)
    found: list[DenseAccumulator] = [ActualRanks(classes), TopScores(classes)]
    if model.labels is None or len(scores.classes) <= RANKS:
        found.append(ClassLosses(classes))
        if len(scores.classes) <= REST:
            found.append(OneVsRest(classes))
    return found
