"""The dashboards as documents: fresh, well-formed, and about things that exist."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from alert_rules.ruleset.alerts import FILES
from alert_rules.ruleset.names import KEEP, WINDOWS
from alert_rules.ruleset.settings import Settings
from dashboards.board.links import LOG_JOB, TAG
from dashboards.board.render import document, text
from dashboards.pages import PAGES
from dashboards.pages.requests import EVENTS
from dashboards.pages.story import WORDS

from grafana import (
    ROOT,
    dashboards,
    expand,
    metrics_in,
    panels,
    selectors_in,
    targets,
    variables_in,
)  # fmt: skip
from inference_exporter.families import FAMILIES

ALL = dashboards()
BOARDS = [pytest.param(board, id=name) for name, board in ALL.items()]
EACH = pytest.mark.parametrize("board", BOARDS)
Json = dict[str, Any]

THIRD_PARTY = re.compile(r"^(node|container|DCGM)_")  # node_exporter, cAdvisor, DCGM exporter
FROM_PROMETHEUS = {"up", "ALERTS", "ALERTS_FOR_STATE", "scrape_duration_seconds"}
WITH_CONTEXT = {*KEEP, "instance", "le", "alertname", "alertstate", "severity"}
FORMULAS = {name: "x" for name in ("__interval", "__rate_interval", "__range")}


def _rules() -> list[Json]:
    found: list[Json] = []
    for file in sorted((ROOT / "alert_rules").glob("*.rules.yaml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            found += group["rules"]
    return found


RULES = _rules()
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
ALERTED = {rule["alert"] for rule in RULES if "alert" in rule}


def _served() -> set[str]:
    names = set(FAMILIES)
    for family in FAMILIES.values():
        if family.kind == "histogram":
            names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return names


def _expressions(board: Json) -> list[str]:
    """All PromQL of a page, with a window filled in but other variables as they are."""
    texts = [target["expr"] for _, target in targets(board)]
    texts += [one["expr"] for one in board["annotations"]["list"]]
    return [one.replace("${window}", WINDOWS[0]) for one in texts]


def test_the_files_are_what_the_program_writes() -> None:
    assert set(ALL) == set(PAGES)
    for name, page in PAGES.items():
        written = (ROOT / "dashboards" / f"{name}.json").read_text(encoding="utf-8")
        assert written == text(document(page())), f"{name}.json is not fresh: run make dashboards"


def test_every_page_has_its_own_uid_and_title() -> None:
    assert {board["uid"] for board in ALL.values()} == set(ALL)
    assert len({board["title"] for board in ALL.values()}) == len(ALL)


@EACH
def test_a_page_is_a_classic_dashboard_that_nobody_edits_in_place(board: Json) -> None:
    assert 39 <= board["schemaVersion"] <= 42
    assert board["editable"] is False
    assert board["tags"] == [TAG]
    assert "id" not in board
    assert "__inputs" not in board
    assert board["graphTooltip"] == 1


@EACH
def test_ids_and_titles_of_panels_are_unique(board: Json) -> None:
    rows = [panel for panel in board["panels"] if panel["type"] == "row"]
    every = [*rows, *panels(board)]
    ids = [panel["id"] for panel in every]
    assert sorted(ids) == list(range(1, len(ids) + 1))
    titles = [(panel["type"], panel["title"]) for panel in panels(board)]
    assert len(set(titles)) == len(titles)


@EACH
def test_panels_fill_a_grid_without_overlap(board: Json) -> None:
    taken: set[tuple[int, int]] = set()
    levels = [[panel for panel in board["panels"]]]
    levels += [[row, *row["panels"]] for row in board["panels"] if row.get("panels")]
    for level in levels:
        taken = set()
        for panel in level:
            at = panel["gridPos"]
            assert 0 <= at["x"] < at["x"] + at["w"] <= 24
            cells = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            assert not cells & taken, panel["title"]
            taken |= cells
    assert taken


@EACH
def test_every_panel_says_what_it_shows_how_to_read_it_and_which_alert_uses_it(board: Json) -> None:
    for panel in panels(board):
        shows, read, alerts = panel["description"].split("\n\n")
        assert len(shows) > 4, panel["title"]
        assert read.startswith("How to read it: "), panel["title"]
        assert read.endswith((".", "?")), panel["title"]
        named = set(re.findall(r"Inference\w+", alerts))
        assert named or alerts == "Alerts: none.", panel["title"]
        assert named <= ALERTED, panel["title"]


def test_every_alert_about_a_model_has_words_for_its_line_on_the_overview() -> None:
    about = {alert.name for alerts in FILES.values() for alert in alerts(Settings())
             if alert.about == "model"}  # fmt: skip
    assert set(WORDS) == about
    assert all(len(words) <= 34 for words in WORDS.values())  # they fit their column


def test_every_alert_is_named_by_a_panel() -> None:
    named = {
        name
        for board in ALL.values()
        for panel in panels(board)
        for name in re.findall(r"Inference\w+", panel["description"])
    }
    # These say that nothing is shown, or that the shipped rules themselves do not work.
    silent = {
        "InferenceWatchdog", "InferenceMonitoringLost", "InferenceStateLost",
        "InferenceWarmupUnfinished",
    }  # fmt: skip
    assert ALERTED - named <= silent


def test_the_page_that_an_alert_links_to_exists_and_has_the_variables_of_the_link() -> None:
    for rule in (rule for rule in RULES if "alert" in rule):
        address = rule["annotations"]["dashboard_url"]
        uid = re.findall(r"/d/([\w-]+)", address)[0]
        assert uid in ALL, rule["alert"]
        known = {one["name"] for one in ALL[uid]["templating"]["list"]}
        asked = set(re.findall(r"[?&]var-(\w+)=", address))
        # The model of the exporter's page is the job's: it is about processes.
        extra = {"model"} if uid == "inference-exporter" else set()
        assert asked <= known | extra, rule["alert"]


@EACH
def test_every_metric_is_served_or_recorded(board: Json) -> None:
    known = _served() | RECORDED | FROM_PROMETHEUS
    for expr in _expressions(board):
        names = metrics_in(expr)
        assert names or expr.startswith("vector("), expr
        assert not {name for name in names - known if not THIRD_PARTY.match(name)}, expr


def test_every_window_that_can_be_chosen_is_recorded() -> None:
    for board in ALL.values():
        for _, target in targets(board):
            for window in WINDOWS if "${window}" in target["expr"] else ():
                names = metrics_in(target["expr"].replace("${window}", window))
                assert {name for name in names if ":" in name} <= RECORDED


@EACH
def test_every_label_in_braces_is_one_of_the_metric(board: Json) -> None:
    seen = 0
    for expr in _expressions(board):
        for name, labels in selectors_in(expr):
            family = FAMILIES.get(re.sub(r"_(bucket|sum|count)$", "", name)) or FAMILIES.get(name)
            if family is not None:
                seen += 1
                more = {"segment"} if family.segmented and family.kind == "gauge" else set()
                assert labels <= {*family.labels, *WITH_CONTEXT, *more}, f"{name}: {labels}"
            elif ":" in name:
                kept = set(name.split(":")[0].split("_")) | {"reference"}
                assert labels <= {*kept, *WITH_CONTEXT}, f"{name}: {labels}"
    assert seen


@EACH
def test_variables_are_used_and_every_one_used_is_defined(board: Json) -> None:
    defined = [one["name"] for one in board["templating"]["list"]]
    assert len(set(defined)) == len(defined)
    body = {key: value for key, value in board.items() if key != "templating"}
    raw = json.dumps([body, [one.get("definition", "") for one in board["templating"]["list"]]])
    used = variables_in(raw)
    ours = {name for name in used if not name.startswith("__")}
    assert ours <= set(defined)
    # Kept for the other pages' links, which hand it on.
    assert set(defined) - ours <= {"loki_datasource"}


@EACH
def test_a_variable_knows_only_those_before_it(board: Json) -> None:
    before: set[str] = set()
    for one in board["templating"]["list"]:
        assert variables_in(one.get("definition", "")) <= before
        if one["type"] == "query":
            assert variables_in(one["datasource"]["uid"]) <= before
        before.add(one["name"])


@EACH
def test_a_variable_of_several_values_is_matched_as_a_pattern_and_a_single_one_as_text(
    board: Json,
) -> None:
    several = {one["name"] for one in board["templating"]["list"] if one.get("multi")}
    for expr in _expressions(board):
        for operator, name in re.findall(r'(=~|=)"\$(\w+)\|?"', expr):
            assert (operator == "=~") == (name in several), expr


@EACH
def test_no_data_source_is_hard_wired(board: Json) -> None:
    sources = re.findall(r'"uid": "([^"]*)"', json.dumps(board))
    own = [uid for uid in sources if uid != board["uid"]]
    assert own
    assert set(own) <= {"${prometheus_datasource}", "${loki_datasource}"}


@EACH
def test_targets_have_their_own_refs_and_a_known_source(board: Json) -> None:
    for panel in panels(board):
        refs = [target["refId"] for target in panel["targets"]]
        assert refs
        assert len(set(refs)) == len(refs)
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == f"${{{target['datasource']['type']}_datasource}}"


@EACH
def test_a_table_renames_and_orders_the_columns_that_grafana_makes(board: Json) -> None:
    for panel in (panel for panel in panels(board) if panel["type"] == "table"):
        for change in panel["transformations"]:
            if change["id"] == "organize":
                refs = [target["refId"] for target in panel["targets"]]
                made = [f"Value #{ref}" for ref in refs] if len(refs) > 1 else ["Value"]
                renamed = change["options"]["renameByName"]
                assert list(renamed)[: len(made)] == made
                assert set(renamed) == set(change["options"]["indexByName"])
                shown = {*renamed.values(), *renamed}
                for override in panel["fieldConfig"]["overrides"]:
                    assert override["matcher"]["options"] in shown
                assert panel["options"]["sortBy"][0]["displayName"] in shown


@EACH
def test_an_override_by_pattern_meets_a_series_of_its_panel(board: Json) -> None:
    for panel, _ in targets(board):
        legends = [target.get("legendFormat", "") for target in panel["targets"]]
        for override in panel["fieldConfig"]["overrides"]:
            if override["matcher"]["id"] == "byRegexp":
                pattern = override["matcher"]["options"].strip("/")
                assert any(re.search(pattern, legend) for legend in legends)


@EACH
def test_units_agree_with_the_metrics(board: Json) -> None:
    for panel, target in targets(board):
        names = metrics_in(expand_window(target["expr"]))
        unit = panel["fieldConfig"]["defaults"]["unit"]
        if panel["type"] == "table" or not names:
            continue
        if unit == "s":
            assert "_seconds" in target["expr"], panel["title"]
        if unit in ("bytes", "Bps"):
            assert any("_bytes" in name for name in names), panel["title"]
        if any(name.endswith(("_bytes", "_bytes_total")) for name in names):
            assert unit in ("bytes", "Bps", "percentunit"), panel["title"]
        if any(name.endswith("_ratio") for name in names) and len(names) == 1:
            assert unit == "percentunit", panel["title"]


def expand_window(expr: str) -> str:
    return expr.replace("${window}", WINDOWS[0])


@EACH
def test_links_between_pages_keep_the_variables_and_lead_somewhere(board: Json) -> None:
    (between,) = board["links"]
    assert between["includeVars"]
    assert between["keepTime"]
    assert between["tags"] == [TAG]
    for address in re.findall(r'"url": "(/d/[^"]+)"', json.dumps(board)):
        uid = re.findall(r"/d/([\w-]+)", address)[0]
        known = {one["name"] for one in ALL[uid]["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", address)) <= known
        assert "${__url_time_range}" in address


def test_a_link_to_the_logs_is_an_explore_address_with_a_query() -> None:
    found = 0
    for board in ALL.values():
        for address in re.findall(r'"url": "(/explore[^"]+)"', json.dumps(board)):
            panes = json.loads(unquote(address.split("panes=")[1]))
            assert panes["logs"]["datasource"] == "${loki_datasource}"
            query = panes["logs"]["queries"][0]["expr"]
            model = re.findall(r'model="(\$\{__(?:field\.labels|data\.fields)\.model\})"', query)
            assert query.startswith(f'{{job="{LOG_JOB}", model="{model[0]}"}} | json')
            found += 1
    assert found >= 3


def test_a_link_by_a_label_is_on_a_panel_whose_series_have_it() -> None:
    for board in ALL.values():
        for panel in panels(board):
            links = panel["fieldConfig"]["defaults"].get("links", [])
            for label in re.findall(r"__field\.labels\.(\w+)", json.dumps(links)):
                series = [one for one in panel["targets"] if "vector(" not in one["expr"]]
                assert any(f"{{{{{label}}}}}" in one["legendFormat"] for one in series)


@EACH
def test_every_page_marks_firing_alerts_and_pages_of_models_new_versions(board: Json) -> None:
    marks = {one["name"]: one for one in board["annotations"]["list"]}
    wanted = {"Alerts begin"} | (
        {"New versions"} if board["uid"] != "inference-exporter" else set()
    )
    assert set(marks) == wanted
    assert "ALERTS{" in marks["Alerts begin"]["expr"]


def test_histograms_of_requests_carry_exemplars() -> None:
    with_traces = [
        target["expr"]
        for board in ALL.values()
        for _, target in targets(board)
        if target["exemplar"]
    ]
    assert len(with_traces) >= 3
    assert all("_duration_seconds_bucket" in expr for expr in with_traces)


def test_log_queries_are_balanced_and_select_the_shipped_job() -> None:
    """Loki is not here: the syntax of LogQL is only looked at, see docs/dashboards.md."""
    queries = [t["expr"] for board in ALL.values() for _, t in targets(board, "loki")]
    assert queries
    for query in queries:
        assert f'{{job="{LOG_JOB}"' in query or f"{{{EVENTS}, event=" in query
        assert query.count("{") == query.count("}")
        assert query.count('"') % 2 == 0


def test_rows_that_need_other_exporters_or_loki_are_closed() -> None:
    for board in ALL.values():
        open_panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        for panel in open_panels:
            for target in panel["targets"]:
                assert target["datasource"]["type"] == "prometheus"
                names = metrics_in(expand_window(target["expr"]))
                assert not any(THIRD_PARTY.match(name) for name in names)


def test_the_metric_finder_sees_a_metric_that_does_not_exist() -> None:
    assert metrics_in('sum by (model) (rate(inference_nothing_total{a="inference_x"}[5m]))') == {
        "inference_nothing_total"
    }
    assert expand('a{b=~"$b"}', {"b": ["x", "y"]}) == 'a{b=~"(x|y)"}'
    with pytest.raises(KeyError):
        expand("$unknown", {})


def test_two_renderings_are_the_same() -> None:
    assert all(document(page()) == document(page()) for page in PAGES.values())
