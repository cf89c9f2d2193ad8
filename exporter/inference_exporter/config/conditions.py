"""Conditions on values of a line: which lines are predictions, labels, requests, responses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from inference_exporter.config.checks import Findings, Key, Section, expected, shaped, wrong
from inference_exporter.config.values import (
    list_of,
    mapping_of,
    number,
    scalar_name,
    text,
    true_or_false,
)
from inference_exporter.values.batch import category_name


@dataclass(frozen=True, slots=True)
class Condition:
    """What a value must be, all of what is given: for a line that lacks it only `exists: false`."""

    unless: tuple[str, ...] = ()
    matches: str | None = None
    above: float | None = None
    below: float | None = None
    exists: bool = True


Wanted = tuple[str, ...] | Condition
"""One of some values by name, or a condition."""


def holds(wanted: Wanted) -> Callable[[object], bool]:
    """A function of a value: whether it is what is wanted.

    >>> holds(("1", "x"))(1.0), holds(Condition(unless=("x",)))("x")
    (True, False)
    >>> holds(Condition(matches="^pred"))("prediction"), holds(Condition(above=1))("7")
    (True, True)
    """
    if isinstance(wanted, tuple):
        allowed = frozenset(wanted)
        return lambda value: value is not None and category_name(value) in allowed  # type: ignore[arg-type]
    return lambda value: _holds(wanted, value)


def _holds(wanted: Condition, value: Any) -> bool:
    if value is None or not wanted.exists:
        return (value is not None) == wanted.exists
    name = category_name(value)
    if name in wanted.unless or (wanted.matches and not re.search(wanted.matches, name)):
        return False
    if wanted.above is None and wanted.below is None:
        return True
    try:
        found = float(value)
    except ValueError:
        return False
    above = wanted.above is None or found > wanted.above
    return above and (wanted.below is None or found < wanted.below)


def said(wanted: Wanted) -> str:
    """The condition in words, behind the name of its path.

    >>> said(("a", "b")), said(Condition(unless=("x",), above=1.0)), said(Condition(exists=False))
    ('= a or b', 'not x, above 1', 'absent')
    """
    if isinstance(wanted, tuple):
        return f"= {' or '.join(wanted)}"
    if not wanted.exists:
        return "absent"
    parts = [f"not {' or '.join(wanted.unless)}"] if wanted.unless else []
    parts += [f"matching {wanted.matches}"] if wanted.matches else []
    parts += [f"above {wanted.above:g}"] if wanted.above is not None else []
    parts += [f"below {wanted.below:g}"] if wanted.below is not None else []
    return ", ".join(parts) or "present"


@shaped(text)
def _pattern(value: object) -> str:
    try:
        return re.compile(text(value)).pattern
    except (re.error, RecursionError, OverflowError) as error:
        raise expected(f"a regular expression ({error})", value) from error


_values = list_of(scalar_name, "a value, a list of values, or a condition")

CONDITION = Section(
    "when.<path>",
    Condition,
    (
        Key("unless", _values, "a value or a list of values", "It is none of these.", "health"),
        Key("matches", _pattern, "a regular expression", "It, as a text, has such a part.",
            "'^POST /v1/'"),
        Key("above", number(-1e300), "a number", "It is a number above this.", "0"),
        Key("below", number(-1e300), "a number", "It is a number below this.", "400"),
        Key("exists", true_or_false, "true or false", "`false`: the line lacks it, or it is null.",
            "true", default="true"),
    ),
)  # fmt: skip


@shaped({"anyOf": [_values, CONDITION]})
def condition(value: object) -> Wanted:
    """Values that are wanted, or a mapping that says more."""
    if not isinstance(value, Mapping):
        return _values(value)
    findings = Findings()
    given = CONDITION.read(value, findings)
    if given.get("exists") is False and len(given) > 1:
        findings.add("exists", "a value that is not there has no other properties")
    findings.raise_any()
    if not given:
        raise wrong("expected a condition such as {above: 0}, got an empty mapping")
    return Condition(**given)


conditions = mapping_of(condition, "a mapping of paths to values or conditions")
