"""What the status page says beyond the metrics. Immutable, published together with them.

Everything here is cheap to hand over: what is shown is worked out by whoever asks for the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from inference_exporter.values.batch import Floats

EvidenceKey = tuple[str, str, str, str]  # version, window, "feature" or "output", name
Scope = Literal["feature", "output"]
ReferenceKind = Literal["file", "warmup", "none"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a distance rests on: shares of the live values per bin, and how many values it takes.

    `shares` (B,) are smoothed as `inference_feature_reference_ratio` is, so the two compare;
    `counts` (B,) are the values themselves. `expected` (B,) are the shares of the reference at the
    hours of the window, if there is a season.
    """

    shares: Floats
    least: int
    counts: Floats
    expected: Floats | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests of a version in a window, and how many of them failed."""

    requests: float
    failures: float


@dataclass(frozen=True, slots=True)
class Vintage:
    """The predictions of a calendar period of one version, `begin` to `end` in epoch seconds.

    `gauges` are what is published of a period, by family and labels, whose last one is empty here.
    `is_over` is whether the period is.
    """

    version: str
    kind: str
    name: str
    begin: float
    end: float
    is_over: bool
    predictions: float
    gauges: Mapping[str, Mapping[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one time to another, in epoch seconds."""

    start: float
    end: float


class Past(Protocol):
    """The last day of a version, stretch by stretch; worked out by whoever asks."""

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """They lie side by side, the oldest first; every list below has one value of each."""

    def distances(self, scope: Scope, name: str) -> list[float | None]:
        """Distances from the reference; None where too few values are."""

    def shares(self, scope: Scope, name: str) -> list[Floats | None]:
        """Shares (B,) of the bins; None where no value is."""

    def figures(self) -> Mapping[str, list[float | None]]:
        """`requests`, `failed`, `p95` in seconds, and metrics of performance by their names."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions on one window of a version that ended at `end`, by scope and name.

    What is in neither was not drifted.
    """

    end: float
    drifted: frozenset[tuple[str, str]]
    undecided: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model as configured, and what its windows hold.

    `least` is how many labelled predictions a window takes before performance is shown; keys of
    `traffic` are version and window. `lengths` are the seconds of each window, `waits` those
    between the end of a window and the decision on it. `vintages` are the calendar periods that
    are kept, the newest of each kind first. `past` is by version, `decided` by version and window,
    oldest first.
    """

    name: str
    windows: tuple[str, ...] = ()
    reference: ReferenceKind = "none"
    least: int = 0
    waits: Mapping[str, float] = field(default_factory=dict)
    evidence: Mapping[EvidenceKey, Evidence] = field(default_factory=dict)
    traffic: Mapping[tuple[str, str], Traffic] = field(default_factory=dict)
    vintages: tuple[Vintage, ...] = ()
    lengths: Mapping[str, float] = field(default_factory=dict)
    past: Mapping[str, Past] = field(default_factory=dict)
    decided: Mapping[tuple[str, str], tuple[Decided, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileState:
    """A file that is followed; `error` is empty while it can be read."""

    path: str
    offset: int
    size: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """The last line that was not understood: when it was read, why, and what it looked like."""

    seen: float
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where a model's lines come from, at the time of publication."""

    name: str
    files: tuple[FileState, ...] = ()
    waiting_for: tuple[str, ...] = ()
    bad_line: BadLine | None = None


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """All models and sources, in the order of the configuration."""

    models: tuple[ModelFacts, ...] = ()
    sources: tuple[SourceState, ...] = ()
