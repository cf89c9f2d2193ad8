"""The replay of alerts on labels (`bench/calibration/alerts/labels.py`) is the shipped rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alert_rules.ruleset import drops, names
from bench.calibration.alerts import labels

from inference_exporter.config.budget import parts
from inference_exporter.config.thresholds import in_force
from inference_exporter.values.batch import Floats
from stories import promtool, series_of

MINUTES = 150
HERE = 'instance="a"'


def _labelled() -> dict[str, Floats]:
    """What counters add by the minute of a model that has become worse, and is miscalibrated."""
    right = np.array([[9.0, 4.0], [3.0, 5.0]])  # predicted, actual
    slope = np.linspace(1.0, 3.0, 20) / 40.0
    scores = np.stack((12.0 * slope[::-1], 9.0 * slope))
    losses = np.array([4.0, 15.0, 20.0])
    each = (right, scores, np.linspace(0.02, 1.6, 20), losses)
    made = [np.tile(one, (MINUTES, *[1] * one.ndim)) for one in each]
    for one in made:
        one[0] = 0.0
    return dict(zip(("cells", "scores", "sums", "losses"), made, strict=True))


def _series(counts: dict[str, Floats], known: labels.Known) -> Iterator[dict[str, str]]:
    for name, more, rows in _counters(counts):
        values = " ".join(f"{value!r}" for value in rows.cumsum().tolist())
        yield series_of(name, f"{HERE}{more}", values)
    effect = f'{HERE},output="score",window="1d"'
    yield series_of("inference_output_drift_design_effect", effect, f"3x{MINUTES}")
    for metric, value in known.value.items():
        of_class = "1" if metric in drops.OF_CLASSES else ""
        of = f'{HERE},metric="{metric}",class="{of_class}"'
        end, sign = ("upper", 1.0) if metric in drops.GROWTHS else ("lower", -1.0)
        bound = value + sign * names.Z95 * known.error[metric]
        for name, number in (("reference", value), (f"reference_{end}", bound)):
            yield series_of(f"inference_performance_{name}", of, f"{number!r}x{MINUTES}")
    for name, value in (in_force({}) | parts({})).items():
        threshold = f'{HERE},name="{name}",feature=""'
        yield series_of("inference_threshold", threshold, f"{value}x{MINUTES}")


def _counters(counts: dict[str, Floats]) -> Iterator[tuple[str, str, Floats]]:
    """Name, further labels, and what is added by the minute."""
    for predicted, actual in np.ndindex(2, 2):
        of = f',predicted="{predicted}",actual="{actual}"'
        yield "inference_outcomes_total", of, counts["cells"][:, predicted, actual]
    for actual, cell in np.ndindex(2, 20):
        of = f',actual="{actual}",bin="{cell:02d}"'
        yield "inference_score_outcomes_total", of, counts["scores"][:, actual, cell]
    for cell in range(20):
        of = f',bin="{cell:02d}"'
        yield "inference_score_outcomes_score_total", of, counts["sums"][:, cell]
    for at, name in enumerate(("squared_error", "log_loss", "log_loss_squared")):
        yield f"inference_score_outcomes_{name}_total", "", counts["losses"][:, at]
    yield "inference_requests_total", ',code="ok"', counts["cells"].sum(axis=(1, 2))


@pytest.mark.server
@pytest.mark.parametrize("name", ["InferencePerformanceLow", "InferenceCalibrationPoor"])
def test_alerts_on_labels_are_replayed_as_prometheus_evaluates_them(
    tmp_path: Path, name: str
) -> None:
    """Every metric has its margin, as far as rules write 1.959964 out; what fires fires here."""
    counts = _labelled()
    cells, scores, sums, losses = (labels.window(one, 1440) for one in counts.values())
    values, rows = labels.realised(cells, scores, losses), cells.sum(axis=(1, 2))
    value = {metric: float(one[-1]) for metric, (one, _) in values.items()}
    off = {metric: -0.3 if metric in drops.GROWTHS else 0.12 for metric in value}
    known = labels.Known(
        {metric: value[metric] + off[metric] for metric in value},
        dict.fromkeys(value, 0.01),
    )
    design = np.full(MINUTES, 3.0)
    checks: list[dict[str, Any]] = []
    if name == "InferencePerformanceLow":
        z = labels.sigmas("performance", len(values))
        fired = labels.fires(values, rows, known, "performance", design)
        kept = [at for at, one in enumerate(values) if one in drops.DROPS and one != "accuracy"]
        assert fired[-1, kept].any()
        assert not fired[-1, kept].all()
        for minute in (40, 149):
            for metric, (one, of) in values.items():
                width = labels.margin(metric, one, of, known, z, design)[minute]
                margin = names.margin("1d") + f'{{metric="{metric}"}}'
                expr = f"group(abs({margin} - {float(width)!r}) < 1e-6)"
                checks.append({"expr": expr, "eval_time": f"{minute}m",
                               "exp_samples": [{"labels": "{}", "value": 1}]})  # fmt: skip
    else:
        fired = labels.miscalibrated(scores, sums, len(values), design)
        kept = [0]
    for minute in range(40, MINUTES, 3):
        count = int(fired[minute, kept].sum())
        expr = f'count(ALERTS{{alertname="{name}", alertstate="firing"}})'
        samples = [{"labels": "{}", "value": count}] if count else []
        checks.append({"expr": expr, "eval_time": f"{minute}m", "exp_samples": samples})
    series = list(_series(counts, known))
    promtool(tmp_path, {"interval": "1m", "input_series": series, "promql_expr_test": checks}, name)
