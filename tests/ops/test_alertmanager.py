"""The shipped Alertmanager configuration: valid, and everything reaches whom it should."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from alert_rules.ruleset import names as labels_of

import rule_files

FOLDER = rule_files.FOLDER / "alertmanager"
CONFIG = FOLDER / "alertmanager.yaml"
FIRING = {"status": "firing", "startsAt": "2026-11-01T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z"}


def amtool(*arguments: str) -> str:
    answer = subprocess.run(
        ["amtool", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def alert(feature: str) -> dict[str, object]:
    labels = {"alertname": "InferenceFeatureDrift", "model": "credit", "feature": feature}
    notes = {
        "summary": f"credit: input {feature} has drifted (last 1h)",
        "description": "PSI 0.31 over 5.2k rows; noise alone reaches 0.01.",
        "runbook_url": "https://example.org/r",
        "dashboard_url": "https://example.org/d",
    }
    return FIRING | {"labels": labels, "annotations": notes}


@pytest.mark.server
def test_amtool_accepts_the_configuration_and_its_templates() -> None:
    output = amtool("check-config", str(CONFIG))
    assert "6 inhibit rules" in output
    assert "1 templates" in output


@pytest.mark.server
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=InferenceWatchdog severity=none component=inference", "watchdog"),
        ("alertname=InferenceErrorBudgetBurn severity=critical topic=traffic", "page"),
        ("alertname=InferenceFeatureBroken severity=critical topic=broken", "page"),
        ("alertname=InferenceErrorBudgetBurn severity=warning topic=traffic", "tickets"),
        ("alertname=InferenceTrafficStopped severity=critical topic=traffic", "page"),
        ("alertname=InferenceFeatureDrift severity=warning topic=drift", "retraining,tickets"),
        ("alertname=InferenceAccuracyLow severity=warning topic=performance", "retraining,tickets"),
        ("alertname=InferenceFairnessRatioLow severity=warning topic=segments", "tickets"),
        ("alertname=InferenceLogLag severity=warning topic=exporter", "tickets"),
        ("alertname=InferenceReferenceStale severity=info topic=drift", "tickets"),
        ("alertname=InferenceFeatureMissing severity=warning topic=quality", "tickets"),
        ("alertname=NodeDown severity=critical", "tickets"),
    ],
)
def test_alerts_reach_their_receivers(labels: str, receivers: str) -> None:
    pairs = labels.split()
    if "Inference" in labels and "component" not in labels:
        pairs += ["component=inference", "model=credit", "job=exporter"]
    command = ["config", "routes", "test", f"--config.file={CONFIG}", *pairs]
    assert amtool(*command, f"--verify.receivers={receivers}").strip() == receivers


@pytest.mark.server
@pytest.mark.parametrize("template", ["text", "slack", "email.html", "title"])
def test_messages_name_model_and_features_and_stay_short(tmp_path: Path, template: str) -> None:
    alerts = [alert(f"input_{number:02d}") for number in range(40)]
    data = {
        "receiver": "tickets", "status": "firing", "alerts": alerts,
        "groupLabels": {"model": "credit"}, "externalURL": "http://alertmanager",
        "commonLabels": {"model": "credit", "alertname": "InferenceFeatureDrift"},
    }  # fmt: skip
    path = tmp_path / "data.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    text = amtool(
        "template", "render", f"--template.glob={FOLDER}/templates/*.tmpl",
        f'--template.text={{{{ template "inference.{template}" . }}}}', f"--template.data={path}",
    )  # fmt: skip
    assert "credit" in text
    if template == "title":
        assert text.strip() == "40 firing · credit · InferenceFeatureDrift"
        return
    assert text.count("has drifted") == 5  # and the rest by name only
    assert "input_39" in text
    assert "https://example.org/r" in text
    assert len(text) < 4000


def test_secrets_are_files_and_forty_features_are_one_message() -> None:
    text = CONFIG.read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    for word in ("password:", "api_url:", "routing_key:", "credentials:"):
        assert word not in text
    assert config["route"]["group_by"] == [*labels_of.KEEP, "model"]
    names = {rule["alert"] for path in rule_files.FOLDER.glob("*.rules.yaml")
             for rule in rule_files.alerts(path.name.removesuffix(".rules.yaml"))
             if "alert" in rule}  # fmt: skip
    for rule in config["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            if matcher.startswith("alertname"):
                assert set(matcher.split('"')[1].split("|")) <= names
