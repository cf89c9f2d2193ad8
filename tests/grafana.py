"""What Grafana does with a dashboard before a query leaves it: variables, time ranges, names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
Json = dict[str, Any]
Values = Mapping[str, str | list[str]]

_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]|\$([A-Za-z_]\w*)")
_SPECIAL = re.compile(r"[\\^$.*+?()[\]{}|]")


def dashboards() -> dict[str, Json]:
    """The committed dashboards by the names of their files."""
    files = sorted((ROOT / "dashboards").glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def panels(dashboard: Json) -> Iterator[Json]:
    """All panels but rows, those in closed rows too."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def targets(dashboard: Json, kind: str = "prometheus") -> Iterator[tuple[Json, Json]]:
    """Panels with each of their queries to one kind of data source."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            if target["datasource"]["type"] == kind:
                yield panel, target


def expand(text: str, values: Values) -> str:
    """The text with the variables replaced as Grafana's Prometheus data source does it.

    >>> values = {"a": ["x.1", "y"], "b": "z", "__interval": "5s"}
    >>> print(expand('m{a=~"$a", b="${b}"}[$__interval]', values))
    m{a=~"(x\\\\.1|y)", b="z"}[5s]
    """

    def one(found: re.Match[str]) -> str:
        name = found[1] or found[3] or found[5]
        value = values[name]  # an unknown variable is an error
        if isinstance(value, str):
            return value
        escaped = [_SPECIAL.sub(r"\\\\\g<0>", item) for item in value]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"

    return _VARIABLE.sub(one, text)


def variables_in(text: str) -> set[str]:
    """Names of the variables that a text refers to."""
    return {found[1] or found[3] or found[5] for found in _VARIABLE.finditer(text)}


def times(seconds: int, step: int, scrape: int) -> dict[str, str]:
    """Grafana's own variables for a range that is drawn with that step."""
    return {
        "__interval": f"{step}s",
        "__rate_interval": f"{max(step + scrape, 4 * scrape)}s",
        "__range": f"{seconds}s",
    }


_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_METRIC = re.compile(
    r"(?<![\w:])((?:[a-z_]+:)?(?:inference|node|container|DCGM|scrape|up|ALERTS)[\w:]*)"
    r"(?![\w:]*\s*\()"
)


def without_strings(expr: str) -> str:
    """The expression with empty strings."""
    return _STRINGS.sub('""', expr)


def metrics_in(expr: str) -> set[str]:
    """Names of the metrics of an expression whose variables are replaced."""
    bare = re.sub(r"(by|on|group_left|group_right)\s*\([^()]*\)", " ", without_strings(expr))
    return {name for name in _METRIC.findall(bare) if name not in ("instance",)}


def selectors_in(expr: str) -> Iterator[tuple[str, set[str]]]:
    """Metrics that are followed by braces, with the labels in them."""
    for name, inside in re.findall(r"([A-Za-z_:][\w:]*)\{([^{}]*)\}", without_strings(expr)):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside))
