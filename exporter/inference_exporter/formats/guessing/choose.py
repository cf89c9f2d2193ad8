"""Which key of a log is which field, by name and by what its values look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inference_exporter.config.schema import TimestampField, Unit
from inference_exporter.formats.columns.times import time_reader
from inference_exporter.formats.guessing.names import (
    DOUBTS,
    FEATURES,
    NAMES,
    SPANS,
    STEPS,
    TOP_LEVEL_ONLY,
    unit_of,
)
from inference_exporter.formats.guessing.written import are_durations, date_forms, step_of
from inference_exporter.formats.keys import paths
from inference_exporter.values.numeric import numeric_column

Values = Mapping[str, Sequence[object]]
"""Values that are not null by path."""

_EPOCH: tuple[tuple[float, Unit], ...] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"), (1e20, "ns"))


@dataclass(frozen=True, slots=True)
class Choice:
    """A guess: the paths of a field, its unit, and what to say about it."""

    paths: tuple[str, ...]
    unit: str | None = None
    doubts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # further candidates that were found
    names: tuple[str, ...] = ()  # features in a list
    convert: str | None = None  # steps, as YAML
    since: str | None = None  # where the start of a duration is


def values_by_path(rows: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """All values that are not null, by path; no paths that a configuration cannot spell."""
    found: dict[str, list[object]] = {}
    for row in rows:
        for path in dict.fromkeys(paths(row)):
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


def choose(values: Values) -> dict[str, Choice]:
    """The guesses for all plain fields."""
    checks: dict[str, Callable[[Sequence[object]], bool]] = {
        "timestamp": lambda found: time_unit(found) is not None or bool(date_forms(found)),
        "score": lambda found: _numbers(found) or step_of(found) is not None,
        "latency": lambda found: _numbers(found) or are_durations(found),
    }
    taken: set[str] = set()
    chosen: dict[str, Choice] = {}
    for name in NAMES:
        fits = [
            path
            for path in _candidates(values, NAMES[name])
            if path not in taken and checks.get(name, _scalars)(values[path])
        ]
        if fits:
            chosen[name] = _choice(name, fits, values)
            taken.update(chosen[name].paths)
    return chosen


def _candidates(values: Values, names: Sequence[str]) -> list[str]:
    """Paths that end in one of the names: by rank of the name, then the shallowest."""
    ranked = []
    for path in values:
        plain = path.removesuffix("[0]")
        for rank, name in enumerate(names):
            inner = plain.endswith(f".{name}") and name not in TOP_LEVEL_ONLY
            if plain == name or inner or (name[0] == "*" and plain.endswith(name[1:])):
                ranked.append((rank, path.count("."), path))
    ranked.sort()
    return list(dict.fromkeys(path for _, _, path in ranked))


def _choice(name: str, fits: list[str], values: Values) -> Choice:
    best = fits[0]
    doubt = DOUBTS.get((name, best.rpartition(".")[2]))
    doubts = [doubt] if doubt else []
    unit: str | None = None
    used: tuple[str, ...] = (best,)
    if name == "timestamp":
        unit = time_unit(values[best])
        if unit is None:
            return _dated(best, values[best])
        used = (best, *_complements(best, fits[1:], values, unit))
        doubts += _zone_doubts(values[best])
    elif name == "latency" and are_durations(values[best]):
        return Choice((best,), None, tuple(doubts), convert="duration")
    elif name == "latency":
        unit = unit_of(best)
        if unit is None:
            doubts.append("the name says no unit: seconds are assumed")
    elif name == "score" and (step := step_of(values[best])) is not None:
        return Choice((best,), None, tuple(doubts), convert=step)
    elif name == "score" and max(abs(v) for v in _finite(values[best])) > 1:
        doubts.append("some values are above 1: is it a percentage?")
    others = tuple(path for path in fits if path not in used)[:4]
    return Choice(used, unit, tuple(doubts), others)


def _dated(path: str, found: Sequence[object]) -> Choice:
    """A date in a form of its own; whether the day or the month comes first may not be told."""
    forms = date_forms(found)
    doubts = [f"or is it {form}?" for form in forms[1:2]]
    if doubts:
        doubts.insert(0, "the order of day and month cannot be told from these lines")
    doubts.append("no zone in the text: set timezone")
    return Choice((path,), None, tuple(doubts), convert=f'{{strptime: "{forms[0]}"}}')


def choose_spans(values: Values, chosen: Mapping[str, Choice]) -> dict[str, Choice]:
    """A latency that is what lies between two times, where none is logged as such."""
    for start, end in SPANS:
        if start not in values or end not in values or "latency" in chosen:
            continue
        unit = time_unit(values[end])
        if unit is not None and time_unit(values[start]) == unit:
            said = f"from {start} to {end}"
            return {"latency": Choice((end,), unit, (said,), since=start)}
    return {}


def choose_weight(values: Values) -> Choice | None:
    """How many predictions a logged one stands for."""
    for path in _candidates(values, ("sampling_fraction", "sampling_rate", "sample_rate")):
        if _numbers(values[path]) and all(0 < v <= 1 for v in _finite(values[path])):
            return Choice((path,), doubts=("one divided by the share that is logged",),
                          convert="inverse")  # fmt: skip
    return None


def _complements(best: str, others: list[str], values: Values, unit: str | None) -> list[str]:
    """A second name, for a log in which some lines have one and some the other."""
    total = max(len(found) for found in values.values())
    return [
        path
        for path in others
        if len(values[best]) < total
        and len(values[best]) + len(values[path]) <= total
        and time_unit(values[path]) == unit
    ][:1]


def _scalars(found: Sequence[object]) -> bool:
    """Whether all are scalars, and not all of them empty."""
    return all(isinstance(value, str | int | float) for value in found) and set(found) != {""}


def _numbers(found: Sequence[object]) -> bool:
    return not any(isinstance(v, bool | dict | list) for v in found) and bool(len(_finite(found)))


def _finite(found: Sequence[object]) -> list[float]:
    numbers = numeric_column(found).values
    return [float(number) for number in numbers if np.isfinite(number)]


def time_unit(found: Sequence[object]) -> Unit | None:
    """The unit in which the values are points in time; None if they are not."""
    if not _scalars(found):
        return None
    numbers = _finite(found)
    unit: Unit = "s"
    if numbers:
        low, high = min(numbers), max(numbers)
        unit = next((u for end, u in _EPOCH if high < end), "s")
        if low < 1e8:  # before 1973: a count of something else
            return None
    column = time_reader(TimestampField((), unit))(found)
    return unit if np.isfinite(column.values).all() else None


def _zone_doubts(found: Sequence[object]) -> list[str]:
    texts = [v for v in found if isinstance(v, str) and not _finite([v])]
    if texts and not any(t.endswith("Z") or "+" in t or t[-6:-5] == "-" for t in texts):
        return ["no zone in the text: set timezone, or log UTC with a Z"]
    return []


def choose_features(values: Values) -> Choice | None:
    """An object or a list of inputs."""
    for path in _candidates(values, FEATURES):
        found = values[path]
        if all(isinstance(value, Mapping) for value in found):
            return Choice((path,))
        if all(isinstance(value, list) for value in found):
            sizes = {len(value) for value in found if isinstance(value, list)}
            flat = all(
                not isinstance(e, list | dict) for v in found if isinstance(v, list) for e in v
            )
            if flat and len(sizes) == 1 and sizes != {0}:
                names = tuple(f"x{i}" for i in range(sizes.pop()))
                return Choice((path,), doubts=("give the inputs their names",), names=names)
    return None


def choose_steps(values: Values) -> dict[str, Choice]:
    """Latencies of steps that are in one object."""
    steps = {}
    for path in values:
        head, _, name = path.rpartition(".")
        if head.rpartition(".")[2] in STEPS and _step_name(name).strip() and _numbers(values[path]):
            unit = unit_of(name)
            doubts = () if unit else ("the name says no unit: seconds are assumed",)
            steps[_step_name(name)] = Choice((path,), unit, doubts)
    return steps


def _step_name(name: str) -> str:
    for end in ("_ms", "_us", "_ns", "_seconds", "_s"):
        name = name.removesuffix(end)
    return name
