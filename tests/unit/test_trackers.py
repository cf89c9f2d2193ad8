"""Values of a page in a tracker of experiments: of which version, in which run, and when not."""

from __future__ import annotations

import base64
import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from inference_exporter.cli import main
from inference_exporter.errors import UsageError
from inference_exporter.families import FAMILIES
from inference_exporter.trackers import (
    Measured,
    MlflowTracker,
    Page,
    TrackerError,
    WandbTracker,
    follow,
    look,
    measured,
)
from inference_exporter.trackers.measures import NAMES
from mlflow_server import Mlflow, mlflow_server

PAGE = """\
# TYPE inference_model_info gauge
inference_model_info{model="credit",version="7",format="json",task="classification",model_uri="models:/credit/7"} 1
inference_model_info{model="price",version="",format="json",task="regression"} 1
# TYPE inference_feature_drift gauge
inference_feature_drift{model="credit",version="7",feature="age (years)",statistic="psi",window="1h"} 0.25
inference_feature_drift{model="credit",version="7",feature="age (years)",statistic="ks",window="1h"} 0.5
inference_feature_drift{model="credit",version="7",feature="a/b",statistic="psi",window="1h"} 0.125
# TYPE inference_performance gauge
inference_performance{model="credit",version="7",metric="accuracy",class="",window="24h"} 0.75
inference_performance{model="credit",version="7",metric="recall",class="bad",window="24h"} 0.5
inference_performance{model="credit",version="7",metric="accuracy",class="",window="24h",segment="country=IT",country="IT"} 0.1
inference_performance{model="price",version="",metric="mae",class="",window="24h"} NaN
# TYPE inference_multivariate_drift gauge
inference_multivariate_drift{model="price",version="",statistic="outlier_share",window="1h"} 0.01
# TYPE inference_requests_total counter
inference_requests_total{model="credit",version="7",code="200"} 12
"""  # noqa: E501  # as a page has them
CREDIT = {
    "drift/1h/psi/age _years_": 0.25, "drift/1h/psi/a_b": 0.125,
    "performance/24h/accuracy": 0.75, "performance/24h/recall/bad": 0.5,
}  # fmt: skip
DATADOG = Path(__file__).parents[2] / "deploy" / "datadog" / "conf.yaml"
SOURCE = "http://scraper:secret@exporter:9469/metrics"
ONE = Measured("credit", "7", "", {"performance/24h/accuracy": 0.75})


@pytest.fixture
def server() -> Iterator[tuple[Mlflow, str]]:
    with mlflow_server() as running:
        yield running


def test_a_page_is_values_of_versions() -> None:
    assert measured(PAGE) == [
        Measured("credit", "7", "models:/credit/7", CREDIT),
        Measured("price", "", "", {"multivariate_drift/1h/outlier_share": 0.01}),
    ]


def test_only_some_models_and_other_distances() -> None:
    (one,) = measured(PAGE, models=["credit"], statistics=["ks"])
    assert one.values["drift/1h/ks/age _years_"] == 0.5
    assert not [name for name in one.values if "psi" in name]


def test_every_family_that_is_written_is_one_of_the_exporters_with_these_labels() -> None:
    for family, pattern in NAMES.items():
        wanted = {part[1:-1] for part in pattern.split("/") if part.startswith("{")}
        assert wanted == {*FAMILIES[family].labels} - {"model", "version"}, family


def test_a_version_without_training_has_a_run_in_the_default_experiment(
    server: tuple[Mlflow, str],
) -> None:
    mlflow, url = server
    tracker = MlflowTracker(url, SOURCE)
    said = tracker.write(ONE, 1000.5)
    tracker.write(ONE, 1060.0)
    tracker.close()
    (run,) = mlflow.runs
    assert said == f"run {run}"
    assert mlflow.experiments == {"production": "1"}
    assert mlflow.runs[run]["info"]["name"] == "production: credit 7"
    assert mlflow.metrics(run) == {"performance/24h/accuracy": [(1000500, 0.75), (1060000, 0.75)]}
    tags = mlflow.runs[run]["tags"]
    assert tags["inference_exporter.page"] == "http://exporter:9469/metrics", "no password in tags"
    assert "mlflow.parentRunId" not in tags


@pytest.mark.parametrize("uri", ["runs:/{}/model", "models:/credit/7", "models:/credit@champion"])
def test_a_version_whose_training_is_known_is_a_child_of_its_run(
    server: tuple[Mlflow, str], uri: str
) -> None:
    mlflow, url = server
    trained = mlflow.train("credit training")
    mlflow.versions = {("credit", "7"): trained, ("credit", "champion"): trained}
    MlflowTracker(url, SOURCE).write(Measured("credit", "7", uri.format(trained), CREDIT), 1000.0)
    (made,) = {*mlflow.runs} - {trained}
    assert mlflow.runs[made]["tags"]["mlflow.parentRunId"] == trained
    assert mlflow.experiments == {"credit training": "1"}, "in the experiment of the training"
    assert {name: value for name, ((_, value),) in mlflow.metrics(made).items()} == CREDIT


@pytest.mark.parametrize("uri", ["runs:/gone", "models:/credit/8", "s3://bucket/model", "7"])
def test_a_uri_that_leads_nowhere_is_no_reason_to_lose_values(
    server: tuple[Mlflow, str], uri: str
) -> None:
    mlflow, url = server
    MlflowTracker(url, SOURCE).write(Measured("credit", "7", uri, CREDIT), 1000.0)
    assert mlflow.experiments == {"production": "1"}
    (run,) = mlflow.runs.values()
    assert run["tags"]["inference_exporter.model_uri"] == uri


def test_another_process_goes_on_in_the_same_run_and_another_exporter_does_not(
    server: tuple[Mlflow, str],
) -> None:
    mlflow, url = server
    MlflowTracker(url, SOURCE).write(ONE, 1000.0)
    MlflowTracker(url, SOURCE).write(ONE, 2000.0)
    assert len(mlflow.runs) == 1
    MlflowTracker(url, "http://another:9469/metrics").write(ONE, 2000.0)
    assert len(mlflow.runs) == 2


def test_many_values_are_several_requests_of_what_the_server_takes(
    server: tuple[Mlflow, str],
) -> None:
    mlflow, url = server
    many = {f"drift/1h/psi/f{i}": float(i) for i in range(2500)}
    MlflowTracker(url, SOURCE).write(Measured("credit", "7", "", many), 1000.0)
    (run,) = mlflow.runs
    assert {name: value for name, ((_, value),) in mlflow.metrics(run).items()} == many


def test_a_run_that_was_deleted_is_made_anew_the_next_time(server: tuple[Mlflow, str]) -> None:
    mlflow, url = server
    tracker = MlflowTracker(url, SOURCE)
    tracker.write(ONE, 1000.0)
    mlflow.runs.clear()
    with pytest.raises(TrackerError, match="no run"):
        tracker.write(ONE, 1060.0)
    tracker.write(ONE, 1120.0)
    assert len(mlflow.runs) == 1


def test_what_is_no_mlflow_is_said(server: tuple[Mlflow, str]) -> None:
    mlflow, url = server
    mlflow.down = True
    with pytest.raises(TrackerError, match="answers 502 and no JSON: is this MLflow's address"):
        MlflowTracker(url, SOURCE).write(ONE, 1000.0)
    with pytest.raises(TrackerError, match=r"http://127\.0\.0\.1:9"):
        MlflowTracker("http://127.0.0.1:9", SOURCE).write(ONE, 1000.0)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, None),
        ({"MLFLOW_TRACKING_TOKEN": "t0ken"}, "Bearer t0ken"),
        (
            {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "pw"},
            "Basic " + base64.b64encode(b"me:pw").decode(),
        ),
    ],
)
def test_credentials_are_those_of_mlflows_own_clients(
    server: tuple[Mlflow, str],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    said: str | None,
) -> None:
    for name in ("TOKEN", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    mlflow, url = server
    MlflowTracker(url, SOURCE).write(ONE, 1000.0)
    assert mlflow.authorizations == {said}


def test_what_datadogs_check_is_told_to_read_is_there() -> None:
    instance = yaml.safe_load(DATADOG.read_text(encoding="utf-8"))["instances"][0]
    names = [instance["raw_metric_prefix"] + name for name in instance["metrics"]]
    known = {name.removesuffix("_total") for name in FAMILIES}
    assert [name for name in names if name not in known] == []


class Recorder:
    """A tracker that keeps what it is given, and fails for one model."""

    name = "recorder"

    def __init__(self, broken: str = "") -> None:
        self.written: list[str] = []
        self.broken, self.stop = broken, threading.Event()

    def write(self, one: Measured, moment: float) -> str:
        assert math.isfinite(moment)
        if len(self.written) == 2:
            self.stop.set()
        if one.model == self.broken:
            raise TrackerError(f"not {one.model}")
        self.written.append(one.model)
        return "memory"

    def close(self) -> None:
        pass


class StaticPage(Page):
    """A page that is there without a server."""

    def read(self) -> list[Measured]:
        return measured(PAGE, models=self.models, statistics=self.statistics)


def test_what_fails_for_one_model_is_written_for_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    page, broken, sound = StaticPage("", (), ("psi",)), Recorder("credit"), Recorder()
    outcome = look(page, [broken, sound])
    assert (broken.written, sound.written) == (["price"], ["credit", "price"])
    assert (outcome.written, outcome.failed) == (len(CREDIT) + 2, True)
    assert "not credit" in caplog.text


def test_it_looks_again_until_it_is_to_stop() -> None:
    one = Recorder()
    follow(StaticPage("", ("credit",), ("psi",)), [one], 0.001, one.stop)
    assert one.written == ["credit", "credit", "credit"]


def test_a_page_that_is_not_there_is_a_failure_and_no_end(
    server: tuple[Mlflow, str], caplog: pytest.LogCaptureFixture
) -> None:
    mlflow, url = server
    assert look(Page("http://127.0.0.1:9/metrics", (), ("psi",)), []).failed
    assert look(Page(f"{url}/nothing", (), ("psi",)), []).failed
    mlflow.down = True
    assert look(Page(f"{url}/nothing", (), ("psi",)), []).failed
    assert caplog.text.count("WARNING") == 3


def test_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["track"]) == 2
    assert "give --mlflow.url or --wandb.project" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["track", "--interval=0"])
    assert "expected seconds" in capsys.readouterr().err


def test_without_the_package_of_wandb_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "wandb", None)
    with pytest.raises(UsageError, match="pip install wandb"):
        WandbTracker("production", str(tmp_path))
