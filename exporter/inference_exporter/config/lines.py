"""How the keys `format`, `pattern`, `columns`, `delimiter`, `quote` make one line format.

And whether the fields can be found in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from inference_exporter.config import presets
from inference_exporter.config.checks import Findings, closest, expected, shaped, show, wrong
from inference_exporter.config.schema import (
    CsvFormat,
    Fields,
    JsonFormat,
    LineFormat,
    LogfmtFormat,
    ModelConfig,
    RegexFormat,
)

FORMAT_NAMES = ("json", "logfmt", "regex", "csv", "python")
RECORD_NAMES = ("otlp-logs", "otlp-traces", "triton-traces")  # the keys of peeling.records.RECORDS
_CHARACTER = {"type": "string", "minLength": 1, "maxLength": 1}
_BELONGS = {
    "pattern": ("regex",), "columns": ("csv", "json"), "delimiter": ("csv",),
    "decimal": ("csv",), "quote": ("csv",), "multiline": ("json",),
}  # fmt: skip
# What is said around a line is put into it, which not every format has a place for.
_AROUND: Mapping[str, tuple[type, ...]] = {
    "$wrap": (JsonFormat, LogfmtFormat, RegexFormat),
    "$prefix": (JsonFormat,),
    "$path": (JsonFormat,),
}
_FORMAT_NAME: Mapping[type, str] = {
    JsonFormat: "json", LogfmtFormat: "logfmt", RegexFormat: "regex",
}  # fmt: skip


@shaped({"anyOf": [{"enum": [*FORMAT_NAMES, *presets.names()]}]})
def format_name(value: object) -> str:
    """How lines are written; presets are expanded by now."""
    if value in FORMAT_NAMES and isinstance(value, str):
        return value
    near = get_close_matches(value, presets.names(), n=1) if isinstance(value, str) else []
    if near:
        raise wrong(f"unknown format {show(value)}; did you mean {near[0]}?")
    raise expected(f"one of {', '.join(FORMAT_NAMES)}, or a preset", value)


@shaped({"type": "string"})
def pattern(value: object) -> str:
    """A regular expression with named groups."""
    if not isinstance(value, str) or not value:
        raise expected("a regular expression", value)
    try:
        compiled = re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise expected(f"a regular expression ({error})", value) from error
    if not compiled.groupindex:
        raise expected("a regular expression with named groups such as (?P<status>\\d+)", value)
    return value


@shaped(_CHARACTER)
def delimiter(value: object) -> str:
    """One character between the cells of a line."""
    if not isinstance(value, str) or len(value) != 1 or value in '"\r\n' or not value.isascii():
        raise expected("one character such as , or ;", value)
    return value


@shaped(_CHARACTER)
def quote(value: object) -> str:
    """One character around cells."""
    wrong = not isinstance(value, str) or len(value) != 1 or not value.isascii()
    if wrong or str(value).isalnum() or str(value).isspace():
        raise expected("one character such as \" or '", value)
    return str(value)


def belongs(key: str, given: Mapping[str, Any]) -> bool:
    """Whether a key of a model goes with its `format`."""
    return (given.get("format") or "json") in _BELONGS.get(key, FORMAT_NAMES)


def line_format(values: dict[str, Any], findings: Findings) -> LineFormat | None:
    """Take the keys of the format out of a model's values; None if they do not fit together."""
    name = values.pop("format", "json")
    given = {key: values.pop(key, None) for key in _BELONGS}
    for key, owners in _BELONGS.items():
        if given[key] is not None and name not in owners:
            owner = " or ".join(owners)
            findings.add(key, f"belongs to format: {owner}, and the format here is {name}")
    if name == "regex":
        return RegexFormat(given["pattern"]) if given["pattern"] else None
    if name == "csv":
        columns, quote = given["columns"] or (), given["quote"]
        if quote is not None and quote == (given["delimiter"] or ("," if columns else None)):
            findings.add("quote", "is what is between two cells, too")
        return CsvFormat(columns, given["delimiter"], given["decimal"] or ".", quote)
    if name == "logfmt":
        return LogfmtFormat()
    return JsonFormat(name == "python", bool(given["multiline"]), given["columns"] or ())


def check_paths(
    line: LineFormat, fields: Fields, when: tuple[str, ...], found: Findings, *, nested: bool
) -> None:
    """Fields of lines without nesting must name columns that exist.

    `nested`: cells are decoded, and paths lead into them.
    """
    form = fields.features.form if fields.features else "rest"
    if form != "rest" and not isinstance(line, JsonFormat) and not nested:
        found.add("fields.features", "only JSON lines hold objects and lists; use {rest: true}")
    for key, paths in field_paths(fields, when):
        for path in paths:
            if (known := _AROUND.get(path.partition(".")[0])) and not isinstance(line, known):
                names = " or ".join(_FORMAT_NAME[kind] for kind in known)
                found.add(key, f"{path} can be read with format: {names} only")
    columns = columns_of(line)
    if columns is None:
        return
    for key, paths in field_paths(fields, when):
        own = [path.partition(".")[0].partition("[")[0] if nested else path for path in paths]
        if not any(path in columns or path == "$wrap" or path[:6] == "$wrap." for path in own):
            column = "group" if isinstance(line, RegexFormat) else "column"
            found.add(key, f"no {column} is called {show(paths[0])}; {closest(paths[0], columns)}")


def check_mapping(line: LineFormat, values: Mapping[str, object], found: Findings) -> None:
    """Only lines that hold objects and lists have something to decode or to explode."""
    if isinstance(line, JsonFormat):
        return
    for key in ("decode", "explode", "pairs", "records", "path_pattern"):
        cells = isinstance(line, CsvFormat) and key in ("decode", "explode")
        if values.get(key) and not cells:
            also = " or csv" if key in ("decode", "explode") else ""
            found.add(key, f"belongs to format: json{also}")


def columns_of(line: LineFormat) -> tuple[str, ...] | None:
    """The names a line can have values for; None where the lines themselves bring the names."""
    if isinstance(line, RegexFormat):
        return tuple(re.compile(line.pattern).groupindex)
    return line.columns or None if isinstance(line, CsvFormat) else None


def all_paths(model: ModelConfig) -> list[str]:
    """Every path that fields and conditions name."""
    conditions = (*model.when, *model.requests_when)
    return [path for _, paths in field_paths(model.fields, conditions) for path in paths]


def field_paths(
    fields: Fields, when: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(key path, paths) of every configured field but the features."""
    for name in fields.__slots__:
        value = getattr(fields, name)
        if name == "steps":
            for step, field in value.items():
                yield f"fields.steps.{step}", field.paths
                yield from ((f"fields.steps.{step}.when.{path}", (path,)) for path in field.when)
        elif name != "features" and value is not None and value.paths:
            yield f"fields.{name}", value.paths
    yield from ((f"when.{path}", (path,)) for path in when)


def without_used(fields: Fields) -> Fields:
    """The fields, where features are the rest of an object: without what the others take of it."""
    features = fields.features
    if features is None or not features.unused:
        return fields
    roots = tuple(f"{path}." for path in features.paths)
    used = dict.fromkeys(
        path[len(root) :]
        for _, paths in field_paths(fields)
        for path in paths
        for root in roots
        if path.startswith(root)
    )
    kept = dict.fromkeys((*features.exclude, *used))
    return replace(fields, features=replace(features, exclude=tuple(kept)))
