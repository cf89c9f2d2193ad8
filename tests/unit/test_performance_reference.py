"""What the rules compare with: the reference's intervals, and its metrics at the counters' bins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from exporter_process import Series, parse
from inference_exporter.cli import main
from inference_exporter.performance import SCORE_BINS
from inference_exporter.reference.files.codec import dumps, load, loads
from inference_exporter.results.binned import binned_performance

CONFIG = """\
models:
  m:
    logs: [predictions.jsonl]
    fields: {timestamp: ts, features: features, score: score, prediction: prediction,
             actual: actual}
    positive_class: "1"
    reference: reference.json
"""
ROWS = 20_000


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rare positives whose scores are mostly in the first of the 20 bins."""
    rng = np.random.default_rng(5)
    score = np.minimum(rng.gamma(0.3, 0.03, ROWS), 1.0)
    actual = rng.random(ROWS) < score
    return score, score > 0.1, actual


@pytest.fixture(scope="module")
def folder(
    data: tuple[np.ndarray, np.ndarray, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    made = tmp_path_factory.mktemp("reference")
    lines = ["x,score,prediction,actual"]
    lines += [
        f"{s},{s!r},{int(p)},{int(a)}"
        for s, p, a in zip(*map(np.ndarray.tolist, data), strict=True)
    ]
    (made / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (made / "config.yaml").write_text(CONFIG, encoding="utf-8")
    rows = [
        f'{{"ts": {1_700_000_000 + i}, "features": {{"x": {s}}}, "score": {s!r}, '
        f'"prediction": "{int(p)}", "actual": "{int(a)}"}}'
        for i, (s, p, a) in enumerate(zip(*(one[:500].tolist() for one in data), strict=True))
    ]
    (made / "predictions.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    build = ["reference", "build", str(made / "rows.csv"), f"--config.file={made / 'config.yaml'}"]
    assert main([*build, f"--output={made / 'reference.json'}"]) == 0
    return made


@pytest.fixture(scope="module")
def page(folder: Path) -> Series:
    with pytest.MonkeyPatch.context() as patch, (folder / "page").open("w", encoding="utf-8") as to:
        patch.setattr("sys.stdout", to)
        assert main(["once", f"--config.file={folder / 'config.yaml'}"]) == 0
    return parse((folder / "page").read_text(encoding="utf-8"))


def of(page: Series, name: str, **wanted: str) -> list[float]:
    return [
        value
        for (sample, labels), value in page.items()
        if sample == name and wanted.items() <= dict(labels).items()
    ]


def test_the_references_interval_of_a_share_is_wilsons(
    page: Series, data: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    _, predicted, actual = data
    hits, rows = int((predicted & actual).sum()), int(actual.sum())
    wanted = stats.binomtest(hits, rows).proportion_ci(0.95, "wilson")
    for bound, value in (("lower", wanted.low), ("upper", wanted.high)):
        family = f"inference_performance_reference_{bound}"
        assert of(page, family, metric="recall", **{"class": "1"}) == [pytest.approx(value)]


def test_binned_metrics_are_scikit_learns_of_scores_rounded_to_their_bin(
    page: Series, data: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    score, _, actual = data
    rounded = np.ceil(score * SCORE_BINS)
    family = "inference_performance_reference_binned"
    area = metrics.roc_auc_score(actual, rounded)
    assert of(page, family, metric="roc_auc") == [pytest.approx(area)]
    precision = metrics.average_precision_score(actual, rounded)
    assert of(page, family, metric="average_precision") == [pytest.approx(precision)]
    fine = of(page, "inference_performance_reference", metric="roc_auc")[0]
    assert fine > area + 0.1  # 20 bins are too few for such scores: why there is a value of its own


def test_a_profile_of_before_has_binned_metrics_by_its_calibration(folder: Path) -> None:
    new = load(str(folder / "reference.json"))
    old = replace(new, performance_binned={}, performance_intervals={})
    assert loads(dumps(old)).performance_binned == {}
    for key, value in binned_performance(old).items():
        assert value == pytest.approx(new.performance_binned[key], abs=0.02)
    assert binned_performance(replace(old, calibration=None)) == {}


def test_intervals_and_binned_metrics_come_back_from_the_file(folder: Path) -> None:
    saved = load(str(folder / "reference.json"))
    again = loads(dumps(saved))
    assert again.performance_intervals == saved.performance_intervals
    assert again.performance_binned == saved.performance_binned
    assert set(saved.performance_binned) == {("roc_auc", ""), ("average_precision", "")}


def test_squares_of_log_losses_are_counted(
    page: Series, data: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    score, _, actual = (one[:500] for one in data)
    loss = -np.log(np.clip(np.where(actual, score, 1 - score), 1e-15, 1 - 1e-15))
    found = of(page, "inference_score_outcomes_log_loss_squared_total")
    assert found == [pytest.approx((loss**2).sum())]
