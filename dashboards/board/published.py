"""A dashboard as grafana.com takes it: data sources are asked for at import, not on the page.

Grafana puts the answers in wherever `${DS_…}` is written, so the variables for data sources go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from dashboards.board.parts import Json

_OLDEST = "11.0.0"
_SOURCES = {
    "prometheus_datasource": ("DS_PROMETHEUS", "Prometheus", "prometheus"),
    "loki_datasource": ("DS_LOKI", "Loki", "loki"),
}


def text(board: Json) -> str:
    """The file for the upload."""
    return json.dumps(published(board), indent=1, ensure_ascii=False) + "\n"


def published(board: Json) -> Json:
    """The dashboard with inputs; what it needs is listed for the page of grafana.com."""
    written = json.dumps(board, ensure_ascii=False)
    for variable, (name, _, _) in _SOURCES.items():
        written = written.replace(f"&${{{variable}:queryparam}}", "")
        written = written.replace(f"${{{variable}}}", f"${{{name}}}")
    found: Json = json.loads(written)
    variables = found["templating"]["list"]
    found["templating"] = {"list": [one for one in variables if one["type"] != "datasource"]}
    used = [one for one in _SOURCES.values() if f"${{{one[0]}}}" in json.dumps(found)]
    inputs = [
        {"name": name, "label": label, "description": "", "type": "datasource",
         "pluginId": kind, "pluginName": label}
        for name, label, kind in used
    ]  # fmt: skip
    return {"__inputs": inputs, "__elements": {}, "__requires": _requires(found, used), "id": None,
            **found}  # fmt: skip


def _requires(board: Json, used: list[tuple[str, str, str]]) -> list[Json]:
    grafana = {"type": "grafana", "id": "grafana", "name": "Grafana", "version": _OLDEST}
    sources = [
        {"type": "datasource", "id": kind, "name": label, "version": "1.0.0"}
        for _, label, kind in used
    ]
    kinds = sorted({panel["type"] for panel in _panels(board)})
    panels = [{"type": "panel", "id": kind, "name": kind, "version": ""} for kind in kinds]
    return [grafana, *sources, *panels]


def _panels(board: Json) -> Iterator[Json]:
    for panel in board["panels"]:
        yield from panel["panels"] if panel["type"] == "row" else (panel,)
