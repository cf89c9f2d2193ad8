"""A page as Grafana's classic JSON, which every Grafana since 10 loads."""

from __future__ import annotations

import json

from dashboards.board import links
from dashboards.board.parts import Annotation, Json, Page, Panel, Query, Row
from dashboards.board.promql import whole
from dashboards.board.variables import LOKI, PROMETHEUS

SCHEMA = 39
GRID = 24
LEAST_STEP = "1m"  # rules record once a minute, and pages are asked anew as often


def text(board: Json) -> str:
    """The file."""
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


def document(page: Page) -> Json:
    """The dashboard."""
    return {
        "uid": page.uid,
        "title": page.title,
        "description": page.about,
        "tags": [links.TAG],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {},
        "fiscalYearStartMonth": 0,
        "weekStart": "",
        "liveNow": False,
        "links": links.between_pages(),
        "templating": {"list": list(page.variables)},
        "annotations": {"list": [_annotation(one) for one in page.annotations]},
        "panels": _rows(page.rows),
    }


def _rows(rows: tuple[Row, ...]) -> list[Json]:
    panels: list[Json] = []
    number, y = 1, 0
    for row in rows:
        head: Json = {
            "type": "row", "id": number, "title": row.title, "collapsed": row.closed,
            "gridPos": {"x": 0, "y": y, "w": GRID, "h": 1}, "panels": [],
        }  # fmt: skip
        placed, bottom = _place(row.panels, number + 1, y + 1)
        panels.append(head)
        if row.closed:
            head["panels"] = placed
            y += 1
        else:
            panels += placed
            y = bottom
        number += 1 + len(placed)
    return panels


def _place(panels: tuple[Panel, ...], number: int, top: int) -> tuple[list[Json], int]:
    """Left to right; a panel that does not fit begins a line below the highest so far."""
    x, y, bottom = 0, top, top
    placed: list[Json] = []
    for panel in panels:
        if x + panel.width > GRID:
            x, y = 0, bottom
        at = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        placed.append(_panel(panel, number + len(placed), at))
        x, bottom = x + panel.width, max(bottom, y + panel.height)
    return placed, bottom


def _panel(panel: Panel, number: int, at: Json) -> Json:
    source = LOKI if panel.queries[0].source == "loki" else PROMETHEUS
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about.text,
        "gridPos": at,
        "datasource": source,
        "interval": LEAST_STEP,
        "targets": [_target(query, chr(65 + i)) for i, query in enumerate(panel.queries)],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, **panel.defaults},
            "overrides": list(panel.overrides),
        },
        "options": dict(panel.options),
        "transformations": list(panel.transformations),
    }


def _target(query: Query, ref: str) -> Json:
    if query.source == "loki":
        when = "instant" if query.shape == "table" else "range"
        return {"refId": ref, "datasource": LOKI, "expr": query.expr, "queryType": when}
    instant = query.instant or query.shape == "table"
    return {
        "refId": ref,
        "datasource": PROMETHEUS,
        "editorMode": "code",
        "expr": whole(query.expr),
        "legendFormat": query.legend or "__auto",
        "format": query.shape,
        "instant": instant,
        "range": not instant,
        "exemplar": query.exemplar,
    }


def _annotation(one: Annotation) -> Json:
    return {
        "name": one.name, "datasource": PROMETHEUS, "enable": True, "hide": False,
        "iconColor": one.color, "expr": whole(one.expr), "step": "60s", "titleFormat": one.title,
        "textFormat": one.text, "useValueForTime": False,
    }  # fmt: skip
