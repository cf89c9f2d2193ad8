"""Checks of the `segments:` section: which parts of the traffic are also counted on their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from inference_exporter.config.checks import (
    Check,
    Findings,
    Key,
    Section,
    closest,
    expected,
    shaped,
    show,
    wrong,
)
from inference_exporter.config.fields import PATH
from inference_exporter.config.schema import Segment
from inference_exporter.config.values import (
    list_of,
    number,
    only_list_of,
    paths,
    scalar_name,
    true_or_false,
)
from inference_exporter.families import FAMILIES

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_TAKEN = {label for family in FAMILIES.values() for label in family.labels} | {
    "segment", "le", "quantile", "job", "instance",
}  # fmt: skip
_MANY = 5


@shaped(only_list_of(number(-1e300), "a list of numbers"))
def _bins(value: object) -> tuple[float, ...]:
    bounds = only_list_of(number(-1e300), "a list of numbers such as [30, 50]")(value)
    if list(bounds) != sorted(bounds):
        raise expected("numbers in ascending order", ", ".join(f"{bound:g}" for bound in bounds))
    return bounds


SEGMENT = Section(
    "segments",
    dict,
    (
        Key("from", paths, PATH,
            "Where the value is in a line: at a path, or among the inputs under this name.",
            "user.country", default="the name of the segment"),
        Key("bins", _bins, "a list of numbers, ascending",
            "For numbers: the upper bounds, inclusive, of the ranges that become segments.",
            "[30, 50]", default="none"),
        Key("values", only_list_of(scalar_name, "a list of values"), "a list of values",
            "The values that are segments of their own, from the start; others are `__overflow__`.",
            "[DE, FR, IT]", default="the first that are seen"),
        Key("protected", true_or_false, "true or false",
            "Whether groups are to be treated alike: publishes selection, true-positive and"
            " false-positive rates, and their ratios.", "true", default="false"),
        Key("drift", true_or_false, "true or false",
            "Whether inputs and outputs of each value are decided on against its own rows of the"
            " reference.", "true", default="false"),
        Key("estimates", true_or_false, "true or false",
            "Whether performance of each value is estimated before labels come; of two classes.",
            "true", default="false"),
    ),
)  # fmt: skip


def _segment(name: str) -> Check[Segment]:
    def check(value: object) -> Segment:
        if not isinstance(value, Mapping):
            return Segment(name, paths(value))
        findings = Findings()
        given: dict[str, Any] = SEGMENT.read(value, findings)
        if "bins" in given and "values" in given:
            findings.add("values", "belongs to categories: with bins the ranges are the values")
        findings.raise_any()
        return Segment(name, given.pop("from", (name,)), **given)

    return check


_one_segment = shaped({"anyOf": [paths, SEGMENT]})(_segment(""))


def _named_by_path(value: object) -> Segment:
    (path, *_) = found = paths(value)
    return Segment(path.rpartition(".")[2], found)


@shaped(
    {
        "anyOf": [
            list_of(paths, "a list of paths"),
            {"type": "object", "additionalProperties": _one_segment},
        ]
    }
)
def segments(value: object) -> tuple[Segment, ...]:
    """A list of paths, or a mapping of names to where and how."""
    findings = Findings()
    if isinstance(value, Mapping):
        taken = {str(n): findings.take(str(n), _segment(str(n)), one) for n, one in value.items()}
        found = {name: one for name, one in taken.items() if one is not None}
    else:
        listed = list_of(_named_by_path, "a list of paths, or names each with a section")(value)
        found = {f"[{i}]": one for i, one in enumerate(listed)}
    for key, one in found.items():
        _check_name(key, one.name, findings)
    names = [one.name for one in found.values()]
    findings.raise_any()
    if len(set(names)) < len(names):
        raise wrong(f"two segments have one name: {', '.join(names)}; use {{name: path}}")
    if not 1 <= len(names) <= _MANY:
        raise wrong(f"expected 1 to {_MANY} segments, got {len(names)}")
    return tuple(found.values())


def _check_name(key: str, name: str, findings: Findings) -> None:
    if not _LABEL.fullmatch(name) or name.startswith("__"):
        findings.add(key, f"{name!r} cannot be the name of a label; use {{a_name: {{from: path}}}}")
    elif name in _TAKEN:
        findings.add(key, f"{name} is a label already; use another name: {{my_{name}: {name}}}")


def check_segments(
    values: Mapping[str, Any], columns: tuple[str, ...] | None, findings: Findings
) -> None:
    """What the rest of the model must have; `columns` are all names a line can have values for."""
    for one in values.get("segments") or ():
        if columns is not None and not any(path in columns for path in one.paths):
            path = one.paths[0]
            near = closest(path, columns)
            findings.add(f"segments.{one.name}", f"no column is called {show(path)}; {near}")
        if one.drift and values.get("season") is not None:
            findings.add("segments", f"{one.name}: drift by segment knows no season")
        if not one.protected:
            continue
        if values.get("task") == "regression":
            findings.add("segments", f"{one.name}: protected needs classes, not a regression")
        elif values.get("positive_class") is None and values.get("reference") is None:
            findings.add("positive_class", f"missing; the selection rate by {one.name} needs it")


def segment_paths(one: Segment, containers: tuple[str, ...]) -> tuple[Segment, tuple[str, ...]]:
    """Where else than among the inputs the segment is, and under which names among these.

    `containers` are the paths of the object or list of inputs.
    """
    outside: list[str] = []
    inside: list[str] = []
    for path in one.paths:
        within = [path[len(c) + 1 :] for c in containers if path.startswith(f"{c}.")]
        inside += within or ([path] if containers and "." not in path else [])
        outside += [] if within else [path]
    return replace(one, paths=tuple(outside)), tuple(inside)
