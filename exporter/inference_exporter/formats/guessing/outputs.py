"""What the entries of exploded lists are: inputs, predictions, scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inference_exporter.formats.guessing.choose import Choice, by_name, is_about
from inference_exporter.formats.guessing.inputs import of_list
from inference_exporter.formats.guessing.kinds import values_by_path
from inference_exporter.formats.guessing.names import NAMES
from inference_exporter.formats.guessing.probabilities import choose_scores, part_of, vectors

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
            found["features"] = _features(root, entries, rows)
    return found


def _features(root: str, entries: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> Choice:
    sizes = {len(entry) for entry in entries if isinstance(entry, list)}
    if len(sizes) == 1 and all(isinstance(entry, list) for entry in entries):
        return of_list(root, sizes.pop(), values_by_path(rows))
    if all(isinstance(entry, dict) for entry in entries):
        return Choice((root,))
    return Choice((root,), doubts=("give the inputs their names",), names=("auto",))


def _answers(root: str, entries: Sequence[Any]) -> dict[str, Choice]:
    if all(isinstance(entry, list) and len(entry) == 1 for entry in entries):
        entries, root = [entry[0] for entry in entries], f"{root}[0]"
    if all(isinstance(entry, str | int | float) for entry in entries):
        return {value_role(entries): Choice((root,))}
    whole = vectors(root, entries, {})
    if whole is not None:
        return {"scores": whole}
    if all(isinstance(entry, list) for entry in entries):
        return _several(root, entries)
    return _of_objects(root, [entry for entry in entries if isinstance(entry, dict)])


def _several(root: str, entries: Sequence[Any]) -> dict[str, Choice]:
    """The first of several outputs of a row."""
    sizes = {len(entry) for entry in entries}
    firsts = [entry[0] for entry in entries if entry]
    if len(sizes) != 1 or not firsts or not all(isinstance(v, str | int | float) for v in firsts):
        return {}
    said = f"{sizes.pop()} outputs: this is the first of them"
    return {"prediction": Choice((f"{root}[0]",), doubts=(said,))}


def _of_objects(root: str, objects: Sequence[Mapping[str, Any]]) -> dict[str, Choice]:
    keys = list(dict.fromkeys(key for entry in objects for key in entry))
    columns = {key: [e[key] for e in objects if e.get(key) is not None] for key in keys}
    found: dict[str, Choice] = {}
    for role, names in (("score", _SCORES), ("prediction", _PREDICTIONS), ("actual", _ACTUALS)):
        taken = {choice.paths[0] for choice in found.values()}
        for key in by_name(columns, names):
            plain = key.isprintable() and f"{root}.{key}" not in taken
            about = role == "prediction" and is_about(key)
            if plain and not about and _scalars(objects, key):
                found[role] = Choice((f"{root}.{key}",))
                break
    if "score" not in found and "prediction" in found:  # a share of one is rather a probability
        key = found["prediction"].paths[0].removeprefix(f"{root}.")
        if value_role(columns[key]) == "score":
            found["score"] = found.pop("prediction")
    scores = part_of(root, objects) or _scores_in(root, columns)
    if scores is not None:
        found["scores"] = scores
    single = [key for key in keys if _scalars(objects, key) and key.isprintable()]
    if not found and len(single) == 1:
        values = [entry.get(single[0]) for entry in objects]
        found[value_role(values)] = Choice((f"{root}.{single[0]}",))
    return found


def _scores_in(root: str, columns: Mapping[str, Sequence[Any]]) -> Choice | None:
    scores = choose_scores(columns)
    if scores is None:
        return None
    return Choice(
        (f"{root}.{scores.paths[0]}",), doubts=scores.doubts, convert=scores.convert,
        classes=scores.classes,
    )  # fmt: skip


def _scalars(objects: Sequence[Mapping[str, Any]], key: str) -> bool:
    values = [entry[key] for entry in objects if entry.get(key) is not None]
    return bool(values) and all(isinstance(value, str | int | float) for value in values)


def value_role(values: Sequence[Any]) -> str:
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
