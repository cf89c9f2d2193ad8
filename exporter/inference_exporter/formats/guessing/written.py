"""How values are written: numbers with separators, durations with units, dates in other forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from inference_exporter.formats.steps.durations import seconds

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_PERCENT = re.compile(r"[+-]?\d+(?:\.\d+)? ?%")
_UNIT = re.compile(
    r"\d+(?:\.\d+)? ?(?:ns|us|\u00b5s|ms|s|sec|m|min|h)(?:\d.*)?|PT.+|\d+:\d\d:\d\d.*"
)
_DATES = (
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S", "%d %b %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y", "%b %d %Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y", "%m/%d/%Y",
)  # fmt: skip


def step_of(values: Sequence[object]) -> str | None:
    """The step that makes numbers of texts, as YAML; None if they need none.

    >>> step_of(["1,500.25", "20"]), step_of(["22,82"]), step_of(["87%"]), step_of(["1.5"])
    ('number', "{number: {decimal: ','}}", 'percent', None)
    """
    texts = [value.strip() for value in values if isinstance(value, str) and value.strip()]
    if not texts or len(texts) < sum(value is not None for value in values):
        return None
    for pattern, step in (
        (_THOUSANDS, "number"), (_COMMA, "{number: {decimal: ','}}"), (_PERCENT, "percent"),
    ):  # fmt: skip
        fits = [bool(pattern.fullmatch(text)) for text in texts]
        rest = [text for text, fit in zip(texts, fits, strict=True) if not fit]
        if any(fits) and all(_PLAIN.fullmatch(text) for text in rest):
            return step
    return None


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
