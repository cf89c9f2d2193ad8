"""`POST /api/v1/labels` of the real exporter, and several exporters with one feed of labels."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from exporter_process import ExporterProcess, total, wait_for

pytestmark = pytest.mark.server

CONFIG = """\
models:
  m:
    logs: [predictions.jsonl]
    start_at: beginning
    fields: {{id: id, prediction: predicted}}
    labels: {{id: id, actual: actual, {labels}}}
commit_interval: {interval}
poll_interval: 20ms
"""


def exporter(folder: Path, labels: str, interval: str = "100ms") -> ExporterProcess:
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(CONFIG.format(labels=labels, interval=interval))
    (folder / "predictions.jsonl").touch()
    return ExporterProcess(folder)


def write(path: Path, *records: dict[str, str]) -> None:
    with path.open("a", encoding="utf-8") as log:
        log.writelines(json.dumps(record) + "\n" for record in records)


def post(process: ExporterProcess, body: object) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.post(f"http://127.0.0.1:{process.port}/api/v1/labels", data, timeout=20)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ExporterProcess]:
    process = exporter(tmp_path / "one", "update: first", interval="1h")
    records = [{"id": f"p{number}", "predicted": "1"} for number in range(9)]
    write(process.folder / "predictions.jsonl", *records)
    with process:
        yield process


def outcomes(process: ExporterProcess) -> float:
    return total(process.page(), "inference_outcomes_total")


def test_labels_are_counted_and_on_disk_when_they_are_answered(running: ExporterProcess) -> None:
    answer = post(running, {"id": "p0", "actual": "0"})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "persistent": True})
    assert post(running, [{"id": "p1", "actual": 1}, {"id": "p2", "actual": "0", "model": "m"}]).ok
    lines = b'{"id": "p3", "actual": 1, "timestamp": "2026-11-01"}\n\n{"id": "p4", "actual": 1}\n'
    assert post(running, lines).json()["accepted"] == 2
    running.kill()
    running.start()
    assert outcomes(running) == 5
    assert post(running, {"id": "p0", "actual": "0"}).status_code == 202
    assert total(running.page(), "inference_labels_total", result="duplicate") == 1


def test_bad_records_are_refused_with_the_reason_of_each(running: ExporterProcess) -> None:
    bad = [
        {"id": "p0", "actual": 1},
        {"actual": 1},
        {"id": "p1"},
        {"id": "p1", "actual": 1, "model": "other"},
        {"id": "p1", "actual": 1, "row": -1},
        {"id": "p1", "actual": 1, "timestamp": "soon"},
        {"id": "p1", "actual": {"class": 1}},
        {"id": "p1", "actual": 1, "label": 1},
        17,
    ]
    answer = post(running, bad)
    assert answer.status_code == 400
    found = {one["record"]: one["reason"] for one in answer.json()["problems"]}
    assert found == {
        1: "no_id", 2: "no_actual", 3: "unknown_model", 4: "bad_row", 5: "bad_timestamp",
        6: "no_actual", 7: "unknown_key", 8: "malformed",
    }  # fmt: skip
    for body in (b"not json", b"\xff\xfe", b'{"id": "p1", "actual": NaN}', b"[" * 100_000):
        assert post(running, body).status_code == 400
    assert post(running, b" " * (9 << 20)).status_code == 413
    assert post(running, b"[]").json()["accepted"] == 0
    page = f"http://127.0.0.1:{running.port}/api/v1/labels"
    assert requests.get(page, timeout=5).status_code == 405
    assert post(running, {"id": "p8", "actual": 1}).status_code == 202  # a commit, for the counts
    assert outcomes(running) == 1
    refused = "inference_exporter_label_records_refused_total"
    assert total(running.page(), refused, reason="unknown_model") == 1
    assert total(running.page(), refused, reason="malformed") == 5
    long = {"id": "x" * 10_000, "actual": 1}
    assert post(running, long).status_code == 202


def test_three_replicas_and_one_feed_of_labels_add_up_to_the_truth(tmp_path: Path) -> None:
    feed = tmp_path / "labels.jsonl"
    feed.touch()
    names = [f"p{number}" for number in range(600)]
    predicted = {name: str(number % 2) for number, name in enumerate(names)}
    actual = {name: str(number % 3 % 2) for number, name in enumerate(names)}
    with ExitStack() as stack:
        processes = []
        for number in range(3):
            process = exporter(
                tmp_path / f"replica-{number}", f"logs: {feed}, shared: true, ahead: 1s"
            )
            mine = names[number::3]
            write(
                process.folder / "predictions.jsonl",
                *({"id": name, "predicted": predicted[name]} for name in mine),
            )
            processes.append(stack.enter_context(process))
        write(feed, *({"id": name, "actual": actual[name]} for name in names[:300]))
        wait_for(lambda: sum(map(outcomes, processes)) == 300, "half of the labels are counted")
        processes[1].kill()
        write(feed, *({"id": name, "actual": actual[name]} for name in names[300:]))
        processes[1].start()
        wait_for(lambda: sum(map(outcomes, processes)) == 600, "all labels are counted")
        pages = [process.page() for process in processes]
        summed: Counter[tuple[str, str]] = Counter()
        for page in pages:
            for (name, labels), value in page.items():
                if name == "inference_outcomes_total":
                    pairs = dict(labels)
                    summed[pairs["predicted"], pairs["actual"]] += int(value)
        assert summed == Counter((predicted[name], actual[name]) for name in names)

        def foreign() -> float:
            for number, one in enumerate(processes):  # a commit settles what has waited too long
                assert post(one, {"id": names[number], "actual": actual[names[number]]}).ok
            return sum(total(one.page(), "inference_labels_total", result="foreign")
                       for one in processes)  # fmt: skip

        wait_for(lambda: foreign() == 1200, "labels of the others are foreign")
        assert sum(map(outcomes, processes)) == 600
        assert all(process.stop(signal.SIGTERM) == 0 for process in processes)
