"""How values are written: numbers with separators, durations with units, dates in other forms."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime

from inference_exporter.formats.steps.durations import seconds

_SPACES = " \u00a0\u202f"
_SIGN = r"[+-]?"
_WAYS: tuple[tuple[str, re.Pattern[str]], ...] = (  # steps that read such numbers, as YAML
    ("number", re.compile(_SIGN + r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")),
    ("{number: {decimal: ','}}", re.compile(_SIGN + r"(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")),
    *(
        (f"{{number: {{decimal: ',', thousands: {json.dumps(one)}}}}}",
         re.compile(_SIGN + rf"\d{{1,3}}(?:{one}\d{{3}})+(?:,\d+)?"))
        for one in _SPACES
    ),
    ("{number: {thousands: \"'\"}}", re.compile(_SIGN + r"\d{1,3}(?:'\d{3})+(?:\.\d+)?")),
    ("percent", re.compile(_SIGN + r"\d+(?:\.\d+)? ?%")),
)  # fmt: skip
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+(?:,\d+)?|[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_MONEY = re.compile(
    r"^(?:[$\u20ac\u00a3\u00a5]|[A-Z]{3} )\s?|\s?(?:[$\u20ac\u00a3\u00a5]| [A-Z]{3})$"
)
_MEASURE = re.compile(r"[+-]?\d+(?:\.\d+)? ?([^\W\d_]{1,4}|\u00b0[CF])")
NOTHING = frozenset(
    ("N/A", "n/a", "NA", "N.A.", "null", "NULL", "None", "none", "NaN", "nan", "-", "?", "", "#N/A")
)
"""Ways to write that there is no value."""
_UNIT = re.compile(
    r"\d+(?:\.\d+)? ?(?:ns|us|\u00b5s|ms|s|sec|m|min|h)(?:\d.*)?|PT.+|\d+:\d\d:\d\d.*"
)
_DATES = (
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S", "%d %b %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y", "%b %d %Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y", "%m/%d/%Y",
    "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z", "%d.%m.%Y %H:%M:%S.%f",
    "%d.%m.%Y %H:%M:%S,%f", "%d/%m/%Y %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S.%f", "%d.%m.%y %H:%M:%S",
    "%m/%d/%Y %I:%M %p", "%b %d, %Y %I:%M:%S %p", "%b %d, %Y %H:%M:%S", "%d-%b-%Y %H:%M:%S",
    "%d/%b/%Y %H:%M:%S", "%Y.%m.%d %H:%M:%S", "%a %b %d %H:%M:%S %Z %Y",
)  # fmt: skip


def step_of(values: Sequence[object]) -> str | None:
    """The steps that make numbers of texts, as YAML; None if they need none.

    >>> step_of(["1,500.25", "20"]), step_of(["22,82"]), step_of(["87%"]), step_of(["1.5"])
    ('number', "{number: {decimal: ','}}", 'percent', None)
    >>> step_of(["$1,500.25", "N/A"]), step_of(["81 kg", "7 kg"])
    ('[{missing: ["N/A"]}, number]', "{regex: '^([-+0-9.]+)'}")
    """
    texts = [value.strip() for value in values if isinstance(value, str)]
    if not any(texts) or len(texts) < sum(value is not None for value in values):
        return None
    nothing = sorted(set(texts) & NOTHING - {""})
    step = _step([text for text in texts if text not in NOTHING])
    if not nothing:
        return step
    missing = f"{{missing: {json.dumps(nothing)}}}"
    if step is not None:
        return f"[{missing}, {step}]"
    return missing if _are_plain([text for text in texts if text not in NOTHING]) else None


def _are_plain(texts: Sequence[str]) -> bool:
    return bool(texts) and all(map(_PLAIN.fullmatch, texts))


def _step(texts: Sequence[str]) -> str | None:
    bare = [_MONEY.sub("", text).strip() for text in texts]
    for step, pattern in _WAYS:
        fits = [bool(pattern.fullmatch(text)) for text in bare]
        rest = [text for text, fit in zip(bare, fits, strict=True) if not fit]
        plain = _COMMA if "decimal" in step else _PLAIN
        if any(fits) and all(map(plain.fullmatch, rest)):
            return step
    if bare != list(texts) and _are_plain(bare):
        return "number"
    units = {match[1] if match else None for match in map(_MEASURE.fullmatch, texts)}
    return "{regex: '^([-+0-9.]+)'}" if len(units) == 1 and None not in units else None


def are_durations(values: Sequence[object]) -> bool:
    """Whether all are texts of durations with their units."""
    texts = [value for value in values if isinstance(value, str)]
    if not texts or len(texts) < len(values) or not all(_UNIT.fullmatch(t.strip()) for t in texts):
        return False
    try:
        return all(seconds(text) >= 0 for text in texts)
    except ValueError:
        return False


def date_forms(values: Sequence[object]) -> list[str]:
    """The forms in which all texts are dates, where they are not ISO 8601.

    >>> date_forms(["20/11/2026 10:00:00"]), date_forms(["03/04/2026 10:00:00"])
    (['%d/%m/%Y %H:%M:%S'], ['%d/%m/%Y %H:%M:%S', '%m/%d/%Y %H:%M:%S'])
    """
    texts = [value.strip() for value in values if isinstance(value, str)]
    if not texts or len(texts) < len(values):
        return []
    return [form for form in _DATES if all(_is_date(text, form) for text in texts)]


def _is_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True
