"""What values are, whatever their name: times, numbers, shares of one, outcomes, prose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from inference_exporter.config.schema import StatusField, TimestampField, Unit
from inference_exporter.config.success import Success
from inference_exporter.formats.columns.times import time_reader
from inference_exporter.formats.guessing.written import date_forms
from inference_exporter.formats.keys import paths
from inference_exporter.values.batch import category_name
from inference_exporter.values.numeric import numeric_column

Values = Mapping[str, Sequence[object]]
"""Values that are not null by path."""

DEPTH = 6  # objects in objects in which fields are looked for
_EPOCH: tuple[tuple[float, Unit], ...] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"), (1e20, "ns"))


def values_by_path(rows: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """All values that are not null, by path; no paths that a configuration cannot spell."""
    found: dict[str, list[object]] = {}
    for row in rows:
        for path in dict.fromkeys(paths(row, depth=DEPTH)):
            value = _at(row, path)
            if value is not None and path.isprintable():
                found.setdefault(path, []).append(value)
                if isinstance(value, list) and len(value) == 1 and value[0] is not None:
                    found.setdefault(f"{path}[0]", []).append(value[0])
    return found


def _at(row: Mapping[str, object], path: str) -> object:
    if path in row:
        return row[path]
    parts = path.split(".")
    for i in range(len(parts) - 1, 0, -1):
        below = row.get(".".join(parts[:i]))
        if isinstance(below, Mapping):
            found = _at(below, ".".join(parts[i:]))
            if found is not None:
                return found
    return None


def are_prose(found: Sequence[object]) -> bool:
    """Whether answers are texts that a model wrote, or identifiers, and no classes.

    >>> are_prose([f"The {i}th answer, which is a rather long one" for i in range(6)])
    True
    >>> are_prose(["a", "b"] * 20), are_prose([f"{i}.5" for i in range(30)])
    (False, False)
    """
    texts = [one for one in found if isinstance(one, str) and not len(finite([one]))]
    if len(texts) < _SOME or len(texts) < len(found) or len(set(texts)) < 0.9 * len(texts):
        return False
    return len(texts) >= _MANY or sum(map(len, texts)) > _LENGTH * len(texts)


_SOME, _MANY = 5, 20  # texts, no two of them alike
_LENGTH = 30  # letters that names of classes do not have


def are_names(found: Sequence[object]) -> bool:
    """Whether values can be versions: `3`, `v3`, `3.1`, and not 0.0125."""
    return are_scalars(found) and not any(
        (isinstance(v, float) and round(v, 2) != v) or isinstance(v, bool) for v in found
    )


def is_share(found: Sequence[object]) -> bool:
    """Whether all numbers are between 0 and 1."""
    numbers = finite(found)
    return bool(numbers) and min(numbers) >= 0 and max(numbers) <= 1


def is_time(found: Sequence[object]) -> bool:
    """Whether values are points in time, and not days alone."""
    if not found or all(isinstance(v, str) and _DAY.fullmatch(v.strip()) for v in found):
        return False
    return time_unit(found) is not None or bool(date_forms(found))


_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}")


def can_be_path(name: str) -> bool:
    """Whether a key can be the last part of a path."""
    return bool(name.strip()) and name.isprintable() and "." not in name and "[" not in name


def sum_to_one(vectors: Sequence[Sequence[object]]) -> bool:
    """Whether every vector is one of probabilities."""
    tables = [finite(one) for one in vectors]
    return all(abs(sum(one) - 1) < 0.02 and min(one, default=-1) >= 0 for one in tables)


_BAD = frozenset(("error", "failed", "failure", "fail", "false", "timeout", "exception", "no"))


def are_statuses(found: Sequence[object]) -> bool:
    """Whether values say how requests ended: `state: CA` does not."""
    if not are_scalars(found):
        return False
    names = {category_name(v) for v in found if isinstance(v, str | int | float)}
    usual = Success(StatusField(()).ok)
    words = {name.lower() for name in names}
    codes = all(name.isdigit() and 100 <= int(name) < 600 for name in names)
    return (
        codes
        or any(usual(name) and not name.isdigit() for name in names)
        or bool(words & (_GOOD | _BAD))
    )


_GOOD = frozenset(("true", "completed", "complete", "done", "passed", "pass", "finished", "yes"))


def successes(found: Sequence[object]) -> tuple[str, ...]:
    """What counts as a success, where it is not one of the usual words."""
    names = {category_name(v) for v in found if isinstance(v, str | int | float)}
    usual = any(Success(StatusField(()).ok)(name) for name in names)
    return () if usual else tuple(sorted(name for name in names if name.lower() in _GOOD))


def are_scalars(found: Sequence[object]) -> bool:
    """Whether all are scalars, and not all of them empty."""
    return all(isinstance(value, str | int | float) for value in found) and set(found) != {""}


def are_numbers(found: Sequence[object]) -> bool:
    """Whether all are numbers, or texts of numbers for some, and some are finite."""
    return not any(isinstance(v, bool | dict | list) for v in found) and bool(len(finite(found)))


def finite(found: Sequence[object]) -> list[float]:
    """The numbers among values, finite ones only."""
    numbers = numeric_column(found).values
    return [float(number) for number in numbers if np.isfinite(number)]


def time_unit(found: Sequence[object]) -> Unit | None:
    """The unit in which the values are points in time; None if they are not."""
    if not are_scalars(found):
        return None
    numbers = finite(found)
    unit: Unit = "s"
    if numbers:
        low, high = min(numbers), max(numbers)
        unit = next((u for end, u in _EPOCH if high < end), "s")
        if low < 1e8:  # before 1973: a count of something else
            return None
    column = time_reader(TimestampField((), unit))(found)
    return unit if np.isfinite(column.values).all() else None
