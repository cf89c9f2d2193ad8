"""Tables and matrices, changed: widths, colours, words, the order of their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dashboards.board.panels import GREEN, cell, mappings
from dashboards.board.parts import Json, Panel


def sized(panel: Panel, **widths: int) -> Panel:
    """The table with columns that are as many pixels wide as is said; others share the rest."""
    cells = [cell(name, [{"id": "custom.width", "value": px}]) for name, px in widths.items()]
    return replace(panel, overrides=(*panel.overrides, *cells))


def limited(panel: Panel, then: str) -> Panel:
    """The table with only the rows of its first column, of equal ones the largest of another."""
    merged, organized = panel.transformations
    first = next(iter(organized["options"]["renameByName"]))
    there = {"id": "filterByValue", "options": {
        "type": "exclude", "match": "any",
        "filters": [{"fieldName": first, "config": {"id": "isNull", "options": {}}}]}}  # fmt: skip
    order = [*panel.options["sortBy"], {"desc": True, "displayName": then}]
    options = {**panel.options, "sortBy": order}
    return replace(panel, options=options, transformations=(merged, there, organized))


def coloured(panel: Panel, heading: str, steps: Sequence[tuple[float, str]]) -> Panel:
    """The table with one column whose cells are coloured from a step on."""
    colors: list[Json] = [{"color": GREEN, "value": None}]
    colors += [{"color": color, "value": value} for value, color in steps]
    made = cell(heading, [
        {"id": "thresholds", "value": {"mode": "absolute", "steps": colors}},
        {"id": "custom.cellOptions", "value": {"type": "color-background", "mode": "basic"}},
    ])  # fmt: skip
    return replace(panel, overrides=(*panel.overrides, made))


def ordered(panel: Panel, label: str) -> Panel:
    """The bars lying, so that long names fit, in the order of another label than their names."""
    _, *rest = panel.transformations
    sort: Json = {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": label}]}}
    lying = {**panel.options, "orientation": "horizontal"}
    return replace(panel, transformations=(sort, *rest), options=lying)


def slanted(panel: Panel) -> Panel:
    """The standing bars with names at an angle, so that there is room for twenty."""
    return replace(panel, options={**panel.options, "xTickLabelRotation": -45})


def renamed(panel: Panel, heading: str, words: Mapping[str, str]) -> Panel:
    """The matrix with other words for the names in its first column."""
    options = {text: {"text": word, "index": i} for i, (text, word) in enumerate(words.items())}
    mapping = {"id": "mappings", "value": [{"type": "value", "options": options}]}
    return replace(panel, overrides=(*panel.overrides, cell(heading, [mapping])))


def unless_any(panel: Panel, words: str, labels: Sequence[str] = ()) -> Panel:
    """The panel with other words for the case that there is nothing, where that is good.

    Not for cells of a table that lack one of its `labels`.
    """
    cells = [cell(label, [{"id": "noValue", "value": "–"}]) for label in labels]
    defaults = {**panel.defaults, "noValue": words}
    return replace(panel, defaults=defaults, overrides=(*panel.overrides, *cells))


def stated(panel: Panel, heading: str, words: Sequence[tuple[int, str, str]]) -> Panel:
    """The table with words and colours for the numbers of one column."""
    made = cell(heading, [
        {"id": "mappings", "value": mappings(words)},
        {"id": "custom.cellOptions", "value": {"type": "color-background", "mode": "basic"}},
    ])  # fmt: skip
    return replace(panel, overrides=(*panel.overrides, made))


def headed(panel: Panel, **headings: str) -> Panel:
    """The table with other words above these of its labels."""
    *before, organized = panel.transformations
    options = organized["options"]
    again = {**options, "renameByName": {**options["renameByName"], **headings}}
    return replace(panel, transformations=(*before, {**organized, "options": again}))


def arranged(panel: Panel, *first: str) -> Panel:
    """The table with these columns, labels or headings, before all others."""
    *before, organized = panel.transformations
    options = organized["options"]
    headings = options["renameByName"]
    named = {heading: field for field, heading in headings.items()}
    fields = [named.get(name, name) for name in first]
    rest = [field for field in options["indexByName"] if field not in fields]
    order = {field: at for at, field in enumerate([*fields, *rest])}
    again = {**organized, "options": {**options, "indexByName": order}}
    return replace(panel, transformations=(*before, again))


def shaded(panel: Panel) -> Panel:
    """The table with cells from pale to dark, for shares from 0 to 1."""
    cells = {"type": "color-background", "mode": "basic"}
    look = {"color": {"mode": "continuous-blues"}, "min": 0, "max": 1, "decimals": 1,
            "custom": {"align": "auto", "minWidth": 65, "cellOptions": cells}}  # fmt: skip
    return replace(panel, defaults={**panel.defaults, **look})
