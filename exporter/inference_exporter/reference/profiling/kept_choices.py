"""Probabilities and rankings of the rows of a warm-up: a list of numbers per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inference_exporter.config.schema import ModelConfig
from inference_exporter.reference.reading.roles import Block
from inference_exporter.values.batch import RANKS, Batch, ClassScores, RankedItems

Kept = list[float] | None


def has_choices(model: ModelConfig) -> bool:
    """Whether rows have more than a score."""
    scores = model.fields.scores
    return model.fields.ranking is not None or (scores is not None and len(scores.classes) > 2)


def choices_to_keep(batch: Batch) -> list[Kept]:
    """The probabilities, or the numbers of the ranked items; None where there are none."""
    if batch.scores is not None:
        known = ~np.isnan(batch.scores.values[:, 0])
        rows: list[list[float]] = batch.scores.values.tolist()
    elif batch.ranking is not None:
        known, rows = batch.ranking.listed, batch.ranking.items.tolist()
    else:
        return [None] * batch.rows
    return [row if good else None for row, good in zip(rows, known.tolist(), strict=True)]


def with_kept(block: Block, model: ModelConfig, kept: Sequence[Kept]) -> Block:
    """The block with what was kept of its rows."""
    scores = model.fields.scores
    size = RANKS if scores is None else len(scores.classes)
    table = np.full((len(kept), size), np.nan)
    known = np.array([row is not None for row in kept], np.bool_)
    if known.any():
        table[known] = [row for row in kept if row is not None]
    if scores is not None:
        return replace(block, scores=ClassScores(scores.classes, table))
    items = np.nan_to_num(table).astype(np.int64)
    return replace(block, ranking=RankedItems(items, known))
