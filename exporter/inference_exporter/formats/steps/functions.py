"""What the steps of the mapping language do: functions of one value, chained.

None, a value that is not there, stays None. What a step cannot read becomes `UNUSABLE`, which is
counted where the value is used. Nothing a log can hold raises, and what comes out is bounded.
"""

from __future__ import annotations

import ast
import base64
import binascii
import csv
import json
import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from inference_exporter.config.step import Step, Steps
from inference_exporter.formats.paths import UNUSABLE, walker
from inference_exporter.formats.steps.durations import seconds
from inference_exporter.formats.steps.payloads import rows_of
from inference_exporter.values.batch import category_name

Function = Callable[[Any], object]

DECODED_BYTES = 16 << 20  # what may come out of one compressed value
FLAT_DEPTH = 8  # objects in objects that become one
LITERAL_BYTES = 1 << 20  # of a Python literal: `ast` needs a hundred times as much memory
_MONEY = re.compile(  # in front of an amount or behind it
    r"^(?:[$\u20ac\u00a3\u00a5]|[A-Z]{3}\s)|(?:[$\u20ac\u00a3\u00a5]|\s[A-Z]{3})$"
)
_GZIP = 47  # zlib's number for "gzip or zlib, whichever it is"
_decode = msgspec.json.Decoder().decode
_BAD = (ValueError, TypeError, OverflowError, RecursionError, MemoryError, SyntaxError, KeyError)


class _Unusable(ValueError):
    """The value is not what the step reads."""


def function_of(steps: Steps) -> Function:
    """All steps as one function.

    >>> from inference_exporter.config.mapping import steps
    >>> function_of(steps(["json", {"pick": "a"}]))('{"a": 1}')
    1
    >>> function_of(steps({"number": {"thousands": ","}}))("1,500.25")
    1500.25
    """
    functions = [FUNCTIONS[step.name](step) for step in steps]

    def apply(value: object) -> object:
        try:
            for function in functions:
                if value is None:
                    return None
                if value is UNUSABLE:
                    return value
                value = function(value)
        except _BAD:
            return UNUSABLE
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    return apply


# -- texts that hold something ---------------------------------------------------------------


def _json(value: Any) -> object:
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return [_json(one) for one in value]
    if not isinstance(value, str | bytes):
        return value  # some clients log the object, some its text
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeError):
        return json.loads(value, strict=False)  # NaN, which Python's json writes


def _csv(delimiter: str) -> Function:
    def read(value: Any) -> object:
        text = _text(value)
        if '"' not in text:
            return [line.split(delimiter) for line in text.splitlines() if line]
        try:
            return [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
        except csv.Error as error:
            raise _Unusable from error

    return read


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if not isinstance(value, str):
        raise _Unusable
    return value


def _base64(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise _Unusable from error


def _gzip(value: Any) -> bytes:
    stream = zlib.decompressobj(_GZIP)
    try:
        data = stream.decompress(value, DECODED_BYTES)
    except zlib.error as error:
        raise _Unusable from error
    if not stream.eof:  # cut off, or more than may come out
        raise _Unusable
    return data


def _python(value: Any) -> object:
    text = _text(value)
    if len(text) > LITERAL_BYTES:
        raise _Unusable
    return ast.literal_eval(text.strip())


def _encoded(value: Any) -> object:
    """SageMaker's `{observedContentType, mode, data, encoding}`."""
    data = value["data"]
    encoding = str(value.get("encoding", "")).upper()
    if encoding == "BASE64":
        data = _text(_base64(data))
        kind = str(value.get("observedContentType") or "").lower()
        opening = data.lstrip()[:1]
        encoding = "JSON" if "json" in kind or opening in ("{", "[") else "CSV"
    if encoding == "JSON":
        return _json_lines(data)
    return _csv(",")(data) if encoding == "CSV" else data


def _json_lines(data: Any) -> object:
    """JSON, or JSON lines, which SageMaker captures as JSON too."""
    try:
        return _json(data)
    except ValueError:
        return [_json(line) for line in _text(data).splitlines() if line.strip()]


# -- shapes ----------------------------------------------------------------------------------


def _pick(path: str) -> Function:
    find = walker((path,))

    def pick(value: Any) -> object:
        if isinstance(value, list):
            return [find(one) if isinstance(one, dict) else None for one in value]
        if not isinstance(value, dict):
            raise _Unusable
        return find(value)

    return pick


def _keyed(names: tuple[str, str]) -> Function:
    key, item = names

    def keyed(value: Any) -> object:
        return {category_name(one[key]): one[item] for one in value}

    return keyed


def _flat(value: Any) -> object:
    if isinstance(value, list):
        return [_flat(one) if isinstance(one, dict) else one for one in value]
    if not isinstance(value, dict):
        raise _Unusable
    return dict(_leaves(value, "", FLAT_DEPTH))


def _leaves(holder: Mapping[str, Any], above: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in holder.items():
        if isinstance(value, dict) and value and depth:
            yield from _leaves(value, f"{above}{key}.", depth - 1)
        else:
            yield f"{above}{key}", value


# -- single values ---------------------------------------------------------------------------


def _number(option: Mapping[str, str] | None) -> Function:
    option = option or {}
    decimal = option.get("decimal", ".")
    thousands = option.get("thousands", "," if decimal == "." else ".")

    def read(value: Any) -> object:
        if not isinstance(value, str):
            return value
        text = _MONEY.sub("", value.strip()).strip().replace(thousands, "")
        number = float(text.replace(decimal, ".") if decimal != "." else text)
        return number if math.isfinite(number) else UNUSABLE

    return read


def _percent(value: Any) -> object:
    if isinstance(value, str):
        value = value.strip().removesuffix("%").rstrip()
    return float(value) / 100.0


def _duration(value: Any) -> object:
    return value if isinstance(value, int | float) else seconds(_text(value))


def _strptime(form: str) -> Function:
    zoned = "%z" in form or "%Z" in form

    def read(value: Any) -> object:
        if not isinstance(value, str):
            value = category_name(value)
        moment = datetime.strptime(value.strip(), form)
        return moment.timestamp() if zoned and moment.tzinfo else moment.isoformat()

    return read


def _regex(pattern: str) -> Function:
    search = re.compile(pattern).search

    def find(value: Any) -> object:
        found = search(value if isinstance(value, str) else category_name(value))
        return found[1] if found else None

    return find


def _map(table: Mapping[str, object]) -> Function:
    def look_up(value: Any) -> object:
        return table.get(category_name(value), value)

    return look_up


def _missing(names: tuple[str, ...]) -> Function:
    nothing = frozenset(names)

    def drop(value: Any) -> object:
        if isinstance(value, dict | list):
            return value
        return None if category_name(value) in nothing else value

    return drop


def _hex(digits: int) -> Function:
    def write(value: Any) -> object:
        number = int(value)
        if number < 0 or number >> (4 * digits):
            raise _Unusable
        return f"{number:0{digits}x}"

    return write


def _inverse(value: Any) -> object:
    number = float(value)
    if number <= 0:
        raise _Unusable
    return 1.0 / number


def _lower(value: Any) -> object:
    return value.lower() if isinstance(value, str) else value


def _plain(function: Function) -> Callable[[Step], Function]:
    return lambda _: function


def _with_option(maker: Callable[[Any], Function]) -> Callable[[Step], Function]:
    return lambda step: maker(step.option)


FUNCTIONS: Mapping[str, Callable[[Step], Function]] = {
    "json": _plain(_json),
    "csv": lambda step: _csv(step.option or ","),
    "base64": _plain(_base64),
    "gzip": _plain(_gzip),
    "python": _plain(_python),
    "encoded": _plain(_encoded),
    "rows": _plain(rows_of),
    "pick": _with_option(_pick),
    "keyed": _with_option(_keyed),
    "flat": _plain(_flat),
    "number": _with_option(_number),
    "percent": _plain(_percent),
    "duration": _plain(_duration),
    "strptime": _with_option(_strptime),
    "regex": _with_option(_regex),
    "map": _with_option(_map),
    "missing": _with_option(_missing),
    "hex": _with_option(_hex),
    "inverse": _plain(_inverse),
    "lower": _plain(_lower),
}
"""Every step of `config.mapping.STEPS`; a test holds one table against the other."""
