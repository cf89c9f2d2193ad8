"""The Helm chart: valid, closed, and the same objects as kustomize has for the same choice."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from dashboards.pages import PAGES
from deploy.helm import generate
from deploy.kubernetes import generate as kustomize

from inference_exporter.assembly import load_all

kubernetes_validate = pytest.importorskip("kubernetes_validate")
helm_python = pytest.importorskip("helm_python")  # it has no wheel for every processor
from helm_chart import CHARTS, ROOT, example, rendered  # noqa: E402

CHART = CHARTS / "inference-exporter"
BASE = ROOT / "deploy" / "kubernetes"
Json = dict[str, Any]
EVERYTHING = """
image: {digest: "sha256:%s", pullSecrets: [{name: registry}]}
exporter: {extraArgs: [--log.format=json], env: [{name: TZ, value: UTC}]}
daemonset:
  enabled: true
  config:
    models: {iris: {logs: [/var/log/pods/*_iris-*/server/*.log], reference: {warmup: 1000}}}
  reference: profiles
  priorityClassName: observability
  podAnnotations: {a: b}
  nodeSelector: {pool: models}
joiner:
  enabled: true
  config:
    models:
      iris:
        receive: [predictions]
        task: classification
        fields: {id: id, prediction: prediction}
        labels: {id: id, actual: outcome}
        reference: {warmup: 1000}
  logs: {claim: fleet}
  state: {storageClass: fast}
  podDisruptionBudget: {enabled: true}
networkPolicy: {enabled: true, postFrom: [{podSelector: {}}]}
monitoring: {podMonitor: {labels: {release: x}}, rules: {without: [broken]}}
""" % ("0" * 64)


@pytest.fixture(scope="module")
def everything() -> list[Json]:
    return rendered(CHART, _of(EVERYTHING))


@pytest.fixture(scope="module")
def defaults() -> list[Json]:
    return rendered(CHART)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    chart = example(tmp_path_factory.mktemp("example"))
    return rendered(chart, {"job": {"enabled": True}})


def _one(objects: list[Json], kind: str, name: str = "") -> Json:
    (found,) = [
        one for one in objects if one["kind"] == kind and one["metadata"]["name"].endswith(name)
    ]
    return found


def _of(text: str) -> Json:
    loaded: Json = yaml.safe_load(text)
    return loaded


# -- valid ---------------------------------------------------------------------------------------


def test_helm_finds_nothing_wrong() -> None:
    report = helm_python.lint(CHART, _of(EVERYTHING), strict=True)
    said = [one["error"] for one in report["messages"] if "icon" not in one["error"]]
    assert (said, report["errors"]) == ([], [])


@pytest.mark.parametrize("version", ["1.29.0", kubernetes_validate.latest_version()])
def test_every_object_is_valid_in_old_and_new_clusters(
    version: str, everything: list[Json], shown: list[Json]
) -> None:
    checked = set()
    for one in [*everything, *shown]:
        if not one["apiVersion"].startswith("monitoring.coreos.com"):
            kubernetes_validate.validate(one, version, strict=True)
            checked.add(one["kind"])
    assert checked == {
        "ConfigMap", "DaemonSet", "Deployment", "Job", "NetworkPolicy", "PodDisruptionBudget",
        "Service", "StatefulSet",
    }  # fmt: skip


def test_no_two_objects_have_one_name(everything: list[Json]) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in everything]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"daemonset": {"enabled": True}}, "/daemonset/config"),
        ({"joiner": {"enabled": True, "config": {"models": {}}}}, "/joiner/config/models"),
        ({"sidecar": {"linger": "40"}}, "/sidecar/linger"),
        ({"exporter": {"port": 80}}, "/exporter/port"),
        ({"absent": {}}, "absent"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(values: Json, complaint: str) -> None:
    with pytest.raises(helm_python.HelmValuesError, match=complaint):
        rendered(CHART, values)


def test_the_schema_knows_every_value() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = _of((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert _unknown(values, schema, "") == []


def _unknown(values: Json, schema: Json, path: str) -> list[str]:
    known = schema.get("properties", {})
    missing = [f"{path}/{key}" for key in values if known and key not in known]
    inner = ((value, known.get(key, {}), f"{path}/{key}") for key, value in values.items())
    deeper = [_unknown(*one) for one in inner if isinstance(one[0], dict)]
    return missing + [name for names in deeper for name in names]


# -- what it says ----------------------------------------------------------------------------------


def test_nothing_runs_unless_it_is_asked_for(defaults: list[Json]) -> None:
    assert {one["kind"] for one in defaults} == {
        "ConfigMap", "PodMonitor", "PrometheusRule",
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "part"), [("DaemonSet", "daemonset"), ("StatefulSet", "joiner")])
def test_what_runs_may_do_little_and_is_scraped(
    kind: str, part: str, everything: list[Json], tmp_path: Path
) -> None:
    template = _one(everything, kind)["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert template["spec"]["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert "cpu" not in container["resources"]["limits"]  # throttled reading is lag
    writable = {one["name"] for one in container["volumeMounts"] if not one.get("readOnly")}
    assert writable == {"state"}
    monitor = _one(everything, "PodMonitor")["spec"]["selector"]["matchLabels"]
    assert monitor.items() <= template["metadata"]["labels"].items()
    path = tmp_path / "config.yaml"
    path.write_text(_one(everything, "ConfigMap", part)["data"]["config.yaml"], encoding="utf-8")
    load_all(str(path))  # what arrives in the pod is a configuration


def test_a_policy_lets_scrapers_in_and_only_the_joiner_be_posted_to(
    everything: list[Json],
) -> None:
    joiner = _one(everything, "NetworkPolicy", "joiner")["spec"]
    reader = _one(everything, "NetworkPolicy", "daemonset")["spec"]
    assert [len(one["ingress"][0]["from"]) for one in (reader, joiner)] == [1, 2]
    assert [one["egress"] for one in (reader, joiner)] == [[], []]
    closed = {**_of(EVERYTHING), "networkPolicy": {"enabled": True, "scrapeFrom": []}}
    assert _one(rendered(CHART, closed), "NetworkPolicy", "daemonset")["spec"]["ingress"] == []


def test_a_release_fits_into_its_secret(defaults: list[Json]) -> None:
    """Helm keeps chart and objects in one Secret, packed; the API takes a megabyte."""
    files = [path.resolve() for path in CHART.rglob("*") if path.is_file()]
    chart = [base64.b64encode(path.read_bytes()).decode() for path in files]
    release = json.dumps([chart, [json.dumps(one) for one in defaults]])
    assert len(base64.b64encode(gzip.compress(release.encode()))) < 800_000


# -- the same as kustomize -------------------------------------------------------------------------


def _plain(one: Json) -> Json:
    """An object without what only Helm adds: its labels, the checksum; and without image tags."""
    copied: Json = json.loads(json.dumps(one))
    for metadata in (
        copied["metadata"],
        copied.get("spec", {}).get("template", {}).get("metadata"),
    ):
        for key in ("instance", "version", "managed-by"):
            (metadata or {}).get("labels", {}).pop(f"app.kubernetes.io/{key}", None)
        (metadata or {}).get("labels", {}).pop("helm.sh/chart", None)
        if (metadata or {}).get("annotations", {}).keys() == {"checksum/config"}:
            del metadata["annotations"]
    pod = copied.get("spec", {}).get("template", {}).get("spec", {})
    for container in [*pod.get("initContainers", []), *pod.get("containers", [])]:
        container["image"] = container["image"].partition(":")[0]
    return copied


@pytest.mark.parametrize(
    ("kind", "path"), [("Deployment", "base/deployment.yaml"), ("Job", "job/job.yaml")]
)
def test_the_sidecar_is_that_of_kustomize(kind: str, path: str, shown: list[Json]) -> None:
    assert _plain(_one(shown, kind)) == _plain(_of((BASE / path).read_text(encoding="utf-8")))


def test_the_examples_configuration_is_that_of_kustomize(shown: list[Json]) -> None:
    text = _one(shown, "ConfigMap")["data"]["config.yaml"]
    assert _of(text) == _of((BASE / "base" / "config.yaml").read_text(encoding="utf-8"))


def test_the_monitor_is_that_of_kustomize(defaults: list[Json]) -> None:
    made = _plain(_one(defaults, "PodMonitor"))
    assert made == _of((BASE / "monitoring" / "podmonitor.yaml").read_text(encoding="utf-8"))


def test_the_rules_are_those_of_kustomize(defaults: list[Json]) -> None:
    made = [_plain(one) for one in defaults if one["kind"] == "PrometheusRule"]
    assert made == [_of(text) for _, text in sorted(kustomize.objects().items())]


def test_the_dashboards_are_those_of_kustomize(defaults: list[Json]) -> None:
    made = {one["metadata"]["name"]: one for one in defaults if one["kind"] == "ConfigMap"}
    listed = _of((ROOT / "dashboards" / "kustomization.yaml").read_text(encoding="utf-8"))
    options = listed["generatorOptions"]
    assert made.keys() == {one["name"] for one in listed["configMapGenerator"]}
    for page in PAGES:
        one = made[f"{page}-dashboard"]
        text = (ROOT / "dashboards" / f"{page}.json").read_text(encoding="utf-8")
        assert json.loads(one["data"][f"{page}.json"]) == json.loads(text)
        assert options["labels"].items() <= one["metadata"]["labels"].items()
        assert one["metadata"]["annotations"] == options["annotations"]


def test_the_links_into_the_chart_are_those_that_are_wanted() -> None:
    assert generate.main(["--check"]) == 0
    assert all(link.resolve() == target for link, target in generate.links().items())


def test_an_older_cluster_gets_an_ordinary_sidecar(tmp_path: Path) -> None:
    chart = example(tmp_path)
    values = {"inference-exporter": {"sidecar": {"native": False, "linger": 0}}}
    spec = _one(rendered(chart, values), "Deployment")["spec"]["template"]["spec"]
    (sidecar,) = spec["initContainers"]  # where it is included is the chart's own business
    assert not sidecar.keys() & {"restartPolicy", "lifecycle"}
