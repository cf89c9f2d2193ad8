"""Late labels through the loop: files in, pages out, with crashes in between."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from exporter_process import total
from late_sidecar import NOW, LateSidecar


def prediction(name: object, predicted: object = "1", **more: object) -> dict[str, object]:
    return {"id": name, "predicted": predicted, "at": NOW, "version": "v", "score": 0.5, **more}


def label(name: object, actual: object = "1", **more: object) -> dict[str, object]:
    return {"id": name, "actual": actual, "at": NOW + 60, **more}


def test_a_late_label_is_counted_once_at_its_arrival_and_where_its_prediction_was(
    tmp_path: Path,
) -> None:
    sidecar = LateSidecar(tmp_path)
    sidecar.predict(prediction("a", "1"), prediction("b", "0"))
    page = sidecar.settle()
    assert total(page, "inference_predictions_awaiting_label", version="v") == 2
    assert total(page, "inference_label_coverage_ratio", window="1h") == 0.0
    sidecar.clock.advance(2 * 3600)  # the predictions leave the short window
    sidecar.label(label("a", "0"))
    page = sidecar.settle()
    assert sidecar.outcomes() == {"1/0": 1}
    assert total(page, "inference_performance_samples", window="1h") == 0
    assert total(page, "inference_performance_samples", window="24h") == 1
    assert total(page, "inference_label_coverage_ratio", window="24h") == 0.5
    assert total(page, "inference_predictions_awaiting_label") == 1
    assert total(page, "inference_label_delay_seconds_sum") == 60.0
    assert total(page, "inference_label_delay_seconds_bucket", le="60.0") == 1
    assert total(page, "inference_requests_total") == 2  # a label is no request
    assert sidecar.results() == {"matched": 1}


def test_a_crash_loses_no_pending_prediction_and_counts_no_label_twice(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    sidecar.predict(prediction("a"), prediction("b"))
    sidecar.settle()
    sidecar.crash()
    sidecar.label(label("a"), label("b", "0"))
    sidecar.turn(0)  # read, not committed
    sidecar.crash()
    sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 1, "1/0": 1}
    sidecar.crash()
    sidecar.label(label("a", "1"))
    sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 1, "1/0": 1}
    assert sidecar.results() == {"matched": 2, "duplicate": 1}
    assert sidecar.awaiting() == 0


def test_a_label_may_come_before_its_prediction(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    sidecar.label(label("a"), label("never"))
    page = sidecar.settle()
    assert total(page, "inference_labels_awaiting_prediction") == 2
    sidecar.crash()
    sidecar.predict(prediction("a"))
    page = sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 1}
    assert total(page, "inference_labels_awaiting_prediction") == 1
    sidecar.clock.advance(3700)
    sidecar.settle()
    assert sidecar.results() == {"matched": 1, "unmatched": 1}


def test_the_last_label_replaces_the_first_without_any_counter_going_down(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path, "logs: labels.jsonl, update: last")
    sidecar.predict(prediction("a", "1", score=0.9))
    sidecar.label(label("a", "0"))
    sidecar.settle()
    sidecar.label(label("a", "1"))
    page = sidecar.settle()  # the page itself checks that counters only grow
    assert total(page, "inference_outcomes_total", actual="0") == 1
    assert total(page, "inference_outcome_corrections_total", actual="0") == 1
    assert sidecar.outcomes() == {"1/1": 1}
    assert total(page, "inference_performance", metric="accuracy", window="24h") == 1.0
    assert total(page, "inference_performance_samples", window="24h") == 1
    assert total(page, "inference_label_coverage_ratio", window="24h") == 1.0
    assert sidecar.problems() == {"conflict": 1}


def test_rows_of_a_request_have_labels_of_their_own(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    sidecar.predict(*(prediction("request", str(row % 2), row=row) for row in range(4)))
    sidecar.label(*(label("request", "1", row=row) for row in (3, 0, 2)))
    sidecar.settle()
    assert sidecar.outcomes() == {"0/1": 2, "1/1": 1}
    assert sidecar.awaiting() == 1


def test_labels_are_lines_of_the_same_log(tmp_path: Path) -> None:
    sidecar = LateSidecar(
        tmp_path, "same_log: true, when: {kind: label}", more="when: {kind: prediction}"
    )
    sidecar.predict(
        prediction("a", kind="prediction"), label("a", "0", kind="label"), {"kind": "other"}
    )
    page = sidecar.settle()
    assert sidecar.outcomes() == {"1/0": 1}
    assert total(page, "inference_requests_total") == 1
    assert total(page, "inference_exporter_lines_total", source="m/labels", result="ok") == 1


def test_labels_may_be_csv(tmp_path: Path) -> None:
    sidecar = LateSidecar(
        tmp_path, "logs: labels.csv, format: csv, columns: [id, row, actual, note]"
    )
    sidecar.predict(prediction("a"), prediction("b"))
    (tmp_path / "labels.csv").write_text("id,row,actual,note\na,,0,x\nb,,1,y\nbroken\n")
    page = sidecar.settle()
    assert sidecar.outcomes() == {"1/0": 1, "1/1": 1}
    assert total(page, "inference_exporter_lines_total", result="malformed", source="m/labels") == 1


def test_a_posted_label_is_answered_after_the_commit(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path, "")
    sidecar.predict(prediction("a"))
    sidecar.turn()
    answer = sidecar.post({"id": "a", "actual": "0"})
    assert not answer.done()
    sidecar.turn(0.1)
    assert not answer.done()  # read, but not committed yet
    sidecar.turn(0.2)  # somebody waits: sooner than the interval of 5 s
    assert answer.result(0) == (202, {"accepted": 1, "persistent": True})
    assert sidecar.outcomes() == {"1/0": 1}
    sidecar.crash()
    assert sidecar.settle()
    assert sidecar.outcomes() == {"1/0": 1}


def test_what_is_wrong_with_labels_is_counted_by_reason(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    long = "x" * 10_000
    sidecar.predict(prediction("a"), prediction(long, "0"), prediction(None), prediction("b"))
    sidecar.label(
        label("a", "1"), label("a", "0"), label("a", "1"),  # conflicting
        label(long, "1"), label(None), label("b", None),
        label("b", "1", at=NOW - 3600),  # older than its prediction
    )  # fmt: skip
    page = sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 2, "0/1": 1}
    assert sidecar.results() == {"matched": 3, "duplicate": 2, "invalid": 2}
    assert sidecar.problems() == {"conflict": 1, "no_id": 1, "no_actual": 1, "clock_skew": 1}
    assert total(page, "inference_predictions_not_awaiting_total", reason="no_id") == 1
    sidecar.label(label("a", at="yesterday"))
    sidecar.settle()
    assert sidecar.problems()["unreadable_time"] == 1


def test_a_label_from_the_future_is_given_its_arrival_as_time(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    sidecar.predict(prediction("a"))
    sidecar.label(label("a", at=NOW + 1e6))
    page = sidecar.settle()
    assert sidecar.problems() == {"clock_skew": 1}
    assert total(page, "inference_label_delay_seconds_sum") == 5.0


def test_a_label_log_that_starts_again_from_zero_counts_nothing_twice(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    names = [f"id-{number}" for number in range(100)]
    sidecar.predict(*map(prediction, names))
    sidecar.label(*map(label, names))
    sidecar.settle()
    (tmp_path / "labels.jsonl").write_text("")
    sidecar.turn()
    sidecar.label(*map(label, names))
    sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 100}
    assert sidecar.results() == {"matched": 100, "duplicate": 100}


def test_predictions_are_given_up_by_age_and_by_number(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path, "logs: labels.jsonl, wait: 1h, max_pending: 5000")
    sidecar.predict(prediction("old"), prediction("labelled"))
    sidecar.label(label("labelled"))
    sidecar.settle()
    sidecar.clock.advance(3700)
    sidecar.predict(prediction("new"))
    page = sidecar.settle()
    evicted = "inference_predictions_evicted_total"
    assert total(page, evicted, reason="expired") == 1  # the labelled one waits for nothing
    assert sidecar.awaiting() == 1
    sidecar.crash()
    sidecar.label(label("old"), label("new"))
    sidecar.settle()
    assert sidecar.results() == {"matched": 2, "late": 1}
    sidecar.predict(*(prediction(f"many-{number}") for number in range(12_000)))
    page = sidecar.settle()
    gone = total(page, evicted, reason="capacity")
    assert 12_000 - 5000 <= gone <= 12_000
    assert sidecar.awaiting() == 12_000 - gone
    sidecar.label(*(label(f"many-{number}") for number in range(12_000)))
    sidecar.settle()
    assert sidecar.results() == {"matched": 2 + 12_000 - gone, "late": 1 + gone}


def test_a_class_that_the_reference_does_not_know_is_counted_and_noted(tmp_path: Path) -> None:
    rows = [{"id": str(n), "predicted": str(n % 2), "actual": str(n % 2)} for n in range(200)]
    sidecar = LateSidecar(tmp_path, more="reference: {warmup: 100}")
    sidecar.predict(*({**row, "score": 0.5, "at": NOW, "version": "v"} for row in rows))
    sidecar.settle()
    sidecar.label(label("7", "banana"), label("8", "0"))
    sidecar.settle()
    assert sidecar.outcomes() == {"1/banana": 1, "0/0": 1}
    assert sidecar.problems() == {"unknown_class": 1}


def test_performance_is_absent_until_enough_predictions_have_their_label(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path, "logs: labels.jsonl, coverage: 0.5")
    sidecar.predict(*(prediction(str(number)) for number in range(10)))
    sidecar.label(*(label(str(number)) for number in range(4)))
    page = sidecar.settle()
    assert not any(name == "inference_performance" for name, _ in page)
    assert total(page, "inference_performance_samples", window="1h") == 4
    assert total(page, "inference_label_coverage_ratio", window="1h") == 0.4
    sidecar.label(label("4"))
    page = sidecar.settle()
    assert total(page, "inference_performance", window="1h", metric="accuracy") == 1.0


def test_a_class_whose_labels_come_earlier_raises_a_warning(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    sidecar.predict(*(prediction(str(number), str(number % 2)) for number in range(2000)))
    sidecar.label(*(label(str(number), "1") for number in range(2000) if number % 20 in (1, 3, 5)))
    page = sidecar.settle()
    assert total(page, "inference_label_selection_bias", window="1h") == 1
    assert total(page, "inference_label_coverage_difference_ratio", window="1h") == 0.3
    sidecar.label(*(label(str(number), "1") for number in range(2000)))
    page = sidecar.settle()
    assert total(page, "inference_label_selection_bias", window="1h") == 0


def test_a_label_on_the_prediction_s_own_line_makes_a_later_one_a_duplicate(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    config = (
        (tmp_path / "config.yaml").read_text().replace("row: row}\n", "row: row, actual: y}\n", 1)
    )
    (tmp_path / "config.yaml").write_text(config)
    sidecar.crash()
    sidecar.predict(prediction("a", y="0"), prediction("b"))
    sidecar.settle()
    sidecar.label(label("a", "1"), label("b", "1"))
    sidecar.settle()
    assert sidecar.outcomes() == {"1/0": 1, "1/1": 1}
    assert sidecar.results() == {"matched": 2, "duplicate": 1}


def test_labels_of_other_replicas_are_foreign(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path, "logs: labels.jsonl, shared: true, ahead: 60s")
    sidecar.predict(prediction("mine"))
    sidecar.label(label("mine"), label("theirs"))
    sidecar.settle()
    sidecar.clock.advance(100)
    sidecar.settle()
    assert sidecar.results() == {"matched": 1, "foreign": 1}


def test_a_full_disk_loses_no_label(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    sidecar.predict(prediction("a"), prediction("b"))
    sidecar.settle()
    connection = sidecar.store.tables
    assert connection is not None
    connection.execute("PRAGMA query_only = 1")  # every write fails from now on
    sidecar.predict(prediction("c"))
    sidecar.label(label("a"), label("c", "0"))
    sidecar.turn()
    sidecar.label(label("a"), label("b", "0"))
    sidecar.turn()
    assert not sidecar.store.persistent
    connection.execute("PRAGMA query_only = 0")
    sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 1, "1/0": 2}
    sidecar.crash()
    sidecar.label(label("c"))
    sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 1, "1/0": 2}
    assert sidecar.results() == {"matched": 3, "duplicate": 2}


def test_other_columns_leave_pending_predictions_as_they_are(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    sidecar.predict(prediction("a", "1"))
    sidecar.settle()
    config = (tmp_path / "config.yaml").read_text().replace("score: score, ", "")
    (tmp_path / "config.yaml").write_text(config)
    sidecar.crash()
    sidecar.predict(prediction("b", "0"))
    sidecar.label(label("a", "1"), label("b", "1"))
    sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 1, "0/1": 1}


def test_a_prediction_in_no_window_brings_its_label_into_none(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path)
    sidecar.predict(prediction("a"), prediction("old", at=NOW - 25 * 3600))
    sidecar.predict(prediction("future", at=NOW + 3000))
    sidecar.settle()
    sidecar.crash()
    sidecar.clock.advance(3000)
    sidecar.label(*map(label, ("a", "old", "future")))
    page = sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 3}
    assert total(page, "inference_performance_samples", window="24h") == 1
    assert total(page, "inference_label_coverage_ratio", window="24h") == 1.0


class Brute:
    """What a dictionary says: the first label of a prediction counts (or the last)."""

    def __init__(self, last: bool) -> None:
        self.last = last
        self.predicted: dict[str, str] = {}
        self.labels: dict[str, list[str]] = {}

    def outcomes(self) -> Counter[str]:
        at = -1 if self.last else 0
        return Counter(
            f"{predicted}/{self.labels[name][at]}"
            for name, predicted in self.predicted.items()
            if name in self.labels
        )

    def results(self) -> Counter[str]:
        joined = [name for name in self.labels if name in self.predicted]
        extra = sum(len(labels) - 1 for labels in self.labels.values())
        return +Counter({"matched": len(joined), "duplicate": extra})


@pytest.mark.parametrize("update", ["first", "last"])
@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 30))]
)
def test_any_order_of_lines_and_crashes_gives_what_a_dictionary_gives(
    tmp_path: Path, seed: int, update: str
) -> None:
    draw = random.Random(seed)
    sidecar = LateSidecar(tmp_path, f"logs: labels.jsonl, update: {update}, ahead: 30d")
    brute = Brute(update == "last")
    for _ in range(60):
        step = draw.random()
        names = [f"id-{draw.randrange(300)}" for _ in range(draw.randrange(1, 12))]
        if step < 0.4:
            new = [prediction(name, draw.choice("012")) for name in names]
            sidecar.predict(*new)
            for one in new:
                brute.predicted.setdefault(str(one["id"]), str(one["predicted"]))
        elif step < 0.75:
            new = [label(name, draw.choice("012")) for name in names]
            sidecar.label(*new)
            for one in new:
                brute.labels.setdefault(str(one["id"]), []).append(str(one["actual"]))
        elif step < 0.9:
            sidecar.turn(draw.choice((0, 0, 5)))
        else:
            sidecar.crash()
    sidecar.settle()
    assert sidecar.outcomes() == brute.outcomes()
    assert sidecar.results() == brute.results()
    waiting = sum(name not in brute.labels for name in brute.predicted)
    assert sidecar.awaiting() == waiting
    page = sidecar.page()
    early = sum(name not in brute.predicted for name in brute.labels)
    assert total(page, "inference_labels_awaiting_prediction") == early


def test_labels_that_run_ahead_in_their_log_wait_for_the_predictions(tmp_path: Path) -> None:
    """After a pause there is more to read of the one log than of the other."""
    sidecar = LateSidecar(tmp_path)
    padding = "x" * 20_000
    names = [f"id-{number}" for number in range(1000)]
    sidecar.predict(*(prediction(name, padding=padding) for name in names))  # 20 MB
    sidecar.label(*map(label, names))
    sidecar.turn()
    page = sidecar.page()
    assert total(page, "inference_labels_awaiting_prediction") == 0
    sidecar.settle()
    assert sidecar.outcomes() == {"1/1": 1000}


def test_read_once_joins_too(tmp_path: Path) -> None:
    from inference_exporter.assembly import read_once
    from inference_exporter.exposition.text import render_text

    sidecar = LateSidecar(tmp_path)
    sidecar.predict(*(prediction(str(number)) for number in range(100)))
    sidecar.label(*(label(str(number), "0") for number in range(50)))
    sidecar.store.close()
    text = render_text(read_once(str(tmp_path / "config.yaml"))).decode()
    assert 'inference_outcomes_total{model="m",version="v",predicted="1",actual="0"} 50.0' in text
    assert json.dumps("m/labels") in text


def test_a_reload_while_the_disk_is_full_keeps_what_is_pending(tmp_path: Path) -> None:
    from inference_exporter.assembly import load_all, make_model
    from inference_exporter.model import LateLabels

    sidecar = LateSidecar(tmp_path)
    sidecar.settle()
    connection = sidecar.store.tables
    assert connection is not None
    connection.execute("PRAGMA query_only = 1")
    sidecar.predict(prediction("a"))
    sidecar.turn()
    before = sidecar.feeds[0].model.part(LateLabels)
    config, references = load_all(str(tmp_path / "config.yaml"))
    model = make_model(config.models[0], references["m"])
    after = model.part(LateLabels)
    assert after is not None
    assert before is not None
    after.resume(before)
    assert after.restore_join({}, connection) == []
    after.log(json.dumps(label("a")).encode() + b"\n", NOW)
    assert model.settle(connection, NOW)
    assert after.join.samples()["inference_labels_total"]["m", "v", "matched"] == 1


def test_read_once_closes_the_books(tmp_path: Path) -> None:
    """No more predictions will come: a label without one is unmatched, and does not wait."""
    from inference_exporter.assembly import read_once
    from inference_exporter.exposition.text import render_text

    sidecar = LateSidecar(tmp_path)
    sidecar.predict(prediction("a"))
    sidecar.label(label("a", "0"), label("b", "0"), label("c", "1"))
    sidecar.store.close()
    lines = render_text(read_once(str(tmp_path / "config.yaml"))).decode().splitlines()
    assert 'inference_labels_total{model="m",version="",result="unmatched"} 2.0' in lines
    assert 'inference_labels_awaiting_prediction{model="m"} 0.0' in lines
