"""Decisions through a whole model, by a clock that is set: the demo's people, income drifts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from inference_exporter import assembly
from inference_exporter.cli import main
from inference_exporter.clock import ManualClock
from inference_exporter.config.schema_services import EventsConfig
from inference_exporter.decisions import Decisions
from inference_exporter.demo.data import FEATURES, Applicant, Population
from inference_exporter.demo.traffic import DRIFTING, drift
from inference_exporter.model import DecisionsPart, Model
from inference_exporter.results.evaluate import EvaluationFacts
from told import Told

START = 1_793_527_200.0  # 2026-11-01T10:00:00Z, a full hour
CONFIG = """\
models:
  credit-risk:
    logs: [predictions.jsonl]
    fields: {timestamp: timestamp, features: features, prediction: prediction}
    reference: reference.json
    windows: [1h]
    lateness: 1h
    statistics: [psi, mean_shift]
"""
ROWS = 1000  # an hour
LATE = 300.0  # a twelfth of an hour
Page = dict[tuple[str, ...], float]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("decisions")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    with (folder / "reference.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*FEATURES, "prediction"])
        people = Population("reference").draw(5000)
        table.writerows([*map(one.features.get, FEATURES), one.actual] for one in people)
    command = ["reference", "build", str(folder / "reference.csv")]
    command += [f"--config.file={folder / 'config.yaml'}", f"--output={folder / 'reference.json'}"]
    assert main(command) == 0
    return folder


@pytest.fixture
def model(folder: Path) -> Model:
    return make(folder)


def make(folder: Path, *, event_time: bool = False) -> Model:
    config, references = assembly.load_all(str(folder / "config.yaml"))
    return assembly.make_model(config.models[0], references["credit-risk"], event_time=event_time)


def lines(people: list[Applicant], begin: float, *, drifted: bool = False) -> bytes:
    """An hour of predictions, evenly spread."""
    out = []
    for number, one in enumerate(people):
        features = dict(one.features)
        if drifted:
            features[DRIFTING] = drift(features[DRIFTING])
        time = begin + number * 3600 / len(people)
        line = {"timestamp": time, "features": features, "prediction": one.actual}
        out.append(json.dumps(line).encode() + b"\n")
    return b"".join(out)


def hour(
    model: Model, clock: ManualClock, population: Population, *, drifted: bool = False
) -> None:
    """An hour of traffic, read when it is over."""
    block = lines(population.draw(ROWS), clock.now(), drifted=drifted)
    clock.advance(3600)
    model.take(block, clock.now())


def page(model: Model, now: float, family: str) -> Page:
    return {
        labels[2:]: value
        for block in model.samples(now, EvaluationFacts())
        if block.series.family.name == family
        for labels, value in zip(block.series.label_sets, block.values, strict=True)
    }


def states(model: Model, now: float) -> dict[str, float]:
    return {key[0]: value for key, value in page(model, now, f"{FEATURE}_state").items()}


FEATURE = "inference_feature_drift"


def test_only_the_feature_that_drifts_is_alarmed(model: Model) -> None:
    clock, people = ManualClock(START), Population("live")
    for _ in range(24):
        hour(model, clock, people)
        assert not any(states(model, clock.now()).values()), "a quiet day has no alarm"
    for _ in range(3):
        hour(model, clock, people, drifted=True)
    clock.advance(LATE)  # the lateness
    found = states(model, clock.now())
    assert found == {name: float(name == DRIFTING) for name in FEATURES}
    assert page(model, clock.now(), "inference_drifted_features") == {("1h",): 1.0}
    assert page(model, clock.now(), "inference_undecided_features") == {("1h",): 0.0}
    for _ in range(3):
        hour(model, clock, people)
    clock.advance(LATE)
    assert not any(states(model, clock.now()).values()), "and it ends when the drift does"


def test_a_window_is_decided_once_it_is_complete_and_late_rows_have_had_their_time(
    model: Model,
) -> None:
    clock = ManualClock(START)
    hour(model, clock, Population("live"), drifted=True)
    assert states(model, clock.now() + LATE - 1) == {}
    assert states(model, clock.now() + LATE)[DRIFTING] == 1.0
    decided = page(model, clock.now() + LATE, "inference_drift_decision_timestamp_seconds")
    assert list(decided.values()) == [START + 3600]
    model.take(
        lines(Population("live").draw(ROWS), START), START + 3600 + LATE
    )  # too late to change it
    assert states(model, clock.now() + LATE)[DRIFTING] == 1.0


def test_too_few_rows_and_no_rows_are_no_state(model: Model) -> None:
    clock = ManualClock(START)
    model.take(lines(Population("live").draw(150), START), START + 3600)
    assert states(model, START + 3600 + LATE) == {}
    undecided = page(model, START + 3600 + LATE, "inference_undecided_features")
    assert undecided == {("1h",): float(len(FEATURES))}
    assert page(model, START + 3600 + LATE, "inference_drifted_features") == {}
    clock.advance(3600)
    hour(model, clock, Population("live"), drifted=True)
    assert states(model, clock.now() + LATE)[DRIFTING] == 1.0
    assert states(model, clock.now() + LATE + 3600) == {}, "an hour without traffic"


def test_why_there_is_not_enough_is_published_for_the_rules(model: Model) -> None:
    """Rows that come forty at a time are too few, and the design effect says so."""
    people = [one for one in Population("live").draw(ROWS // 40) for _ in range(40)]
    model.take(lines(people, START), START + 3600)
    assert page(model, START + 3600, f"{FEATURE}_design_effect") == {}, "nothing is decided yet"
    now = START + 3600 + LATE
    assert DRIFTING not in states(model, now)
    design = page(model, now, f"{FEATURE}_design_effect")
    assert {key[0]: value > 5 for key, value in design.items()}[DRIFTING]
    assert _decisions(model).alike("", "1h") > 5, "labels are judged by how outputs resemble"
    assert _decisions(model).alike("", "1d") == 1.0, "nothing is known of windows there are not"


EVIDENCE = ("", "_samples", "_critical")


def test_the_evidence_is_of_the_window_in_which_it_was_found_and_goes_with_the_state(
    model: Model,
) -> None:
    clock, people = ManualClock(START), Population("live")
    seen = []
    for drifted in (False, True, False, False):
        hour(model, clock, people, drifted=drifted)
        now = clock.now() + LATE
        assert states(model, now)
        seen.append([page(model, now, f"{FEATURE}_decided{one}") for one in EVIDENCE])
    key = (DRIFTING, "1h")
    nothing, found, held, over = seen
    assert nothing == over == [{}, {}, {}]
    assert found[0][key] > found[2][key] > 0.0
    assert found[1] == {key: ROWS}
    assert held == found, "drifted until two windows are clear, and still for the same reason"


def test_states_and_undecided_rows_survive_a_restart(folder: Path, model: Model) -> None:
    clock, people = ManualClock(START), Population("live")
    committed: dict[str, bytes] = {}

    def commit(one: Model) -> None:
        puts, deletes = one.take_changes()
        committed.update(puts)
        for key in deletes:
            committed.pop(key, None)

    hour(model, clock, people, drifted=True)
    hour(model, clock, people, drifted=True)
    states(model, clock.now())  # the first hour is decided on, the second is not
    commit(model)
    waiting = [key for key in committed if key.startswith("decisions/")]
    assert len(waiting) == 2, "the states, and the counts of the hour that is not decided on"
    again = make(folder)
    assert again.restore(committed, clock.now()) == []
    for one in (model, again):
        assert states(one, clock.now() + LATE)[DRIFTING] == 1.0
    for name in ("critical", "design_effect", *(f"decided{one}" for one in EVIDENCE)):
        found = page(again, clock.now() + LATE, f"{FEATURE}_{name}")
        assert found
        assert found == page(model, clock.now() + LATE, f"{FEATURE}_{name}")
    found = page(again, clock.now() + LATE, "inference_drifted_features")
    assert found == page(model, clock.now() + LATE, "inference_drifted_features")
    commit(again)
    assert len([key for key in committed if key.startswith("decisions/")]) == 1


def test_damaged_decisions_are_told_and_left_out(folder: Path, model: Model) -> None:
    hour(model, ManualClock(START), Population("live"))
    states(model, START + 3600)
    puts, _ = model.take_changes()
    key = next(one for one in puts if one.startswith("decisions/"))
    again = make(folder)
    problems = again.restore({**puts, key: b"nonsense"}, START + 3600)
    assert [problem for problem in problems if key in problem]
    assert again.take_changes()[1] >= {key}


def test_a_log_that_is_read_after_the_fact_is_decided_by_its_own_time(folder: Path) -> None:
    model, people = make(folder, event_time=True), Population("live")
    today = START + 90 * 86400
    for number in range(4):
        block = lines(people.draw(ROWS), START + number * 3600, drifted=number >= 2)
        model.take(block, today)
    waiting = [len(track.waiting) for track in _decisions(model).tracks.values()]
    assert waiting == [2], "decided on while reading, so that memory is bounded"
    model.take(lines(people.draw(1), START + 4 * 3600), today)
    assert states(model, today)[DRIFTING] == 1.0


def test_critical_values_are_published_beside_distances(model: Model) -> None:
    clock = ManualClock(START)
    hour(model, clock, Population("live"), drifted=True)
    distances, critical = (
        page(model, clock.now(), name) for name in (FEATURE, f"{FEATURE}_critical")
    )
    psi = (DRIFTING, "psi", "1h")
    assert distances[psi] > critical[psi] > 0
    assert set(critical) == set(distances), "every statistic that is configured has one here"
    assert {key[1] for key in distances} == {"psi", "mean_shift"}
    assert _decisions(model).alpha == pytest.approx(0.7 / 720)
    assert _decisions(model).test_alpha == pytest.approx(0.7 / 720 / (len(FEATURES) + 1))


def _decisions(model: Model) -> Decisions:
    part = model.part(DecisionsPart)
    assert part is not None
    return part.decisions


def test_drift_that_begins_and_ends_is_told_once(folder: Path) -> None:
    config, references = assembly.load_all(str(folder / "config.yaml"))
    told = Told()
    model = assembly.make_model(
        config.models[0], references["credit-risk"], events=(EventsConfig(), told)
    )
    clock, population = ManualClock(START), Population("live")
    for drifted in (False, True, True, False, False, False, False):
        hour(model, clock, population, drifted=drifted)
        clock.advance(0)
        list(model.samples(clock.now() + 3600, EvaluationFacts()))
    states = [
        (one.fields["feature"], one.fields["state"]) for one in told.events if one.kind == "drift"
    ]
    assert [state for name, state in states if name == DRIFTING] == ["began", "ended"]
