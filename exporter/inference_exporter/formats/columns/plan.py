"""What to take from every line: the layout of a row, decided once from config and reference.

Every format turns a line into a row of raw values in this layout, and `assemble` turns columns of
them into a Batch:

    | fields, steps, when … | features … | carrier |

The carrier tells whether the row holds features at all: None where it does not, `UNUSABLE` where
their object or list has the wrong shape. While features are being collected it is the mapping of
their names to values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from inference_exporter.config.schema import FeaturesField, Fields, ModelConfig, Segment
from inference_exporter.config.segments import segment_paths

Kind = Literal["numeric", "categorical", "vector"]

_NUMBERS = ("timestamp", "score", "latency", "weight")
_VECTORS = ("scores", "ranking")
_OWN = frozenset((  # keys that receivers, wrappers and prefixes add: never inputs
    "$received", "$event", "$wrap.time", "$wrap.stream", "$prefix.time", "$prefix.level",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value to find in a line: a number, a `vector` (a list or an object), or any scalar."""

    name: str
    paths: tuple[str, ...]
    number: bool
    vector: bool = False  # or anything at all, to be converted by steps


@dataclass(frozen=True, slots=True)
class Plan:
    """The layout of a row.

    `features` are the inputs to decode with their kinds, in order; `container` is where they are
    as long as it is an object or a list (None: they are leaves of the line itself). `used` are
    the top-level keys that are not features in the `rest` form.

    `segments` are looked for in leaves of their own and in these features, the first that has a
    value; `extra` are the features that are decoded for that alone.
    """

    leaves: tuple[Leaf, ...]
    features: Mapping[str, Kind]
    container: FeaturesField | None
    rest: bool
    collect: bool
    used: frozenset[str]
    segments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extra: frozenset[str] = frozenset()

    @property
    def width(self) -> int:
        """Values in a row."""
        return len(self.leaves) + len(self.features) + 1

    def index(self, name: str) -> int | None:
        """The position of a leaf in a row."""
        return next((i for i, leaf in enumerate(self.leaves) if leaf.name == name), None)


def make_plan(model: ModelConfig, features: Mapping[str, Kind] | None, collect: bool) -> Plan:
    """Lay out the rows of a model's log."""
    leaves = _leaves(model)
    where = model.fields.features
    nested = where.paths if where is not None and where.form != "rest" else ()
    segments: dict[str, tuple[str, ...]] = {}
    outside: list[Leaf] = []
    for one in model.segments:
        outer, segments[one.name] = segment_paths(one, nested)
        outside += [_segment_leaf(outer)] if outer.paths else []
    inside = dict.fromkeys(name for names in segments.values() for name in names)
    if where is None or (features is None and not collect and not inside):
        return Plan((*leaves, *outside), {}, None, False, False, frozenset(), segments)
    rest = where.form == "rest"
    used = frozenset(key for leaf in leaves for path in leaf.paths for key in _top_keys(path))
    wanted: dict[str, Kind] = {} if features is None else dict(features)
    extra = frozenset(() if collect and features is None else inside.keys() - wanted.keys())
    return Plan(
        leaves=(*leaves, *outside),
        features=wanted | dict.fromkeys(sorted(extra), "categorical"),
        container=None if rest else where,
        rest=rest,
        collect=features is None and collect,
        used=used | frozenset(where.exclude) | _OWN | _of_path(model),
        segments=segments,
        extra=extra,
    )


def _of_path(model: ModelConfig) -> frozenset[str]:
    """The keys that the path of a file gives to its lines."""
    groups = re.compile(model.path_pattern).groupindex if model.path_pattern else {}
    return frozenset(f"$path.{name}" for name in groups)


def _segment_leaf(one: Segment) -> Leaf:
    return Leaf(f"segments.{one.name}", one.paths, bool(one.bins))


def _leaves(model: ModelConfig) -> list[Leaf]:
    leaves: list[Leaf] = []
    for name, one in leaf_fields(model.fields):
        leaves += _field_leaves(name, one)
    leaves.extend(Leaf(f"when.{path}", (path,), False) for path in model.when)
    leaves.extend(Leaf(f"requests_when.{path}", (path,), False) for path in model.requests_when)
    return leaves


def leaf_fields(fields: Fields) -> Iterator[tuple[str, Any]]:
    """(name of the leaf, field) of every configured field but the features."""
    for name in fields.__slots__:
        value = getattr(fields, name)
        if name == "steps":
            yield from ((f"steps.{step}", field) for step, field in value.items())
        elif name != "features" and value is not None:
            yield name, value


def _field_leaves(name: str, field: Any) -> Iterator[Leaf]:
    number = name in _NUMBERS or name.startswith("steps.")
    yield Leaf(name, field.paths, number, name in _VECTORS or bool(field.convert))
    if getattr(field, "since", ()):
        yield Leaf(f"{name}.since", field.since, True)
    for path in getattr(field, "when", ()):
        yield Leaf(f"{name}.when.{path}", (path,), False)


def _top_keys(path: str) -> tuple[str, ...]:
    top = path.partition(".")[0]
    return path, top, top.partition("[")[0]
