"""Real data sets through predictions and delayed, partly missing labels, with crashes in between.

The numbers of the page are scikit-learn's, over exactly the rows that have their label.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets, metrics
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from exporter_process import Series, total
from late_sidecar import NOW, LateSidecar

SCORE_FIELD = "score"


def replay(
    sidecar: LateSidecar, predicted: list[str], actual: list[str], scores: list[float], seed: int
) -> list[int]:
    """Predictions a second apart; labels late, shuffled, some never, some twice; crashes.

    Returns the rows that got a label.
    """
    draw = random.Random(seed)
    labelled = sorted(draw.sample(range(len(actual)), round(0.8 * len(actual))))
    events: list[tuple[float, str, int]] = [
        (float(row), "prediction", row) for row in range(len(actual))
    ]
    for row in labelled:
        delay = draw.expovariate(1 / 200) - 5  # some come before their prediction
        events.append((row + delay, "label", row))
        if draw.random() < 0.1:
            events.append((row + delay + draw.expovariate(1 / 50), "label", row))
    for at, kind, row in sorted(events):
        sidecar.clock.seconds = max(sidecar.clock.seconds, NOW + at)
        if kind == "prediction":
            sidecar.predict(
                {"id": f"r{row}", "at": NOW + row, "version": "v", "predicted": predicted[row],
                 "score": scores[row]}
            )  # fmt: skip
        else:
            sidecar.label({"id": f"r{row}", "actual": actual[row], "at": NOW + at})
        if draw.random() < 0.05:
            sidecar.turn(draw.choice((0, 1, 5)))
        if draw.random() < 0.01:
            sidecar.crash()
    sidecar.settle()
    sidecar.crash()
    sidecar.settle()
    return labelled


def performance(page: Series, metric: str, of_class: str = "") -> float:
    return total(page, "inference_performance", metric=metric, window="24h", **{"class": of_class})


@pytest.mark.parametrize("name", ["breast_cancer", "digits"])
def test_classification_with_late_labels_is_what_scikit_learn_says(
    tmp_path: Path, name: str
) -> None:
    features, target = getattr(datasets, f"load_{name}")(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        features, target, test_size=0.6, random_state=0
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=60, C=0.003))
    model.fit(train_x, train_y)
    predicted, scores = model.predict(test_x), model.predict_proba(test_x)[:, 1]
    more = "positive_class: 1" if name == "breast_cancer" else ""
    sidecar = LateSidecar(tmp_path, more=more)
    rows = replay(
        sidecar, [str(one) for one in predicted], [str(one) for one in test_y],
        [float(one) for one in scores], seed=1,
    )  # fmt: skip
    page = sidecar.page()
    true, given = test_y[rows], predicted[rows]
    classes = sorted(set(true) | set(given))
    matrix = metrics.confusion_matrix(true, given, labels=classes)
    outcomes = sidecar.outcomes()
    for i, of_actual in enumerate(classes):
        for j, of_predicted in enumerate(classes):
            assert outcomes.get(f"{of_predicted}/{of_actual}", 0) == matrix[i, j]
    assert performance(page, "accuracy") == pytest.approx(
        metrics.accuracy_score(true, given), abs=1e-12
    )
    report = metrics.precision_recall_fscore_support(true, given, labels=classes, zero_division=0)
    for values, metric in zip(report[:3], ("precision", "recall", "f1"), strict=True):
        for of_class, value in zip(classes, values, strict=True):
            assert performance(page, metric, str(of_class)) == pytest.approx(value, abs=1e-12)
    assert total(page, "inference_performance_samples", window="24h") == len(rows)
    assert total(page, "inference_label_coverage_ratio", window="24h") == pytest.approx(
        len(rows) / len(test_y), abs=1e-12
    )
    assert sidecar.results()["matched"] == len(rows)
    if name == "breast_cancer":
        squared = total(page, "inference_score_outcomes_squared_error_total")
        brier = metrics.brier_score_loss(true, scores[rows])
        assert squared / len(rows) == pytest.approx(brier, abs=1e-12)
        loss = total(page, "inference_score_outcomes_log_loss_total") / len(rows)
        assert loss == pytest.approx(metrics.log_loss(true, scores[rows]), abs=1e-12)


def test_regression_with_late_labels_is_what_scikit_learn_says(tmp_path: Path) -> None:
    features, target = datasets.load_diabetes(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        features, target, test_size=0.6, random_state=0
    )
    predicted = LinearRegression().fit(train_x, train_y).predict(test_x)
    sidecar = LateSidecar(tmp_path, task="regression")
    rows = replay(
        sidecar, [repr(float(one)) for one in predicted], [repr(float(one)) for one in test_y],
        [0.0] * len(test_y), seed=2,
    )  # fmt: skip
    page = sidecar.page()
    true, given = test_y[rows], predicted[rows]
    expected = {
        "mae": metrics.mean_absolute_error(true, given),
        "rmse": float(np.sqrt(metrics.mean_squared_error(true, given))),
        "r2": metrics.r2_score(true, given),
        "mape": metrics.mean_absolute_percentage_error(true, given),
        "bias": float(np.mean(given - true)),
    }
    for metric, value in expected.items():
        assert performance(page, metric) == pytest.approx(value, rel=1e-9)
    assert total(page, "inference_regression_outcomes_total") == len(rows)
    assert total(page, "inference_predictions_awaiting_label") == len(test_y) - len(rows)
