"""MLflow: a run for each version in production, a child of the run that trained it.

Spoken to by its REST API, which needs no package (https://mlflow.org/docs/latest/rest-api.html).
Credentials are those of MLflow's own clients: `MLFLOW_TRACKING_TOKEN`, or
`MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import requests

from inference_exporter.trackers.measures import Measured
from inference_exporter.trackers.tracker import TrackerError, key_of, public

EXPERIMENT = "production"
_BATCH = 1000  # metrics of one request: the server takes no more
_TIMEOUT = 30.0  # seconds
_KEY = "inference_exporter.key"  # a tag
_RUN = re.compile(r"runs:/([^/]+)")
_VERSION = re.compile(r"models:/([^/@]+)/(\d+)$")
_ALIAS = re.compile(r"models:/([^/@]+)@([^/]+)$")
_ABSENT = "RESOURCE_DOES_NOT_EXIST"
Json = Mapping[str, Any]


class MlflowTracker:
    """Writes to one MLflow server. `source` is the page that the values are from."""

    name = "MLflow"

    def __init__(self, url: str, source: str, experiment: str = EXPERIMENT) -> None:
        self._url, self._source, self._experiment = url.rstrip("/"), public(source), experiment
        self._session = requests.Session()
        self._session.auth = _authorization()
        self._runs: dict[tuple[str, str, str], str] = {}

    def write(self, one: Measured, moment: float) -> str:
        """See `Tracker.write`: the values, at that time, in the version's run."""
        version = one.model, one.version, one.uri
        run = self._runs.get(version) or self._run(one, moment)
        self._runs[version] = run
        stamp = int(moment * 1000.0)
        metrics = [
            {"key": name, "value": value, "timestamp": stamp, "step": int(moment)}
            for name, value in sorted(one.values.items())
        ]
        try:
            for at in range(0, len(metrics), _BATCH):
                self._post("runs/log-batch", {"run_id": run, "metrics": metrics[at : at + _BATCH]})
        except TrackerError:
            del self._runs[version]  # it may have been deleted: looked up again next time
            raise
        return f"run {run}"

    def close(self) -> None:
        """See `Tracker.close`. Runs stay open: the version is still in production."""
        self._session.close()

    def _run(self, one: Measured, moment: float) -> str:
        """The run of a version: the one that is there, or a new one."""
        trained = self._trained(one.uri)
        experiment = trained["experiment_id"] if trained else self._default_experiment()
        key = key_of(self._source, one)
        found = self._post(
            "runs/search",
            {"experiment_ids": [experiment], "filter": f"tags.`{_KEY}` = '{key}'",
             "max_results": 1},
        ).get("runs")  # fmt: skip
        if found:
            return str(found[0]["info"]["run_id"])
        name = f"production: {one.model} {one.version}".rstrip()
        tags = {
            _KEY: key,
            "inference_exporter.model": one.model,
            "inference_exporter.version": one.version,
            "inference_exporter.model_uri": one.uri,
            "inference_exporter.page": self._source,
            "mlflow.source.name": "inference-exporter",
        }
        if trained:
            tags["mlflow.parentRunId"] = trained["run_id"]
        made = self._post(
            "runs/create",
            {"experiment_id": experiment, "run_name": name, "start_time": int(moment * 1000.0),
             "tags": [{"key": key, "value": value} for key, value in tags.items() if value]},
        )  # fmt: skip
        return str(made["run"]["info"]["run_id"])

    def _trained(self, uri: str) -> Json | None:
        """What is known of the run in which a model was trained; None if the server has none."""
        run = self._run_of(uri)
        found = self._get("runs/get", {"run_id": run}) if run else None
        return found["run"]["info"] if found else None

    def _run_of(self, uri: str) -> str:
        if match := _RUN.match(uri):
            return match[1]
        found: Json | None = None
        if match := _VERSION.match(uri):
            found = self._get("model-versions/get", {"name": match[1], "version": match[2]})
        elif match := _ALIAS.match(uri):
            found = self._get("registered-models/alias", {"name": match[1], "alias": match[2]})
        return str(found["model_version"].get("run_id", "")) if found else ""

    def _default_experiment(self) -> str:
        asked = {"experiment_name": self._experiment}
        found = self._get("experiments/get-by-name", asked)
        if found:
            return str(found["experiment"]["experiment_id"])
        made = self._post("experiments/create", {"name": self._experiment})
        return str(made["experiment_id"])

    def _get(self, what: str, parameters: Mapping[str, str]) -> Json | None:
        """An answer; None if what was asked for does not exist."""
        try:
            return self._answer("GET", what, params=parameters)
        except _AbsentError:
            return None

    def _post(self, what: str, body: Json) -> Json:
        return self._answer("POST", what, json=body)

    def _answer(self, method: str, what: str, **more: Any) -> Json:
        url = f"{self._url}/api/2.0/mlflow/{what}"
        try:
            answer = self._session.request(method, url, timeout=_TIMEOUT, **more)
            body = answer.json()
        except requests.JSONDecodeError as error:
            raise TrackerError(
                f"{url} answers {answer.status_code} and no JSON: is this MLflow's address?"
            ) from error
        except requests.RequestException as error:
            raise TrackerError(f"{self._url}: {error}") from error
        if not isinstance(body, dict):
            raise TrackerError(f"{url} answers JSON that is not MLflow's")
        if answer.ok:
            return body
        said = f"{url} answers {answer.status_code}: {body.get('message', body)}"
        raise (_AbsentError if body.get("error_code") == _ABSENT else TrackerError)(said)


class _AbsentError(TrackerError):
    """What was asked for does not exist."""


def _authorization() -> requests.auth.AuthBase | None:
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return _Bearer(token)
    name = os.environ.get("MLFLOW_TRACKING_USERNAME")
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
    return requests.auth.HTTPBasicAuth(name, password) if name else None


class _Bearer(requests.auth.AuthBase):
    """Says a token with every request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
