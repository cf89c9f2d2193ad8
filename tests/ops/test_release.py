"""A release is possible: one version everywhere, promises kept, workflows without faults."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import inference_exporter
import promised

ROOT = Path(__file__).parents[2]
VERSION = inference_exporter.__version__
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_version_is_one() -> None:
    charts = [yaml.safe_load(path.read_text()) for path in ROOT.glob("deploy/helm/*/Chart.yaml")]
    own = next(one for one in charts if one["name"] == "inference-exporter")
    assert (own["version"], own["appVersion"]) == (VERSION, VERSION)
    wanted = [one["version"] for chart in charts for one in chart.get("dependencies", [])]
    assert wanted == [VERSION]
    for path in ROOT.glob("deploy/kubernetes/*/kustomization.yaml"):
        images = yaml.safe_load(path.read_text()).get("images", [])
        tags = {one["newTag"] for one in images if one["name"].endswith("/inference-exporter")}
        assert tags <= {VERSION}, path
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{VERSION}]" in changes
    assert f"\n## To {VERSION}" in (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")


def test_what_was_promised_is_kept() -> None:
    """If this fails: a rename is a major version (docs/stability.md)."""
    before = json.loads(promised.FILE.read_text(encoding="utf-8"))
    now = promised.metrics()
    for name, (kind, *labels) in before["metrics"].items():
        assert name in now
        assert now[name][0] == kind, name
        assert set(labels) <= set(now[name][1:]), name
    assert set(before["keys"]) <= set(promised.keys())


def _checked(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(tool, path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip(f"no {tool} for this processor")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_the_workflows_have_no_faults() -> None:
    done = _checked("actionlint", "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS))
    assert done.returncode == 0, done.stdout


def test_a_fault_in_a_workflow_would_be_noticed(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    text = WORKFLOWS[-1].read_text(encoding="utf-8")
    wrong.write_text(text.replace("steps.image.outputs", "steps.absent.outputs"), encoding="utf-8")
    assert "absent" in _checked("actionlint", "-shellcheck=", "-pyflakes=", str(wrong)).stdout


def test_the_workflows_give_away_nothing() -> None:
    """Rights, injected texts, actions that are not pinned: by zizmor, without asking anybody."""
    done = _checked("zizmor", "--offline", "--no-progress", *map(str, WORKFLOWS))
    assert done.returncode == 0, done.stdout
