"""Links: from page to page with the variables kept, and from a value to the lines of the log."""

from __future__ import annotations

from urllib.parse import quote

from alert_rules.ruleset import names
from dashboards.board.parts import Json

TAG = "inference-exporter"
LOG_JOB = "inference-predictions"  # the label that the shipped log collector gives
_SOURCES = ("prometheus_datasource", "loki_datasource")


def to_page(title: str, uid: str, **variables: str) -> Json:
    """A data link to another page; values are Grafana's expressions."""
    kept = "".join(f"&${{{name}:queryparam}}" for name in (*_SOURCES, *names.kept()))
    given = "".join(f"&var-{name}={value}" for name, value in variables.items())
    return {
        "title": title,
        "url": f"/d/{uid}?${{__url_time_range}}{kept}{given}",
        "targetBlank": False,
    }


def to_logs(filters: str = "", model: str = "${__field.labels.model}") -> Json:
    """A data link to the model's lines in the time range.

    Grafana replaces `${...}` in the address; everything else is encoded here.
    """
    query = f'{{job="{LOG_JOB}", model="{model}"}} | json{filters}'
    left = (
        '{"logs":{"datasource":"${loki_datasource}","queries":[{"refId":"A","expr":'
        + _json_text(query)
        + '}],"range":{"from":"${__from}","to":"${__to}"}}}'
    )
    return {
        "title": "Lines of the prediction log",
        "url": "/explore?schemaVersion=1&panes=" + quote(left, safe="${}:_."),
        "targetBlank": True,
    }


def _json_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def between_pages() -> list[Json]:
    """The list of all pages in the head of each."""
    return [{
        "type": "dashboards", "title": "Inference", "tags": [TAG], "asDropdown": True,
        "includeVars": True, "keepTime": True, "targetBlank": False, "icon": "external link",
        "tooltip": "", "url": "",
    }]  # fmt: skip
