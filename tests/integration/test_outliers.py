"""Predictions as a whole, from `reference build` to the page: counts against NumPy's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exporter_process import Series, total
from inference_exporter.cli import main
from inference_exporter.cli.differences import difference
from inference_exporter.multivariate import DISTANCE, ERROR, STATISTICS, UNSEEN_SHARE, Scorer
from inference_exporter.reference import build, build_shard, dumps, load, loads, merge
from inference_exporter.reference.profiling.whole import without_whole
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import NumericProfile, Reference
from reference_files import MODEL as CREDIT
from reference_files import Rows, write_lines
from sidecar import NOW, Sidecar

FIELDS = """\
fields: {timestamp: at, features: features, prediction: prediction, score: score}
"""
WHOLE = FIELDS + "multivariate: true\n"
LIVE = "reference: reference.json\nwindows: [1h]\nmin_samples: 20\n"
NAMES = ("a", "b", "c")


def _table(rows: int, seed: int, noise: float = 0.3) -> Floats:
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(rows, 1))
    return np.asarray(base + noise * rng.normal(size=(rows, 3)))


def _rows(table: Floats, plan: str = "basic", score: float = 0.2) -> Rows:
    return [
        {
            "at": NOW, "prediction": "x", "score": score,
            "features": {**dict(zip(NAMES, row, strict=True)), "plan": plan, "land": "DE"},
        }
        for row in table.tolist()
    ]  # fmt: skip


def _lines(rows: Rows) -> list[bytes]:
    return [json.dumps(row).encode() + b"\n" for row in rows]


def _sidecar(folder: Path, more: str = "", head: str = WHOLE) -> tuple[Sidecar, Reference]:
    data = write_lines(folder / "data.jsonl", _rows(_table(2000, 1)))
    config = folder / "config.yaml"
    body = "".join(f"    {one}\n" for one in head.strip().splitlines())
    config.write_text("models:\n  m:\n    logs: [x]\n" + body)
    path = str(folder / "reference.json")
    assert main(["reference", "build", data, f"--config.file={config}", f"--output={path}"]) == 0
    return Sidecar(folder, head + LIVE + more), load(path)


def _of(page: Series, name: str) -> dict[str, float]:
    """Values of a family by its statistic."""
    return {dict(k[1])["statistic"]: value for k, value in page.items() if k[0] == name}


def test_statistics_of_rows_are_binned_like_any_output(tmp_path: Path) -> None:
    sidecar, reference = _sidecar(tmp_path)
    fit = reference.multivariate
    assert fit is not None
    assert fit.features == NAMES
    live = np.concatenate((_table(300, 2), _table(100, 3, noise=1.5)))
    sidecar.reads(*_lines(_rows(live)))
    page = sidecar.page()
    scorer = Scorer(fit, reference.features)
    found = scorer.score(dict(zip(NAMES, live.T, strict=True)), {}, len(live))
    for name in (DISTANCE, ERROR):
        profile = reference.outputs[name]
        assert isinstance(profile, NumericProfile)
        expected = np.bincount(np.searchsorted(profile.edges, found[name]), minlength=10)
        counts = [
            total(page, "inference_output_bin_total", output=name, bin=f"{i:02d}")
            for i in range(len(profile.edges) + 1)
        ]
        assert counts == expected.tolist()
        psi = total(page, "inference_output_drift", output=name, statistic="psi")
        assert psi > 0.25
    outliers = int((found[DISTANCE] > fit.quantile).sum())
    assert outliers > 20
    assert total(page, "inference_outliers_total") == outliers
    gauges = _of(page, "inference_multivariate_drift")
    assert gauges["outlier_share"] == pytest.approx(outliers / 400)
    known = reference.outputs[DISTANCE]
    assert isinstance(known, NumericProfile)
    assert gauges[DISTANCE] == pytest.approx(found[DISTANCE].mean() / known.mean, rel=1e-9)
    assert gauges[UNSEEN_SHARE] == 0


def test_outliers_and_bins_of_the_score_point_at_traces(tmp_path: Path) -> None:
    head = WHOLE.replace("fields: {", "fields: {trace_id: trace, ")
    sidecar, _ = _sidecar(tmp_path, head=head)
    rows = _rows(_table(3, 2, noise=0.01))
    far = {**rows[1], "features": {"a": 90, "b": -90, "c": 0}, "score": 0.9}
    sidecar.reads(*_lines([{**row, "trace": f"b{i}"} for i, row in enumerate((rows[0], far))]))
    snapshot = sidecar.snapshot
    found = {
        (block.series.family.name, exemplar.trace_id, exemplar.value)
        for block in snapshot.blocks
        for exemplar in block.exemplars.values()
    }
    assert ("inference_outliers_total", "b1", 1.0) in found
    assert ("inference_output_bin_total", "b1", 0.9) in found
    assert not [one for one in found if one[:2] == ("inference_outliers_total", "b0")]


def test_the_reference_exceeds_its_own_quantile_in_one_row_of_a_thousand(tmp_path: Path) -> None:
    sidecar, reference = _sidecar(tmp_path)
    assert reference.multivariate is not None
    sidecar.reads(*_lines(_rows(_table(2000, 1))))
    page = sidecar.page()
    assert total(page, "inference_outliers_total") == 2
    assert total(page, "inference_output_drift", output=DISTANCE, statistic="psi") < 1e-6


def test_unseen_categories_are_seen_as_a_share_of_the_row(tmp_path: Path) -> None:
    sidecar, _ = _sidecar(tmp_path)
    sidecar.reads(*_lines(_rows(_table(60, 2))), *_lines(_rows(_table(40, 3), plan="new")))
    page = sidecar.page()
    bins = {
        name: total(page, "inference_output_bin_total", output=UNSEEN_SHARE, bin=name)
        for name in ("00", "01", "02", "03")
    }
    assert bins == {"00": 60, "01": 0, "02": 40, "03": 0}  # one of two categories: 0.5
    assert _of(page, "inference_multivariate_drift")[UNSEEN_SHARE] == pytest.approx(0.2)


def test_missing_values_and_rows_without_any(tmp_path: Path) -> None:
    sidecar, _ = _sidecar(tmp_path)
    rows = _rows(_table(30, 2))
    for number, row in enumerate(rows):
        features = row["features"]
        assert isinstance(features, dict)
        features["a"] = None if number % 3 else features["a"]
    empty: Rows = [{"at": NOW, "prediction": "x", "features": {"plan": "basic"}}] * 5
    sidecar.reads(*_lines(rows), *_lines(empty))
    page = sidecar.page()
    assert total(page, "inference_output_bin_total", output=DISTANCE) == 30
    assert total(page, "inference_output_bin_total", output=UNSEEN_SHARE) == 35


def test_scores_near_the_boundary(tmp_path: Path) -> None:
    more = "boundary: {score: 0.5, margin: 0.1}\n"
    sidecar, _ = _sidecar(tmp_path, more, FIELDS)
    table = _table(10, 2)
    sidecar.reads(*_lines(_rows(table)), *_lines(_rows(table, score=0.41)))
    page = sidecar.page()
    assert total(page, "inference_boundary_predictions_total") == 10
    assert _of(page, "inference_multivariate_drift") == {"boundary_share": 0.5}


def test_bursts_of_similar_inputs_survive_a_restart(tmp_path: Path) -> None:
    more = "similar_inputs: 10\n"
    sidecar, _ = _sidecar(tmp_path, more)
    probe = np.zeros((8, 3)) + 1e-5 * _table(8, 5)
    sidecar.reads(*_lines(_rows(probe)))
    assert total(sidecar.page(), "inference_similar_inputs_total") == 0
    again = Sidecar(tmp_path, WHOLE + LIVE + more)
    again.pipeline._store = sidecar.pipeline._store
    again.pipeline.restore()
    again.reads(*_lines(_rows(probe)), *_lines(_rows(_table(84, 6))))
    page = again.page()
    assert total(page, "inference_similar_inputs_total") == 6
    assert _of(page, "inference_multivariate_drift")["similar_share"] == pytest.approx(0.06)


def test_a_line_from_the_future_does_not_stop_the_search_for_bursts(tmp_path: Path) -> None:
    sidecar, _ = _sidecar(tmp_path, "similar_inputs: 10\n")
    future: Rows = [{**row, "at": NOW + 1e9} for row in _rows(_table(1, 5))]
    sidecar.reads(*_lines(future), *_lines(_rows(np.zeros((15, 3)))))
    assert total(sidecar.page(), "inference_similar_inputs_total") == 5


def test_off_it_leaves_no_trace(tmp_path: Path) -> None:
    _sidecar(tmp_path)
    sidecar = Sidecar(tmp_path, FIELDS + LIVE)  # the reference has it, the configuration not
    sidecar.reads(*_lines(_rows(_table(50, 2))))
    text = sidecar.text()
    for name in (*STATISTICS, "inference_outliers_total", "inference_multivariate_drift"):
        assert name not in text


def test_on_without_it_in_the_reference_nothing_breaks(tmp_path: Path) -> None:
    _sidecar(tmp_path, head=FIELDS)
    sidecar = Sidecar(tmp_path, WHOLE + LIVE + "similar_inputs: 5\n")
    sidecar.reads(*_lines(_rows(_table(50, 2))))
    assert "inference_outliers_total" not in sidecar.text()


def test_a_warm_up_reference_has_it_too(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, WHOLE + "reference: {warmup: 500}\nwindows: [1h]\n")
    sidecar.reads(*_lines(_rows(_table(900, 1))))
    assert total(sidecar.page(), "inference_output_bin_total", output=DISTANCE) == 400


def _reference(folder: Path) -> Reference:
    model = replace(CREDIT, multivariate=True)
    data = write_lines(folder / "data.jsonl", _rows(_table(400, 1)))
    return build([data], model, now=1.0)


def test_the_profile_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    reference = _reference(tmp_path)
    data = dumps(reference)
    again = loads(data)
    assert dumps(again) == data
    assert again.multivariate is not None
    for broken in (b'"centre": [', b'"covariance": [['):
        with pytest.raises(ValueError, match="damaged"):
            loads(data.replace(broken, broken + b"1.0, "))
    fit = reference.multivariate
    assert fit is not None
    bad = replace(reference, multivariate=replace(fit, covariance=-fit.covariance))
    with pytest.raises(ValueError, match="damaged: multivariate: scales and covariance must be"):
        loads(dumps(bad))
    assert b"multivariate" not in dumps(without_whole(reference))


def test_shards_with_the_same_fit_merge_and_others_lose_it(tmp_path: Path) -> None:
    model = replace(CREDIT, multivariate=True)
    files = [write_lines(tmp_path / f"{i}.jsonl", _rows(_table(300, i))) for i in range(2)]
    first = build([files[0]], model, now=1.0)
    shards = [build_shard([path], model, now=1.0, bins=first) for path in files]
    merged = merge(shards, now=1.0)
    whole = build(files, model, now=1.0, bins=first)
    for name in (DISTANCE, ERROR, UNSEEN_SHARE):
        one, other = merged.outputs[name], whole.outputs[name]
        assert isinstance(one, NumericProfile)
        assert isinstance(other, NumericProfile)
        np.testing.assert_array_equal(one.counts, other.counts)
    assert f"{DISTANCE} (output)" in difference(first, merged)
    own = [build_shard([path], model, now=1.0) for path in files]
    assert DISTANCE not in difference(first, own[1].reference)
    lost = merge(own, now=1.0)
    assert lost.multivariate is None
    assert not set(STATISTICS) & set(lost.outputs)
