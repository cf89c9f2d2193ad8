"""The dashboards for grafana.com: inputs instead of variables for data sources, else the same."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from dashboards.board import published

from grafana import ROOT, dashboards, panels

ALL = dashboards()
FOLDER = ROOT / "dashboards" / "grafana.com"
EACH = pytest.mark.parametrize("name", sorted(ALL))
Json = dict[str, Any]


def file(name: str) -> Json:
    found: Json = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_there_is_one_for_each_page_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ALL)


@EACH
def test_the_file_is_fresh(name: str) -> None:
    written = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert written == published.text(ALL[name]), "run make dashboards"


@EACH
def test_every_data_source_is_an_input_and_every_input_is_used(name: str) -> None:
    board = file(name)
    inputs = {one["name"]: one for one in board["__inputs"]}
    assert all(one["type"] == "datasource" for one in inputs.values())
    text = json.dumps({key: value for key, value in board.items() if key != "__inputs"})
    assert set(re.findall(r"\$\{(DS_\w+)\}", text)) == set(inputs)
    sources = [panel["datasource"] for panel in panels(board)]
    sources += [target["datasource"] for panel in panels(board) for target in panel["targets"]]
    for source in sources:
        assert inputs[source["uid"][2:-1]]["pluginId"] == source["type"]
    assert "_datasource" not in text  # the variables, and links that carry them along
    assert all(one["type"] != "datasource" for one in board["templating"]["list"])


@EACH
def test_the_requirements_name_grafana_and_every_type_of_panel_and_source(name: str) -> None:
    board = file(name)
    required = {(one["type"], one["id"]) for one in board["__requires"]}
    assert {("panel", panel["type"]) for panel in panels(board)} | {("grafana", "grafana")} <= (
        required
    )
    assert {one["pluginId"] for one in board["__inputs"]} == {
        name for kind, name in required if kind == "datasource"
    }
    assert board["id"] is None


@EACH
def test_queries_are_those_of_the_page(name: str) -> None:
    def queries(board: Json) -> list[str]:
        return [target["expr"] for panel in panels(board) for target in panel["targets"]]

    assert queries(file(name)) == queries(ALL[name])
