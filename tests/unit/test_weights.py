"""Lines that stand for several predictions: counts are sums of weights (`sample_weight`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from exporter_process import Series, parse
from inference_exporter import config
from inference_exporter.accumulators import Groups, arrange
from inference_exporter.errors import ProfileError
from inference_exporter.exposition.text import render_text
from inference_exporter.formats import make_decoder
from inference_exporter.performance import wilson
from inference_exporter.reference import build
from inference_exporter.reference.warmup import WarmupBuilder
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.batch import Floats
from inference_exporter.values.samples import Snapshot
from late_sidecar import LateSidecar
from performance_data import NOW, lines_of, model_of, page_of, values

FIELDS = """\
models:
  m:
    logs: [log.jsonl]
    fields: {prediction: y, score: p, actual: a, weight: w}
    positive_class: "1"
    windows: [1h]
    min_samples: 10
"""
NUMBERS = FIELDS.replace('    positive_class: "1"\n', "    task: regression\n").replace(
    ", score: p", ""
)
ROWS = 3_000


def sampled(seed: int) -> dict[str, Floats]:
    """Positives are logged in full, one in twenty negatives."""
    rng = np.random.default_rng(seed)
    score = np.round(rng.random(ROWS) ** 2, 2)
    actual = rng.random(ROWS) < score
    kept = (score > 0.5) | (rng.random(ROWS) < 0.05)
    weight = np.where(score > 0.5, 1.0, 20.0)
    return {name: column[kept] for name, column in dict(
        p=score, y=score > 0.5, a=actual, w=weight
    ).items()}  # fmt: skip


def served(text: str, columns: dict[str, Floats]) -> Series:
    model = model_of(text=text)
    rows = [
        dict(zip(columns, map(float, one), strict=True))
        for one in zip(*columns.values(), strict=True)
    ]
    for row in rows:
        for name in ("y", "a"):
            if "task: regression" not in text:
                row[name] = int(row[name])
    model.take(lines_of(rows), NOW)
    return page_of(model)


@pytest.mark.parametrize("seed", [1, 2])
def test_metrics_are_scikit_learns_with_sample_weight(seed: int) -> None:
    data = sampled(seed)
    page = served(FIELDS, data)
    found = {
        key[:2]: value
        for key, value in values(page, "inference_performance", "metric", "class").items()
    }
    truth, predicted, weight = data["a"], data["y"], data["w"]
    wanted = {
        ("accuracy", ""): metrics.accuracy_score(truth, predicted, sample_weight=weight),
        ("precision", "1"): metrics.precision_score(truth, predicted, sample_weight=weight),
        ("recall", "1"): metrics.recall_score(truth, predicted, sample_weight=weight),
        ("f1", "1"): metrics.f1_score(truth, predicted, sample_weight=weight),
        ("brier_score", ""): metrics.brier_score_loss(truth, data["p"], sample_weight=weight),
        ("log_loss", ""): metrics.log_loss(
            truth, np.clip(data["p"], 1e-15, 1 - 1e-15), sample_weight=weight
        ),
        ("roc_auc", ""): metrics.roc_auc_score(
            truth, np.searchsorted(np.arange(1, 20) / 20, data["p"]), sample_weight=weight
        ),
    }
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value, abs=1e-9), key
    plain = metrics.precision_score(truth, predicted)
    assert metrics.recall_score(truth, predicted) != pytest.approx(found["recall", "1"], abs=0.01)
    assert plain == pytest.approx(found["precision", "1"])  # all of these have the weight 1


def test_regression_metrics_are_scikit_learns_with_sample_weight() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(10, 2, 400)
    data = {"y": truth + rng.normal(0, 1, 400), "a": truth, "w": rng.uniform(0.5, 30, 400)}
    page = served(NUMBERS, data)
    found = values(page, "inference_performance", "metric", "class")
    for metric, function in (
        ("mae", metrics.mean_absolute_error),
        ("rmse", metrics.root_mean_squared_error),
        ("r2", metrics.r2_score),
        ("mape", metrics.mean_absolute_percentage_error),
    ):
        wanted = function(truth, data["y"], sample_weight=data["w"])
        assert found[metric, ""] == pytest.approx(wanted, rel=1e-9), metric


def test_intervals_and_samples_are_of_the_effective_rows() -> None:
    data = sampled(4)
    page = served(FIELDS, data)
    weight, right = data["w"], data["a"] == data["y"]
    rows = weight.sum() ** 2 / (weight**2).sum()
    assert values(page, "inference_performance_samples") == {(): pytest.approx(rows)}
    share = float((weight * right).sum() / weight.sum())
    low, high = wilson(share * rows, rows)
    for family, wanted in (("lower", low), ("upper", high)):
        ends = values(page, f"inference_performance_{family}", "metric", "class")
        assert ends["accuracy", ""] == pytest.approx(wanted)
    narrow = wilson(share * float(weight.sum()), float(weight.sum()))
    assert high - low > 2 * (narrow[1] - narrow[0])


def test_counters_are_sums_of_weights_and_lines_without_one_count_once() -> None:
    rows = [
        {"y": 1, "p": 0.9, "a": 1, "w": 1},
        {"y": 0, "p": 0.1, "a": 0, "w": 20},
        {"y": 0, "p": 0.1, "a": 0},
        {"y": 0, "p": 0.2, "a": 1, "w": 0.5},
    ]
    model = model_of(text=FIELDS)
    model.take(lines_of(rows), NOW)
    page = page_of(model)
    cells = values(page, "inference_outcomes_total", "predicted", "actual")
    assert {key: value for key, value in cells.items() if value} == {
        ("1", "1"): 1, ("0", "0"): 21, ("0", "1"): 0.5,
    }  # fmt: skip
    assert values(page, "inference_prediction_weight_squared_total") == {(): 402.25}
    assert values(page, "inference_predictions_total", "prediction") == {("1",): 1, ("0",): 21.5}


def test_every_cell_is_what_copies_of_the_rows_make() -> None:
    """Whole weights are the same as writing each line so many times, in every accumulator."""
    rng = np.random.default_rng(6)
    weight = rng.integers(1, 60, 300)  # more distinct ones than are counted at once
    rows = [
        {"y": int(s > 0.5), "p": float(s), "a": int(rng.random() < s), "w": int(w)}
        for s, w in zip(rng.random(300), weight, strict=True)
    ]
    copies = [{**row, "w": 1} for row in rows for _ in range(int(str(row["w"])))]
    (one,) = config.parse(FIELDS, "test.yaml").models
    layout = arrange(one, None)
    found = []
    for lines in (rows, copies):
        batch = make_decoder(one).decode(lines_of(lines)).batch
        index = np.zeros(batch.rows, np.int64)
        found.append(layout.count(batch, Groups(index, 1)).tallies()[0])
    alike = np.ones(layout.cells, bool)
    alike[layout.slices["weight_spread"]] = False  # copies are worth more than one heavy row
    np.testing.assert_allclose(found[0].dense[alike], found[1].dense[alike])
    assert found[0].sparse == pytest.approx(found[1].sparse)


def test_reference_data_with_weights_is_refused(tmp_path: Path) -> None:
    (one,) = config.parse(FIELDS, "test.yaml").models
    path = tmp_path / "rows.csv"
    path.write_text("p,y,a,w\n0.1,0,0,20\n0.9,1,1,1\n", encoding="utf-8")
    with pytest.raises(ProfileError, match="every row of a reference counts once"):
        build([str(path)], one, now=NOW)
    for equal in ("0.1,0,0,1\n0.9,1,1,\n", "0.1,0,0,20\n0.9,1,1,20\n"):
        path.write_text(f"p,y,a,w\n{equal}", encoding="utf-8")
        assert build([str(path)], one, now=NOW).rows == 2


def test_a_warm_up_takes_no_more_lines_once_weights_differ() -> None:
    text = FIELDS.replace("a, weight", "a, features: f, weight")
    (one,) = config.parse(f"{text}    reference: {{warmup: 100}}\n", "test.yaml").models
    builder = WarmupBuilder(one)
    for weights in ([2, 2], [2, 2], [2, 1], [2, 2]):
        rows = [{"y": 1, "p": 0.9, "f": {"x": 1}, "w": w} for w in weights]
        builder.add(make_decoder(one).decode(lines_of(rows)).batch)
    assert builder.rows == 4


def test_traffic_that_is_sampled_and_has_not_changed_does_not_drift(tmp_path: Path) -> None:
    """The reference is of all rows; of the live ones those with a high score are logged in full."""
    rng = np.random.default_rng(8)

    def scores(rows: int) -> Floats:
        found: Floats = np.round(rng.random(rows) ** 2, 4)
        return found

    known = scores(20_000)
    table = "x,p,y\n" + "".join(f"{s},{s},{int(s > 0.5)}\n" for s in known.tolist())
    (tmp_path / "rows.csv").write_text(table, encoding="utf-8")
    text = FIELDS.replace("a, weight", "a, features: f, timestamp: t, weight")
    (one,) = config.parse(text, "test.yaml").models
    reference = build([str(tmp_path / "rows.csv")], one, now=NOW)
    start = NOW - NOW % 3600
    found, decided = {}, {}
    for weighted in (True, False):
        model = model_of(text=text, reference=reference)
        for hour in range(8):
            score = scores(10_000)
            kept = (score > 0.5) | (rng.random(10_000) < 0.05)
            rows = [
                {"t": start + hour * 3600 + at * 3600 / kept.sum(), "f": {"x": s}, "p": s,
                 "y": int(s > 0.5), "w": (1 if s > 0.5 else 20) if weighted else 1}
                for at, s in enumerate(score[kept].tolist())
            ]  # fmt: skip
            model.take(lines_of(rows), start + (hour + 1) * 3600)
        blocks = list(model.samples(start + 8 * 3600 + 60, EvaluationFacts()))
        page = parse(render_text(Snapshot(tuple(blocks), timestamp=NOW)).decode())
        drift = values(page, "inference_feature_drift", "feature", "statistic")
        found[weighted] = drift["x", "psi"]
        decided[weighted] = values(page, "inference_feature_drift_state", "feature").get(("x",))
    assert found[True] < 0.05
    assert found[False] > 0.4
    assert decided == {True: 0.0, False: 1.0}


def test_a_late_label_counts_with_the_weight_of_its_prediction(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path, outputs="prediction: predicted, score: score, weight: w")
    rng = np.random.default_rng(9)
    truth, predicted = rng.integers(0, 2, (2, 300)).astype(str)
    weight = rng.choice([1.0, 20.0, 0.5], 300)
    for at in range(300):
        sidecar.predict({"id": f"r{at}", "at": NOW, "predicted": predicted[at], "w": weight[at]})
    sidecar.settle()
    sidecar.crash()
    for at in range(300):
        sidecar.label({"id": f"r{at}", "actual": truth[at], "at": NOW})
    page = sidecar.settle()
    cells = values(page, "inference_outcomes_total", "predicted", "actual")
    wanted = metrics.confusion_matrix(truth, predicted, sample_weight=weight)
    for one, row in zip("01", wanted, strict=True):
        for other, rows in zip("01", row, strict=True):
            assert cells[other, one] == pytest.approx(rows)
    accuracy = values(page, "inference_performance", "metric", "window")["accuracy", "1h"]
    assert accuracy == pytest.approx(metrics.accuracy_score(truth, predicted, sample_weight=weight))
