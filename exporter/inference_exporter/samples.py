"""Samples on their way to the page: series with cached text, and the snapshot they form.

A `SeriesSet` is the label sets of one family; it does not change, so its text is made once and
every publication only pairs it with new numbers. A `Snapshot` is what is published: immutable, so
that the HTTP side can read it while the writer prepares the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from inference_exporter.families import Family

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A trace that is an example of a histogram bucket's observations; time in epoch seconds."""

    trace_id: str
    value: float
    timestamp: float


class SeriesSet:
    """Label sets of one family, in the order of its labels.

    For a histogram one label set is one histogram: `bounds` are its finite upper bounds, and it
    has `len(bounds) + 3` values: cumulative counts per bound, the count (`+Inf`), `_sum` and
    `_count`. For counters and gauges one label set has one value.
    """

    def __init__(
        self, family: Family, label_sets: Iterable[Labels], bounds: tuple[float, ...] = ()
    ) -> None:
        self.family = family
        self.label_sets = tuple(label_sets)
        self.bounds = bounds

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """The text before each value, such as `name{model="credit"} `."""
        names = self.family.labels
        plain = [_pairs(names, labels) for labels in self.label_sets]
        if self.family.kind != "histogram":
            return tuple(f"{_sample(self.family.name, pairs)} " for pairs in plain)
        prefixes: list[str] = []
        bounds = [f'le="{format_value(bound)}"' for bound in self.bounds] + ['le="+Inf"']
        for pairs in plain:
            prefixes += [f"{_sample(self.family.name + '_bucket', [*pairs, le])} " for le in bounds]
            prefixes.append(f"{_sample(self.family.name + '_sum', pairs)} ")
            prefixes.append(f"{_sample(self.family.name + '_count', pairs)} ")
        return tuple(prefixes)

    def __len__(self) -> int:
        per_set = len(self.bounds) + 3 if self.family.kind == "histogram" else 1
        return len(self.label_sets) * per_set


@dataclass(frozen=True, slots=True)
class Samples:
    """A series set with its values (plain floats, as many as the set has prefixes).

    `created` is when the counters of each label set began, epoch seconds (None: unknown).
    `exemplars` maps an index into `values` to the exemplar of that histogram bucket.
    """

    series: SeriesSet
    values: Sequence[float]
    created: float | Sequence[float] | None = None
    exemplars: Mapping[int, Exemplar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is on the page, as of one commit. `blocks` may name a family repeatedly."""

    blocks: tuple[Samples, ...] = ()
    timestamp: float = 0.0

    def __len__(self) -> int:
        return sum(len(block.values) for block in self.blocks)


def format_value(value: float) -> str:
    """Write a number so that Prometheus reads the same float back.

    >>> [format_value(v) for v in (3.0, 0.1, float("inf"), float("-inf"), float("nan"), 1e300)]
    ['3.0', '0.1', '+Inf', '-Inf', 'NaN', '1e+300']
    """
    if value - value == 0.0:
        return repr(value)
    return "NaN" if value != value else ("+Inf" if value > 0 else "-Inf")


def escape_label(value: str) -> str:
    """Escape a label value for the text formats; characters UTF-8 cannot carry are replaced."""
    value = value.encode("utf-8", "replace").decode("utf-8")
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _pairs(names: Labels, values: Labels) -> list[str]:
    pairs = zip(names, values, strict=True)
    return [f'{name}="{escape_label(value)}"' for name, value in pairs]


def _sample(name: str, pairs: Sequence[str]) -> str:
    return f"{name}{{{','.join(pairs)}}}" if pairs else name
