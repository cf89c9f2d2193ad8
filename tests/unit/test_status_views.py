"""What the status page says equals what the metrics page says, number by number."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from exporter_process import Series
from exposition_pages import block
from inference_exporter.exposition.status.numbers import count, digits
from inference_exporter.exposition.status.overview import home_view, model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.status.views import ModelView, VersionView
from inference_exporter.values.samples import Snapshot
from inference_exporter.values.status_facts import ModelFacts, StatusFacts
from multiclass import draw
from sidecar import NOW, Sidecar, line
from status_case import CONFIG, WARMUP, drifted, rows


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Sidecar:
    return drifted(tmp_path_factory.mktemp("status"))


def metric(page: Series, name: str, **labels: str) -> float | None:
    wanted = labels.items()
    found = [v for (sample, has), v in page.items() if sample == name and wanted <= set(has)]
    assert len(found) <= 1, f"{name}{labels} is not one series"
    return found[0] if found else None


def shown(snapshot: Snapshot, **query: str) -> VersionView:
    view = model_view(snapshot, "m", Selection.of(query))
    assert view is not None
    assert view.shown is not None
    return view.shown


@pytest.mark.parametrize("window", ["1h", "24h"])
def test_distances_noise_levels_and_evidence_are_those_of_the_metrics(
    sidecar: Sidecar, window: str
) -> None:
    page, view = sidecar.page(), shown(sidecar.snapshot, window=window)
    assert {row.name for row in view.drift.features} == {"income", "age", "country"}
    assert {row.name for row in view.drift.outputs} == {"score", "prediction"}
    for row in (*view.drift.features, *view.drift.outputs):
        labels = {row.scope: row.name, "window": window}
        family = f"inference_{row.scope}_drift"
        assert row.distance.value == metric(page, family, statistic="psi", **labels)
        assert row.critical.value == metric(page, f"{family}_critical", statistic="psi", **labels)
        assert row.samples.value == metric(page, f"{family}_samples", **labels)
        assert row.distance.value is not None


def test_the_bars_are_the_shares_that_the_distance_is_made_of(sidecar: Sidecar) -> None:
    page, view = sidecar.page(), shown(sidecar.snapshot)
    for row in (*view.drift.features, *view.drift.outputs):
        p = np.array([one.live for one in row.bins], dtype=float)
        q = np.array([one.reference for one in row.bins])
        assert p.sum() == pytest.approx(1.0)
        assert ((p - q) * np.log(p / q)).sum() == pytest.approx(row.distance.value, rel=1e-9)
        ratios = {
            value
            for (name, labels), value in page.items()
            if name == f"inference_{row.scope}_reference_ratio" and (row.scope, row.name) in labels
        }
        assert set(q.tolist()) == ratios


def test_the_drifted_feature_comes_first_and_is_said_to_be_far_away(sidecar: Sidecar) -> None:
    row = shown(sidecar.snapshot).drift.features[0]
    assert (row.name, row.verdict.level) == ("income", "warn")
    assert "far away" in row.verdict.words
    words = [notice.words for notice in home_view(sidecar.snapshot).notices]
    assert "1 feature far from the reference over 1h, not yet decided on: income." in words
    assert shown(sidecar.snapshot).drift.when == "once per 1h, 5 min after its end"


def test_a_decision_becomes_the_verdict_and_a_notice(tmp_path: Path) -> None:
    sidecar = drifted(tmp_path)
    rng = random.Random(2)
    for _ in range(3):
        sidecar.clock.advance(3600.0)
        sidecar.reads(*rows(rng, 600, sidecar.clock.now(), factor=3.0))
    assert metric(sidecar.page(), "inference_feature_drift_state", feature="income", window="1h")
    view = shown(sidecar.snapshot)
    verdicts = {row.name: row.verdict for row in view.drift.features}
    assert (verdicts["income"].level, verdicts["income"].words) == ("bad", "drifted")
    page = sidecar.page()
    psi, rows_of, noise = (
        metric(page, f"inference_feature_drift_decided{end}", feature="income", window="1h") or 0.0
        for end in ("", "_samples", "_critical")
    )
    assert psi > noise > 0.0
    said = {row.name: row.decided for row in view.drift.features}
    assert said.pop("income") == (
        f"In a full window of 1h it was {digits(psi)} over {count(rows_of)} rows; noise alone "
        f"reaches {digits(noise)}."
    )
    assert {*said.values()} == {""}
    assert verdicts["country"].level == "ok"
    drifted_now = metric(sidecar.page(), "inference_drifted_features", window="1h")
    assert view.drifted.value == drifted_now == 1.0
    words = [notice.words for notice in home_view(sidecar.snapshot).notices]
    assert "1 feature drifted over 1h: income." in words


def test_traffic_latency_and_performance_are_those_of_the_metrics(sidecar: Sidecar) -> None:
    page, view = sidecar.page(), shown(sidecar.snapshot)
    total = sum(v for (name, _), v in page.items() if name == "inference_requests_total")
    failed = metric(page, "inference_request_failures_total")
    assert view.total.value == view.requests.value == total == WARMUP + 1200
    assert failed is not None
    assert view.failed.value == pytest.approx(failed / total)
    for one in view.latency:
        q = f"{float(one.name[1:]) / 100:g}"
        family = "inference_request_duration_quantile_seconds"
        assert one.number.value == metric(page, family, q=q, window="1h")
    assert [one.name for one in view.latency] == ["p50", "p90", "p95", "p99"]
    family = "inference_performance"
    realised = [v for (n, has), v in page.items() if n == family and ("window", "1h") in has]
    seen = [row.realised.value for row in view.performance.rows]
    assert sorted(realised) == sorted(value for value in seen if value is not None)
    assert len(realised) > 5
    assert view.performance.labelled.value == metric(page, f"{family}_samples", window="1h")


def test_shares_of_missing_and_strange_values_are_those_of_the_counters(sidecar: Sidecar) -> None:
    page, view = sidecar.page(), shown(sidecar.snapshot)
    assert view.quality[0].feature == "age", "the only one with gaps comes first"
    assert view.quality[0].suspicious
    for row in view.quality:
        cells = [
            v for (name, has), v in page.items()
            if name == "inference_feature_bin_total" and ("feature", row.feature) in has
        ]  # fmt: skip
        gaps = metric(page, "inference_feature_missing_total", feature=row.feature)
        wrong = metric(page, "inference_feature_invalid_total", feature=row.feature)
        assert gaps is not None
        assert wrong is not None
        every = sum(cells) + gaps + wrong
        assert row.values.value == every
        assert row.missing.value == pytest.approx(gaps / every)
        assert row.invalid.value == pytest.approx(wrong / every)


def test_the_source_is_shown_with_offset_and_the_last_bad_line(sidecar: Sidecar) -> None:
    (source,) = home_view(sidecar.snapshot).sources
    (file,) = source.state.files
    size = sidecar.log.stat().st_size
    assert (file.path, file.offset, file.size) == (str(sidecar.log), size, size)
    assert source.verdict.level == "ok"
    assert source.lag_bytes.value == 0.0
    assert source.state.bad_line is not None
    assert "xx xxxx" in source.state.bad_line.excerpt, "its shape, not its values"
    malformed = metric(sidecar.page(), "inference_exporter_lines_total", result="malformed")
    assert {one.name: one.number.value for one in source.results}["malformed"] == malformed == 1.0


def view_of(folder: Path, config: str, *lines: bytes) -> ModelView:
    sidecar = Sidecar(folder, config)
    sidecar.reads(*lines)
    view = model_view(sidecar.snapshot, "m", Selection())
    assert view is not None
    return view


def test_without_lines_there_is_a_model_and_nothing_else(tmp_path: Path) -> None:
    view = view_of(tmp_path, CONFIG)
    assert (view.name, view.versions, view.shown) == ("m", (), None)


def test_while_the_reference_is_collected_the_page_says_how_much_is_left(tmp_path: Path) -> None:
    lines = rows(random.Random(3), 150, 1.8e9)
    view = view_of(tmp_path, CONFIG, *lines)
    assert view.shown is not None
    assert f"{WARMUP - 150} more to go" in view.shown.drift.why


def test_too_few_values_are_counted_against_what_it_takes(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, CONFIG)
    rng = random.Random(4)
    sidecar.reads(*rows(rng, WARMUP, sidecar.clock.now()))
    sidecar.clock.advance(7200.0)  # the hour is empty, the day is not
    sidecar.reads(*rows(rng, 37, sidecar.clock.now(), age=50.0))
    view = shown(sidecar.snapshot)
    verdicts = {row.name: row.verdict.words for row in view.drift.features}
    assert verdicts["age"] == "undecided because too few values: 37 of 200"
    assert view.performance.why == ("Too few labelled predictions in this window: 37 of 200.")
    assert shown(sidecar.snapshot, window="24h").performance.why == ""


def test_rows_that_resemble_each_other_are_said_to_be_worth_too_few(tmp_path: Path) -> None:
    """Each visitor makes twenty equal requests: a thousand rows are fifty."""
    sidecar = Sidecar(tmp_path, CONFIG)
    rng = random.Random(4)
    sidecar.reads(*rows(rng, WARMUP, sidecar.clock.now()))
    for _ in range(8):
        sidecar.clock.advance(3600.0)
        times = [sidecar.clock.now() - 3600.0 + 70.0 * number for number in range(50)]
        sidecar.reads(*[one for at in times for one in rows(rng, 1, at) * 20])
    page, view = sidecar.page(), shown(sidecar.snapshot)
    assert metric(page, "inference_feature_drift_state", feature="income", window="1h") is None
    design = metric(page, "inference_feature_drift_design_effect", feature="income", window="1h")
    assert design is not None
    (income,) = (row for row in view.drift.features if row.name == "income")
    assert income.samples.value is not None
    worth = int(income.samples.value / design)
    reason = "undecided because rows resemble each other"
    needed = 8 * len(income.bins)
    assert income.verdict.words == (
        f"{reason}: {income.samples.value:,.0f} are worth {worth} of {needed}"
    )
    assert worth < needed


def test_reasons_where_reference_labels_and_latency_are_not_configured(tmp_path: Path) -> None:
    config = "fields: {features: f, prediction: p}"
    view = view_of(tmp_path, config, *[line(f={"a": 1}, p="x")] * 3).shown
    assert view is not None
    assert view.version == ""
    assert view.drift.why == "No reference is configured: there is nothing to compare with."
    assert view.performance.why.startswith("No labels are configured")
    assert view.why_no_latency == "The configuration names no field with the latency."


def test_a_log_that_is_not_there_is_what_needs_attention(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, "fields: {prediction: p}")
    sidecar.log.unlink()
    sidecar.clock.advance(5)
    sidecar.pipeline.turn()
    said = [one.words for one in home_view(sidecar.snapshot).notices if one.model == "m"]
    assert said == [f"Source m: waiting for {sidecar.log}, which is not there."]


def test_choices_that_do_not_exist_are_replaced_by_the_first(sidecar: Sidecar) -> None:
    view = shown(sidecar.snapshot, version="none", window="9h", feature="none")
    assert (view.version, view.window, view.subject) == ("7", "1h", None)


def test_one_feature_shows_every_statistic_of_every_window(sidecar: Sidecar) -> None:
    page, view = sidecar.page(), shown(sidecar.snapshot, feature="income")
    assert view.subject is not None
    seen = {(row.window, row.statistic): row.value.value for row in view.subject.statistics}
    wanted = {
        (dict(has)["window"], dict(has)["statistic"]): value
        for (name, has), value in page.items()
        if name == "inference_feature_drift" and ("feature", "income") in has
    }
    assert seen == wanted
    assert len({window for window, _ in seen}) == 2


def test_estimates_stand_beside_the_metric_they_estimate() -> None:
    at, of_class = ("m", "7", "precision"), "yes"
    estimate = "inference_performance_estimate"
    blocks = (
        block("inference_model_info", ("m", "7", "json", "classification"), values=[1.0]),
        block("inference_positive_class_info", ("m", of_class), values=[1.0]),
        block("inference_performance", (*at, of_class, "1h"), (*at, "no", "1h"), values=[0.7, 0.8]),
        block("inference_performance_lower", (*at, of_class, "1h"), values=[0.6]),
        block("inference_performance_upper", (*at, of_class, "1h"), values=[0.75]),
        block(estimate, (*at, "1h"), ("m", "7", "accuracy", "1h"), values=[0.71, 0.9]),
        block(f"{estimate}_lower", (*at, "1h"), values=[0.65]),
        block(f"{estimate}_upper", (*at, "1h"), values=[0.77]),
        block("inference_performance_reference", (*at, of_class), values=[0.72]),
    )
    facts = StatusFacts((ModelFacts("m", ("1h",)),))
    rows = shown(Snapshot(blocks, NOW, facts)).performance.rows
    seen = {(r.metric, r.of_class): (r.realised.value, r.estimated.value) for r in rows}
    assert seen == {
        ("precision", "yes"): (0.7, 0.71),
        ("precision", "no"): (0.8, None),
        ("accuracy", ""): (None, 0.9),
    }
    first = next(row for row in rows if row.of_class == of_class)
    assert (first.realised_between, first.estimated_between) == ((0.6, 0.75), (0.65, 0.77))
    assert first.reference.value == 0.72


def test_many_classes_have_their_estimates_beside_the_means(tmp_path: Path) -> None:
    """A warm-up with probabilities, end to end: macro means, ranks, and no word of a score."""
    fields = "{scores: {from: p, classes: [a, b, c, d]}, actual: y}"
    sidecar = Sidecar(tmp_path, f"fields: {fields}\nreference: {{warmup: 400}}\n")
    given, actual = draw(np.random.default_rng(2), 1000, 4)
    rows = zip(given.tolist(), actual.tolist(), strict=True)
    sidecar.reads(*(line(p=row, y="abcd"[label]) for row, label in rows))
    performance = shown(sidecar.snapshot).performance
    found = {(row.metric, row.of_class): row for row in performance.rows}
    for metric in ("precision", "recall", "f1"):
        row = found[metric, "macro"]
        assert row.estimated.value is not None
        assert row.realised.value == pytest.approx(row.estimated.value, abs=0.1)
    assert found["accuracy", ""].estimated.value is not None
    assert found["top_3_accuracy", ""].reference.value is not None
    assert not any(metric.startswith("macro_") for metric, _ in found)


def test_the_version_seen_last_comes_first_and_others_can_be_chosen(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, "fields: {timestamp: t, version: v, prediction: p}")
    now = sidecar.clock.now()
    sidecar.reads(line(t=now - 9, v="2", p="x"), line(t=now - 5, v="1", p="x"))
    sidecar.reads(*[line(t=now - 1, v="3", p="x")] * 2)
    view = model_view(sidecar.snapshot, "m", Selection())
    assert view is not None
    assert view.versions == ("3", "1", "2")
    assert shown(sidecar.snapshot).total.value == 2.0
    assert shown(sidecar.snapshot, version="2").total.value == 1.0
    assert shown(sidecar.snapshot, version="2").last.value == sidecar.snapshot.timestamp - now + 9


def test_a_broken_input_is_said_as_the_alert_says_it(tmp_path: Path) -> None:
    sidecar = drifted(tmp_path)
    rng = random.Random(3)
    sidecar.clock.advance(900.0)
    sidecar.reads(*rows(rng, 60, sidecar.clock.now(), factor=1e6))
    assert metric(sidecar.page(), "inference_feature_broken", feature="income", flaw="strange") == 1
    share = metric(sidecar.page(), "inference_feature_broken_ratio", feature="income")
    assert share is not None
    (words,) = [n.words for n in home_view(sidecar.snapshot).notices if "broken" in n.words]
    assert words.startswith("Input income is broken: ")
    assert words.endswith("of the rows of the last minutes have a value out of range or unseen.")
