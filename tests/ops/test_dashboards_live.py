"""Every query of every panel, variable and annotation runs on a real Prometheus and has an answer.

The exporters, their logs, the rules and Prometheus are real; Grafana's part, replacing variables,
is played by `grafana.expand`.
"""

from __future__ import annotations

import itertools
import math
import re
import shutil
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from alert_rules.ruleset.names import KEEP

from exporter_process import wait_for
from grafana import dashboards, expand, metrics_in, targets, times
from watched_fleet import SCRAPE, WatchedFleet, watched_fleet

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no Prometheus here"),
]

ALL = dashboards()
# Seconds: fleets are looked at once in an hour of theirs; the first look may have too few rows
# behind it, and a busy machine may miss one.
PATIENCE = 200.0
STEP, SPAN = 1, 20  # seconds
WORSE = "InferenceSegmentUnderperforms"
THIRD_PARTY = re.compile(r"^(node|container|DCGM)_")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedFleet]:
    with watched_fleet(tmp_path_factory.mktemp("fleet")) as running:
        yield running


def _answers(fleet: WatchedFleet, expr: str, table: bool) -> list[Any]:
    if table:
        return fleet.now(expr)
    now = time.time()
    asked = fleet.ask("query_range", query=expr, start=now - SPAN, end=now, step=STEP)
    found: list[Any] = asked["result"]
    return found


def _finite(series: list[Any]) -> bool:
    values = [
        float(value) for one in series for _, value in one.get("values") or [one.get("value")]
    ]
    return any(math.isfinite(value) for value in values)


def _options(fleet: WatchedFleet, one: Json, chosen: dict[str, Any]) -> list[str]:
    """What a variable offers, as Grafana asks for it."""
    if one["definition"].startswith("query_result("):
        expr = one["definition"].removeprefix("query_result(")[:-1]
        named = re.fullmatch(r'/(\w+)="\(\[\^"\]\+\)"/', one["regex"])
        assert named is not None
        return [series["metric"][named[1]] for series in fleet.now(expand(expr, chosen))]
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", one["definition"], re.DOTALL)
    assert found is not None
    matcher = expand(found[1], chosen)
    now = time.time()
    asked: dict[str, str | float] = {"match[]": matcher, "start": now - SPAN, "end": now}
    values: list[str] = fleet.ask(f"label/{found[2]}/values", **asked)
    return values


def _choices(fleet: WatchedFleet, board: Json) -> Iterator[dict[str, Any]]:
    """Variables as they are when the page is opened, once per value of each single variable."""
    chosen: dict[str, Any] = dict(times(SPAN, STEP, SCRAPE))
    singles: dict[str, list[str]] = {}
    for one in board["templating"]["list"]:
        if one["type"] == "datasource":
            chosen[one["name"]] = one["name"]
        elif one["type"] == "custom":
            chosen[one["name"]] = one["current"]["value"]
        elif one["multi"]:
            chosen[one["name"]] = one["allValue"]
        else:
            singles[one["name"]] = [one["name"]]
    models = ["credit", "price"] if "model" in singles else [""]
    features = ["age", "job", "size"] if "feature" in singles else [""]
    for model, feature in itertools.product(models, features):
        yield chosen | {"model": model or chosen.get("model", ""), "feature": feature or ".+"}


def _questions(fleet: WatchedFleet) -> dict[str, tuple[list[str], bool]]:
    """Every query with the texts it has for each choice, and whether it asks for the present."""
    found: dict[str, tuple[list[str], bool]] = {}
    for board in ALL.values():
        choices = list(_choices(fleet, board))
        for panel, target in targets(board):
            if not any(THIRD_PARTY.match(name) for name in metrics_in(target["expr"])):
                texts = [expand(target["expr"], chosen) for chosen in choices]
                found[_name(board, panel, target)] = list(dict.fromkeys(texts)), target["instant"]
        for mark in board["annotations"]["list"]:
            texts = [expand(mark["expr"], chosen) for chosen in choices]
            found[f"{board['uid']} / annotation {mark['name']}"] = texts, False
    return found


def _name(board: Json, panel: Json, target: Json) -> str:
    return f"{board['uid']} / {panel['title']} / {target['refId']}"


def _answered(fleet: WatchedFleet, name: str, texts: list[str], instant: bool) -> bool:
    """Whether one of the choices has an answer; its labels are kept for the next test."""
    for text in texts:
        series = _answers(fleet, text, instant)
        if _finite(series):
            ANSWERS[name] = [one["metric"] for one in series]
            return True
    return False


ANSWERS: dict[str, list[dict[str, str]]] = {}

# Counters of what does not happen to a healthy fleet are there all the same, at 0. These are not:
ABSENT = {
    # An alert about the exporter itself, which is well.
    "inference-exporter / annotation Alerts begin",
    # Only exporters whose commits fail are drawn.
    "inference-exporter / Commits / B",
    # A counter by reason is born with its first error, and all files can be opened.
    "inference-exporter / Trouble with files and lines / A",
    # Days are judged when they are over, and the fleet is minutes old.
    "inference-model / Days on which the interval held / A",
    "inference-model / Days on which it did not / A",
    # Its models have two classes, or numbers.
    "inference-model / ROC AUC and average precision / C",
    "inference-model / Calibration error, Brier score, log loss / D",
    # Intervals are shaded where there is one version; the fleet has two.
    *(f"inference-model / Accuracy: realised and estimated / {ref}" for ref in "BCFG"),
}


def test_every_query_has_an_answer(fleet: WatchedFleet) -> None:
    open_questions = _questions(fleet)
    assert open_questions.keys() >= ABSENT
    pause = threading.Event()
    deadline = time.monotonic() + PATIENCE
    while (left := open_questions.keys() - ABSENT) and time.monotonic() < deadline:
        for name in left:
            if _answered(fleet, name, *open_questions[name]):
                del open_questions[name]
        pause.wait(1.0)  # rather than load the machine with the same questions
    assert not left, "\n".join(sorted(left))


def test_no_rule_fails_on_what_the_exporters_serve(fleet: WatchedFleet) -> None:
    """Two series where one is expected are an error only once they are there."""
    rules = [rule for group in fleet.ask("rules")["groups"] for rule in group["rules"]]
    assert len(rules) > 100
    assert [(one["name"], one.get("lastError")) for one in rules if one["health"] == "err"] == []


def test_a_segment_with_larger_errors_is_one_alert_of_its_version_and_window(
    fleet: WatchedFleet,
) -> None:
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE
    found: list[Json] = []
    while not found and time.monotonic() < deadline:
        alerts = fleet.ask("alerts")["alerts"]  # those that wait are among them
        found = [one for one in alerts if one["labels"]["alertname"] == WORSE]
        pause.wait(0.5)
    labels = [one["labels"] for one in found]
    assert {(one["model"], one["field"], one["metric"]) for one in labels} == {
        ("price", "size", "mae")
    }
    places = [(one["version"], one["window"]) for one in labels]
    assert len(set(places)) == len(places)  # although three replicas see it
    for one in found:
        text = one["annotations"]["description"]
        said = re.search(r"is ([\d.]+) for size=>110, over (\d+) labels", text)
        assert said is not None, text
        assert float(said[1]) == pytest.approx(40 * math.sqrt(2 / math.pi), rel=0.3)
        assert int(said[2]) >= 200
        assert 1.5 < float(one["value"]) < 2.0


def test_accuracy_by_segment_is_that_of_the_rows_of_all_replicas(fleet: WatchedFleet) -> None:
    gauge = 'inference_performance{model="credit",metric="accuracy",class="",segment!=""}'
    both = f'count(count by (segment) ({gauge[:-1]},segment=~"age=.*"}})) == 2'
    settled = 3  # seconds: on a loaded machine a scrape is in the database after its time

    def known() -> bool:
        return bool(fleet.ask("query", query=both, time=time.time() - settled)["result"])

    wait_for(known, "accuracy by age", 60)
    chosen, now = next(_choices(fleet, ALL["inference-model"])), time.time() - settled

    def values(expr: str) -> dict[tuple[str, ...], float]:
        found = fleet.ask("query", query=expr, time=now)["result"]
        names = ("instance", "version", "window", "segment")
        return {
            tuple(one["metric"].get(name, "") for name in names): float(one["value"][1])
            for one in found
        }

    rows = values('inference_performance_samples{model="credit", segment!=""}')
    each = values(gauge)
    right: dict[tuple[str, ...], float] = {}
    total: dict[tuple[str, ...], float] = {}
    for (instance, *group), accuracy in each.items():
        count = rows[(instance, *group)]
        right[tuple(group)] = right.get(tuple(group), 0.0) + round(accuracy * count)
        total[tuple(group)] = total.get(tuple(group), 0.0) + count
    (target,) = (
        target
        for panel, target in targets(ALL["inference-model"])
        if panel["title"] == "Accuracy by segment"
    )
    shown = values(expand(target["expr"], chosen | {"model": "credit"}))
    assert {("", *group): right[group] / total[group] for group in total} == pytest.approx(shown)
    assert {group[2] for group in total} >= {"age=<=45", "age=>45"}


def test_every_variable_offers_something(fleet: WatchedFleet) -> None:
    for board in ALL.values():
        chosen = next(_choices(fleet, board))
        for one in board["templating"]["list"]:
            if one["type"] == "query" and one["name"] not in KEEP[:-1]:  # no target has these here
                assert _options(fleet, one, chosen), f"{board['uid']}: {one['name']}"


def test_the_labels_of_a_legend_are_those_of_its_series() -> None:
    seen = 0
    for board in ALL.values():
        for panel, target in targets(board):
            labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            for metric in ANSWERS.get(_name(board, panel, target), []):
                seen += len(labels)
                # Prometheus drops a label whose value is empty: numbers have no class.
                assert labels <= {*metric, *KEEP, "version", "prediction"}, panel["title"]
    assert seen > 100


def test_the_rows_of_a_table_are_told_apart_by_the_labels_it_shows(fleet: WatchedFleet) -> None:
    for board in ALL.values():
        for panel, target in targets(board):
            for change in panel["transformations"]:
                if change["id"] == "organize" and panel["type"] == "table":
                    shown = set(change["options"]["indexByName"])
                    for chosen in _choices(fleet, board):
                        found = fleet.now(expand(target["expr"], chosen))
                        assert {label for one in found for label in one["metric"]} <= shown


def test_bars_and_matrices_have_one_value_in_each_cell(fleet: WatchedFleet) -> None:
    seen = 0
    for board in ALL.values():
        for panel, target in targets(board):
            for change in panel["transformations"]:
                if change["id"] == "groupingToMatrix":
                    row, column = (change["options"][key] for key in ("rowField", "columnField"))
                    for chosen in _choices(fleet, board):
                        found = fleet.now(expand(target["expr"], chosen))
                        cells = [(one["metric"][row], one["metric"][column]) for one in found]
                        assert len(set(cells)) == len(cells), panel["title"]
                        seen += len(cells)
    assert seen > 50


def test_live_and_reference_bars_are_shares_of_the_same_bins(fleet: WatchedFleet) -> None:
    board = ALL["inference-drift"]
    panel, target = next(
        (p, t) for p, t in targets(board) if p["title"] == "$feature: live against reference"
    )
    chosen = next(_choices(fleet, board))
    shares: dict[str, dict[str, float]] = {}
    for one in fleet.now(expand(target["expr"], chosen)):
        shares.setdefault(one["metric"]["shares"], {})[one["metric"]["bucket"]] = float(
            one["value"][1]
        )
    assert set(shares) == {"reference", "live v1", "live v2"}, panel["title"]
    assert len({frozenset(bins) for bins in shares.values()}) == 1
    for bins in shares.values():
        assert sum(bins.values()) == pytest.approx(1.0, abs=1e-6)
    # The age of live rows is half a standard deviation higher: the first bins are emptier.
    first, last = (
        next(name for name in shares["live v1"] if name.startswith(sign)) for sign in "≤>"
    )
    assert shares["live v1"][first] < shares["reference"][first]
    assert shares["live v1"][last] > shares["reference"][last]


def test_queries_over_other_exporters_are_understood(fleet: WatchedFleet) -> None:
    seen = 0
    for board in ALL.values():
        for chosen in itertools.islice(_choices(fleet, board), 1):
            for _, target in targets(board):
                if any(THIRD_PARTY.match(name) for name in metrics_in(target["expr"])):
                    _answers(fleet, expand(target["expr"], chosen), False)
                    seen += 1
    assert seen >= 9
