"""Which keys are the inputs of the model, and which of those beside them are none.

An input that is taken for one and is the answer, the truth or an identifier makes drift where there
is none, and no person sees it: so what looks like one of these is left out, and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from inference_exporter.formats.guessing.choose import Choice, by_name, candidates
from inference_exporter.formats.guessing.kinds import Values, is_time
from inference_exporter.formats.guessing.names import (
    FEATURES,
    NOISE,
    SURE_FEATURES,
    WEAK,
    fits,
    spelled,
)
from inference_exporter.formats.guessing.written import are_durations, step_of

_SOME = 5  # values that tell something
_MANY = 20  # values that tell whether hardly two are alike
_IDENTITY = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w:-]+")
_NUMBER_NAMES = re.compile(
    r"(^|_)(id|ids|uid|uuid|guid|no|nr|num|number|key|ref|account|iban|phone|serial|ticket|order|"
    r"invoice|customer|user|session|client|hash|token|ip|index|_id)$"
)
_HASH = re.compile(r"[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}")
_ANSWERS = re.compile(
    r"^(shadow|challenger|champion)(_.|$)|^(pred|predicted|prediction|prob|proba|probability|y|actual|true|shap|expected)_.|"
    r".(_pred|_predicted|_prediction|_predictions|_prob|_proba|_probability|_probabilities|"
    r"_confidence|_actual|_label|_logit|_logits|_shap)$|"
    r"^(probs|probas|probabilities|logits?|scores|explanations?|contributions|residual|error)$"
)
_DURATIONS = re.compile(r"._(ms|us|ns|millis|seconds|duration|latency)$|^ttft|^time_to_first")
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ROLES = ("timestamp", "id", "prediction", "score", "latency", "trace_id", "actual")
_TEXTS = frozenset((
    "text", "prompt", "content", "comment", "review", "question", "query", "document", "sentence",
))  # fmt: skip
_HTTP = frozenset(("method", "path", "url", "uri", "headers", "status", "status_code", "query"))
_OUTPUTS = frozenset(
    ("output", "outputs", "result", "results", "response", "prediction", "predictions", "answer")
)
_LISTS_OF_NAMES = (
    "feature_names", "features_names", "feature_columns", "input_names", "columns", "names",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sorted:
    """Names of values, sorted: those that may be inputs, and those that are none, by why not."""

    inputs: tuple[str, ...]
    others: Mapping[str, str]

    @property
    def odd(self) -> tuple[str, ...]:
        """What is left out although nothing but its look says so."""
        return tuple(name for name, why in self.others.items() if why != "noise")


def choose_features(values: Values) -> Choice | None:
    """An object or a list of inputs."""
    for path in by_name(values, FEATURES):
        found = values[path]
        if all(isinstance(value, Mapping) for value in found):
            if _holds_inputs(path, found):
                return Choice((path,))
        elif all(isinstance(value, list) for value in found):
            sizes = {len(value) for value in found if isinstance(value, list)}
            if _are_flat(found) and len(sizes) == 1 and sizes != {0}:
                return of_list(path, sizes.pop(), values)
            if _are_flat(found) and spelled(path).rpartition(".")[2] in SURE_FEATURES:
                said = "lists of different lengths: the inputs have no names"
                return Choice((path,), doubts=(said,), names=("auto",))
    return None


def _are_flat(lists: Iterable[object]) -> bool:
    return not any(isinstance(e, list | dict) for v in lists if isinstance(v, list) for e in v)


def of_list(path: str, size: int, values: Values) -> Choice:
    """Inputs in a list: their names may be beside it."""
    names = listed_names(values, size, _LISTS_OF_NAMES)
    if names is not None:
        return Choice((path,), doubts=("the names are those of the log",), names=names)
    auto = tuple(f"x{i}" for i in range(size))
    return Choice((path,), doubts=("give the inputs their names",), names=auto)


def listed_names(values: Values, size: int, keys: Sequence[str]) -> tuple[str, ...] | None:
    """Names that the log itself has in a list which is the same in every line."""
    for path in by_name(values, keys):
        found = values[path]
        first = found[0]
        if not isinstance(first, list) or any(one != first for one in found):
            continue
        names = tuple(str(one) for one in first if isinstance(one, str | int))
        if len(names) == size == len(set(names)) and all(
            name.strip() and name.isprintable() for name in names
        ):
            return names
    return None


def _holds_inputs(path: str, found: Sequence[object]) -> bool:
    """Whether an object is one of inputs: a `request` may be one of a web server."""
    last = spelled(path).rpartition(".")[2]
    if last in SURE_FEATURES:
        return True
    keys = {key for one in found if isinstance(one, Mapping) for key in one}
    if last == "usage":
        return any("token" in key for key in keys)
    if not keys or len(_HTTP & keys) > 1 or "messages" in keys:
        return False
    answers = ("prediction", "predicted_class", "predicted_label", "predictions", "score")
    return not any(fits(key, name) for key in keys for name in (*answers, "features", "inputs"))


def beside(values: Values, chosen: Mapping[str, Choice]) -> str | None:
    """The object in which the prediction is, where its inputs may stand beside it."""
    for role in ("prediction", "score", "scores"):
        if role in chosen:
            above = chosen[role].paths[0].rpartition(".")[0]
            last = spelled(above).rpartition(".")[2]
            found = values.get(above, ())
            if above and last not in _OUTPUTS and found and "[" not in above:
                return above if all(isinstance(one, Mapping) for one in found) else None
            return None
    return None


def sort_out(names: Sequence[str], values: Values, used: frozenset[str]) -> Sorted:
    """Which of the names are inputs; `values` are by these names, `used` are those of fields."""
    leaks = {path for role in _ROLES for path in candidates(values, role)}
    leaks = {path for path in leaks if spelled(path) not in WEAK}
    inputs: list[str] = []
    others: dict[str, str] = {}
    for name in names:
        if name in used:
            continue
        why = "" if not values.get(name) else _why_not(name, values[name], name in leaks)
        if why:
            others[name] = why
        else:
            inputs.append(name)
    return Sorted(tuple(inputs), others)


def _why_not(name: str, found: Sequence[object], leaks: bool) -> str:
    """Why values are no input; empty if they may be one."""
    last = spelled(name).rpartition(".")[2]
    said = _by_name(name, last)
    if said:
        return said
    if not all(isinstance(value, str | int | float) for value in found):
        return "no single values"
    if _are_times(last, found):
        return "a time"
    if leaks or _ANSWERS.search(last):
        return "an answer, or something about it"
    if _DURATIONS.search(last) or are_durations(found):
        return "a duration"
    return _identifier(last, found)


def _by_name(name: str, last: str) -> str:
    if name in NOISE or last in NOISE or name.startswith(("$", "__")):
        return "noise"
    if last == "status":
        return "a status"
    named = last.endswith(("_id", "_uuid", "_hash", "_guid")) or last in ("id", "uuid", "hash")
    return "an identifier" if named else ""


def _are_times(last: str, found: Sequence[object]) -> bool:
    texts = any(isinstance(value, str) for value in found) and not _numbers(found)
    return (texts or last.endswith(("_at", "_ts", "timestamp"))) and is_time(found)


def _numbers(found: Sequence[object]) -> bool:
    return all(not isinstance(v, str) or _PLAIN.fullmatch(v.strip()) for v in found)


def is_no_input(name: str, found: Sequence[object]) -> str:
    """Why a value that stands in an object of inputs is none all the same, by its values.

    >>> is_no_input("store_id", [1, 2, 1, 2, 3, 1]), is_no_input("user_id", list(range(6)))
    ('', 'an identifier')
    """
    if any(isinstance(value, str) for value in found) and is_time(found) and not _numbers(found):
        return "a time"
    return _identifier(spelled(name), found)


def _identifier(last: str, found: Sequence[object]) -> str:
    if last in _TEXTS and all(isinstance(value, str) for value in found):
        return "a free text"
    if is_identity(found):
        return "an identifier"
    texts = [value for value in found if isinstance(value, str)]
    if texts and all(map(_HASH.fullmatch, texts)):
        return "an identifier"
    alike = len(set(map(str, found))) < len(found)
    if len(found) >= _SOME and not alike and _NUMBER_NAMES.search(last) and _whole(found):
        return "an identifier"
    plain = step_of(texts) is None and not _numbers(texts) if texts else False
    if plain and len(texts) >= _MANY and not alike and not _are_lists(texts):
        return "a free text, or an identifier"
    return ""


def _are_lists(texts: Sequence[str]) -> bool:
    return all(text.lstrip()[:1] in ("{", "[") for text in texts)


def _whole(found: Sequence[object]) -> bool:
    return all(
        isinstance(v, int) or (isinstance(v, str) and v.isdigit()) for v in found
    ) and not any(isinstance(v, bool) for v in found)


def is_identity(found: Sequence[object]) -> bool:
    """Whether texts name things one by one: no two are alike, and all have a digit.

    >>> is_identity([f"C{i}" for i in range(7)]), is_identity([f"{i}.5" for i in range(7)])
    (True, False)
    """
    if len(found) < _SOME or len(set(map(str, found))) < len(found):
        return False
    return all(isinstance(value, str) and _IDENTITY.fullmatch(value) for value in found)


def is_top(path: str, values: Values) -> bool:
    """Whether a path is a key of the line itself, perhaps one with dots in it."""
    parts = path.split(".")
    return "[" not in path and not any(".".join(parts[:i]) in values for i in range(1, len(parts)))


_MARKS = re.compile(r"(inputs?|features?|feat)[._]\w", re.IGNORECASE)


def marked(names: Sequence[str]) -> list[str]:
    """Keys that say by their beginning that they are inputs: `feature_age`, `input.age`."""
    return [name for name in names if _MARKS.match(name)]


def why_left_out(odd: Mapping[str, str]) -> Iterator[str]:
    """What is said about keys that are no inputs by their look."""
    told = [f"{name} ({why})" for name, why in odd.items() if why != "noise"]
    if told:
        more = ", …" if len(told) > 6 else ""
        yield f"left out: {', '.join(told[:6])}{more}"
