"""What the logger of `client/` writes, the exporter counts exactly, however it is written."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from sklearn.datasets import load_iris, make_classification
from sklearn.linear_model import LinearRegression, LogisticRegression
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from client_log import CONFIG, ROOT, counted, python, records
from exporter_process import ExporterProcess, child, free_port, total, wait_for
from inference_log import PredictionLog
from inference_log.asgi import PredictionMiddleware as Asgi
from inference_log.handler import PredictionHandler
from inference_log.rows import kept
from inference_log.sklearn import watch
from inference_log.wsgi import PredictionMiddleware as Wsgi


def log_in(folder: Path, **settings: Any) -> PredictionLog:
    return PredictionLog(folder / "logs" / "predictions.jsonl", model="m", version="7", **settings)


def requests(folder: Path, **labels: str) -> float:
    return total(counted(folder), "inference_requests_total", version="7", **labels)


def test_dicts_with_scores_latency_steps_and_labels(tmp_path: Path) -> None:
    with log_in(tmp_path) as log:
        for i in range(500):
            log.write({"age": i, "plan": "pro"}, i % 2, score=0.25, id=f"q{i}", latency=0.01,
                      steps={"lookup": 0.002})  # fmt: skip
            log.label(f"q{i}", 1)
    steps = "    fields: {steps: {lookup: {from: steps.lookup_ms, unit: ms}}}\n"
    page = counted(tmp_path, CONFIG + steps)
    assert total(page, "inference_requests_total", code="ok", version="7") == 500
    assert total(page, "inference_predictions_total", prediction="1", version="7") == 250
    assert total(page, "inference_outcomes_total", predicted="1", actual="1") == 250
    assert total(page, "inference_outcomes_total", predicted="0", actual="1") == 250
    assert total(page, "inference_labels_total", result="matched") == 500
    assert total(page, "inference_request_duration_seconds_sum") == pytest.approx(5.0)
    assert total(page, "inference_step_duration_seconds_count", step="lookup") == 500
    assert total(page, "inference_step_duration_seconds_sum") == pytest.approx(1.0)
    assert total(page, "inference_exporter_lines_total", source="m", result="malformed") == 0


def test_numpy_rows_and_arrays(tmp_path: Path) -> None:
    table = np.arange(1200, dtype=np.float32).reshape(600, 2)
    with log_in(tmp_path, names=["a", "b"]) as log:
        for row in table:
            log.write(row, np.array([1]), score=np.float32(0.5))
        log.write(table, np.ones(600, dtype=int), score=np.full(600, 0.5), latency=0.3, id="all")
        log.label("all", 0, row=599)
        log.write(np.array([7.0]), np.array([1]))  # one input is a row, too
        log.write([7.0], [1])
        table[:] = -1  # what the caller does afterwards changes nothing
    page = counted(tmp_path)
    lines = -(-600 // 256)
    assert total(page, "inference_predictions_total", prediction="1") == 1202
    assert total(page, "inference_requests_total") == 602 + lines
    assert total(page, "inference_request_duration_seconds_count") == 1
    assert total(page, "inference_outcomes_total", predicted="1", actual="0") == 1
    found = records(tmp_path)
    assert found[599]["features"] == {"a": 1198.0, "b": 1199.0}
    assert found[-3]["features"][-1] == {"a": 1198.0, "b": 1199.0}
    assert [one["features"] for one in found[-2:]] == [{"a": 7.0}] * 2


def test_pandas_rows_series_and_frames(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [41, None, 23], "plan": ["pro", "free", pandas.NA]})
    with log_in(tmp_path) as log:
        log.write(frame, pandas.Series([1, 0, 1]), score=pandas.Series([0.9, 0.1, 0.8]))
        log.write(frame.iloc[0], 1)
        log.write(frame.head(1), [1])
        log.write(frame["age"].to_dict(), 0)
        frame["age"] = 0
    found = records(tmp_path)
    assert found[0]["features"] == [
        {"age": 41.0, "plan": "pro"}, {"age": None, "plan": "free"}, {"age": 23.0, "plan": None},
    ]  # fmt: skip
    assert found[1]["features"] == {"age": 41.0, "plan": "pro"}
    page = counted(tmp_path)
    assert total(page, "inference_predictions_total", prediction="1") == 4
    assert total(page, "inference_predictions_total", prediction="0") == 2
    assert total(page, "inference_requests_total") == 4


def test_frames_of_every_type_are_written_as_they_were(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    days = pandas.to_datetime(["2026-11-20T10:00:00", None])
    frames = {
        "floats": pandas.DataFrame({"a": [1.5, np.nan], "b": [2.0, np.inf]}),
        "small": pandas.DataFrame({"a": np.array([1, 2], np.int8)}),
        "truths": pandas.DataFrame({"a": [True, False]}),
        "objects": pandas.DataFrame({"a": ["x", [1]], 2: [None, 3]}, dtype=object),
        "times": pandas.DataFrame({"a": days}),
        "mixed": pandas.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, 2.5], 3: [3, 4]}),
    }
    expected: dict[str, Any] = {
        "floats": [{"a": 1.5, "b": 2.0}, {"a": None, "b": "Infinity"}],
        "small": [{"a": 1}, {"a": 2}],
        "truths": [{"a": True}, {"a": False}],
        "objects": [{"a": "x", "2": None}, {"a": [1], "2": 3}],
        "times": [{"a": "2026-11-20T10:00:00"}, {"a": None}],
        "mixed": [{"a": 1, "b": "x", "c": 1.5, "3": 3}, {"a": 2, "b": None, "c": 2.5, "3": 4}],
    }
    with log_in(tmp_path, interval=60) as log:
        for name, frame in frames.items():
            log.write(frame, frame.iloc[:, 0], id=name)
            for place in range(2):
                log.write(frame.iloc[place], 1)
        for frame in frames.values():
            frame.iloc[:, 0] = frame.iloc[1, 0]
    for place, (name, rows) in enumerate(expected.items()):
        many, *each = records(tmp_path)[3 * place : 3 * place + 3]
        assert (many["id"], many["features"]) == (name, rows)
        assert many["prediction"] == [row["a"] for row in rows]
        assert [one["features"] for one in each] == rows


def test_a_long_frame_is_several_lines_and_one_that_is_not_understood_is_none(
    tmp_path: Path,
) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": range(600), "b": [f"t{i}" for i in range(600)]})
    with log_in(tmp_path) as log:
        log.write(frame, frame[["a"]], id="long")
        strange = kept(frame)
        strange.parts.pop()
        log._writer.put({"timestamp": 0, "features": strange, "prediction": 1, "_rows": 600})
    found = records(tmp_path)
    assert [one["id"] for one in found] == ["long", "long#1", "long#2"]
    assert found[2]["features"][-1] == {"a": 599, "b": "t599"}
    assert found[2]["prediction"][-1] == [599]
    (lost,) = records(tmp_path, "dropped")
    assert lost["reason"] == "unwritable"


def test_a_decorated_function_and_a_block_with_steps(tmp_path: Path) -> None:
    log = log_in(tmp_path)

    @log.logged
    def score(age: int, plan: str) -> dict[str, float]:
        with log.step("lookup"):
            pass
        log.note(id=f"a{age}")
        return {"prediction": 1, "score": 0.5}

    @log.logged
    async def later(row: dict[str, int]) -> int:
        await asyncio.sleep(0)
        if row["age"] == 7:
            raise ValueError("seven")
        return 0

    for age in range(50):
        assert score(age, plan="pro") == {"prediction": 1, "score": 0.5}
    for age in range(10):
        if age == 7:
            with pytest.raises(ValueError, match="seven"):
                asyncio.run(later({"age": age}))
        else:
            assert asyncio.run(later({"age": age})) == 0
    with log.call({"age": 3}, id="b") as call, call.step("lookup"):
        call.note(prediction=1)
    log.close()
    page = counted(tmp_path)
    assert total(page, "inference_requests_total", code="ok") == 60
    assert total(page, "inference_requests_total", code="error") == 1
    assert total(page, "inference_predictions_total", prediction="1") == 51
    assert total(page, "inference_request_duration_seconds_count") == 61
    first = records(tmp_path)[0]
    assert first["features"] == {"age": 0, "plan": "pro"}
    assert first["id"] == "a0"
    assert list(first["steps"]) == ["lookup_ms"]


def service(log: PredictionLog) -> httpx.ASGITransport:
    async def predict(request: Request) -> JSONResponse:
        body = await request.json()
        if "age" not in body.get("features", body):
            return JSONResponse({"detail": "no age"}, 422)
        if body.get("boom"):
            raise RuntimeError("boom")
        with log.step("predict"):
            return JSONResponse({"prediction": 1, "score": 0.75})

    async def many(request: Request) -> JSONResponse:
        rows = (await request.json())["instances"]
        return JSONResponse({"predictions": [0] * len(rows)})

    routes = [Route("/predict", predict, methods=["POST", "GET"]),
              Route("/many", many, methods=["POST"])]  # fmt: skip
    app = Starlette(routes=routes)
    app.add_middleware(Asgi, log=log)
    return httpx.ASGITransport(app, raise_app_exceptions=False)


def test_a_service_behind_the_asgi_middleware(tmp_path: Path) -> None:
    log = log_in(tmp_path)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=service(log), base_url="http://test") as client:
            post = client.post
            for i in range(40):
                answer = await post("/predict", json={"age": i})
                log.label(answer.headers["x-request-id"], 0)
            body = {"features": {"age": 1}}
            answer = await post("/predict", json=body, headers={"x-request-id": "mine"})
            assert answer.headers["x-request-id"] == "mine"
            assert (await post("/predict", json={"nothing": 1})).status_code == 422
            assert (await post("/predict", json={"age": 1, "boom": True})).status_code == 500
            assert (await post("/predict", content=b"not json")).status_code == 500
            rows = [[1, 2], [3, 4], [5, 6]]
            assert (await post("/many", json={"instances": rows})).status_code == 200
            assert (await client.get("/predict")).status_code == 500  # not logged: no POST

    asyncio.run(ask())
    log.close()
    page = counted(tmp_path)
    assert total(page, "inference_requests_total", code="200") == 42
    assert total(page, "inference_requests_total", code="422") == 1
    assert total(page, "inference_requests_total", code="error") == 2
    assert total(page, "inference_predictions_total", prediction="1") == 41
    assert total(page, "inference_predictions_total", prediction="0") == 3
    assert total(page, "inference_outcomes_total", predicted="1", actual="0") == 40
    assert records(tmp_path)[0]["features"] == {"age": 0}
    assert "predict_ms" in records(tmp_path)[0]["steps"]


SERVED = """
import sys, uvicorn
sys.path.insert(0, sys.argv[2])
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from inference_log import PredictionLog
from inference_log.asgi import PredictionMiddleware
async def predict(request):
    await request.json()
    return JSONResponse({"prediction": 1})
app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
log = PredictionLog("logs/predictions.jsonl", version="7", interval=60)
app.add_middleware(PredictionMiddleware, log=log)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


def test_a_service_that_uvicorn_stops_has_written_everything(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(SERVED, encoding="utf-8")
    port = free_port()
    url = f"http://127.0.0.1:{port}/predict"
    command = [sys.executable, "served.py", str(port), str(ROOT / "client")]

    def answers() -> bool:
        try:
            return httpx.get(url).status_code == 405
        except httpx.TransportError:
            return False

    with child(command, tmp_path, "served"):
        wait_for(answers, "the service answers")
        for age in range(30):
            assert httpx.post(url, json={"age": age}).status_code == 200
    assert [one["features"]["age"] for one in records(tmp_path)] == list(range(30))


def test_a_service_behind_the_wsgi_middleware(tmp_path: Path) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        if body["age"] == 13:
            raise RuntimeError("boom")
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"prediction": "yes",', b' "score": 0.5}']

    started: list[Any] = []

    def post(age: int, method: str = "POST") -> bytes:
        body = json.dumps({"age": age}).encode()
        environ = {"REQUEST_METHOD": method, "PATH_INFO": "/predict",
                   "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}  # fmt: skip
        return b"".join(wrapped(environ, lambda *given: started.append(given)))

    log = log_in(tmp_path)
    wrapped = Wsgi(app, log)
    for age in range(20):
        if age == 13:
            with pytest.raises(RuntimeError, match="boom"):
                post(age)
        else:
            assert post(age) == b'{"prediction": "yes", "score": 0.5}'
    post(3, "PUT")
    log.close()
    page = counted(tmp_path)
    assert total(page, "inference_requests_total", code="200") == 19
    assert total(page, "inference_requests_total", code="error") == 1
    assert total(page, "inference_predictions_total", prediction="yes") == 19
    headers = dict(started[0][1])
    assert headers["X-Request-Id"] == records(tmp_path)[0]["id"]


def test_records_of_logging(tmp_path: Path) -> None:
    log, logger = log_in(tmp_path), logging.Logger("scoring")
    logger.addHandler(PredictionHandler(log))
    for i in range(30):
        logger.info("scored %d", i, extra={"features": {"age": i}, "prediction": 0, "id": f"q{i}"})
        logger.info("something else")
    log.close()
    page = counted(tmp_path)
    assert total(page, "inference_requests_total") == 30
    assert total(page, "inference_predictions_total", prediction="0") == 30


def test_models_of_scikit_learn(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    rows, classes = make_classification(300, 5, random_state=1)
    model = watch(LogisticRegression().fit(rows, classes), log)
    predicted = model.predict(rows)
    chances = model.predict_proba(rows[:100])
    assert model.score(rows, classes) > 0.5  # not a prediction: it is not logged
    with pytest.raises(ValueError, match="features"):
        model.predict(rows[:, :2])
    log.close()
    page = counted(tmp_path)
    expected = (predicted == 1).sum() + (chances[:, 1] > 0.5).sum()
    assert total(page, "inference_predictions_total", prediction="1") == expected
    assert total(page, "inference_predictions_total") == 400
    found = records(tmp_path)
    assert [one.get("latency_ms") is not None for one in found[:3]] == [True, False, True]
    assert found[2]["score"] == chances[:, 1].tolist()
    assert total(page, "inference_requests_total", code="error") == 2  # 300 rows are two lines


def test_probabilities_of_many_classes_and_values_of_a_regression(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    rows, classes = load_iris(return_X_y=True)
    watch(LogisticRegression(max_iter=1000).fit(rows, classes), log).predict_proba(rows)
    scores = '    fields: {scores: {from: scores, classes: ["0", "1", "2"]}}\n'
    log.flush()
    page = counted(tmp_path, CONFIG + scores)
    assert total(page, "inference_predictions_total") == 150
    assert sum(records(tmp_path)[0]["scores"][0].values()) == pytest.approx(1.0)
    log.close()
    (tmp_path / "logs" / "predictions.jsonl").unlink()
    log = log_in(tmp_path)
    watch(LinearRegression().fit(rows, rows[:, 0]), log).predict(rows[:7])
    log.close()
    page = counted(tmp_path, CONFIG.replace("classification", "regression"))
    assert total(page, "inference_requests_total") == 1
    assert records(tmp_path)[0]["prediction"] == pytest.approx(rows[:7, 0].tolist())


def test_a_sample_stands_for_all_and_labels_go_with_it(tmp_path: Path) -> None:
    with log_in(tmp_path, sample=0.25) as log:
        for i in range(4000):
            log.write({"age": i}, 1, id=f"q{i}")
            log.label(f"q{i}", 1)
    page, written = counted(tmp_path), len(records(tmp_path))
    assert 850 < written < 1150
    assert total(page, "inference_predictions_total") == 4 * written
    assert total(page, "inference_prediction_weight_total") == 4 * written
    assert total(page, "inference_labels_total", result="matched") == written
    assert total(page, "inference_labels_total", result="unmatched") == 0


FORKS = """
import os
from inference_log import PredictionLog
log = PredictionLog("logs/predictions.jsonl", version="7")
log.write({"age": 1}, "parent")  # in the parent's queue as it forks
children = []
for worker in range(4):
    pid = os.fork()
    if not pid:
        for i in range(1000):
            log.write({"age": i}, f"w{worker}", id=f"{worker}-{i}")
        log.close()
        os._exit(0)
    children.append(pid)
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
log.write({"age": 2}, "parent")
"""


def test_workers_that_are_forked_have_a_file_each(tmp_path: Path) -> None:
    python(tmp_path, FORKS)
    page = counted(tmp_path)
    assert total(page, "inference_predictions_total", prediction="parent") == 2
    for worker in range(4):
        assert total(page, "inference_predictions_total", prediction=f"w{worker}") == 1000
    assert total(page, "inference_exporter_lines_total", source="m", result="malformed") == 0
    python(tmp_path, FORKS)  # the next workers go on with the files of those before
    assert len(list((tmp_path / "logs").iterdir())) <= 5
    assert requests(tmp_path) == 8004


KILLED = """
import os, signal, threading
from inference_log import PredictionLog
log = PredictionLog("logs/predictions.jsonl", version="7", interval=0.01)
i = 0
while True:
    log.write({"age": i, "text": "x" * 300}, 1)
    i += 1
    if i % 500 == 0:
        log.flush()
        print(i, flush=True)
    if i == 500:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGKILL)).start()
"""


def test_a_process_that_is_killed_loses_what_was_not_flushed_and_tears_one_line_at_most(
    tmp_path: Path,
) -> None:
    flushed = 0
    for _ in range(3):
        answer = python(tmp_path, KILLED, check=False)
        assert answer.returncode == -9
        flushed += int(answer.stdout.split()[-1])
    with (tmp_path / "logs" / "predictions.jsonl").open("ab") as file:
        file.write(b'{"kind":"prediction","features":{"ag')  # as a crash of the machine leaves it
    with log_in(tmp_path) as log:
        log.write({"age": 1}, 0)
    page = counted(tmp_path)
    assert total(page, "inference_requests_total") >= flushed + 1
    assert total(page, "inference_predictions_total", prediction="0") == 1
    torn = total(page, "inference_exporter_lines_total", source="m", result="malformed")
    assert 1 <= torn <= 4  # the one above, and one for each kill in the middle of a write


@pytest.mark.server
def test_rotation_while_the_exporter_follows(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG + "commit_interval: 200ms\n", encoding="utf-8")
    with ExporterProcess(tmp_path) as exporter:
        log = log_in(tmp_path, max_bytes=100_000, backups=3, interval=0.02, queue=100_000)

        def read(least: int) -> bool:
            return exporter.lines() >= least

        for block in range(40):
            for i in range(500):
                log.write({"age": i, "text": "x" * 20}, 1, id=f"{block}-{i}")
            log.flush()
            wait_for(partial(read, 500 * (block - 1)), "the exporter keeps up")
        log.close()
        wait_for(partial(read, 20_000), "every line is read")
        assert exporter.lines() == 20_000
        assert len(list((tmp_path / "logs").iterdir())) == 4
        assert exporter.lines("malformed") == 0
