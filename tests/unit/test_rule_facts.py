"""What the shipped rules compare with is on the page: thresholds, quantiles, the positive class."""

from __future__ import annotations

import pytest
from alert_rules.ruleset import drops
from scipy import stats

from credit_case import MODEL, write
from exporter_process import Series, parse
from inference_exporter.cli import main
from inference_exporter.config.budget import SHARES, parts
from inference_exporter.config.thresholds import THRESHOLDS, in_force
from inference_exporter.decisions import points
from inference_exporter.statistics.rule_quantiles import LOOKS_PER_MONTH, level

CONFIG = f"""\
models:
  {MODEL}:
    logs: [predictions.jsonl]
    fields: {{timestamp: timestamp, version: model_version, features: features, score: score,
             prediction: prediction, actual: actual, latency: {{from: latency_ms, unit: ms}}}}
    positive_class: "1"
    reference: reference.json
    thresholds: {{feature_psi: 0.25, request_duration_seconds: 0.3, false_alarms_per_month: 2}}
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Series:
    folder = tmp_path_factory.mktemp("facts")
    write(folder, seed=3, rows=400)
    config = folder / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    reference = ["reference", "build", str(folder / "reference.csv"), f"--config.file={config}"]
    assert main([*reference, f"--output={folder / 'reference.json'}"]) == 0
    output = folder / "page"
    with pytest.MonkeyPatch.context() as patch, output.open("w", encoding="utf-8") as file:
        patch.setattr("sys.stdout", file)
        assert main(["once", f"--config.file={config}"]) == 0
    return parse(output.read_text(encoding="utf-8"))


def of(page: Series, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(dict(labels).get(key, "") for key in ("version", "feature", "name", "class")): value
        for (sample, labels), value in page.items()
        if sample == name
    }


def test_every_threshold_is_published_with_its_default_unless_set(page: Series) -> None:
    published = {key[2]: value for key, value in of(page, "inference_threshold").items()}
    assert 0 < published.pop("drift_test_significance") < published.pop("drift_significance") < 0.05
    wanted = {"feature_psi": 0.25, "request_duration_seconds": 0.3, "false_alarms_per_month": 2.0}
    assert published == in_force(wanted) | parts(wanted)
    relative = {f"{metric}_drop" for metric in drops.DROPS} - {"accuracy_drop"}
    silent = {"drifted_importance_ratio"}  # until it is set
    # those depend on the reference: in rules
    assert set(published) == (set(THRESHOLDS) - relative - silent) | set(parts({}))
    assert "request_duration_seconds" not in in_force({})  # nobody's latency is known beforehand


def test_quantiles_are_scipys_at_the_level_of_the_false_alarm_budget(page: Series) -> None:
    quantiles = of(page, "inference_feature_drift_quantile")
    profiles = len({key[1] for key in quantiles}) + 2  # the score and the prediction
    alpha = level(2.0 * SHARES["drift"], profiles)
    assert alpha == pytest.approx(1.4 / (profiles * LOOKS_PER_MONTH))
    assert quantiles["v3", "income", "", ""] == pytest.approx(stats.chi2.isf(alpha, 9))


def test_the_parts_of_the_budget_are_no_more_than_the_whole() -> None:
    point_masses = SHARES["drift"] * points.SHARE  # beside decisions
    assert sum(SHARES.values()) + point_masses <= 1.0


def test_the_latency_objective_is_a_bound_of_the_histogram(page: Series) -> None:
    bounds = {
        dict(labels)["le"]
        for name, labels in page
        if name == "inference_request_duration_seconds_bucket"
    }
    assert {"0.25", "0.3", "0.5"} <= bounds


def test_the_positive_class_and_the_references_missing_share_are_known(page: Series) -> None:
    assert of(page, "inference_positive_class_info") == {("", "", "", "1"): 1.0}
    missing = of(page, "inference_feature_reference_missing_ratio")
    assert missing["v3", "income", "", ""] == 0.0
