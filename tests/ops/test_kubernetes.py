"""The Kubernetes objects: valid by the API's own schemas, complete, and not run as root."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from dashboards.pages import PAGES
from deploy.kubernetes import generate

from inference_exporter.assembly import load_all
from inference_exporter.cli import main

kubernetes_validate = pytest.importorskip("kubernetes_validate")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
Json = dict[str, Any]


def _load(path: Path) -> Json:
    loaded: Json = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


DEPLOYMENT = _load(FOLDER / "base" / "deployment.yaml")
POD: Json = DEPLOYMENT["spec"]["template"]["spec"]
(SIDECAR,) = POD["initContainers"]


@pytest.mark.parametrize("version", ["1.28.0", "1.32.0", kubernetes_validate.latest_version()])
def test_the_deployment_is_valid_in_old_and_new_clusters(version: str) -> None:
    kubernetes_validate.validate(DEPLOYMENT, version, strict=True)


def test_a_mistyped_key_would_be_noticed() -> None:
    wrong = {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "replica": 3}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_nothing_runs_as_root_or_writes_where_it_should_not() -> None:
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["runAsUser"] > 0
    assert POD["automountServiceAccountToken"] is False
    context = SIDECAR["securityContext"]
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in SIDECAR["resources"]["limits"]
    assert "cpu" not in SIDECAR["resources"]["limits"]  # throttled reading is lag


def test_the_sidecar_reads_the_log_and_writes_its_state_only() -> None:
    mounts = {one["name"]: one for one in SIDECAR["volumeMounts"]}
    assert {name for name, one in mounts.items() if not one.get("readOnly")} == {"state"}
    assert set(mounts) == {one["name"] for one in POD["volumes"]}
    (server,) = POD["containers"]
    assert [one["name"] for one in server["volumeMounts"]] == ["logs"]


def test_the_sidecar_outlives_the_model_server_by_a_scrape() -> None:
    assert SIDECAR["restartPolicy"] == "Always"  # native: it ends after the model server
    _, seconds = SIDECAR["lifecycle"]["preStop"]["exec"]["command"]
    interval = _load(FOLDER / "monitoring" / "podmonitor.yaml")["spec"]["podMetricsEndpoints"][0]
    assert int(seconds) > int(interval["interval"].removesuffix("s"))
    assert POD["terminationGracePeriodSeconds"] >= 30 + int(seconds) + 5


def test_the_sidecars_arguments_are_understood_and_lead_to_its_mounts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command, *flags = SIDECAR["args"]
    with pytest.raises(SystemExit):
        main([command, "--help"])
    known = capsys.readouterr().out
    given = dict(flag.split("=", 1) for flag in flags)
    assert all(name in known for name in given)
    mounts = {one["mountPath"] for one in SIDECAR["volumeMounts"]}
    assert str(Path(given["--config.file"]).parent) in mounts
    assert given["--storage.path"] in mounts


def test_the_example_configuration_is_accepted(tmp_path: Path) -> None:
    text = (FOLDER / "base" / "config.yaml").read_text(encoding="utf-8")
    profile = "/etc/inference-exporter/reference/credit-risk.json"
    assert profile in text
    path = tmp_path / "config.yaml"
    path.write_text(text.replace(f"reference: {profile}", "reference: {warmup: 1000}"))
    load_all(str(path))


def test_the_monitor_selects_the_pods_and_names_their_port() -> None:
    monitor = _load(FOLDER / "monitoring" / "podmonitor.yaml")
    assert (monitor["apiVersion"], monitor["kind"]) == (
        "monitoring.coreos.com/v1", "PodMonitor",
    )  # fmt: skip
    wanted = monitor["spec"]["selector"]["matchLabels"]
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    assert wanted.items() <= labels.items()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in SIDECAR["ports"]}
    # Keys of PodMetricsEndpoint and PodMonitorSpec in the operator's API reference (v0.80).
    assert set(endpoint) <= {"port", "path", "interval", "scrapeTimeout", "scheme", "relabelings"}
    assert set(monitor["spec"]) <= {
        "namespaceSelector", "selector", "sampleLimit", "labelLimit", "podMetricsEndpoints",
        "jobLabel", "podTargetLabels",
    }  # fmt: skip


def test_the_rules_are_those_of_the_bundle() -> None:
    assert generate.main(["--check"]) == 0
    made = {path.name for path in (FOLDER / "monitoring" / "rules").glob("*.yaml")}
    assert made == set(generate.objects())


@pytest.mark.parametrize("name", sorted(generate.objects()))
def test_a_rule_object_has_the_groups_of_its_file(name: str) -> None:
    one = yaml.safe_load(generate.objects()[name])
    assert (one["apiVersion"], one["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    source = _load(ROOT / "alert_rules" / f"{name.removesuffix('.yaml')}.rules.yaml")
    assert one["spec"] == source
    # Keys of the operator's Rule and RuleGroup; it rejects others.
    for group in one["spec"]["groups"]:
        assert set(group) <= {"name", "interval", "rules", "labels", "limit", "query_offset"}
        for rule in group["rules"]:
            assert set(rule) <= {
                "record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations",
            }  # fmt: skip


@pytest.mark.parametrize("folder", [".", "base", "job", "monitoring", "../../dashboards"])
def test_a_kustomization_names_what_is_there(folder: str) -> None:
    here = FOLDER / folder
    listed = _load(here / "kustomization.yaml")
    for resource in listed.get("resources", []):
        path = here / resource
        assert path.is_file() or (path / "kustomization.yaml").is_file(), resource
    for generator in listed.get("configMapGenerator", []):
        assert all((here / file).is_file() for file in generator["files"])


def test_kustomizations_leave_nothing_out() -> None:
    listed = _load(FOLDER / "monitoring" / "kustomization.yaml")["resources"]
    assert set(listed) == {"podmonitor.yaml", *(f"rules/{name}" for name in generate.objects())}
    pages = _load(ROOT / "dashboards" / "kustomization.yaml")
    assert [one["files"] for one in pages["configMapGenerator"]] == [[f"{p}.json"] for p in PAGES]
    assert pages["generatorOptions"]["labels"] == {"grafana_dashboard": "1"}


def test_a_config_map_can_hold_its_dashboard() -> None:
    for page in PAGES:
        assert (ROOT / "dashboards" / f"{page}.json").stat().st_size < 1_000_000


@pytest.mark.server
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl here")
def test_kustomize_builds_all_of_it() -> None:
    command = ["kubectl", "kustomize", str(FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    built = [one for one in yaml.safe_load_all(done.stdout) if one]
    kinds = [one["kind"] for one in built]
    assert kinds.count("ConfigMap") == len(PAGES) + 1
    assert kinds.count("PrometheusRule") == len(generate.objects())
    for one in built:
        if not one["apiVersion"].startswith("monitoring.coreos.com"):
            kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
