"""Segments: what is counted and compared apart equals what a list of all events says."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sklearn import metrics

from exporter_process import Series, total
from inference_exporter.assembly import make_model
from inference_exporter.config import load
from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.status import StatusPages
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.families import FAMILIES
from inference_exporter.formats.sample import explain
from inference_exporter.results.evaluate import EvaluationFacts
from late_sidecar import NOW as LATE_NOW
from late_sidecar import LateSidecar
from sidecar import NOW, Sidecar

FIELDS = """\
task: classification
min_samples: 30
windows: [1h, 24h]
lateness: 24h
positive_class: 1
fields:
  timestamp: at
  id: id
  version: version
  features: features
  prediction: predicted
  score: score
  latency: latency
  status: status
  trace_id: trace
  actual: actual
segments:
"""
COUNTRY = "  country: country\n"
COUNTRY_AND_AGE = COUNTRY + "  age: {from: features.age, bins: [30, 50]}\n"


@dataclass(frozen=True, slots=True)
class Event:
    """A prediction with its label."""

    at: float
    version: str
    country: str | None
    age: float | None
    predicted: int
    actual: int
    score: float

    @property
    def age_range(self) -> str:
        if self.age is None:
            return ""
        return "<=30" if self.age <= 30 else "30..50" if self.age <= 50 else ">50"

    def line(self, number: int) -> bytes:
        high = round(0.8 * self.score, 6)
        fields = {
            "at": self.at, "id": f"r{number}", "version": self.version,
            "features": {"age": self.age}, "predicted": self.predicted, "actual": self.actual,
            "score": self.score, "scores": [0.2, high, 0.8 - high],
            "latency": 0.02 * (number % 40), "status": 200 if number % 50 else 500,
            "trace": f"{number:032x}",
        }  # fmt: skip
        if self.country is not None:
            fields["country"] = self.country
        return json.dumps(fields).encode() + b"\n"


def events(number: int, seed: int, span: float = 7000.0) -> list[Event]:
    """Random traffic; people in IT are judged worse."""
    draw = random.Random(seed)
    made = []
    for _ in range(number):
        country = draw.choice(["DE", "DE", "FR", "IT", None])
        actual = int(draw.random() < 0.4)
        right = draw.random() < (0.6 if country == "IT" else 0.9)
        predicted = actual if right else 1 - actual
        age = draw.choice([None, draw.randint(18, 80), 30, 50])
        score = min(1.0, max(0.0, 0.7 * predicted + 0.3 * draw.random()))
        at = NOW - draw.uniform(1.0, span)
        made.append(Event(at, draw.choice("12"), country, age, predicted, actual, score))
    return made


def labels_of(page: Series, family: str) -> list[tuple[dict[str, str], float]]:
    return [(dict(labels), value) for (name, labels), value in page.items() if name == family]


def counted(page: Series, family: str, *by: str) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for labels, value in labels_of(page, family):
        if value:
            found[tuple(labels.get(one, "") for one in by)] += int(value)
    return found


def test_counters_by_segment_are_those_of_a_list_of_events(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS + COUNTRY_AND_AGE)
    made = events(3000, seed=1)
    sidecar.reads(*(one.line(number) for number, one in enumerate(made)))
    page = sidecar.page()
    by = ("version", "predicted", "actual", "country", "age")
    wanted = Counter(
        (one.version, str(one.predicted), str(one.actual), one.country or "", one.age_range)
        for one in made
    )
    assert counted(page, "inference_outcomes_total", *by) == wanted
    requests = Counter((one.country or "", one.age_range) for one in made)
    assert counted(page, "inference_requests_total", "country", "age") == requests
    assert counted(page, "inference_request_duration_seconds_count", "country", "age") == requests
    failed = Counter(one.country or "" for number, one in enumerate(made) if number % 50 == 0)
    failures = counted(page, "inference_request_failures_total", "country")
    assert failures == {(country,): number for country, number in failed.items()}


REGRESSION = FIELDS.replace("task: classification", "task: regression").replace(
    "positive_class: 1\n", ""
)
MANY = FIELDS.replace("score: score", "scores: {from: scores, classes: ['0', '1', '2']}")


@pytest.mark.parametrize("fields", [FIELDS, REGRESSION, MANY], ids=["two", "regression", "many"])
def test_segments_sum_to_what_the_exporter_counts_without_them(tmp_path: Path, fields: str) -> None:
    made = events(2000, seed=2)
    lines = [one.line(number) for number, one in enumerate(made)]
    pages = []
    for name, model in (("with", fields + COUNTRY_AND_AGE), ("without", fields[:-10])):
        (tmp_path / name).mkdir()
        sidecar = Sidecar(tmp_path / name, model)
        sidecar.reads(*lines)
        pages.append(sidecar.page())
    more = ("country", "age", "segment", "field")
    sums: Counter[tuple[object, ...]] = Counter()
    by_segment = set()
    for (name, labels), value in pages[0].items():
        if "segment" not in dict(labels):
            sums[name, tuple(pair for pair in labels if pair[0] not in more)] += value  # type: ignore[assignment]
        if "country" in dict(labels):
            by_segment.add(name)
    counted_anyway = {
        key: value
        for key, value in pages[1].items()
        if not key[0].startswith("inference_exporter_")
        and not ("le" in dict(key[1]) and key not in sums)  # by segments there are fewer bounds
    }
    assert {key: sums.get(key) for key in counted_anyway} == pytest.approx(counted_anyway, rel=1e-9)
    buckets = "inference_request_duration_seconds_bucket"
    assert len({labels for name, labels in sums if name == buckets}) == 2 * (33 + 1)
    wanted = {name for name, family in FAMILIES.items() if family.segmented}
    wanted = {
        name
        for name in wanted
        if not any(one in name for one in ("_reference", "_decline", "_estimate"))
    }
    if fields is MANY:
        wanted.remove("inference_performance_binning_error")  # there are no scores by segment
    assert {name for name in by_segment if name.endswith("_total")} <= wanted
    assert {name for name, _ in pages[1]} & wanted <= by_segment


def test_performance_by_segment_is_what_scikit_learn_says(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS + COUNTRY_AND_AGE)
    made = events(4000, seed=3)
    sidecar.reads(*(one.line(number) for number, one in enumerate(made)))
    page = sidecar.page()
    groups: list[tuple[str, Callable[[Event], str]]] = [
        ("country", lambda one: one.country or ""),
        ("age", lambda one: one.age_range),
    ]
    compared = 0
    for field, value_of in groups:
        for version in "12":
            for value in {value_of(one) for one in made}:
                rows = [e for e in made if e.version == version and value_of(e) == value]
                actual = [one.actual for one in rows]
                predicted = [one.predicted for one in rows]
                where = {"version": version, "window": "24h", "segment": f"{field}={value}"}
                for metric, wanted in (
                    ("accuracy", metrics.accuracy_score(actual, predicted)),
                    ("recall", metrics.recall_score(actual, predicted)),
                    ("brier_score", metrics.brier_score_loss(actual, [e.score for e in rows])),
                ):
                    name = {"recall": "1"}.get(metric, "")
                    shown = total(
                        page, "inference_performance", metric=metric, **where, **{"class": name}
                    )
                    assert shown == pytest.approx(wanted, abs=1e-9)
                    compared += 1
                assert total(page, "inference_performance_samples", **where) == len(rows)
    assert compared == 2 * 2 * 4 * 3


def test_the_worst_segment_stands_out_and_says_by_how_much(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS + COUNTRY)
    made = [e for e in events(6000, seed=4) if e.version == "1"]
    sidecar.reads(*(one.line(number) for number, one in enumerate(made)))
    page = sidecar.page()

    def accuracy(rows: list[Event]) -> float:
        return float(metrics.accuracy_score([e.actual for e in rows], [e.predicted for e in rows]))

    where = {"metric": "accuracy", "window": "24h", "field": "country"}
    family = "inference_performance_worst_segment"
    italy = accuracy([one for one in made if one.country == "IT"])
    assert total(page, family, segment="country=IT", **where) == pytest.approx(italy)
    gap = total(page, f"{family}_gap", **where)
    assert gap == pytest.approx(accuracy(made) - italy)
    assert 0.02 < total(page, f"{family}_gap_critical", **where) < gap
    assert not [one for one, _ in labels_of(page, family) if one["segment"] != "country=IT"
                and one["metric"] == "accuracy"]  # fmt: skip


def test_a_segment_without_enough_labels_is_not_judged(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS + COUNTRY)
    rows = [Event(NOW - 5, "1", "DE", None, 1, n % 2, 0.5) for n in range(100)]
    rows += [Event(NOW - 5, "1", "IT", None, 1, 0, 0.5) for _ in range(29)]
    sidecar.reads(*(one.line(number) for number, one in enumerate(rows)))
    page = sidecar.page()
    shown = {one["segment"] for one, _ in labels_of(page, "inference_performance")
             if one.get("segment")}  # fmt: skip
    assert shown == {"country=DE"}
    where = {"segment": "country=IT", "window": "1h"}
    assert total(page, "inference_performance_samples", **where) == 29
    assert not labels_of(page, "inference_performance_worst_segment")


def test_fairness_compares_the_protected_groups(tmp_path: Path) -> None:
    model = FIELDS + "  gender: {from: country, protected: true}\n  age: {bins: [40]}\n"
    sidecar = Sidecar(tmp_path, model)
    draw = random.Random(5)
    rows = []
    for _ in range(2000):
        gender, actual = draw.choice("fm"), int(draw.random() < 0.5)
        seen = draw.random() < (0.5 if gender == "f" else 0.8)
        predicted = int(seen) if actual else int(draw.random() < 0.2)
        rows.append(Event(NOW - 5, "1", gender, 20.0, predicted, actual, 0.5))
    sidecar.reads(*(one.line(number) for number, one in enumerate(rows)))
    page = sidecar.page()

    def rate(gender: str, actual: tuple[int, ...]) -> float:
        chosen = [e.predicted for e in rows if e.country == gender and e.actual in actual]
        return sum(chosen) / len(chosen)

    truths: tuple[tuple[str, tuple[int, ...]], ...] = (
        ("selection_rate", (0, 1)),
        ("true_positive_rate", (1,)),
        ("false_positive_rate", (0,)),
    )
    for metric, truth in truths:
        rates = [rate("f", truth), rate("m", truth)]
        where = {"metric": metric, "window": "1h", "field": "gender"}
        ratio = total(page, "inference_fairness_ratio", **where)
        assert ratio == pytest.approx(min(rates) / max(rates))
        for gender, wanted in zip("fm", rates, strict=True):
            shown = total(page, "inference_group_rate", metric=metric, window="1h", gender=gender)
            assert shown == pytest.approx(wanted)
        critical = total(page, "inference_fairness_ratio_critical", **where)
        assert (ratio < critical) == (metric != "false_positive_rate")
    assert {one["field"] for one, _ in labels_of(page, "inference_fairness_ratio")} == {"gender"}


def test_values_and_combinations_beyond_their_limits_overflow_and_say_so(tmp_path: Path) -> None:
    limits = "limits: {segments: 2, segment_combinations: 3}\n"
    sidecar = Sidecar(tmp_path, FIELDS + COUNTRY_AND_AGE + limits)
    rows = [("DE", 20.0), ("FR", 20.0), ("IT", 20.0), ("DE", 60.0), ("DE", 20.0), ("IT", 60.0)]
    sidecar.reads(
        *(
            Event(NOW - 5, "1", country, age, 1, 1, 0.5).line(number + 1)
            for number, (country, age) in enumerate(rows)
        )
    )
    page = sidecar.page()
    assert counted(page, "inference_requests_total", "country", "age") == {
        ("DE", "<=30"): 2,
        ("FR", "<=30"): 1,
        ("__overflow__", "<=30"): 1,
        ("__overflow__", "__overflow__"): 2,
    }
    dropped = total(page, "inference_exporter_series_dropped_total",
                    family="inference_requests_total")  # fmt: skip
    assert dropped == 3


def test_listed_values_are_there_from_the_start_and_the_only_ones(tmp_path: Path) -> None:
    model = FIELDS + "  country: {values: [DE, FR]}\n  age: {from: features.age, bins: [30]}\n"
    sidecar = Sidecar(tmp_path, model.replace("  version: version\n", ""))
    sidecar.reads()
    found = {
        (one["country"], one["age"]): value
        for one, value in labels_of(sidecar.page(), "inference_request_failures_total")
    }
    assert found == {(c, a): 0.0 for c in ("DE", "FR") for a in ("<=30", ">30")}
    sidecar.reads(Event(NOW - 5, "1", "IT", 20.0, 1, 1, 0.5).line(1))
    assert counted(sidecar.page(), "inference_requests_total", "country") == {("__overflow__",): 1}


def test_exemplars_are_those_of_the_segment(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS + COUNTRY)
    rows = [Event(NOW - 5, "1", country, None, 1, 1, 0.5) for country in ("DE", "FR")]
    sidecar.reads(*(one.line(number) for number, one in enumerate(rows, 1)))
    found = {}
    for block in sidecar.snapshot.blocks:
        if block.series.family.name == "inference_request_duration_seconds":
            (labels,) = block.series.label_sets
            found[labels[-1]] = [mark.trace_id[-1] for mark in block.exemplars.values()]
    assert found == {"DE": ["1"], "FR": ["2"]}


@pytest.mark.parametrize(
    ("model", "lines"),
    [
        ("format: csv\ncolumns: [country, p]\nfields: {prediction: p}", [b"DE,1\n", b",1\n"]),
        ("format: logfmt\nfields: {prediction: p}", [b"country=DE p=1\n", b"p=1\n"]),
        (
            "format: regex\npattern: '(?P<country>\\w*) (?P<p>\\d)'\nfields: {prediction: p}",
            [b"DE 1\n", b" 1\n"],
        ),
        ("fields: {prediction: p}", [b'{"country": "DE", "p": 1}\n', b'{"p": 1}\n']),
        (
            "fields: {prediction: p, features: {rest: true}}",
            [b'{"country": "DE", "p": 1}\n', b'{"p": 1}\n'],
        ),
        (
            "fields: {prediction: p, features: f}",
            [b'{"f": {"country": "DE"}, "p": 1}\n', b'{"f": {}, "p": 1}\n'],
        ),
        (
            "fields: {prediction: p, features: {from: f, names: [age, country]}}",
            [b'{"f": [1, "DE"], "p": 1}\n', b'{"f": [1, null], "p": 1}\n'],
        ),
        (
            "reference: {warmup: 10}\nfields: {prediction: p, features: f}",
            [b'{"f": {"country": "DE"}, "p": 1}\n', b'{"f": {}, "p": 1}\n'],
        ),
    ],
    ids=["csv", "logfmt", "regex", "json", "rest", "object", "list", "warmup"],
)
def test_every_format_finds_segments(tmp_path: Path, model: str, lines: list[bytes]) -> None:
    sidecar = Sidecar(tmp_path, model + "\nsegments: [country]\n")
    sidecar.reads(*lines)
    found = counted(sidecar.page(), "inference_requests_total", "country")
    assert found == {("DE",): 1, ("",): 1}


def test_a_segment_that_is_no_single_value_is_as_good_as_absent(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, "fields: {prediction: p}\nsegments: [country]\n")
    sidecar.reads(b'{"country": {"a": 1}, "p": 1}\n', b'{"country": [1], "p": 1}\n')
    assert counted(sidecar.page(), "inference_requests_total", "country") == {("",): 2}


def test_a_reference_that_is_frozen_later_keeps_the_counts(tmp_path: Path) -> None:
    model = "reference: {warmup: 10}\nfields: {prediction: p, features: f}\nsegments: [country]\n"
    sidecar = Sidecar(tmp_path, model)
    line = b'{"f": {"country": "DE", "x": %d}, "p": 1}\n'
    sidecar.reads(*(line % n for n in range(25)))
    assert total(sidecar.page(), "inference_reference_warmup_remaining") == 0
    assert counted(sidecar.page(), "inference_requests_total", "country") == {("DE",): 25}


def test_a_reference_that_is_frozen_before_the_first_commit_loses_no_counts(tmp_path: Path) -> None:
    """Counts by segment have the same layout before and after it: they must be written even so."""
    (tmp_path / "c.yaml").write_text(
        "models: {m: {logs: x, reference: {warmup: 10}, fields: {prediction: p, features: f},"
        " segments: [country]}}"
    )
    (config,) = load(str(tmp_path / "c.yaml")).models
    model = make_model(config, None)
    for part in model.pieces(b'{"f": {"country": "DE", "x": 1}, "p": 1}\n' * 15):
        model.take(part, NOW)
    puts, _ = model.take_changes()
    for _ in range(2):  # what is written again by the one that was restored is complete too
        model = make_model(config, None)
        assert model.restore(puts, NOW) == []
        samples = [one for one in model.samples(NOW, EvaluationFacts())
                   if one.series.family.name == "inference_requests_total"]  # fmt: skip
        assert {
            one.series.label_sets[0][-1]: one.values[0] for one in samples if one.values[0]
        } == {"DE": 15.0}
        puts = puts | model.take_changes()[0]


# -- labels that come late -----------------------------------------------------------------------

LATE = "segments: {country: country, age: {bins: [30]}}"


def late_rows(seed: int) -> list[dict[str, object]]:
    draw = random.Random(seed)
    return [
        {"id": f"r{row}", "at": LATE_NOW + row, "version": "v", "predicted": draw.choice("ab"),
         "country": draw.choice(["DE", "FR", None]), "age": draw.choice([20, 40]), "score": 0.5}
        for row in range(300)
    ]  # fmt: skip


def ages(row: dict[str, object]) -> str:
    return "<=30" if row["age"] == 20 else ">30"


@pytest.mark.parametrize("seed", range(4))
def test_late_labels_count_for_the_segment_of_their_prediction(tmp_path: Path, seed: int) -> None:
    sidecar = LateSidecar(tmp_path, more=LATE)
    draw = random.Random(seed)
    rows = late_rows(seed)
    wanted: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        sidecar.predict(row)
        sidecar.clock.advance(1)
        if draw.random() < 0.1:
            sidecar.turn(draw.choice((0, 5)))
        if draw.random() < 0.03:
            sidecar.crash()
    for row in draw.sample(rows, 250):
        actual = draw.choice("ab")
        wanted[row["country"] or "", ages(row), row["predicted"], actual] += 1
        sidecar.label({"id": row["id"], "actual": actual, "at": sidecar.clock.seconds})
        if draw.random() < 0.1:
            sidecar.turn(draw.choice((0, 5)))
        if draw.random() < 0.03:
            sidecar.crash()
    sidecar.settle()
    sidecar.crash()
    page = sidecar.settle()
    by = ("country", "age", "predicted", "actual")
    assert counted(page, "inference_outcomes_total", *by) == wanted
    germans = {key: n for key, n in wanted.items() if key[0] == "DE"}
    right = sum(n for key, n in germans.items() if key[2] == key[3])
    where = {"metric": "accuracy", "segment": "country=DE", "window": "24h"}
    accuracy = total(page, "inference_performance", **where)
    assert accuracy == pytest.approx(right / sum(germans.values()))
    made = sum(row["country"] == "DE" for row in rows)
    coverage = total(page, "inference_label_coverage_ratio", segment="country=DE", window="24h")
    assert coverage == pytest.approx(sum(germans.values()) / made)


def test_a_newer_label_is_taken_back_from_the_same_segment(tmp_path: Path) -> None:
    sidecar = LateSidecar(
        tmp_path, labels="logs: labels.jsonl, timestamp: at, update: last", more=LATE
    )
    rows = late_rows(9)
    sidecar.predict(*rows)
    sidecar.settle()
    for actual in ("a", "b"):
        sidecar.label(*({"id": row["id"], "actual": actual, "at": LATE_NOW} for row in rows))
        sidecar.settle()
    page = sidecar.page()
    by = ("country", "age", "predicted", "actual")
    first = Counter((r["country"] or "", ages(r), r["predicted"], "a") for r in rows)
    assert counted(page, "inference_outcome_corrections_total", *by) == first
    for country in ("DE", "FR"):
        own = [row for row in rows if row["country"] == country]
        right = sum(row["predicted"] == "b" for row in own)
        where = {"metric": "accuracy", "segment": f"country={country}", "window": "24h"}
        assert total(page, "inference_performance", **where) == pytest.approx(right / len(own))


def test_segments_that_change_leave_no_counts_of_others_behind(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path, more=LATE)
    sidecar.predict(*late_rows(1))
    sidecar.settle()
    config = tmp_path / "config.yaml"
    text = config.read_text()
    config.write_text(text.replace(LATE, "segments: [country]"))
    sidecar.crash()
    sidecar.predict({**late_rows(1)[0], "id": "new", "country": "DE"})
    page = sidecar.settle()
    assert counted(page, "inference_requests_total", "country", "age") == {("DE", ""): 1}
    keys = [key for key in sidecar.store.load() if "segments/" in key]
    assert keys
    assert all("segments/country/" in key for key in keys)
    config.write_text(text.replace(LATE, ""))
    sidecar.crash()
    sidecar._before = {}  # counters by segment end, one without segments goes on
    sidecar.settle()
    page = sidecar.settle()
    assert counted(page, "inference_requests_total", "country") == {("",): 301}
    assert not [key for key in sidecar.store.load() if "segments/" in key]


# -- what people see -----------------------------------------------------------------------------


def test_the_status_page_shows_what_the_metrics_say(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS + "  country: {from: country, protected: true}\n")
    made = [one for one in events(6000, seed=4) if one.version == "1"]
    sidecar.reads(*(one.line(number) for number, one in enumerate(made)))
    page, query = sidecar.page(), {"version": "1", "window": "24h"}
    view = model_view(sidecar.snapshot, "m", Selection.of(query))
    assert view is not None
    assert view.shown is not None
    shown = view.shown.segments
    assert shown.metrics[0] == "accuracy"
    assert [row.value for row in shown.rows if row.stands_out] == ["IT"]
    assert sorted(row.value for row in shown.rows) == ["", "DE", "FR", "IT"]
    for row in shown.rows:
        where = {"segment": f"country={row.value}", "window": "24h"}
        for metric, number in zip(shown.metrics, row.values, strict=True):
            wanted = total(page, "inference_performance", metric=metric, **where, **{"class": ""})
            assert number.value == wanted
        assert row.labelled.value == total(page, "inference_performance_samples", **where)
    ratios = {row.metric: row.ratio.value for row in shown.fairness}
    where = {"window": "24h", "metric": "selection_rate"}
    assert ratios["selection rate"] == total(page, "inference_fairness_ratio", **where)
    # All rows together are still what the page is about elsewhere.
    overall = {one.metric: one.realised.value for one in view.shown.performance.rows}
    own = [
        value
        for one, value in labels_of(page, "inference_performance")
        if (one["metric"], one["window"]) == ("accuracy", "24h") and "segment" not in one
    ]
    assert [overall["accuracy"]] == own
    assert view.shown.total.value == len(made)
    html = StatusPages(Landing(), "/metrics").model(sidecar.snapshot, "m", query)
    assert html is not None
    assert "By country" in html
    assert "More than chance explains" in html


def test_a_sample_shows_the_segments_of_every_line(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "models: {m: {logs: x, fields: {prediction: p}, segments: [user.country, device]}}"
    )
    (model,) = load(str(tmp_path / "c.yaml")).models
    shown = explain(model, [b'{"user": {"country": "DE"}, "p": 1}'])
    assert "segments.country  DE\n" in shown
    assert "segments.device   missing\n" in shown
