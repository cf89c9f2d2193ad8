"""What the pages show, as values: worked out from a snapshot, turned into HTML elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from inference_exporter.exposition.status.numbers import Number, Unit
from inference_exporter.values.status_facts import SourceState

Level = Literal["bad", "warn", "ok", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement in words; `level` decides its sign and colour, never alone."""

    level: Level
    words: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that needs attention. `model` is where to look, empty for the exporter itself."""

    level: Level
    words: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Bin:
    """A cell of a distribution; `live` is None where the window holds no value."""

    label: str
    reference: float
    live: float | None


@dataclass(frozen=True, slots=True)
class DriftRow:
    """A feature or output against its reference, over one window.

    `decided` is what the decision that it has drifted was made on, in the words of the alert.
    """

    scope: Literal["feature", "output"]
    name: str
    distance: Number
    critical: Number
    samples: Number
    verdict: Verdict
    bins: tuple[Bin, ...]
    higher: Number = field(default_factory=lambda: Number(None))  # in how many pairs live is
    importance: Number = field(default_factory=lambda: Number(None))  # share of that of all
    decided: str = ""
    past: tuple[float | None, ...] = ()  # the distance over the last day, in equal steps


@dataclass(frozen=True, slots=True)
class DriftView:
    """All of them, the furthest first; the most important first where that is known.

    `why` is set where there is nothing to compare with.
    `when` says when it is decided whether something has drifted.
    """

    statistic: str
    threshold: Number
    when: str
    features: tuple[DriftRow, ...] = ()
    outputs: tuple[DriftRow, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class LineView:
    """A value over the last day, in equal steps; None where it is not known."""

    name: str
    unit: Unit
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class BinsOverTime:
    """Shares of the bins, step by step from `start` to `end`; None where no value is."""

    labels: tuple[str, ...]
    known: tuple[float, ...]  # of the reference
    shares: tuple[tuple[float, ...] | None, ...]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on a window from `start` to `end`."""

    start: float
    end: float
    state: Literal["drifted", "ok", "undecided"]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """The last decisions on one feature or output, the oldest first."""

    name: str
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class DecisionsView:
    """The last decisions on all windows of one length; `left_out` rows are not shown."""

    window: str
    start: float
    end: float
    rows: tuple[DecisionRow, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class StandOut:
    """A request that is an example: what of, its trace, a value, and when it was (epoch s)."""

    what: str
    trace_id: str
    value: Number
    when: float


@dataclass(frozen=True, slots=True)
class StatisticRow:
    """One statistic of one feature over one window."""

    window: str
    statistic: str
    value: Number
    critical: Number
    p_value: Number


@dataclass(frozen=True, slots=True)
class SubjectView:
    """One feature or output in all detail."""

    row: DriftRow
    statistics: tuple[StatisticRow, ...]
    over_time: BinsOverTime | None = None


@dataclass(frozen=True, slots=True)
class QualityRow:
    """What is wrong with the values of a feature, as shares of all of them."""

    feature: str
    values: Number
    missing: Number
    invalid: Number
    strange: Number  # out of the reference's range, or a category it does not know
    suspicious: bool


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """A metric of the model: from labels, estimated without them, and on the reference.

    The pairs are the ends of 95 % intervals, None where there are none.
    """

    metric: str
    of_class: str
    realised: Number
    realised_between: tuple[float, float] | None
    estimated: Number
    estimated_between: tuple[float, float] | None
    reference: Number


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """How good the model is. `why` says why there are no values from labels."""

    rows: tuple[PerformanceRow, ...] = ()
    labelled: Number = field(default_factory=lambda: Number(None))
    coverage: Number = field(default_factory=lambda: Number(None))
    why: str = ""
    why_not_estimated: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A value with the ends of its 95 % interval, None where it has none."""

    value: Number
    between: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class VintageRow:
    """A metric of the predictions of a calendar period, `begin` to `end` in epoch seconds."""

    name: str
    begin: float
    end: float
    is_over: bool
    metric: str
    predictions: Number
    coverage: Number
    estimated: Known
    early: Known
    realised: Known


@dataclass(frozen=True, slots=True)
class VintagesView:
    """The calendar periods of one kind, the newest first; `early`: whether that is asked for."""

    kind: str
    rows: tuple[VintageRow, ...]
    early: bool


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A part of the traffic: as many `values` as the view has metrics.

    Of the first metric: its value on the segment's own `reference`, and by how much the segment is
    worse than there (`decline`) and than all rows together (`gap`).
    """

    field: str
    value: str
    labelled: Number
    coverage: Number
    values: tuple[Number, ...]
    reference: Number
    decline: Number
    gap: Number
    stands_out: bool  # further behind all rows than on the reference, beyond what chance explains
    declined: bool  # worse than on its own reference, by more than is allowed and chance explains

    @property
    def marked(self) -> bool:
        """Whether it is to be looked at first."""
        return self.stands_out or self.declined


@dataclass(frozen=True, slots=True)
class FairnessRow:
    """A rate of protected groups: the lowest over the highest, and what chance alone would give."""

    field: str
    metric: str
    ratio: Number
    critical: Number
    rates: str
    stands_out: bool


@dataclass(frozen=True, slots=True)
class SegmentDriftRow:
    """The last decisions on the inputs and outputs of a segment, against its own reference."""

    segment: str
    drifted: tuple[str, ...]
    ok: int
    undecided: int


@dataclass(frozen=True, slots=True)
class SegmentsView:
    """Parts of the traffic beside each other."""

    metrics: tuple[str, ...] = ()
    rows: tuple[SegmentRow, ...] = ()
    fairness: tuple[FairnessRow, ...] = ()
    drift: tuple[SegmentDriftRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Labelled:
    """A number with its name."""

    name: str
    number: Number


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a model over one window."""

    model: str
    version: str
    window: str
    last: Number  # seconds since the newest prediction
    requests: Number
    failed: Number
    total: Number
    drifted: Number
    undecided: Number
    importance: Number  # of the drifted features; no value where it is not known
    latency: tuple[Labelled, ...]
    why_no_latency: str
    steps: tuple[Labelled, ...]
    codes: tuple[Labelled, ...]
    classes: tuple[Labelled, ...]
    concept: tuple[Labelled, ...]
    drift: DriftView
    performance: PerformanceView
    quality: tuple[QualityRow, ...]
    segments: SegmentsView = field(default_factory=SegmentsView)
    vintages: tuple[VintagesView, ...] = ()
    lines: tuple[LineView, ...] = ()
    lines_of: tuple[float, float] = (0.0, 0.0)  # when the lines begin and end
    decisions: DecisionsView | None = None
    stand_out: tuple[StandOut, ...] = ()
    freshness: tuple[Labelled, ...] = ()
    subject: SubjectView | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source: its files and what its lines were."""

    state: SourceState
    verdict: Verdict
    lag_bytes: Number
    lag_seconds: Number
    results: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class ContestView:
    """Two versions of a model side by side; `state` says in words what is decided."""

    champion: str
    challenger: str
    metric: str
    state: str
    numbers: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model: all its versions by name, one of them in detail (None before the first line)."""

    name: str
    versions: tuple[str, ...]
    windows: tuple[str, ...]
    shown: VersionView | None
    sources: tuple[SourceView, ...]
    notices: tuple[Notice, ...]
    task: str = ""
    contest: ContestView | None = None


@dataclass(frozen=True, slots=True)
class HomeView:
    """Everything at a glance."""

    models: tuple[ModelView, ...]
    notices: tuple[Notice, ...]
    sources: tuple[SourceView, ...]
    exporter: tuple[Labelled, ...]
