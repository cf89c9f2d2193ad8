"""What the entries of exploded lists are: inputs, predictions, scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inference_exporter.formats.guessing.choose import Choice
from inference_exporter.formats.guessing.names import NAMES

_OUTPUTS = ("prediction", "output", "response", "result", "answer", "score", "label")
_PREDICTIONS = (
    *NAMES["prediction"], "class", "classes", "class_name", "predict", "category", "value", "y",
    "output_label", "variable",
)  # fmt: skip
_SCORES = (*NAMES["score"], "p", "prob_1", "proba_1", "predict_proba")
_ACTUALS = NAMES["actual"]


def is_output(root: str) -> bool:
    """Whether a list is one of answers, by its name.

    >>> is_output("request.data"), is_output("response.data"), is_output("predictions")
    (False, True, True)
    """
    return any(word in root.lower() for word in _OUTPUTS)


def roles_of(rows: Sequence[Mapping[str, Any]], roots: Sequence[str]) -> dict[str, Choice]:
    """The fields that are in the entries of lists."""
    found: dict[str, Choice] = {}
    for root in roots:
        entries = [row[root] for row in rows if row.get(root) is not None]
        if entries and is_output(root):
            for name, choice in _answers(root, entries).items():
                found.setdefault(name, choice)
        elif entries and "features" not in found:
            found["features"] = _features(root, entries)
    return found


def _features(root: str, entries: Sequence[Any]) -> Choice:
    sizes = {len(entry) for entry in entries if isinstance(entry, list)}
    if len(sizes) == 1 and all(isinstance(entry, list) for entry in entries):
        names = tuple(f"x{i}" for i in range(sizes.pop()))
        return Choice((root,), doubts=("give the inputs their names",), names=names)
    if all(isinstance(entry, dict) for entry in entries):
        return Choice((root,))
    return Choice((root,), doubts=("give the inputs their names",), names=("auto",))


def _answers(root: str, entries: Sequence[Any]) -> dict[str, Choice]:
    if all(isinstance(entry, list) and len(entry) == 1 for entry in entries):
        entries, root = [entry[0] for entry in entries], f"{root}[0]"
    if all(isinstance(entry, str | int | float) for entry in entries):
        return {_value_role(entries): Choice((root,))}
    objects = [entry for entry in entries if isinstance(entry, dict)]
    keys = list(dict.fromkeys(key for entry in objects for key in entry))
    found: dict[str, Choice] = {}
    for role, names in (("prediction", _PREDICTIONS), ("score", _SCORES), ("actual", _ACTUALS)):
        named = next((name for name in names if name in keys), None)
        if named is not None and _scalars(objects, named):
            found[role] = Choice((f"{root}.{named}",))
    single = [key for key in keys if _scalars(objects, key)]
    if not found and len(single) == 1:
        values = [entry.get(single[0]) for entry in objects]
        found[_value_role(values)] = Choice((f"{root}.{single[0]}",))
    return found


def _scalars(objects: Sequence[Mapping[str, Any]], key: str) -> bool:
    values = [entry[key] for entry in objects if entry.get(key) is not None]
    return bool(values) and all(isinstance(value, str | int | float) for value in values)


def _value_role(values: Sequence[Any]) -> str:
    """A probability is a score; a class or any other number is a prediction."""
    numbers = [float(v) for v in values if _number(v) is not None]
    if len(numbers) < len(values) or all(number.is_integer() for number in numbers):
        return "prediction"
    return "score" if all(0 <= number <= 1 for number in numbers) else "prediction"


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
