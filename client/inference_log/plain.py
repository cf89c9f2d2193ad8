"""Any value as JSON: what JSON has no word for becomes the closest thing that it has."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Set
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Callable

_MISSING = ("NAType", "NaTType")  # pandas' own words for a missing value
_DEPTH = 12
_CONVERTED: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.value),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, lambda value: value.total_seconds()),
    (Decimal, float),
    ((bytes, bytearray, memoryview), lambda value: bytes(value).decode("utf-8", "replace")),
)
_METHODS = ("model_dump", "_asdict", "tolist", "to_dict")  # pydantic, named tuples, NumPy, pandas


def line_of(record: Mapping[str, Any], redact: frozenset[str] = frozenset()) -> bytes:
    """A record as one line of JSON by the letter; keys named in `redact` are left out."""
    try:
        text = _encode(plain(record, redact) if redact else record)
    except Exception:  # NaN, keys that are no texts, circles: the slow way has a word for each
        text = _encode(plain(record, redact))
    return text.encode("utf-8", "replace") + b"\n"


def plain(value: Any, redact: frozenset[str] = frozenset(), above: tuple[int, ...] = ()) -> Any:
    """The value in texts, finite numbers, lists and dicts; never raises."""
    if value is None or value.__class__ in (str, bool):
        return value
    if len(above) > _DEPTH or id(value) in above:
        return "<nested>"
    try:
        if isinstance(value, (int, float)):
            return _number(value)
        inside = (*above, id(value))
        if isinstance(value, Mapping):
            named = [(_key(key), one) for key, one in value.items()]
            return {key: plain(one, redact, inside) for key, one in named if key not in redact}
        if isinstance(value, (list, tuple, Set)) and not hasattr(value, "_asdict"):
            return [plain(one, redact, inside) for one in value]
        return plain(_simpler(value), redact, inside)
    except Exception:
        return f"<{type(value).__name__}>"


def _number(value: float) -> Any:
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else _number(float(value))
    if math.isfinite(value):
        return float(value)
    return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _key(key: object) -> str:
    """As the json module names keys that are no texts."""
    if isinstance(key, str):
        return key
    return json.dumps(key) if key is None or isinstance(key, (int, float)) else str(key)


def _simpler(value: Any) -> Any:
    if type(value).__name__ in _MISSING:
        return None
    for kinds, convert in _CONVERTED:
        if isinstance(value, kinds):
            return convert(value)
    for method in _METHODS:
        if hasattr(value, method):
            found = getattr(value, method)()
            return float(found) if type(found) is type(value) else found  # NumPy's longdouble
    fields = getattr(value, "__dataclass_fields__", None)
    if isinstance(fields, Iterable):
        return {name: getattr(value, name) for name in fields}
    return str(value)


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain
).encode
