"""Probabilities and rankings of predictions that wait for their label: what is kept of them.

| the model logs | kept | bytes |
|---|---|---|
| two classes, or only a prediction | nothing more: the score is kept anyway | 0 |
| probabilities of 3 to 10 classes | all of them, in single precision | 4 a class |
| probabilities of 11 to 256 classes | the ten most probable ones, and which they are | 50 |
| a ranking | the numbers of its first ten items, and that of the label | 46 |

Beyond ten, the rest of the probabilities come back as 0: the ranks 1 to 10 and the most probable
class are what they were, and no accumulator asks for more (`accumulators.choices`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from inference_exporter.config.schema import ModelConfig
from inference_exporter.values.batch import (
    RANKS,
    Batch,
    ClassScores,
    Floats,
    Ints,
    RankedItems,
    TextColumn,
)
from inference_exporter.values.vectors import item_codes

Records = npt.NDArray[np.void]
Field = tuple[str, str, tuple[int, ...]]

_CODES = 1 << 16  # a label of a ranking is the number of its class + this x the number of its item


def classes_kept(model: ModelConfig) -> tuple[str, ...]:
    """The classes of the probabilities that are kept; none where a score says it all."""
    scores = model.fields.scores
    return scores.classes if scores is not None and len(scores.classes) > 2 else ()


def choice_fields(classes: tuple[str, ...], *, ranking: bool) -> list[Field]:
    """What a record has beside the prediction."""
    if ranking:
        return [("items", "<u4", (RANKS,))]
    if not classes:
        return []
    if len(classes) <= RANKS:
        return [("scores", "<f4", (len(classes),))]
    code = "u1" if len(classes) <= 256 else "<u2"
    return [("top_class", code, (RANKS,)), ("top_score", "<f4", (RANKS,))]


def put_choices(records: Records, batch: Batch, rows: Ints) -> None:
    """Fill in what is kept of these rows of the batch."""
    names = records.dtype.names or ()
    if "items" in names:
        records["items"] = 0 if batch.ranking is None else batch.ranking.items[rows]
    for name in ("scores", "top_score"):
        if name in names and batch.scores is None:
            records[name] = np.nan
    if batch.scores is None:
        return
    values = batch.scores.values[rows]
    if "scores" in names:
        records["scores"] = values
    elif "top_class" in names:
        order = np.argsort(-values, axis=1, kind="stable")[:, :RANKS]  # the first of equals first
        records["top_class"] = order
        records["top_score"] = np.take_along_axis(values, order, axis=1)


def choices_of(records: Records, classes: tuple[str, ...]) -> dict[str, Any]:
    """Columns of a Batch: `scores` or `ranking`, as far as they were kept."""
    names = records.dtype.names or ()
    if "items" in names:
        items = records["items"].astype(np.int64)
        label = np.nan_to_num(records["actual"]).astype(np.int64) // _CODES
        return {"ranking": RankedItems(items, items[:, 0] != 0, actual=label)}
    if "scores" in names:
        return {"scores": ClassScores(classes, records["scores"].astype(np.float64))}
    if "top_class" in names:
        top = records["top_score"].astype(np.float64)
        values = np.zeros((len(records), len(classes)))
        np.put_along_axis(values, records["top_class"].astype(np.int64), top, axis=1)
        values[np.isnan(top[:, 0])] = np.nan
        return {"scores": ClassScores(classes, values)}
    return {}


def label_values(codes: Ints, column: TextColumn) -> Floats:
    """Labels of rankings as numbers: of the class and of the item; NaN where there is none."""
    both = codes + _CODES * item_codes(column)
    return np.where(codes == 0, np.nan, both.astype(np.float64))


def label_codes(actual: npt.NDArray[Any]) -> Ints:
    """The number of the class in a label of `label_values`."""
    codes: Ints = np.nan_to_num(actual).astype(np.int64) % _CODES
    return codes
