"""An MLflow tracking server's REST API in memory: what is written can be read back.

As the documentation and MLflow 3.17 have it: names and numbers of metrics are limited, and what
does not exist is an error with a code. `tests/optional` does the same with the real server.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
_NAME = re.compile(r"[/\w.\- :]{1,250}", re.ASCII)
_TAG = re.compile(r"tags\.`([^`]+)` = '([^']*)'")


class AbsentError(Exception):
    """Something does not exist."""


class Mlflow:
    """Experiments, runs and versions of models."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}  # by name
        self.runs: dict[str, Json] = {}
        self.versions: dict[tuple[str, str], str] = {}  # runs by name and version, or alias
        self.requests: list[tuple[str, Json]] = []
        self.authorizations: set[str | None] = set()
        self.down = False

    def answer(self, what: str, asked: Json) -> Json:
        """What the server answers."""
        self.requests.append((what, asked))
        return getattr(self, "_" + re.sub(r"[/-]", "_", what))(asked)  # type: ignore[no-any-return]

    def metrics(self, run: str) -> dict[str, list[tuple[int, float]]]:
        """Times in ms and values of a run, by name."""
        found: dict[str, list[tuple[int, float]]] = {}
        for one in self.runs[run]["metrics"]:
            found.setdefault(one["key"], []).append((one["timestamp"], one["value"]))
        return found

    def train(self, experiment: str) -> str:
        """A run of some training in an experiment."""
        found = self._experiments_create({"name": experiment})["experiment_id"]
        made = self._runs_create({"experiment_id": found, "run_name": "training", "tags": []})
        return str(made["run"]["info"]["run_id"])

    def _experiments_get_by_name(self, asked: Json) -> Json:
        name = asked["experiment_name"]
        if name not in self.experiments:
            raise AbsentError(f"no experiment {name}")
        return {"experiment": {"experiment_id": self.experiments[name], "name": name}}

    def _experiments_create(self, asked: Json) -> Json:
        assert asked["name"] not in self.experiments
        self.experiments[asked["name"]] = str(len(self.experiments) + 1)
        return {"experiment_id": self.experiments[asked["name"]]}

    def _runs_create(self, asked: Json) -> Json:
        assert asked["experiment_id"] in self.experiments.values()
        run = f"{len(self.runs) + 1:032x}"
        info = {"run_id": run, "experiment_id": asked["experiment_id"], "name": asked["run_name"]}
        tags = {one["key"]: one["value"] for one in asked["tags"]}
        self.runs[run] = {"info": info, "tags": tags, "metrics": []}
        return {"run": {"info": info}}

    def _runs_get(self, asked: Json) -> Json:
        if asked["run_id"] not in self.runs:
            raise AbsentError(f"no run {asked['run_id']}")
        return {"run": {"info": self.runs[asked["run_id"]]["info"]}}

    def _runs_search(self, asked: Json) -> Json:
        match = _TAG.fullmatch(asked["filter"])
        assert match is not None, asked["filter"]
        found = [
            {"info": run["info"]}
            for run in self.runs.values()
            if run["info"]["experiment_id"] in asked["experiment_ids"]
            and run["tags"].get(match[1]) == match[2]
        ]
        return {"runs": found} if found else {}

    def _runs_log_batch(self, asked: Json) -> Json:
        if asked["run_id"] not in self.runs:
            raise AbsentError(f"no run {asked['run_id']}")
        assert len(asked["metrics"]) <= 1000
        assert all(_NAME.fullmatch(one["key"]) for one in asked["metrics"])
        self.runs[asked["run_id"]]["metrics"] += asked["metrics"]
        return {}

    def _model_versions_get(self, asked: Json) -> Json:
        return self._version(asked["name"], asked["version"])

    def _registered_models_alias(self, asked: Json) -> Json:
        return self._version(asked["name"], asked["alias"])

    def _version(self, name: str, which: str) -> Json:
        if (name, which) not in self.versions:
            raise AbsentError(f"no model {name} {which}")
        return {"model_version": {"run_id": self.versions[name, which]}}


@contextmanager
def mlflow_server() -> Iterator[tuple[Mlflow, str]]:
    """The server, and its address."""
    mlflow = Mlflow()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(dict(parse_qsl(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, asked: Json) -> None:
            mlflow.authorizations.add(self.headers["Authorization"])
            what = urlsplit(self.path).path.removeprefix("/api/2.0/mlflow/")
            try:
                code, body = 200, {} if mlflow.down else mlflow.answer(what, asked)
            except AbsentError as error:
                code, body = 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": str(error)}
            text = b"<html>bad gateway</html>" if mlflow.down else json.dumps(body).encode()
            self.send_response(502 if mlflow.down else code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield mlflow, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
