"""The streams of a model, and the detectors on them: against river, and however they are cut."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from river import drift

from exporter_process import total
from inference_exporter import config
from inference_exporter.concept import ConceptRunner
from inference_exporter.concept.scale import DEVIATION, LEARNED
from inference_exporter.concept.signals import errors, residuals
from inference_exporter.config.concept import BINARY_ONLY, PARAMETERS
from inference_exporter.config.schema import ConceptDrift
from inference_exporter.detectors import DETECTORS
from inference_exporter.errors import ConfigError
from inference_exporter.values.batch import Floats
from sidecar import Sidecar

FIELDS = """\
fields:
  timestamp: at
  version: version
  prediction: prediction
  score: score
  actual: actual
  latency: latency
positive_class: "yes"
"""
ALL = ConceptDrift(tuple(DETECTORS))


def _errors(seed: int, *parts: tuple[int, float]) -> Floats:
    rng = np.random.default_rng(seed)
    return np.concatenate([(rng.random(n) < rate).astype(float) for n, rate in parts])


def _lines(wrong: Floats, latency: float = 0.05) -> list[bytes]:
    return [
        json.dumps(
            {
                "at": 1_800_000_000, "version": "v1", "prediction": "yes", "score": 0.8,
                "actual": "no" if error else "yes", "latency": latency,
            }
        ).encode() + b"\n"
        for error in wrong.tolist()
    ]  # fmt: skip


def test_the_parameters_in_the_configuration_are_those_of_the_detectors() -> None:
    assert PARAMETERS.keys() == DETECTORS.keys()
    for name, kind in DETECTORS.items():
        known = {one.name: one.default for one in msgspec.structs.fields(kind)}  # type: ignore[arg-type]
        for key, check in PARAMETERS[name].items():
            assert check(known[key]) == known[key], f"{name}.{key}: the default is not allowed"
    assert {name for name, kind in DETECTORS.items() if "real" not in kind.inputs} == set(
        BINARY_ONLY
    )


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{detectors: [adwim]}", "detectors[0]: expected one of adwin"),
        ("{detectors: [ddm], signals: [latency]}", "detectors: ddm follows only the signal error"),
        ("{parameters: {adwin: {delt: 1}}}", "parameters.adwin.delt: unknown parameter; did you"),
        ("{parameters: {adwin: {delta: 2}}}", "parameters.adwin.delta: expected a number"),
        ("{parameters: {kswin: {stat_size: 80}}}", "window_size must be at least 2 times stat_si"),
        ("{parameters: {ddm: {warning_threshold: 4}}}", "drift_threshold must be at least warning"),
        ("{hold: 0}", "hold: expected a duration between 1s and 30d, got 0"),
        ("[adwin]", "expected a mapping with keys, got a list"),
    ],
)
def test_what_is_wrong_with_the_section_is_said(section: str, message: str) -> None:
    text = f"models: {{m: {{logs: [x], concept_drift: {section}}}}}"
    with pytest.raises(ConfigError, match=r"models\.m\.concept_drift") as caught:
        config.parse(text, "c.yaml")
    assert message in str(caught.value)


def test_errors_on_the_page_are_those_that_river_finds(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS + "concept_drift: {detectors: [adwin], signals: [error]}\n")
    wrong = _errors(3, (1500, 0.05), (1500, 0.4), (1500, 0.05))
    river = drift.ADWIN()  # type: ignore[no-untyped-call]
    found = 0
    for value in wrong.tolist():
        river.update(value)  # type: ignore[no-untyped-call]
        found += river.drift_detected
    assert found >= 2
    lines = _lines(wrong)
    for start in range(0, len(lines), 700):
        sidecar.reads(*lines[start : start + 700])
    labels = {"model": "m", "version": "v1", "detector": "adwin", "signal": "error"}
    page = sidecar.page()
    assert total(page, "inference_concept_drifts_total", **labels) == found
    assert total(page, "inference_concept_drift", **labels) == 2
    sidecar.clock.advance(3601)  # the hold is over, and the stream is stable again
    sidecar.reads(*_lines(np.zeros(1)))
    assert total(sidecar.page(), "inference_concept_drift", **labels) == 0
    assert total(sidecar.page(), "inference_concept_drifts_total", **labels) == found


def test_all_signals_of_the_defaults_are_on_the_page_and_survive_a_restart(tmp_path: Path) -> None:
    text = FIELDS + "concept_drift: {latency_rows: 10}\n"
    sidecar = Sidecar(tmp_path, text)
    before, after = _errors(1, (3000, 0.1)), _errors(2, (3000, 0.6))
    sidecar.reads(*_lines(before))
    page = sidecar.page()
    for detector, signal in itertools.product(
        ("adwin", "page_hinkley"), ("error", "residual", "latency")
    ):
        labels = {"detector": detector, "signal": signal}
        assert total(page, "inference_concept_drift", **labels) == 0
        assert total(page, "inference_concept_drifts_total", **labels) == 0
    series = [key for key in page if key[0] == "inference_concept_drift"]
    assert len(series) == 6
    # the committed state in another process
    again = Sidecar(tmp_path, text)
    again.pipeline._store = sidecar.pipeline._store
    again.pipeline.restore()
    again.reads(*_lines(after, latency=1.5))
    sidecar.reads()  # the same lines, without the restart
    pages = again.page(), sidecar.page()
    names = ("inference_concept_drift", "inference_concept_drifts_total")
    one, other = ({k: v for k, v in page.items() if k[0] in names} for page in pages)
    assert one == other
    assert all(value >= 1 for value in one.values())


def _detections(runner: ConceptRunner) -> dict[tuple[str, str, str], float]:
    return runner.detections()


def test_cuts_and_restarts_change_nothing() -> None:
    rng = np.random.default_rng(11)
    stream = _errors(5, (2000, 0.1), (2000, 0.5))
    real = np.concatenate((rng.normal(50, 9, 3000), rng.normal(90, 30, 3000)))
    whole = ConceptRunner(ALL)
    whole.feed("a", {"error": stream, "residual": real, "latency": real}, 1.0)
    parts = ConceptRunner(ALL)
    for _ in range(40):
        size = int(rng.integers(0, 300))
        part = {"error": stream[:size], "residual": real[:size], "latency": real[:size]}
        stream, real = stream[size:], real[size:]
        parts.feed("a", part, 1.0)
        state = parts.take_changes()
        if state:
            parts = ConceptRunner(ALL)
            assert parts.restore(state) == []
    parts.feed("a", {"error": stream, "residual": real, "latency": real}, 1.0)
    assert _detections(parts) == _detections(whole)
    assert whole.detections()["a", "adwin", "residual"] >= 1
    assert ("a", "ddm", "residual") not in whole.detections()


@pytest.mark.parametrize("factor", [1e-9, 1000.0, 1e12])
def test_the_unit_of_a_residual_does_not_matter(factor: float) -> None:
    rng = np.random.default_rng(4)
    values = np.concatenate((rng.normal(0, 1, 4000), rng.normal(1, 1, 2000)))
    plain, scaled = ConceptRunner(ConceptDrift()), ConceptRunner(ConceptDrift())
    plain.feed("", {"residual": values}, 1.0)
    scaled.feed("", {"residual": values * factor}, 1.0)
    assert plain.detections() == scaled.detections()
    assert set(plain.detections().values()) == {1.0}


def test_residuals_are_scaled_as_documented_and_equal_river_on_the_scaled_stream() -> None:
    rng = np.random.default_rng(8)
    values = np.concatenate((rng.normal(10, 4, 2000), rng.normal(14, 4, 900)))
    known, rest = values[:LEARNED], values[LEARNED:]
    river = drift.PageHinkley()
    found = []
    for at, value in enumerate(((rest - known.mean()) / known.std() * DEVIATION).tolist()):
        river.update(value)  # type: ignore[no-untyped-call]
        if river.drift_detected:
            found.append(at)
            break
    runner = ConceptRunner(ConceptDrift(("page_hinkley",), ("residual",)))
    runner.feed("", {"residual": values[: LEARNED + found[0]]}, 1.0)
    assert runner.detections()["", "page_hinkley", "residual"] == 0
    runner.feed("", {"residual": values[LEARNED + found[0] :][:1]}, 1.0)
    assert runner.detections()["", "page_hinkley", "residual"] == 1


def test_other_parameters_begin_anew_but_the_count_goes_on() -> None:
    runner = ConceptRunner(ConceptDrift(("adwin",), ("error",)))
    runner.feed("a", {"error": _errors(1, (1000, 0.0), (500, 0.9))}, 7.0)
    count = runner.detections()["a", "adwin", "error"]
    assert count >= 1
    other = ConceptRunner(ConceptDrift(("adwin",), ("error",), {"adwin": {"delta": 0.1}}))
    assert other.restore(runner.take_changes()) == []
    assert other.detections()["a", "adwin", "error"] == count
    assert other.levels(8.0) == {}  # no value since


def test_a_damaged_state_is_reported_and_left_out() -> None:
    runner = ConceptRunner(ConceptDrift())
    problems = runner.restore({"concept/v1": b"\x93nonsense", "warmup": b""})
    assert len(problems) == 1
    assert problems[0].startswith("concept drift of version 'v1': ")


def test_hostile_values_of_residuals_do_not_stop_the_stream() -> None:
    runner = ConceptRunner(ConceptDrift())
    huge = residuals(np.array([1e308, np.nan, -1e308, 0.0]), np.array([-1e308, 1.0, 1e308, 1e300]))
    assert huge.tolist() == [1e300]
    for values in (np.full(500, 1e300), np.zeros(500), np.array([1e300, -1e300] * 250)):
        runner.feed("", {"residual": values, "latency": values}, 1.0)
    assert all(np.isfinite(list(runner.levels(2.0).values())))


def test_errors_compare_by_the_names_of_classes() -> None:
    assert errors([1, "1", True, None, "b"], ["1", 1.0, "True", "x", None]).tolist() == [0, 0, 0]


def test_each_version_of_a_regression_has_its_own_residuals(tmp_path: Path) -> None:
    fields = FIELDS.replace('positive_class: "yes"', "task: regression")
    sidecar = Sidecar(tmp_path, fields + "concept_drift: {signals: [error, residual]}\n")
    rng = np.random.default_rng(12)
    lines = []
    for at in range(4000):
        bias = 30.0 if at >= 2000 else 0.0  # only the version v2 becomes worse
        for version, extra in (("v1", 0.0), ("v2", bias)):
            actual = float(rng.normal(100, 20))
            predicted = actual + float(rng.normal(0, 10)) + extra
            record = {"at": 1_800_000_000, "version": version, "prediction": predicted}
            lines.append(json.dumps(record | {"actual": actual}).encode() + b"\n")
    for start in range(0, len(lines), 999):
        sidecar.reads(*lines[start : start + 999])
    page = sidecar.page()
    found = {
        (version, detector): total(
            page, "inference_concept_drifts_total", version=version, detector=detector
        )
        for version in ("v1", "v2")
        for detector in ("adwin", "page_hinkley")
    }
    assert found == {
        ("v1", "adwin"): 0, ("v1", "page_hinkley"): 0,
        ("v2", "adwin"): 1, ("v2", "page_hinkley"): 1,
    }  # fmt: skip
    signals = {dict(key[1])["signal"] for key in page if key[0] == "inference_concept_drift"}
    assert signals == {"residual"}  # a number is hardly ever exactly right
