"""Predictions of models with many classes, and scikit-learn's numbers for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn import metrics

from inference_exporter.values.batch import Floats, Ints

NAMES = tuple("abcdefghijklmnopqrst")
Found = dict[tuple[str, str], float]


def draw(
    random: np.random.Generator, rows: int, classes: int, sharpness: float = 2.0
) -> tuple[Floats, Ints]:
    """Probabilities without ties that are too sure of themselves, and what turned out."""
    logits = random.normal(0, sharpness, (rows, classes))
    truth = np.exp(0.7 * logits)
    truth /= truth.sum(axis=1, keepdims=True)
    given = np.exp(logits)
    given /= given.sum(axis=1, keepdims=True)
    actual = (truth.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1)
    return given, np.minimum(actual, classes - 1)


def exact(values: Floats, actual: Ints, top_k: Sequence[int]) -> Found:
    """What scikit-learn says that does not depend on bins."""
    labels = np.arange(values.shape[1])
    hot = np.equal.outer(actual, labels).astype(np.float64)
    found = {
        ("accuracy", ""): metrics.accuracy_score(actual, values.argmax(axis=1)),
        ("log_loss", ""): metrics.log_loss(actual, values, labels=labels),
        ("brier_score", ""): metrics.brier_score_loss(actual, values, labels=labels),
        ("ndcg_10", ""): metrics.ndcg_score(hot, values, k=10),
    }
    for k in top_k:
        score = metrics.top_k_accuracy_score(actual, values, k=k, labels=labels)
        found[f"top_{k}_accuracy", ""] = score
    return {key: float(value) for key, value in found.items()}


def one_vs_rest(values: Floats, actual: Ints, names: Sequence[str]) -> Found:
    """What scikit-learn says of each class against the rest, and of the means."""
    labels = np.arange(values.shape[1])
    hot = np.equal.outer(actual, labels).astype(np.int64)
    found: Found = {}
    for average in (None, "macro", "weighted"):
        for metric, value in (
            ("roc_auc", metrics.roc_auc_score(hot, values, average=average)),
            ("average_precision", metrics.average_precision_score(hot, values, average=average)),
        ):
            if average is None:
                found.update({(metric, name): float(value[i]) for i, name in enumerate(names)})
            else:
                found[metric, average] = float(value)
    return found
