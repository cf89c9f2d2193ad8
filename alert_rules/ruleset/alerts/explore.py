"""Links from an alert to the requests behind it: queries in Grafana's Explore, ready to run.

Model and version are those of the alert, the range is the hour before somebody looks. The data
sources have the uids `loki` and `tempo`, as those of the compose file.
"""

from __future__ import annotations

import json
from urllib.parse import quote

_MODEL, _VERSION = "MODEL", "VERSION"  # filled in by Prometheus
LOGQL = f'{{model="{_MODEL}"}}'
TRACEQL = f'span.ml.model.name = "{_MODEL}"'


def logs_url(grafana: str) -> str:
    """Lines of the model: requests as they were logged, and what the exporter tells of them."""
    return _explore(grafana, "loki", {"expr": LOGQL}, f' | version="{_VERSION}"', "expr")


def traces_url(grafana: str) -> str:
    """Traces of the model, as the exporter sends them."""
    query = {"queryType": "traceql", "query": f"{{ {TRACEQL}"}
    return _explore(grafana, "tempo", query, f' && span.ml.model.version = "{_VERSION}"', "query")


def _explore(grafana: str, source: str, query: dict[str, str], version: str, key: str) -> str:
    """The address; `version` is put behind the query where the alert has one."""
    end = " }" if source == "tempo" else ""
    pane = {
        "datasource": source,
        "queries": [{"refId": "A", **query, key: f"{query[key]}\0{end}"}],
        "range": {"from": "now-1h", "to": "now"},
    }
    panes = quote(json.dumps({"a": pane}, separators=(",", ":")), safe="")
    inside = quote(json.dumps(version)[1:-1], safe="").replace(_VERSION, "{{ . | urlquery }}")
    given = f"{{{{ with $labels.version }}}}{inside}{{{{ end }}}}"
    panes = panes.replace(_MODEL, "{{ $labels.model | urlquery }}").replace("%5Cu0000", given)
    return f"{grafana}/explore?schemaVersion=1&panes={panes}"
