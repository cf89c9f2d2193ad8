"""Performance from counts, against scikit-learn on the rows."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from sklearn import metrics

from inference_exporter.statistics import classification_metrics, regression_metrics
from inference_exporter.values.batch import Floats


def sums_of(predicted: Floats, actual: Floats) -> dict[str, float]:
    error, nonzero = predicted - actual, actual != 0
    return {
        "n": float(len(error)),
        "absolute": float(np.abs(error).sum()),
        "squared": float((error**2).sum()),
        "over": float(np.maximum(error, 0).sum()),
        "under": float(np.maximum(-error, 0).sum()),
        "percentage": float(np.abs(error[nonzero] / actual[nonzero]).sum()),
        "percentage_n": float(nonzero.sum()),
        "actual_positive": float(np.maximum(actual, 0).sum()),
        "actual_negative": float(np.maximum(-actual, 0).sum()),
        "actual_squared": float((actual**2).sum()),
    }


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_classification_agrees_with_scikit_learn(classes: int) -> None:
    random = np.random.default_rng(classes)
    names = [f"c{index}" for index in range(classes)]
    actual = random.choice(names, 1000).tolist()
    predicted = [a if random.random() < 0.7 else random.choice(names) for a in actual]
    found = classification_metrics(Counter(zip(predicted, actual, strict=True)))
    assert found["accuracy", ""] == pytest.approx(metrics.accuracy_score(actual, predicted))
    scores = metrics.precision_recall_fscore_support(actual, predicted, labels=names)
    macro = metrics.precision_recall_fscore_support(actual, predicted, average="macro")
    for position, metric in enumerate(("precision", "recall", "f1")):
        for index, name in enumerate(names):
            assert found[metric, name] == pytest.approx(scores[position][index])
        assert found[metric, "macro"] == pytest.approx(macro[position])


def test_undefined_ratios_are_absent() -> None:
    found = classification_metrics({("a", "a"): 5, ("a", "b"): 2, ("c", "a"): 1})
    assert ("precision", "b") not in found  # never predicted
    assert ("recall", "c") not in found  # never occurred
    assert found["recall", "b"] == 0.0
    assert found["precision", "c"] == 0.0
    assert found["recall", "macro"] == pytest.approx((5 / 6 + 0) / 2)


def test_no_rows_have_no_performance() -> None:
    assert classification_metrics({("a", "b"): 0.0}) == {}
    assert regression_metrics(sums_of(np.empty(0), np.empty(0))) == {}


def test_classes_beyond_the_limit_are_not_taken_for_equal() -> None:
    found = classification_metrics(
        {("a", "a"): 8, ("__overflow__", "a"): 2, ("__overflow__", "__overflow__"): 50}
    )
    assert found["accuracy", ""] == 0.8
    assert ("precision", "__overflow__") not in found


def test_a_class_called_macro_keeps_its_name() -> None:
    found = classification_metrics({("macro", "macro"): 1, ("a", "macro"): 1, ("a", "a"): 2})
    assert found["recall", "macro"] == 0.5


def test_regression_agrees_with_scikit_learn() -> None:
    random = np.random.default_rng(1)
    actual = random.normal(10, 5, 1000)
    predicted = actual + random.normal(0.5, 2, 1000)
    found = regression_metrics(sums_of(predicted, actual))
    assert found["mae", ""] == pytest.approx(metrics.mean_absolute_error(actual, predicted))
    assert found["rmse", ""] == pytest.approx(
        math.sqrt(metrics.mean_squared_error(actual, predicted))
    )
    assert found["r2", ""] == pytest.approx(metrics.r2_score(actual, predicted))
    mape = metrics.mean_absolute_percentage_error(actual, predicted)
    assert found["mape", ""] == pytest.approx(mape)
    assert found["bias", ""] == pytest.approx((predicted - actual).mean())


def test_regression_leaves_out_what_is_not_defined() -> None:
    found = regression_metrics(sums_of(np.array([1.0, 2.0]), np.array([0.0, 0.0])))
    assert set(found) == {("mae", ""), ("rmse", ""), ("bias", "")}


def test_constant_labels_have_no_r2() -> None:
    assert ("r2", "") not in regression_metrics(sums_of(np.arange(5.0), np.full(5, 0.1)))
