"""Checks of the mapping language: the steps that turn what is written into what is meant.

A step is a word (`json`), or a word with an option (`{strptime: "%d/%m/%Y"}`). `STEPS` is the table
of all there are; what they do is in `formats.steps`, which a test holds against it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inference_exporter.config.checks import (
    Check,
    Findings,
    Shape,
    Wrong,
    closest,
    expected,
    shaped,
    show,
    wrong,
)
from inference_exporter.config.step import Step
from inference_exporter.config.values import list_of, names, one_of, scalar_name, text

_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_SEPARATORS = (",", ".", " ", "'", "_", "\u00a0", "\u202f")


@dataclass(frozen=True, slots=True)
class StepKind:
    """A step for the validator and for the documentation; `check` is None where it has no option.

    `needs` says whether the option must be there.
    """

    meaning: str
    check: Check[Any] | None = None
    needs: bool = False
    example: str = ""


@shaped({"enum": list(_SEPARATORS)})
def _separator(value: object) -> str:
    if value not in _SEPARATORS or not isinstance(value, str):
        raise expected("a separator such as , or .", value)
    return value


@shaped(
    {
        "type": "object",
        "properties": {"decimal": _separator, "thousands": _separator},
        "additionalProperties": False,
    }
)
def _number(value: object) -> dict[str, str]:
    findings = Findings()
    if not isinstance(value, Mapping) or not set(value) <= {"decimal", "thousands"}:
        raise expected("{decimal: …, thousands: …}", value)
    given = {key: findings.take(key, _separator, one) for key, one in value.items()}
    findings.raise_any()
    found = {key: one for key, one in given.items() if one is not None}
    decimal = found.get("decimal", ".")
    if decimal == found.get("thousands", "," if decimal == "." else "."):
        raise wrong("the decimal and the thousands separator must differ")
    return found


@shaped({"type": "string", "minLength": 1, "maxLength": 1})
def _delimiter(value: object) -> str:
    if not isinstance(value, str) or len(value) != 1 or value in '"\r\n' or not value.isascii():
        raise expected("one character such as , or ;", value)
    return value


@shaped(text)
def _strptime(value: object) -> str:
    form = text(value)
    try:
        datetime.strptime(datetime(2026, 11, 20, 10, tzinfo=UTC).strftime(form), form)
    except ValueError as error:
        raise expected("a format of dates such as %d/%m/%Y %H:%M:%S", value) from error
    return form


@shaped(text)
def _regex(value: object) -> str:
    try:
        compiled = re.compile(text(value))
    except (re.error, RecursionError, OverflowError) as error:
        raise expected(f"a regular expression ({error})", value) from error
    if compiled.groups != 1:
        raise expected("a regular expression with one group in parentheses", value)
    return compiled.pattern


@shaped({"type": "object", "minProperties": 1, "additionalProperties": _SCALAR})
def _map(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        raise expected("a mapping of values to values", value)
    findings = Findings()
    found = {scalar_name(one): findings.take(str(one), _scalar, to) for one, to in value.items()}
    findings.raise_any()
    return found


def _scalar(value: object) -> object:
    if value is not None and not isinstance(value, str | int | float):
        raise expected("a single value", value)
    return value


@shaped(names)
def _two_names(value: object) -> tuple[str, ...]:
    found = names(value)
    if len(found) != 2:
        raise expected("two names: of the key and of the value", value)
    return found


@shaped(list_of(scalar_name, "values"))
def _nothing(value: object) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else [value]
    return tuple(entry if entry == "" else scalar_name(entry) for entry in entries)


_width = one_of("16", "32")


@shaped({"enum": [16, 32, "16", "32"]})
def _digits(value: object) -> int:
    return int(_width(str(value)))


STEPS: Mapping[str, StepKind] = {
    "json": StepKind("A text that holds JSON, or a list of such texts."),
    "csv": StepKind("A text that holds lines of cells: a list of rows, each a list of texts."
        " The option is what is between two cells, a comma if none is given.",
        _delimiter, example="{csv: ';'}"),
    "base64": StepKind("A text in Base64."),
    "gzip": StepKind("What was compressed, after `base64`; at most 16 MiB come out."),
    "python": StepKind("A text that is the `repr` of a Python value (`{'age': 41, 'vip': None}`)."),
    "encoded": StepKind("An object `{data, encoding}` as SageMaker captures it: CSV, JSON or"
        " BASE64 by its `encoding`."),
    "rows": StepKind("A payload of an inference server, in any of the shapes below: a list with an"
        " entry a row."),
    "pick": StepKind("What is at a path in an object, or in each object of a list.", text, True,
        "{pick: item.id}"),
    "keyed": StepKind("A list of objects, such as `[{label: cat, score: 0.9}, …]`, as one object;"
        " the option names key and value.", _two_names, True, "{keyed: [label, score]}"),
    "flat": StepKind("An object with objects in it as one: `{a: {b: 1}}` as `{a.b: 1}`; also each"
        " of a list."),
    "number": StepKind("A text that holds a number with separators of thousands: `1,500.25`; the"
        " option says which. A sign or code of a currency, `$1,500.25`, is passed over.",
        _number, example="{number: {decimal: ',', thousands: '.'}}"),
    "percent": StepKind("A percentage, `87.5%` or 87.5, as a share: 0.875."),
    "duration": StepKind("A text with its unit, `12.3ms`, `1m30s`, `PT1.5S` or `0:00:01.5`: in"
        " seconds, so `unit` stays `s`."),
    "strptime": StepKind("A date in a form of its own, in the letters of Python's `strptime`.",
        _strptime, True, "{strptime: '%d/%m/%Y %H:%M'}"),
    "regex": StepKind("The part of a text that the group of a regular expression matches.",
        _regex, True, "{regex: ' ([0-9.]+)ms$'}"),
    "map": StepKind("Other values in the place of some; all others stay.", _map, True,
        "{map: {approve: 1, deny: 0}}"),
    "missing": StepKind("Values that mean that there is none.", _nothing, True,
        "{missing: [N.A., '-', -999]}"),
    "hex": StepKind("A whole number in hexadecimal digits, 16 or 32 of them: BentoML logs the ids"
        " of its access log so.", _digits, True, "{hex: 16}"),
    "inverse": StepKind("One divided by it: a weight of a sampling fraction."),
    "lower": StepKind("A text in lower case."),
}  # fmt: skip


def _step_shape() -> Shape:
    """A word, or one key with its option."""
    words = [name for name, kind in STEPS.items() if not kind.needs]
    options = {name: kind.check for name, kind in STEPS.items() if kind.check is not None}
    one = {"type": "object", "properties": options, "additionalProperties": False}
    return {"anyOf": [{"enum": words}, one | {"minProperties": 1, "maxProperties": 1}]}


@shaped(_step_shape())
def step(value: object) -> Step:
    """One step: a word, or a word with its option."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, option),) = value.items()
    else:
        name, option = value, None
    if not isinstance(name, str):
        raise expected("a step such as json, or {strptime: '%d/%m/%Y'}", value)
    kind = STEPS.get(name)
    if kind is None:
        raise wrong(f"unknown step {show(name)}; {closest(name, STEPS)}")
    if option is None:
        if kind.needs:
            raise wrong(f"{name} needs an option, as in {kind.example}")
        return Step(name)
    if kind.check is None:
        raise wrong("takes no option", name)
    try:
        return Step(name, kind.check(option))
    except Wrong as error:
        raise Wrong(*((f"{name}.{key}" if key else name, said) for key, said in error.found)) from (
            error
        )


@shaped({"anyOf": [step, {"type": "array", "items": step, "minItems": 1}]})
def steps(value: object) -> tuple[Step, ...]:
    """One step or a list of them, applied in order."""
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise expected("a step or a list of steps", value)
    findings = Findings()
    found = [findings.take(f"[{i}]" if isinstance(value, list) else "", step, one)
             for i, one in enumerate(entries)]  # fmt: skip
    findings.raise_any()
    return tuple(one for one in found if one is not None)
