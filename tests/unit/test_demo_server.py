"""The model server: what it answers, and what its log then says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from inference_exporter.demo.data import Model, train
from inference_exporter.demo.server import FeatureStore, ModelServer, PredictionLog, trace_id

APPLICANT = {
    "age": 41,
    "income": 2100.5,
    "years_employed": 4.0,
    "loan_amount": 8000,
    "debt_ratio": 0.2,
    "open_accounts": 3,
    "employment": "permanent",
    "housing": "rent",
}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def call(app: Starlette, method: str, path: str, **given: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as client:
        return await client.request(method, path, **given)


class Served:
    """A client of a server, and the lines of its log."""

    def __init__(self, model: Model, folder: Path, store: FeatureStore, log_bytes: int) -> None:
        self._folder = folder
        self.log = PredictionLog(folder / "predictions.jsonl", log_bytes)
        self._app = ModelServer(model, self.log, store).app

    def post(self, document: object, **headers: str) -> tuple[int, dict[str, Any]]:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        sending = call(self._app, "POST", "/predict", content=body, headers=headers)
        response = asyncio.run(sending)
        return response.status_code, response.json()

    def health(self) -> object:
        return asyncio.run(call(self._app, "GET", "/health")).json()

    def lines(self, name: str = "predictions.jsonl") -> list[dict[str, Any]]:
        text = (self._folder / name).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(train(rows=500))


@pytest.fixture
def served(model: Model, tmp_path: Path) -> Iterator[Served]:
    served = Served(model, tmp_path, FeatureStore(0.0, 0.0), 1_000_000)
    yield served
    served.log.close()


def test_a_prediction_is_answered_and_logged(served: Served) -> None:
    status, answer = served.post({"features": APPLICANT})
    (line,) = served.lines()
    assert status == line["status"] == 200
    assert answer["prediction"] in ("repaid", "default")
    for key in ("request_id", "prediction", "score", "model_version"):
        assert line[key] == answer[key]
    assert line["features"] == APPLICANT
    assert list(line["steps"]) == ["feature_lookup", "preprocess", "inference", "postprocess"]
    assert sum(line["steps"].values()) <= line["latency_ms"] + 0.01  # each rounded to 1 µs
    assert "actual" not in line


def test_the_outcome_is_logged_but_never_shown_to_the_model(served: Served) -> None:
    _, without = served.post({"features": APPLICANT})
    _, withal = served.post({"features": APPLICANT, "actual": "default"})
    assert without["score"] == withal["score"]
    assert "actual" not in withal
    assert served.lines()[1]["actual"] == "default"


def test_the_trace_of_the_caller_is_kept(served: Served) -> None:
    served.post({"features": APPLICANT}, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    assert served.lines()[0]["trace_id"] == TRACE


@pytest.mark.parametrize("header", ["", "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01"])
def test_without_a_usable_trace_there_is_a_new_one(header: str) -> None:
    first, second = trace_id(header), trace_id(header)
    assert len(first) == 32
    assert first != second


def test_a_value_of_the_wrong_kind_is_logged_as_it_came(served: Served) -> None:
    odd = {**APPLICANT, "years_employed": "n/a", "employment": "gig_worker", "age": None}
    status, _ = served.post({"features": odd})
    assert status == 200
    assert served.lines()[0]["features"] == odd


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b'{"features": {"age"', "the body is not JSON"),
        (b'{"features": {"age": NaN}}', "NaN is not a JSON number"),
        (b'{"features": {"age": "' + b"9" * 70_000, "the body is larger than 65536 bytes"),
        ([1, 2], 'expected {"features": {...}}'),
        ({"features": [1, 2]}, 'expected {"features": {...}}'),
        ({"features": {**APPLICANT, "shoe_size": 44}}, "unknown features: shoe_size"),
        ({"features": {**APPLICANT, "age": [41]}}, "age: expected a number or text"),
        ({"features": {**APPLICANT, "loan_amount": None}}, "loan_amount: missing"),
        ({"features": APPLICANT, "actual": 1}, "actual: expected text"),
    ],
)
def test_what_cannot_be_understood_is_a_422_without_features(
    served: Served, document: object, problem: str
) -> None:
    status, answer = served.post(document)
    (line,) = served.lines()
    assert status == line["status"] == 422
    assert problem in answer["error"]
    assert line.keys().isdisjoint({"features", "prediction", "score", "actual"})
    assert line["steps"] == {}


def test_a_failing_step_is_a_500_with_features_but_no_prediction(
    model: Model, tmp_path: Path
) -> None:
    served = Served(model, tmp_path, FeatureStore(0.0, failure_share=1.0), 1_000_000)
    status, answer = served.post({"features": APPLICANT})
    served.log.close()
    (line,) = served.lines()
    assert status == line["status"] == 500
    assert answer["error"] == "the feature store did not answer in time"
    assert line["features"] == APPLICANT
    assert "prediction" not in line
    assert list(line["steps"]) == ["feature_lookup"]


def test_rotation_loses_no_line_and_cuts_none(model: Model, tmp_path: Path) -> None:
    served = Served(model, tmp_path, FeatureStore(0.0, 0.0), log_bytes=2000)
    answers = [served.post({"features": APPLICANT})[1]["request_id"] for _ in range(9)]
    health = served.health()
    served.log.close()
    files = sorted(tmp_path.glob("predictions.jsonl*"), reverse=True)
    logged = [line["request_id"] for file in files for line in served.lines(file.name)]
    assert len(files) > 1
    assert logged == answers
    assert health == {"status": "ok", "lines_logged": 9}
