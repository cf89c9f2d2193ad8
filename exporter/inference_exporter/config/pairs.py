"""Checks of the `pairs:` section: requests and responses that are lines of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_exporter.config import presets
from inference_exporter.config.checks import Findings, Key, Section, expected, shaped
from inference_exporter.config.conditions import conditions
from inference_exporter.config.fields import PATH, field
from inference_exporter.config.lines import columns_of, pattern
from inference_exporter.config.presets import expanded
from inference_exporter.config.schema import (
    Field,
    LogfmtFormat,
    PairsConfig,
    RegexFormat,
    SideLines,
)
from inference_exporter.config.values import duration, integer, one_of, true_or_false

_TYPE = "paths, each with a value, a list of values, or a condition"
_FORMATS = ("regex", "logfmt")
_format = shaped({"enum": [*_FORMATS, *presets.names()]})(one_of(*_FORMATS))

SIDE = Section(
    "pairs.response_lines",
    dict,
    (
        Key("format", _format, "regex, logfmt, or a preset of such lines",
            "How the lines of this side are written.", "bentoml-access", required=True),
        Key("pattern", pattern, "a regular expression",
            "With `format: regex`: its named groups are what the side holds.",
            "'(?P<id>\\S+) (?P<status>\\d{3})'", default="that of the preset"),
        Key("id", field, f"{PATH}, or {{from, as}}", "The id in lines of this side.", "span",
            default="that of the preset"),
    ),
)  # fmt: skip


@shaped(SIDE)
def _side(value: object) -> SideLines:
    """The lines of a side; `format` may name a preset, whose pattern and id they have then."""
    settings, preset = expanded(value)
    if preset is not None and isinstance(settings, Mapping):
        if settings.get("format") not in _FORMATS:
            raise expected("a preset of lines that are regex or logfmt", preset)
        own = value if isinstance(value, Mapping) else {}
        known = {"format": settings["format"], "pattern": settings.get("pattern")}
        known["id"] = (settings.get("fields") or {}).get("id")
        settings = {k: v for k, v in known.items() if v is not None}
        settings |= {k: v for k, v in own.items() if k != "format"}
    findings = Findings()
    given: dict[str, Any] = SIDE.read(settings, findings)
    regex = given.get("format") == "regex"
    if regex and not given.get("pattern"):
        findings.add("pattern", "missing; format: regex needs a regular expression")
    if not regex and given.get("pattern"):
        findings.add("pattern", "belongs to format: regex")
    if not given.get("id"):
        findings.add("id", "missing; expected what these lines have in common with the others")
    findings.raise_any()
    line = RegexFormat(given["pattern"]) if regex else LogfmtFormat()
    groups = columns_of(line)
    if groups is not None and not any(path in groups for path in given["id"].paths):
        findings.add("id", f"no group is called {given['id'].paths[0]}")
    findings.raise_any()
    return SideLines(line, given["id"])


PAIRS = Section(
    "pairs",
    PairsConfig,
    (
        Key("id", field, f"{PATH}, or {{from, as}}",
            "What a request and its response have in common; needed unless they are joined"
            " `by: order`.", "id", default="none"),
        Key("by", one_of("id", "order"), "id or order",
            "`order`: a response is that of the request right before it in the file. Where two"
            " requests are open at a time none of them is joined; they count as `ambiguous`.",
            "order", default="id"),
        Key("request", conditions, _TYPE, "Which lines are requests.", "{type: request}",
            default="all others"),
        Key("response", conditions, _TYPE, "Which lines are responses.", "{type: response}",
            default="all others"),
        Key("request_lines", _side, "a section, as `response_lines`",
            "As `response_lines`, of requests.", "{format: nginx-timed}", default="JSON"),
        Key("response_lines", _side, "a section, below",
            "Responses are lines of another format; conditions and paths are those of its groups.",
            "{format: bentoml-access}", default="JSON"),
        Key("rows", true_or_false, "true or false",
            "A request is several lines with its id, each a row: `request` is the list of them.",
            "true", default="false"),
        Key("settle", duration(0.0, 3600.0), "a duration",
            "With `rows`: how long after its last line a pair is whole.", "2s",
            default="2s, with rows"),
        Key("within", duration(0.1, 7 * 86400.0), "a duration",
            "How long a half waits for the other, from when it was read. A request whose time is"
            " over is unanswered.", "60s", default="1m"),
        Key("max_waiting", integer(1, 10_000_000), "a whole number",
            "How many halves wait; beyond it the oldest is given up.", "50000"),
    ),
)  # fmt: skip


@shaped(PAIRS)
def pairs(value: object) -> PairsConfig:
    """The section, which must tell the halves apart."""
    findings = Findings()
    values = PAIRS.read(value, findings)
    sides = [values.get(side) for side in ("request_lines", "response_lines")]
    if all(sides):
        findings.add("request_lines", "one side is JSON: only the other has a format of its own")
    if not any(sides) and not values.get("request") and not values.get("response"):
        findings.add("request", "missing; expected it, or response, to tell the lines apart")
    if "settle" in values and not values.get("rows"):
        findings.add("settle", "belongs to rows: true")
    if values.get("by") == "order":
        for key in ("id", "rows", "request_lines", "response_lines"):
            if values.get(key):
                findings.add(key, "does not go with by: order, which joins a line with the next")
        values["id"] = Field(())
    elif not values.get("id"):
        findings.add("id", "missing; expected what a request and its response have in common")
    findings.raise_any()
    return PairsConfig(**values)


def check_order(values: Mapping[str, Any], findings: Findings) -> None:
    """Lines are joined by their order only where there is one: in one file."""
    found = values.get("pairs")
    if not isinstance(found, PairsConfig) or found.by != "order":
        return
    logs = values.get("logs", ())
    if len(logs) != 1 or set("*?[") & set(logs[0]) or values.get("receive"):
        findings.add("pairs.by", "order is that of one file: logs must name one, without a glob")
