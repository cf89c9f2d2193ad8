"""Kinds of panels: a number, lines over time, a table, bars, a heat map, states, log lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dashboards.board.parts import About, Json, Panel, Query

GREEN, YELLOW, RED, BLUE, GREY = "green", "yellow", "red", "blue", "text"
LIMIT = "limit"  # series whose legend begins with it are drawn as dashed red lines
REFERENCE = "reference"  # and these as dashed grey ones
_CLASSIC = {"mode": "palette-classic"}


def stat(
    title: str, text: About, expr: str, unit: str, steps: Sequence[tuple[float, str]] = (),
    none: str = "no data", width: int = 3, named: str = "",
) -> Panel:  # fmt: skip
    """One number, coloured from a step on; `none` is said where there is no value.

    Without steps it has no colour: colours say whether something is good. `named` is the legend
    that is said beside the number.
    """
    fixed = [{"color": GREEN if steps else GREY, "value": None}]
    colors = fixed + [{"color": color, "value": value} for value, color in steps]
    return Panel(
        "stat", title, text, (Query(expr, named, instant=True),), unit, width, 4,
        defaults={
            "color": {"mode": "thresholds"}, "noValue": none,
            **({"decimals": _decimals(unit)} if named else {}),
            "thresholds": {"mode": "absolute", "steps": colors},
        },
        options={
            "colorMode": "value", "graphMode": "none", "justifyMode": "auto",
            "textMode": "value_and_name" if named else "auto",
            "orientation": "auto", "wideLayout": True,
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )  # fmt: skip


def _decimals(unit: str) -> int:
    """Beside a name there is little room for digits."""
    return 0 if unit == "percentunit" else 2


def lines(
    title: str, text: About, unit: str, *queries: Query, width: int = 12, stacked: bool = False,
    zero: bool = True, many: bool = False, ranked: bool = False,
) -> Panel:  # fmt: skip
    """Values over time. Nothing is drawn where a value is absent.

    `zero` says that the axis begins there; without, small changes of large values are seen. The
    legend is a line below; a table at the side where there are `many` series, or below where they
    are `ranked`, with the largest first: the others are a scroll away.
    """
    drawing = {
        "drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if stacked else 0,
        "showPoints": "never", "spanNulls": False,
        **({"axisSoftMin": 0} if zero else {}),
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }  # fmt: skip
    return Panel(
        "timeseries", title, text, queries, unit, width,
        defaults={"color": _CLASSIC, "custom": drawing, "noValue": "no data"},
        overrides=tuple(_dashed(query.legend) for query in queries if _marked(query.legend)),
        options={
            "legend": {
                "calcs": ["lastNotNull"], "displayMode": "table" if many or ranked else "list",
                "placement": "right" if many else "bottom", "showLegend": True,
                **({"sortBy": "Last *", "sortDesc": True} if many or ranked else {}),
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    )  # fmt: skip


def band(panel: Panel, word: str, color: str) -> Panel:
    """The panel with the span from "<word> at least" to "<word> at most" shaded, and its value.

    The two queries have to give one series each, see `promql.single`.
    """
    low, high = f"{word} at least", f"{word} at most"
    edge: list[Json] = [{"id": "custom.lineWidth", "value": 0},
            {"id": "color", "value": {"fixedColor": color, "mode": "fixed"}},
            {"id": "custom.hideFrom", "value": {"legend": True, "tooltip": False, "viz": False}},
            ]  # fmt: skip
    fill: list[Json] = [
        {"id": "custom.fillBelowTo", "value": low},
        {"id": "custom.fillOpacity", "value": 15},
    ]
    line = {"id": "color", "value": {"fixedColor": color, "mode": "fixed"}}
    value = {"matcher": {"id": "byRegexp", "options": f"/^{word} (?!at )/"}, "properties": [line]}
    return replace(
        panel, overrides=(*panel.overrides, value, cell(low, edge), cell(high, [*edge, *fill]))
    )


def _marked(legend: str) -> bool:
    return legend.startswith((LIMIT, REFERENCE))


def _dashed(legend: str) -> Json:
    word = LIMIT if legend.startswith(LIMIT) else REFERENCE
    color = RED if word == LIMIT else GREY
    return {
        "matcher": {"id": "byRegexp", "options": f"/^{word}.*/"},
        "properties": [
            {"id": "custom.lineStyle", "value": {"dash": [10, 10], "fill": "dash"}},
            {"id": "custom.fillOpacity", "value": 0},
            {"id": "color", "value": {"fixedColor": color, "mode": "fixed"}},
        ],
    }


def linked(panel: Panel, *links: Json) -> Panel:
    """The panel with data links on its values."""
    return replace(panel, defaults={**panel.defaults, "links": list(links)})


_ONE: Json = {"id": "decimals", "value": 1}
_THREE: Json = {"id": "decimals", "value": 3}  # else a PSI of nothing is 6.16000000000001e-31
_DECIMALS = {"percentunit": (_ONE,), "reqps": (_ONE,), "none": (_THREE,)}  # of cells by their unit
_TITLES = {"alertname": "Alert", "feature": "Input"}  # of columns; others have their own name
_WIDTHS = {"job": 140, "namespace": 100, "cluster": 100}  # names that are cut off else
Column = tuple[str, str, str]  # heading, expression, unit


def table(
    title: str, text: About, labels: Sequence[str], columns: Sequence[Column],
    sort: str, links: dict[str, Json] | None = None, width: int = 24, height: int = 10,
) -> Panel:  # fmt: skip
    """One row per combination of the labels, one column per query, largest of `sort` first."""
    # Grafana's names: of one query "Value", of several "Value #A", "Value #B", …
    fields = [f"Value #{chr(65 + i)}" for i in range(len(columns))]
    shown = fields if len(columns) > 1 else ["Value"]
    headings = {field: column[0] for field, column in zip(shown, columns, strict=True)}
    order = {name: i for i, name in enumerate([*labels, *headings])}
    wide = [cell(name, [{"id": "custom.width", "value": _WIDTHS[name]}])
            for name in labels if name in _WIDTHS]  # fmt: skip
    overrides = [
        cell(heading, [{"id": "unit", "value": unit}, *_DECIMALS.get(unit, ())])
        for heading, _, unit in columns
    ]
    overrides += [
        cell(name, [{"id": "links", "value": [link]}]) for name, link in (links or {}).items()
    ]
    overrides += wide
    return Panel(
        "table", title, text, tuple(Query(expr, shape="table") for _, expr, _ in columns),
        "none", width, height,
        defaults={
            "color": {"mode": "thresholds"}, "noValue": "–",
            "custom": {"align": "auto", "filterable": True, "minWidth": 90,
                       "cellOptions": {"type": "auto"}},
        },
        overrides=tuple(overrides),
        options={"showHeader": True, "cellHeight": "sm",
                 "sortBy": [{"desc": True, "displayName": sort}]},
        transformations=(
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {
                "excludeByName": {"Time": True}, "indexByName": order,
                "renameByName": headings | {name: _title(name) for name in labels}}},
        ),
    )  # fmt: skip


def _title(label: str) -> str:
    return _TITLES.get(label, label.capitalize())


def cell(heading: str, properties: list[Json]) -> Json:
    """An override of one column or series, by its name."""
    return {"matcher": {"id": "byName", "options": heading}, "properties": properties}


_CELLS: Json = {"noValue": "no data", "custom": {"minWidth": 65}}


def matrix(
    title: str, text: About, unit: str, expr: str, *, row: str, column: str, bars: bool,
    width: int = 12,
) -> Panel:  # fmt: skip
    """Two labels of one query as rows and columns: groups of bars, or a table."""
    pivot: Json = {"columnField": column, "rowField": row, "valueField": "Value",
                   "emptyValue": "null" if bars else "zero"}  # fmt: skip
    options: dict[str, Any] = {"showHeader": True, "cellHeight": "sm"}
    if bars:
        options = {
            "orientation": "auto", "showValue": "never", "stacking": "none", "groupWidth": 0.7,
            "barWidth": 0.95, "xTickLabelRotation": 0, "xTickLabelSpacing": 0,
            "fullHighlight": False,
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom",
                       "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "none"},
        }  # fmt: skip
    return Panel(
        "barchart" if bars else "table", title, text, (Query(expr, shape="table"),), unit, width,
        9 if bars else 8,
        defaults={"color": _CLASSIC, "noValue": "no data"} if bars else _CELLS,
        options=options,
        transformations=(
            {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": row}]}},
            {"id": "groupingToMatrix", "options": pivot},
        ),
    )  # fmt: skip


def mappings(words: Sequence[tuple[int, str, str]]) -> list[Json]:
    """Words and colours for numbers."""
    options = {
        str(value): {"color": color, "index": i, "text": word}
        for i, (value, word, color) in enumerate(words)
    }
    return [{"type": "value", "options": options}]


def curve(
    title: str, text: About, unit: str, x: str, *columns: tuple[str, str], width: int = 12
) -> Panel:
    """Columns over another one, `x`: each a table of one value a bin (Grafana's trend panel)."""
    headings = {f"Value #{chr(65 + i)}": name for i, (name, _) in enumerate(columns)}
    diagonal = "as it should be"
    dashed = _dashed(REFERENCE)["properties"]
    return Panel(
        "trend", title, text, tuple(Query(expr, shape="table") for _, expr in columns), unit, width,
        9,
        defaults={"color": _CLASSIC, "noValue": "no data", "custom": {
            "drawStyle": "line", "lineWidth": 1, "showPoints": "always", "pointSize": 6}},
        overrides=(
            cell(diagonal, [*dashed, {"id": "custom.showPoints", "value": "never"}]),),
        options={
            "xField": x, "tooltip": {"mode": "multi", "sort": "none"},
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom",
                       "showLegend": True},
        },
        transformations=(
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {
                "excludeByName": {"Time": True, "bin": True}, "indexByName": {},
                "renameByName": headings}},
            {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": x}]}},
        ),
    )  # fmt: skip


def heat(title: str, text: About, unit: str, query: Query) -> Panel:
    """A histogram's buckets over time."""
    return Panel(
        "heatmap", title, text, (query,), "short", 12, 8,
        options={
            "calculate": False, "cellGap": 1, "yAxis": {"axisPlacement": "left", "unit": unit},
            "rowsFrame": {"layout": "auto"}, "legend": {"show": True},
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5,
                      "fill": "dark-orange", "scale": "exponential", "reverse": False},
            "tooltip": {"mode": "single", "yHistogram": False}, "exemplars": {"color": "blue"},
            "filterValues": {"le": 1e-9}, "showValue": "never",
        },
    )  # fmt: skip


def states(
    title: str, text: About, words: Sequence[tuple[int, str, str]], *queries: Query,
    width: int = 12, height: int = 8,
) -> Panel:  # fmt: skip
    """A state over time; each number has a word and a colour."""
    return Panel(
        "state-timeline", title, text, queries, "none", width, height,
        defaults={
            "color": {"mode": "thresholds"}, "noValue": "no data",
            "mappings": mappings(words),
            "custom": {"fillOpacity": 70, "lineWidth": 0},
        },
        options={
            "alignValue": "left", "mergeValues": True, "rowHeight": 0.9, "showValue": "auto",
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )  # fmt: skip


def logs(title: str, text: About, expr: str) -> Panel:
    """Lines of the prediction log."""
    return Panel(
        "logs", title, text, (Query(expr, source="loki"),), "none", 24, 10,
        options={
            "showTime": True, "wrapLogMessage": True, "prettifyLogMessage": True,
            "enableLogDetails": True, "sortOrder": "Descending", "dedupStrategy": "none",
            "showLabels": False, "showCommonLabels": False,
        },
    )  # fmt: skip
