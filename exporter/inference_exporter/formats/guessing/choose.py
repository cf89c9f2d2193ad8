"""Which key of a log is which field, by name and by what its values look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from inference_exporter.formats.guessing.kinds import (
    Values,
    are_names,
    are_numbers,
    are_prose,
    are_scalars,
    are_statuses,
    can_be_path,
    finite,
    is_share,
    is_time,
    successes,
    sum_to_one,
    time_unit,
)
from inference_exporter.formats.guessing.names import (
    DOUBTS,
    NAMES,
    SPANS,
    STEP_KEYS,
    STEPS,
    spelled,
    unit_of,
)
from inference_exporter.formats.guessing.names import fits as matches
from inference_exporter.formats.guessing.written import are_durations, date_forms, step_of


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
    classes: tuple[str, ...] = ()  # of probabilities
    ok: tuple[str, ...] = ()  # what counts as a success


def choose(values: Values) -> dict[str, Choice]:
    """The guesses for all plain fields."""
    checks: dict[str, Callable[[Sequence[object]], bool]] = {
        "timestamp": is_time,
        "score": lambda found: are_numbers(found) or step_of(found) is not None,
        "latency": lambda found: are_numbers(found) or are_durations(found) or bool(step_of(found)),
        "version": are_names,
        "status": are_statuses,
        "prediction": lambda found: are_scalars(found) and not are_prose(found),
    }
    taken: set[str] = set()
    chosen: dict[str, Choice] = {}
    for name in NAMES:
        good = [
            path
            for path in candidates(values, name)
            if path not in taken and checks.get(name, are_scalars)(values[path])
        ]
        if good:
            chosen[name] = _choice(name, good, values)
            taken.update(chosen[name].paths)
    if "prediction" not in chosen and (outputs := _outputs(values)) is not None:
        chosen["prediction"] = outputs
    return _as_score(chosen, values)


def candidates(values: Values, role: str) -> list[str]:
    """Paths that may be a field by their name: by rank of the name, then the shallowest."""
    found = [path for path in by_name(values, NAMES[role]) if not _is_aside(path, role)]
    if role == "version":  # `latency.model` is how long it took
        return [path for path in found if path.rpartition(".")[0].rpartition(".")[2] not in STEPS]
    if role == "prediction":
        return [path for path in found if not is_about(path)]
    if role == "score":  # `credit_score: 710` is an input, and `p` may be anything
        return [path for path in found if _names_score(path) or is_share(values[path])]
    return found


_ASIDE = re.compile(r"(shadow|challenger|baseline|previous|prev|old|last|avg|mean|max|min)_")


def _is_aside(path: str, role: str) -> bool:
    """Whether a name is of another answer than that which was given."""
    last = spelled(path).rpartition(".")[2]
    return role in ("prediction", "score", "latency") and _ASIDE.match(last) is not None


def by_name(values: Values, names: Sequence[str]) -> list[str]:
    """Paths that end in one of the names: by rank of the name, then the shallowest."""
    ranked = []
    for path in values:
        plain = path.removesuffix("[0]")
        for rank, name in enumerate(names):
            if matches(plain, name):
                ranked.append((rank, path.count("."), path))
                break
    ranked.sort(key=lambda one: one[:2])
    return list(dict.fromkeys(path for _, _, path in ranked))


_ABOUT = re.compile(r"prob|score|conf|laten|durat|time|_at$|_ms$|_id$|version|count|explan|shap")
"""What is said about a prediction, and is none."""


def is_about(path: str) -> bool:
    """Whether a name speaks of something about a prediction: its probability, its time.

    >>> is_about("predicted_price"), is_about("prediction_time_ms")
    (False, True)
    """
    last = spelled(path).rpartition(".")[2]
    if last in ("class_id", "label_id"):
        return False
    return "predic" in last and _ABOUT.search(last) is not None


def _names_score(path: str) -> bool:
    last = spelled(path).rpartition(".")[2]
    return last != "p" and (not last.endswith("_score") or last in NAMES["score"])


def _outputs(values: Values) -> Choice | None:
    """The first of several outputs, where a prediction is a list or an object of numbers."""
    for path in candidates(values, "prediction"):
        found = values[path]
        lists = [one for one in found if isinstance(one, list)]
        alike = len(lists) == len(found) and len(set(map(len, lists))) == 1 and len(lists[0]) > 1
        if alike and all(are_numbers(one) for one in lists) and not sum_to_one(lists):
            said = f"{len(lists[0])} outputs: this is the first of them"
            return Choice((f"{path}[0]",), doubts=(said,))
        objects = [one for one in found if isinstance(one, Mapping)]
        if len(objects) == len(found) and all(are_numbers(list(one.values())) for one in objects):
            names = [name for name in objects[0] if can_be_path(name)]
            if names and not sum_to_one([list(one.values()) for one in objects]):
                said = f"{len(objects[0])} outputs: this is the first of them"
                others = tuple(f"{path}.{name}" for name in names[1:5])
                return Choice((f"{path}.{names[0]}",), doubts=(said,), others=others)
    return None


def _as_score(chosen: dict[str, Choice], values: Values) -> dict[str, Choice]:
    """A prediction that is a share of one, and nothing else is the score: a probability."""
    one = chosen.get("prediction")
    found = values.get(one.paths[0], ()) if one and "score" not in chosen else ()
    if one is None or not found or not are_numbers(found):
        return chosen
    if not is_share(found) or all(number in (0.0, 1.0) for number in finite(found)):
        return chosen
    said = "between 0 and 1: taken for a probability; if it is a value, it belongs to prediction"
    rest = {name: choice for name, choice in chosen.items() if name != "prediction"}
    return rest | {"score": Choice(one.paths, one.unit, (said,), one.others)}


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
    elif name == "latency":
        return _latency(fits, values[best])
    elif name == "score":
        step = step_of(values[best]) or _percent(best, values[best], doubts)
        others = tuple(path for path in fits if path not in used)[:4]
        return Choice((best,), None, tuple(doubts), others, convert=step)
    elif name == "prediction" and spelled(best).rpartition(".")[2].startswith("is_"):
        doubts.append("this can also be the truth: then it belongs to actual")
    others = tuple(path for path in fits if path not in used)[:4]
    ok = successes(values[best]) if name == "status" else ()
    return Choice(used, unit, tuple(doubts), others, ok=ok)


def _latency(fits: list[str], found: Sequence[object]) -> Choice:
    """How long a request took: a text with its unit, or a number whose name may say it."""
    others = tuple(fits[1:5])
    if are_durations(found):
        return Choice((fits[0],), None, (), others, convert="duration")
    unit, doubts = unit_of(fits[0]), []
    if not any(name[0] != "*" and matches(fits[0], name) for name in NAMES["latency"]):
        doubts.append("check that it is how long a request took")
    if not are_numbers(found):
        return Choice((fits[0],), unit, (), others, convert=step_of(found))
    if unit is None:
        unit, doubt = _assumed(found)
        doubts.append(doubt)
    return Choice((fits[0],), unit, tuple(doubts), others)


def _assumed(found: Sequence[object]) -> tuple[str | None, str]:
    """The unit of a latency whose name says none: what would be a usual one for a model."""
    numbers = sorted(finite(found))
    middle = numbers[len(numbers) // 2]
    for unit, least in (("ns", 1e7), ("us", 1e5), ("ms", _LONG)):
        if middle >= least:
            word = {"ns": "nanoseconds", "us": "microseconds", "ms": "milliseconds"}[unit]
            return unit, f"the name says no unit: {word} are assumed, anything else would be long"
    return None, "the name says no unit: seconds are assumed"


_LONG = 15.0  # seconds that a usual model does not take


def _percent(path: str, found: Sequence[object], doubts: list[str]) -> str | None:
    """What makes a probability of a score that is above 1."""
    if max(map(abs, finite(found)), default=0) <= 1:
        return None
    last, numbers = spelled(path).rpartition(".")[2], finite(found)
    mostly = sum(number > 1 for number in numbers) > 0.9 * len(numbers)
    if mostly and min(numbers) >= 0 and max(numbers) <= 100 and re.search("conf|prob", last):
        doubts.append("some values are above 1: taken for percentages")
        return "percent"
    if min(finite(found)) < 0:
        doubts.append("some values are negative: this is no probability")
        return None
    doubts.append("some values are above 1: is it a percentage?")
    return None


def _dated(path: str, found: Sequence[object]) -> Choice:
    """A date in a form of its own; whether the day or the month comes first may not be told."""
    forms = date_forms(found)
    doubts = [f"or is it {form}?" for form in forms[1:2]]
    if doubts:
        doubts.insert(0, "the order of day and month cannot be told from these lines")
    if "%z" not in forms[0] and "%Z" not in forms[0]:
        doubts.append("no zone in the text: set timezone")
    return Choice((path,), None, tuple(doubts), convert=f'{{strptime: "{forms[0]}"}}')


def choose_spans(values: Values, chosen: Mapping[str, Choice]) -> dict[str, Choice]:
    """A latency that is what lies between two times, where none is logged as such."""
    for start, end in SPANS:
        if start not in values or end not in values or "latency" in chosen:
            continue
        unit = time_unit(values[end])
        if unit is not None and time_unit(values[start]) == unit and values[start] != values[end]:
            said = f"from {start} to {end}"
            return {"latency": Choice((end,), unit, (said,), since=start)}
    return {}


def choose_weight(values: Values) -> Choice | None:
    """How many predictions a logged one stands for."""
    for path in by_name(values, ("sampling_fraction", "sampling_rate", "sample_rate")):
        if are_numbers(values[path]) and all(0 < v <= 1 for v in finite(values[path])):
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


def _zone_doubts(found: Sequence[object]) -> list[str]:
    texts = [v for v in found if isinstance(v, str) and not finite([v])]
    if texts and not any(t.endswith("Z") or "+" in t or t[-6:-5] == "-" for t in texts):
        return ["no zone in the text: set timezone, or log UTC with a Z"]
    return []


def choose_steps(values: Values, taken: Collection[str] = ()) -> dict[str, Choice]:
    """Latencies of steps that are in one object, or have names of their own; not those `taken`."""
    steps = {}
    for name, keys in STEP_KEYS.items():
        found = [path for path in by_name(values, keys) if are_numbers(values[path])]
        if found and not any(path in taken for path in found):
            unit = unit_of(found[0])
            doubts = () if unit else ("the name says no unit: seconds are assumed",)
            steps[name] = Choice((found[0],), unit, doubts)
    for path in values:
        head, _, name = path.rpartition(".")
        if _step_name(name) in ("total", "total_time", "overall"):
            continue  # it is the latency
        if (
            head.rpartition(".")[2] in STEPS
            and _step_name(name).strip()
            and are_numbers(values[path])
        ):
            unit = unit_of(name)
            doubts = () if unit else ("the name says no unit: seconds are assumed",)
            steps[_step_name(name)] = Choice((path,), unit, doubts)
    return steps


def _step_name(name: str) -> str:
    for end in ("_ms", "_us", "_ns", "_seconds", "_s"):
        name = name.removesuffix(end)
    return name
