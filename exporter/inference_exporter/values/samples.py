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
from inference_exporter.values.native import NativeCounts
from inference_exporter.values.status_facts import StatusFacts
from inference_exporter.values.wire import message, text, varint

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A trace that is an example of what was counted there; time in epoch seconds."""

    trace_id: str
    value: float
    timestamp: float


class SeriesSet:
    """Label sets of one family, in the order of its labels.

    For a histogram one label set is one histogram: `bounds` are its finite upper bounds, and it
    has `len(bounds) + 3` values: cumulative counts per bound, the count (`+Inf`), `_sum` and
    `_count`. For counters and gauges one label set has one value.

    Raises ValueError for label sets of the wrong length and for one that is there twice: both are
    mistakes in the code that makes them, and on the page they would cost the whole scrape.
    """

    def __init__(
        self, family: Family, label_sets: Iterable[Labels], bounds: tuple[float, ...] = ()
    ) -> None:
        self.family = family
        self.label_sets = tuple(label_sets)
        self.bounds = bounds
        if set(map(len, self.label_sets)) - {len(family.labels)}:
            raise ValueError(f"{family.name} has the labels {family.labels}, not as many as given")
        if len(set(self.label_sets)) < len(self.label_sets):
            raise ValueError(f"{family.name}: a label set is there twice")

    @property
    def values_per_set(self) -> int:
        """How many values (and lines) one label set has."""
        return len(self.bounds) + 3 if self.family.kind == "histogram" else 1

    @cached_property
    def starts(self) -> dict[Labels, int]:
        """Where the values of each label set begin."""
        return {labels: at * self.values_per_set for at, labels in enumerate(self.label_sets)}

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """The text before each value, such as `name{model="credit"} `."""
        names = self.family.labels
        plain = [_pairs(names, labels) for labels in self.label_sets]
        if self.family.kind != "histogram":
            return tuple(f"{_sample(self.family.name, pairs)} " for pairs in plain)
        prefixes: list[str] = []
        bounds = [f'le="{format_bound(bound)}"' for bound in (*self.bounds, float("inf"))]
        for pairs in plain:
            prefixes += [f"{_sample(self.family.name + '_bucket', [*pairs, le])} " for le in bounds]
            prefixes.append(f"{_sample(self.family.name + '_sum', pairs)} ")
            prefixes.append(f"{_sample(self.family.name + '_count', pairs)} ")
        return tuple(prefixes)

    @cached_property
    def created_prefixes(self) -> tuple[str, ...]:
        """The text before the `_created` value of each label set (OpenMetrics)."""
        name = f"{self.family.name.removesuffix('_total')}_created"
        names = self.family.labels
        return tuple(f"{_sample(name, _pairs(names, labels))} " for labels in self.label_sets)

    def heads(self, size: int) -> Sequence[bytes]:
        """The bytes of each label set's Metric in protobuf, to which `size` bytes more belong."""
        if size not in self._heads:
            self._heads[size] = [
                b"\x22" + varint(len(labels) + size) + labels for labels in self._label_bytes
            ]
        return self._heads[size]

    @cached_property
    def _heads(self) -> dict[int, list[bytes]]:
        return {}

    @cached_property
    def _label_bytes(self) -> list[bytes]:
        names = [text(1, name) for name in self.family.labels]
        return [
            b"".join(
                message(1, name + text(2, printable(value)))
                for name, value in zip(names, labels, strict=True)
            )
            for labels in self.label_sets
        ]

    def __len__(self) -> int:
        return len(self.label_sets) * self.values_per_set


@dataclass(frozen=True, slots=True)
class Samples:
    """A series set with its values (plain floats or ints, as many as the set has prefixes).

    `created` is when the counters of each label set began, epoch seconds (None: unknown).
    `exemplars` maps an index into `values` to the exemplar of that bucket or counter; `native` has
    the native histogram of each label set, or is empty.
    """

    series: SeriesSet
    values: Sequence[float]
    created: float | Sequence[float] | None = None
    exemplars: Mapping[int, Exemplar] = field(default_factory=dict)
    native: tuple[NativeCounts, ...] = ()

    def __post_init__(self) -> None:
        if len(self.values) != len(self.series):
            name, got, want = self.series.family.name, len(self.values), len(self.series)
            raise ValueError(f"{name}: {got} values for {want} series")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is on the page, as of one commit. `blocks` may name a family repeatedly.

    `facts` is what the status page says beyond the metrics.
    """

    blocks: tuple[Samples, ...] = ()
    timestamp: float = 0.0
    facts: StatusFacts = field(default_factory=StatusFacts)

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


def format_bound(value: float) -> str:
    """Write a bucket's bound as Go does: OpenMetrics wants every writer to use the same text.

    >>> [format_bound(v) for v in (5, 0.25, 604800, 2592000, float("inf"))]
    ['5.0', '0.25', '604800.0', '2.592e+06', '+Inf']
    """
    text = format_value(float(value))
    whole, _, fraction = text.partition(".")
    if not whole.isdigit() or len(whole) <= 6 or "e" in fraction:
        return text
    mantissa = f"{whole[0]}.{whole[1:]}{fraction}".rstrip("0").rstrip(".")
    return f"{mantissa}e+{len(whole) - 1:02d}"


def printable(value: str) -> str:
    r"""Write characters that UTF-8 cannot carry (lone surrogates) as `\udcxx`, each its own way.

    Replacing all of them by one character would merge label values that differ.
    """
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def escape_label(value: str) -> str:
    r"""Escape a label value for the text formats.

    >>> print(escape_label('a "quoted" \\ value'))
    a \"quoted\" \\ value
    """
    return printable(value).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _pairs(names: Labels, values: Labels) -> list[str]:
    pairs = zip(names, values, strict=True)
    return [f'{name}="{escape_label(value)}"' for name, value in pairs]


def _sample(name: str, pairs: Sequence[str]) -> str:
    return f"{name}{{{','.join(pairs)}}}" if pairs else name
