"""Grafana's own dashboard-linter, its rules that apply here, and Grafana's own types.

The linter (github.com/grafana/dashboard-linter, v0.1.0) is a Go program that is not packaged where
the tests run, so its rules are checked here under their names. Left out, with the reason:
template-job/instance and target-job/instance on pages of models (recorded series are of the fleet:
they have no instance, and the variable job is of this bundle's own metrics).
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from grafana import dashboards, panels, targets

sdk = pytest.importorskip("grafana_foundation_sdk.models.dashboard")

ALL = dashboards()
EACH = pytest.mark.parametrize("board", [pytest.param(b, id=n) for n, b in ALL.items()])
Json = dict[str, Any]
UNITS = {
    "none", "short", "percentunit", "percent", "s", "bytes", "Bps", "reqps", "cps", "celsius",
    "mbytes",
}  # fmt: skip


@EACH
def test_template_datasource_rule(board: Json) -> None:
    found = [one for one in board["templating"]["list"] if one["type"] == "datasource"]
    assert [one["name"] for one in found] == ["prometheus_datasource", "loki_datasource"]
    assert [one["label"] for one in found] == ["Prometheus data source", "Loki data source"]


@EACH
def test_template_job_and_instance_rule(board: Json) -> None:
    known = {one["name"]: one for one in board["templating"]["list"]}
    assert "job" in known
    assert ("instance" in known) == (board["uid"] == "inference-exporter")
    for name in {"job", "instance"} & set(known):
        one = known[name]
        assert (one["multi"], one["allValue"], one["label"]) == (True, ".+", name.capitalize())


@EACH
def test_template_label_promql_and_on_time_change_reload_rule(board: Json) -> None:
    for one in board["templating"]["list"]:
        if one["type"] == "query":
            labels = r"label_values\(inference_\w+(\{[^{}]*\})?, \w+\)"
            assert re.fullmatch(rf"{labels}|query_result\(.+\)", one["definition"])
            assert one["query"]["query"] == one["definition"]
            assert one["refresh"] == 2


@EACH
def test_panel_rules(board: Json) -> None:
    assert board["editable"] is False  # uneditable-dashboard
    for panel in panels(board):
        assert panel["datasource"]["uid"].startswith("${")  # panel-datasource-rule
        assert panel["title"]  # panel-title-description-rule
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS  # panel-units-rule
        assert panel["targets"]  # panel-no-targets-rule


@EACH
def test_target_rate_interval_rule(board: Json) -> None:
    for _, target in targets(board):
        for span in re.findall(r"\b(?:rate|irate)\([^\[]*\[([^\]]+)\]", target["expr"]):
            assert span == "$__rate_interval"


@EACH
def test_target_counter_agg_rule(board: Json) -> None:
    for _, target in targets(board):
        bare = re.sub(r'"[^"]*"', '""', target["expr"])
        for before in re.findall(r"([a-z_]*)\(*[a-zA-Z_:]+_total\b", bare):
            assert before in ("rate", "irate", "increase"), target["expr"]


@EACH
def test_target_job_and_instance_rule_where_series_have_them(board: Json) -> None:
    for _, target in targets(board):
        for name, inside in re.findall(r"(inference_\w+)\{([^{}]*)\}", target["expr"]):
            # A threshold that is joined with recorded series by job and model needs no filter.
            joined = (
                name == "inference_threshold"
                and "on (cluster, namespace, job, model)" in target["expr"]
            )
            assert joined or 'job=~"$job"' in inside, f"{name}: {target['expr']}"
            if board["uid"] == "inference-exporter":
                assert 'instance=~"$instance"' in inside


def _lost(given: Any, kept: Any, at: str = "") -> list[str]:
    """Places in the first that the second does not have; empty values may go."""
    if isinstance(given, dict):
        missing = [key for key in given if key not in kept and given[key] not in (None, "", 0, [])]
        found = [f"{at}.{key}" for key in missing if given[key] not in ({}, False)]
        for key in set(given) & set(kept):
            found += _lost(given[key], kept[key], f"{at}.{key}")
        return found
    if isinstance(given, list):
        pairs = zip(given, kept, strict=True)
        return [place for i, (a, b) in enumerate(pairs) for place in _lost(a, b, f"{at}[{i}]")]
    return []


def _again(board: Json) -> Json:
    from grafana_foundation_sdk.cog import plugins
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    plugins.register_default_plugins()
    decoded = sdk.Dashboard.from_json(board)
    again: Json = json.loads(json.dumps(decoded, cls=JSONEncoder))
    return again


@EACH
def test_grafanas_types_know_every_key(board: Json) -> None:
    assert _lost(board, _again(board)) == []


def test_a_key_that_grafana_does_not_know_would_be_noticed() -> None:
    board = json.loads(json.dumps(ALL["inference-drift"]))
    panel = next(panels(board))
    panel["fieldConfig"]["defaults"]["unti"] = "s"
    panel["transformation"] = {"x": 1}
    lost = _lost(board, _again(board))
    assert len(lost) == 2, lost
