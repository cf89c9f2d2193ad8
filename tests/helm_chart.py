"""The Helm chart, rendered by Helm's own engine (helm-python-sdk carries it as a library)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).parents[1]
CHARTS = ROOT / "deploy" / "helm"
Json = dict[str, Any]


def rendered(chart: Path, values: Json | None = None) -> list[Json]:
    """Every object of a release that is called like the chart, in the namespace `ml`."""
    with helm_python.Chart.load(chart) as loaded:
        texts = loaded.render(values or {}, name="inference-exporter", namespace="ml")
    manifests = (text for path, text in sorted(texts.items()) if path.endswith(".yaml"))
    return [one for text in manifests for one in yaml.safe_load_all(text) if one]


def example(folder: Path) -> Path:
    """A copy of the example, with its dependency as `helm dependency update` puts it there."""
    copy = folder / "helm"
    shutil.copytree(CHARTS, copy, ignore=shutil.ignore_patterns("charts", "__pycache__"))
    helm_python.dependency_update(copy / "credit-risk")
    return copy / "credit-risk"
