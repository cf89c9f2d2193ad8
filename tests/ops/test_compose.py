"""docker-compose.yml: safe by default, complete; every mounted file passes its own checker."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from dashboards.board.links import LOG_JOB
from dashboards.pages import PAGES

from inference_exporter.assembly import load_all
from inference_exporter.demo.folder import STEPS
from inference_exporter.families import FAMILIES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "compose"
Json = dict[str, Any]
COMPOSE: Json = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Json] = COMPOSE["services"]
EACH = pytest.mark.parametrize("name", SERVICES)
ROOT_NEEDED = {"cadvisor"}  # started on request only
WITHOUT_CHECK = {"prepare", "traffic"}  # ends by itself; has nothing that could be asked


def _mounts(service: Json) -> list[tuple[str, str, str]]:
    found = []
    for text in service.get("volumes", []):
        source, target, *mode = text.split(":")
        found.append((source, target, mode[0] if mode else "rw"))
    return found


def _file(name: str) -> Path:
    return FOLDER / name


def _yaml(name: str) -> Any:
    return yaml.safe_load(_file(name).read_text(encoding="utf-8"))


@EACH
def test_a_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    user = int(service["user"].split(":")[0])
    assert (user == 0) == (name in ROOT_NEEDED)
    assert name not in ROOT_NEEDED or service["profiles"]
    assert not service.get("privileged")


@EACH
def test_an_image_is_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    tag = image.rpartition(":")[2]
    assert tag == "local" or re.fullmatch(r"v?\d+\.\d+\.\d+", tag), image
    assert tag != "local" or image.startswith("localhost/")


@EACH
def test_ports_are_on_loopback(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@EACH
def test_a_service_says_whether_it_is_well(name: str) -> None:
    if name not in WITHOUT_CHECK:
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@EACH
def test_what_a_service_waits_for_can_come(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        healthy = how["condition"] == "service_healthy"
        assert healthy == ("healthcheck" in SERVICES[other])
        assert other not in ROOT_NEEDED


@EACH
def test_mounted_files_exist_and_are_read_only(name: str) -> None:
    for source, target, mode in _mounts(SERVICES[name]):
        assert target.startswith("/")
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
            assert mode == "ro"
        elif not source.startswith("/"):
            assert source in COMPOSE["volumes"]


def test_one_writer_for_each_volume() -> None:
    writers: dict[str, list[str]] = {}
    for name, service in SERVICES.items():
        for source, _, mode in _mounts(service):
            if source in COMPOSE["volumes"] and mode == "rw":
                writers.setdefault(source, []).append(name)
    assert set(writers) == set(COMPOSE["volumes"])
    assert all(len(names) == 1 for names in writers.values()), writers


def test_every_config_file_is_mounted() -> None:
    mounted = [
        ROOT / source
        for service in SERVICES.values()
        for source, _, _ in _mounts(service)
        if source.startswith("./")
    ]
    for file in FOLDER.rglob("*"):
        if file.is_file() and file.suffix != ".pyc":
            assert any(file == one or one in file.parents for one in mounted), file


def test_every_scraped_address_is_a_service() -> None:
    config = _yaml("prometheus/prometheus.yml")
    jobs = {one["job_name"]: one for one in config["scrape_configs"]}
    assert "inference-exporter" in jobs
    assert {"sample_limit", "label_limit", "body_size_limit"} <= set(jobs["inference-exporter"])
    for job in jobs.values():
        for target in job["static_configs"][0]["targets"]:
            assert target.split(":")[0] in {*SERVICES, "localhost"}


def test_data_sources_have_fixed_uids_and_lead_to_services() -> None:
    sources = {one["uid"]: one for one in _yaml(
        "grafana/provisioning/datasources/datasources.yaml")["datasources"]}  # fmt: skip
    assert set(sources) == {"prometheus", "alertmanager", "loki", "tempo"}
    for one in sources.values():
        assert re.findall(r"http://([\w-]+):", one["url"])[0] in SERVICES
    interval = _yaml("prometheus/prometheus.yml")["global"]["scrape_interval"]
    assert sources["prometheus"]["jsonData"]["timeInterval"] == interval
    exemplars = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert exemplars == [{"name": "trace_id", "datasourceUid": "tempo"}]
    (derived,) = sources["loki"]["jsonData"]["derivedFields"]
    assert (derived["matcherRegex"], derived["datasourceUid"]) == ("trace_id", "tempo")
    to_metrics = sources["tempo"]["jsonData"]["tracesToMetrics"]
    assert to_metrics["tags"] == [{"key": "ml.model.name", "value": "model"}]
    for one in to_metrics["queries"]:
        families = re.findall(r"inference_\w+?(?=_bucket|\{)", one["query"])
        assert families
        assert set(families) <= FAMILIES.keys()
    text = _file("grafana/provisioning/datasources/datasources.yaml").read_text(encoding="utf-8")
    assert (
        re.findall(r"(?<!\$)\$\{", text) == []
    )  # Grafana would take it for an environment variable
    assert LOG_JOB in text


def test_the_provider_looks_where_the_dashboards_are_mounted() -> None:
    provider = _yaml("grafana/provisioning/dashboards/dashboards.yaml")["providers"][0]
    mounts = {target: source for source, target, _ in _mounts(SERVICES["grafana"])}
    place = provider["options"]["path"]
    pages = {at: here for at, here in mounts.items() if at.startswith(f"{place}/")}
    # Not the folder: Grafana would take every JSON file below it for a dashboard.
    assert set(pages.values()) == {f"./dashboards/{uid}.json" for uid in PAGES}
    assert all(at == f"{place}/{here.rpartition('/')[2]}" for at, here in pages.items())
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "dashboards" / Path(home).name).exists()


def test_the_log_collector_gives_the_labels_that_the_dashboards_ask_for() -> None:
    text = _file("alloy/config.alloy").read_text(encoding="utf-8")
    assert f'"job" = "{LOG_JOB}"' in text
    assert 'stage.labels {\n    values = {"model" = ""}' in text
    assert 'values = {"version" = "", "request_id" = "", "trace_id" = ""}' in text
    bare = re.sub(r'"[^"]*"', "", text)
    assert bare.count("{") == bare.count("}")
    components = set(re.findall(r'^([\w.]+) "(\w+)" \{', text, re.MULTILINE))
    for kind, name in re.findall(r"([a-z_]+\.[a-z_.]+)\.(\w+)\.(?:receiver|targets)", text):
        assert (kind, name) in components


def test_the_exporter_accepts_its_configuration(tmp_path: Path) -> None:
    text = _file("exporter/config.yaml").read_text(encoding="utf-8")
    config = tmp_path / "config.yaml"
    config.write_text(text.replace("reference: /demo/reference.json", "reference: {warmup: 1000}"))
    loaded, _ = load_all(str(config))
    (model,) = loaded.models
    assert loaded.traces is not None
    assert loaded.events is not None
    assert loaded.events.loki is not None
    for url in (loaded.traces.endpoint, loaded.events.loki.endpoint):
        assert re.findall(r"http://([\w-]+):", url)[0] in SERVICES
    assert set(model.fields.steps) == set(STEPS)


def test_the_demo_hears_when_drift_begins_and_the_readme_can_say_so() -> None:
    command = SERVICES["traffic"]["command"]
    assert "--drift-after=${DRIFT_AFTER:-300}" in command


def _program(name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(name, FOLDER / "demo" / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_health_check_fails_where_nobody_answers() -> None:
    assert _program("alive").main("http://127.0.0.1:1/") == 1


def _check(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.server
@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here")
def test_promtool_takes_the_configuration_and_the_rules(tmp_path: Path) -> None:
    text = _file("prometheus/prometheus.yml").read_text(encoding="utf-8")
    here = str(ROOT / "alert_rules")
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/rules", here))
    _check(["promtool", "check", "config", str(tmp_path / "prometheus.yml")])


@pytest.mark.server
@pytest.mark.skipif(shutil.which("amtool") is None, reason="no amtool here")
def test_amtool_takes_the_configuration_with_the_templates_of_the_rules(tmp_path: Path) -> None:
    shutil.copy(_file("alertmanager/alertmanager.yml"), tmp_path)
    shutil.copytree(ROOT / "alert_rules" / "alertmanager" / "templates", tmp_path / "templates")
    _check(["amtool", "check-config", str(tmp_path / "alertmanager.yml")])


@pytest.mark.server
@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="no docker-compose here")
def test_docker_compose_takes_the_file() -> None:
    _check(["docker-compose", "--file", "docker-compose.yml", "config", "--quiet"])
