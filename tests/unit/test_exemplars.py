"""Which traced requests are pointed at: failures and the slowest first, one a bucket and commit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.exposition.openmetrics import render_openmetrics
from inference_exporter.model import Model
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.samples import Exemplar, Labels, Snapshot

NOW = 1795168800.0
FIELDS = (
    "timestamp: ts, id: id, trace_id: trace, prediction: p, status: code, actual: a,"
    " latency: {from: ms, unit: ms}, steps: {lookup: {from: lookup, unit: ms}}"
)
DURATIONS = "inference_request_duration_seconds"


def model_of(more: str = "", fields: str = FIELDS) -> Model:
    text = (
        f"models: {{m: {{logs: [l], task: classification, latency_buckets: [0.1, 1], {more}"
        f" fields: {{{fields}}}}}}}"
    )
    (one,) = config.parse(text, "c.yaml").models
    return make_model(one, None)


def line(trace: str | None, **more: Any) -> dict[str, Any]:
    return {"ts": NOW, "id": "q", "trace": trace, "p": "a", "code": 200, "ms": 10} | more


def take(model: Model, *lines: dict[str, Any]) -> None:
    model.take("".join(json.dumps(one) + "\n" for one in lines).encode(), NOW)


def shown(model: Model, family: str) -> dict[tuple[Labels, int], Exemplar]:
    found = {}
    for block in model.samples(NOW, EvaluationFacts()):
        if block.series.family.name == family:
            for at, exemplar in block.exemplars.items():
                which, bucket = divmod(at, block.series.values_per_set)
                found[block.series.label_sets[which], bucket] = exemplar
    return found


def traces(model: Model, family: str) -> dict[tuple[Labels, int], str]:
    return {place: one.trace_id for place, one in shown(model, family).items()}


def test_the_slowest_of_each_bucket_is_shown_and_failures_before_it() -> None:
    model = model_of()
    take(model, line("aa", ms=20), line("bb", ms=30), line("cc", ms=25), line("dd", ms=500))
    assert traces(model, DURATIONS) == {(("m", ""), 0): "bb", (("m", ""), 1): "dd"}
    take(model, line("ee", ms=5, code=500), line("ff", ms=90), line("11", ms=6, code=500))
    assert shown(model, DURATIONS)[("m", ""), 0] == Exemplar("11", 0.006, NOW)
    assert traces(model, "inference_request_failures_total") == {(("m", ""), 0): "11"}


def test_a_commit_has_examples_of_its_own_and_older_ones_stay_until_then() -> None:
    model = model_of()
    take(model, line("aa", ms=90), line("bb", ms=400))
    model.settle(None, NOW)
    assert traces(model, DURATIONS) == {(("m", ""), 0): "aa", (("m", ""), 1): "bb"}
    take(model, line("cc", ms=20))
    assert traces(model, DURATIONS) == {(("m", ""), 0): "cc", (("m", ""), 1): "bb"}


def test_rows_without_a_trace_or_a_latency_are_no_examples() -> None:
    model = model_of()
    take(model, line(None, ms=90), line("aa", ms=20), line("bb", ms=None, code=500))
    assert traces(model, DURATIONS) == {(("m", ""), 0): "aa"}
    assert traces(model, "inference_request_failures_total") == {(("m", ""), 0): "bb"}
    assert shown(model_of(fields=FIELDS.replace("trace_id: trace,", "")), DURATIONS) == {}


def test_a_trace_that_is_not_sampled_is_no_example() -> None:
    model = model_of()
    where = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"
    take(model, line(f"00-{where}-00", ms=90), line(f"00-{where}-01", ms=20))
    assert [one.value for one in shown(model, DURATIONS).values()] == [0.02]


def test_steps_have_examples_of_their_own() -> None:
    model = model_of()
    take(model, line("aa", ms=900, lookup=1), line("bb", ms=950, lookup=80), line("cc", ms=10))
    found = shown(model, "inference_step_duration_seconds")
    assert found == {(("m", "", "lookup"), 0): Exemplar("bb", 0.08, NOW)}


def test_wrong_predictions_have_an_example_each_pair_of_classes() -> None:
    model = model_of()
    take(
        model,
        line("aa", p=1, a="1"), line("bb", p="1", a="0"), line("cc", p="0", a="1", ms=5),
        line("dd", p="0", a="1", ms=50), line("ee", p="0", a=None),
    )  # fmt: skip
    found = traces(model, "inference_outcomes_total")
    assert found == {(("m", "", "1", "0"), 0): "bb", (("m", "", "0", "1"), 0): "dd"}


@pytest.mark.parametrize("by_segment", [False, True])
def test_they_are_on_the_page_by_segment_too(by_segment: bool) -> None:
    model = model_of("segments: [land]," if by_segment else "")
    take(model, line("aa", land="DE", ms=500, code=500), line("bb", land="FR", ms=20))
    page = render_openmetrics(
        Snapshot(tuple(model.samples(NOW, EvaluationFacts()))),
    ).decode()
    land = ',land="DE"' if by_segment else ""
    example = '# {trace_id="aa"}'
    assert f'{DURATIONS}_bucket{{model="m",version=""{land},le="1.0"}}' in page
    lines = [one for one in page.splitlines() if example in one]
    assert any(one.startswith(f"{DURATIONS}_bucket") and land in one for one in lines)
    assert any(one.startswith("inference_request_failures_total") and land in one for one in lines)


def test_versions_keep_their_own() -> None:
    model = model_of(fields=FIELDS + ", version: v")
    take(model, line("aa", v="1", ms=20), line("bb", v="2", ms=10))
    assert traces(model, DURATIONS) == {(("m", "1"), 0): "aa", (("m", "2"), 0): "bb"}
