"""Which key of a log holds the probabilities of all classes, and of which classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference_exporter.config.schema import Limits
from inference_exporter.values.batch import category_name
from inference_exporter.values.vectors import ScoresReader

NAMES = (
    "probabilities", "class_probabilities", "probs", "class_probs", "probas", "predict_proba",
    "proba", "softmax", "scores", "class_scores", "prediction_proba", "pred_proba",
    "prediction_probabilities", "prediction_probability",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Probabilities:
    """A guess; `doubt` is what to say about it."""

    path: str
    classes: tuple[str, ...]
    doubt: str


def choose_scores(values: Mapping[str, Sequence[object]]) -> Probabilities | None:
    """The first of the names under which every value is a vector of probabilities.

    >>> choose_scores({"x": [1], "out.probs": [{"b": 0.5, "a": 0.5}, {"a": 1}]})
    Probabilities(path='out.probs', classes=('a', 'b'), doubt='check that these are all classes')
    >>> choose_scores({"scores": [[3.0, 4.0]]}) is None
    True
    """
    for name in NAMES:
        for path in sorted(values, key=lambda path: path.count(".")):
            plain = path.removesuffix("[0]")
            if plain == name or plain.endswith(f".{name}"):
                found = _of(path, values[path])
                if found is not None:
                    return found
    return None


def _of(path: str, found: Sequence[object]) -> Probabilities | None:
    if all(isinstance(one, Mapping) for one in found):
        keys = {str(key) for one in found if isinstance(one, Mapping) for key in one}
        classes, doubt = tuple(sorted(keys)), "check that these are all classes"
    elif all(isinstance(one, list) for one in found):
        sizes = {len(one) for one in found if isinstance(one, list)}
        classes = tuple(map(str, range(sizes.pop()))) if len(sizes) == 1 else ()
        doubt = "give the classes their names, in the order of the list"
    else:
        return None
    distinct = {category_name(name) for name in classes} - {""}
    if not 2 <= len(classes) <= Limits().classes or len(distinct) < len(classes):
        return None
    column = ScoresReader(classes).read(found)
    return None if column.invalid is not None else Probabilities(path, classes, doubt)
