"""Which key of a log holds the probabilities of all classes, and of which classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inference_exporter.config.schema import Limits
from inference_exporter.formats.guessing.choose import Choice
from inference_exporter.formats.guessing.inputs import listed_names
from inference_exporter.formats.guessing.names import fits
from inference_exporter.values.batch import category_name
from inference_exporter.values.vectors import ScoresReader

NAMES = (
    "probabilities", "class_probabilities", "probs", "class_probs", "probas", "predict_proba",
    "proba", "softmax", "scores", "class_scores", "prediction_proba", "pred_proba",
    "prediction_probabilities", "prediction_probability", "probability", "confidences",
    "confidence", "score", "predictions", "prediction", "outputs", "output", "result", "results",
    "response", "labels", "classes", "classification", "y_pred", "y_prob",
)  # fmt: skip
_CLASSES = (
    "classes", "class_names", "labels", "label_names", "categories", "displayNames", "class_labels",
)  # fmt: skip
_KEYS = ("label", "class", "class_name", "name", "category", "displayName")
ITEMS = ("score", "probability", "prob", "confidence", "proba", "p")

Values = Mapping[str, Sequence[object]]


def choose_scores(values: Values) -> Choice | None:
    """The first of the names under which every value is a vector of probabilities.

    >>> choose_scores({"x": [1], "out.probs": [{"b": 0.5, "a": 0.5}, {"a": 1}]}).classes
    ('a', 'b')
    >>> choose_scores({"scores": [[3.0, 4.0]]}) is None
    True
    """
    for name in NAMES:
        for path in sorted(values, key=lambda path: path.count(".")):
            if fits(path.removesuffix("[0]"), name):
                found = vectors(path, values[path], values)
                if found is not None:
                    return found
    return None


def vectors(path: str, found: Sequence[object], values: Values) -> Choice | None:
    """The probabilities at a path, if all its values are vectors of them.

    `values` are where names of the classes may be.
    """
    if found and all(isinstance(one, Mapping) for one in found):
        keys = {str(key) for one in found if isinstance(one, Mapping) for key in one}
        return _checked(path, tuple(sorted(keys)), found, "check that these are all classes")
    if not found or not all(isinstance(one, list) for one in found):
        return None
    keyed = _keyed(path, found)
    if keyed is not None:
        return keyed
    sizes = {len(one) for one in found if isinstance(one, list)}
    if len(sizes) != 1:
        return None
    size = sizes.pop()
    names = listed_names(values, size, _CLASSES)
    if names is not None:
        return _checked(path, names, found, "the classes are named by the log")
    doubt = "give the classes their names, in the order of the list"
    return _checked(path, tuple(map(str, range(size))), found, doubt)


def part_of(path: str, found: Sequence[object]) -> Choice | None:
    """The probabilities that are some values of objects: `probabilities[0]`, `probabilities[1]`.

    Tensors of several columns come so out of the step `rows`.
    """
    objects = [one for one in found if isinstance(one, Mapping)]
    if not objects or len(objects) < len(found):
        return None
    groups: dict[str, list[str]] = {}
    for key in objects[0]:
        if key.endswith("]"):
            groups.setdefault(key.rpartition("[")[0], []).append(key)
    for keys in groups.values():
        doubt = "the classes have no names in the log: these are their places"
        choice = _checked(path, tuple(keys), objects, doubt, only=True)
        if choice is not None:
            return choice
    return None


def _keyed(path: str, found: Sequence[object]) -> Choice | None:
    """Lists of objects, each with a class and its probability."""
    lists = [one for one in found if isinstance(one, list)]
    entries = [entry for one in lists for entry in one]
    if not entries or not all(isinstance(entry, Mapping) for entry in entries):
        return None
    key = next((k for k in _KEYS if all(isinstance(e.get(k), str | int) for e in entries)), None)
    item = next((k for k in ITEMS if all(_is_number(e.get(k)) for e in entries)), None)
    if key is None or item is None:
        return None
    objects = [{category_name(entry[key]): entry[item] for entry in one} for one in lists]
    classes = tuple(sorted({name for one in objects for name in one}))
    choice = _checked(path, classes, objects, "check that these are all classes")
    if choice is None:
        return None
    convert = f"{{keyed: [{key}, {item}]}}"
    return Choice(choice.paths, doubts=choice.doubts, convert=convert, classes=choice.classes)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _checked(
    path: str,
    classes: tuple[str, ...],
    found: Sequence[object],
    doubt: str,
    *,
    only: bool = False,
) -> Choice | None:
    distinct = {category_name(name) for name in classes} - {""}
    if not 2 <= len(classes) <= Limits().classes or len(distinct) < len(classes):
        return None
    if not all(name.isprintable() and name.strip() for name in classes):
        return None
    if not only and any(isinstance(v, bool) for one in found for v in _parts(one)):
        return None
    try:
        column = ScoresReader(classes).read(found)
    except (ValueError, TypeError, OverflowError):
        return None
    return None if column.invalid is not None else Choice((path,), doubts=(doubt,), classes=classes)


def _parts(one: object) -> Sequence[object]:
    if isinstance(one, Mapping):
        return list(one.values())
    return one if isinstance(one, list) else ()
