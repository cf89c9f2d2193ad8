"""Every link from an alert, a panel, a line or a trace: its address and what its query asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
import yaml

import rule_files
from grafana import ROOT, dashboards, targets
from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.config.schema_services import TracesConfig
from inference_exporter.senders.loki import METADATA, push_request
from inference_exporter.values.events import Event
from inference_exporter.values.spans import Span

COMPOSE = ROOT / "deploy" / "compose"
ALLOY = (COMPOSE / "alloy" / "config.alloy").read_text(encoding="utf-8")
SOURCES = {
    one["uid"]: one
    for one in yaml.safe_load(
        (COMPOSE / "grafana/provisioning/datasources/datasources.yaml").read_text(encoding="utf-8")
    )["datasources"]
}
PUSHED = json.loads(push_request([Event("prediction", 1.0, "m", "x", {})], {"service_name": "s"}))
LABELS = {"job", *re.findall(r'stage\.labels {\s+values = {"(\w+)"', ALLOY)} | set(
    PUSHED["streams"][0]["stream"]
)
SHIPPED = set(re.findall(r'"(\w+)" = ""', ALLOY)) | set(METADATA)

_VARIABLE = re.compile(r"\$\{?[\w.:]+\}?")
_MATCHER = r'(\w+) ?(?:=~|!~|!=|=) ?"(?:[^"\\]|\\.)*"'
_FILTER = re.compile(rf"\| (?:{_MATCHER}|(\w+) >= \d+)")
_LOGS = re.compile(rf"{{{_MATCHER}(?:, {_MATCHER})*}}(?: \| (?:json|{_MATCHER}|\w+ >= \d+))*")
_METRIC = re.compile(
    r"topk\(\d+, max by \(\w+(?:, \w+)*\) \(max_over_time\((?P<logs>{.+}.*?)"
    r" \| unwrap \w+ \[\$__range\]\)\)\)"
)
_TRACES = re.compile(
    r'{ span\.[\w.]+ = "(?:[^"\\]|\\.)*"(?: && span\.[\w.]+ = "(?:[^"\\]|\\.)*")* }'
)


def pane_of(address: str) -> dict[str, Any]:
    """The only pane of an address of Explore."""
    parts = urlsplit(address)
    assert parts.path.endswith("/explore")
    given = parse_qs(parts.query, strict_parsing=True)
    assert given.keys() == {"schemaVersion", "panes"}
    assert given["schemaVersion"] == ["1"]
    (pane,) = json.loads(given["panes"][0]).values()
    assert pane.keys() == {"datasource", "queries", "range"}
    assert pane["range"].keys() == {"from", "to"}
    return dict(pane)


def assert_logs(query: str) -> None:
    """LogQL of the form that is used here, of labels that are there."""
    metric = _METRIC.fullmatch(query)
    logs = metric["logs"] if metric else query
    assert _LOGS.fullmatch(logs), query
    selector, _, stages = logs.partition("}")
    assert set(re.findall(r"(\w+) ?(?:=~|!~|!=|=)", selector)) <= LABELS, query
    before, json_stage, _ = stages.partition("| json")
    asked = {name for pair in _FILTER.findall(before) for name in pair if name}
    assert asked <= SHIPPED, query
    assert json_stage or not re.search(r"status|reason", query)


def links_of_rules() -> Iterator[tuple[str, str]]:
    """The addresses of each alert about a model, with a version and without."""
    for path in sorted(rule_files.FOLDER.glob("*.rules.yaml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                for name in ("logs_url", "traces_url"):
                    text = rule.get("annotations", {}).get(name, "")
                    if "$labels.model" in text:
                        yield from ((name, filled(text, version)) for version in ("7", ""))


def filled(text: str, version: str) -> str:
    """As Prometheus fills in an annotation; its `urlquery` writes a space as +."""
    text = re.sub(r"{{ with \$labels\.version }}(.*?){{ end }}", r"\1" if version else "", text)
    text = text.replace("{{ $labels.model | urlquery }}", quote_plus("credit-risk"))
    text = text.replace("{{ . | urlquery }}", quote_plus(version))
    assert "{{" not in text
    return text


def attributes_of_spans() -> set[str]:
    """What a span of a request has."""
    text = (
        "models: {m: {logs: [l], fields: {timestamp: ts, id: id, version: v, prediction: p,"
        " score: s, status: code, latency: {from: ms, unit: ms}}}}"
    )
    (one,) = config.parse(text, "c.yaml").models
    found: list[Span] = []
    model = make_model(one, None, traces=(TracesConfig("http://x", sample=1.0), found.extend))
    model.take(
        b'{"ts": 1795168800, "id": "q", "v": "7", "p": "a", "s": 1, "code": 200, "ms": 1}\n',
        1795168800.0,
    )
    return set(found[0].attributes)


def test_links_of_alerts_ask_for_what_there_is() -> None:
    attributes, kinds = attributes_of_spans(), set()
    for name, address in links_of_rules():
        pane = pane_of(address)
        source = SOURCES[pane["datasource"]]["type"]
        (query,) = pane["queries"]
        kinds.add((name, source))
        if source == "loki":
            assert_logs(query["expr"])
        else:
            assert (source, query["queryType"]) == ("tempo", "traceql")
            assert _TRACES.fullmatch(query["query"]), query["query"]
            assert set(re.findall(r"span\.([\w.]+)", query["query"])) <= attributes
    assert kinds == {("logs_url", "loki"), ("traces_url", "tempo")}


@pytest.mark.parametrize("name", sorted(dashboards()))
def test_links_and_queries_of_panels_ask_for_what_there_is(name: str) -> None:
    board = dashboards()[name]
    variables = {one["name"]: one for one in board["templating"]["list"]}
    for address in re.findall(r'"url": "(/explore[^"]+)"', json.dumps(board)):
        pane = pane_of(address)
        variable = variables[pane["datasource"].strip("${}")]
        assert (variable["type"], variable["query"]) == ("datasource", "loki")
        (query,) = pane["queries"]
        assert_logs(query["expr"])
        for one in _VARIABLE.findall(json.dumps(pane)):
            known = one.strip("${}").partition(":")[0]
            assert known in variables or known.startswith("__"), one
    for _, target in targets(board, "loki"):
        assert_logs(target["expr"])


def test_links_of_lines_and_traces_ask_for_what_there_is() -> None:
    (derived,) = SOURCES["loki"]["jsonData"]["derivedFields"]
    assert SOURCES[derived["datasourceUid"]]["type"] == "tempo"
    assert derived["matcherRegex"] in SHIPPED
    to_logs = SOURCES["tempo"]["jsonData"]["tracesToLogsV2"]
    assert SOURCES[to_logs["datasourceUid"]]["type"] == "loki"
    assert_logs(to_logs["query"].replace("$$", "$"))
    tags = SOURCES["tempo"]["jsonData"]["tracesToMetrics"]["tags"]
    assert {one["key"] for one in tags} <= attributes_of_spans()
