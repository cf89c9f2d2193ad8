"""What a valid configuration is, as frozen values. `config.load` makes them; nobody else does.

Paths of fields are strings as written by the user: `a.b` first means a key that is literally
`a.b`, then `b` inside `a`. Several paths mean: the first that is present and not null.
Durations are seconds, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inference_exporter.config.compared_versions import CompareVersions
from inference_exporter.config.conditions import Wanted
from inference_exporter.config.line_formats import CsvFormat as CsvFormat
from inference_exporter.config.line_formats import JsonFormat as JsonFormat
from inference_exporter.config.line_formats import LineFormat as LineFormat
from inference_exporter.config.line_formats import LogfmtFormat as LogfmtFormat
from inference_exporter.config.line_formats import RegexFormat as RegexFormat
from inference_exporter.config.schema_services import (
    EventsConfig,
    ReceiversConfig,
    RecordConfig,
    TracesConfig,
)
from inference_exporter.config.step import Steps
from inference_exporter.config.vector_fields import RankingField, ScoresField

STATISTIC_NAMES = (
    "psi", "js", "ks", "wasserstein", "chi2",
    "kl", "hellinger", "tvd", "linf", "mean_shift", "std_ratio",
)  # the keys of statistics.STATISTICS; a test holds one against the other  # fmt: skip
DEFAULT_STATISTICS = STATISTIC_NAMES[:5]

Unit = Literal["s", "ms", "us", "ns"]


@dataclass(frozen=True, slots=True)
class Field:
    """Where a value is found in a line, and how it is converted; or a `const` for all lines."""

    paths: tuple[str, ...]
    convert: Steps = ()
    const: str | int | float | bool | None = None


@dataclass(frozen=True, slots=True)
class DurationField:
    """A duration and the unit it is logged in.

    With `since` both are points in time (numbers in `unit`), and it is what lies between them.
    Only lines that meet the conditions of `when`, by path, have it.
    """

    paths: tuple[str, ...]
    unit: Unit = "s"
    convert: Steps = ()
    since: tuple[str, ...] = ()
    when: Mapping[str, Wanted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimestampField:
    """A point in time.

    Text is read as ISO 8601, or as the `[day/Mon/year:time zone]` of web servers; numbers are
    seconds since the epoch in `unit`. Text without a zone is taken to be in `timezone` (an IANA
    name).
    """

    paths: tuple[str, ...]
    unit: Unit = "s"
    timezone: str = "UTC"
    convert: Steps = ()


@dataclass(frozen=True, slots=True)
class StatusField:
    """The outcome of a request; `ok` lists what counts as a success.

    Entries of `ok` are single values (`success`) or inclusive ranges of numbers (`200..399`).
    """

    paths: tuple[str, ...]
    ok: tuple[str, ...] = ("0..399", "ok", "success", "succeeded")
    convert: Steps = ()


@dataclass(frozen=True, slots=True)
class FeaturesField:
    """How the inputs of the model are written in a line.

    `object`: `paths` lead to an object of name: value. `list`: `paths` lead to a list of values,
    `names` gives their names in order. `rest`: every top-level key that no other field uses and
    that is not in `exclude` is a feature. `any`: an object as it is; a list, or a single value,
    with the names x0, x1, …. Where there is `only`, all others are left out; `exclude` are left out
    of an object too, and with `unused` every key of it that some other field uses.

    `numeric` and `categorical` name features whose kind is not to be inferred, `convert` has the
    steps of features that are not written as they are meant.
    """

    form: Literal["object", "list", "rest", "any"]
    paths: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    convert: Mapping[str, Steps] = field(default_factory=dict)
    unused: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a prediction line; None where the log has no such field."""

    timestamp: TimestampField | None = None
    id: Field | None = None
    version: Field | None = None
    features: FeaturesField | None = None
    prediction: Field | None = None
    score: Field | None = None
    scores: ScoresField | None = None
    ranking: RankingField | None = None
    latency: DurationField | None = None
    status: StatusField | None = None
    trace_id: Field | None = None
    span_id: Field | None = None
    actual: Field | None = None
    weight: Field | None = None
    row: Field | None = None
    entity: Field | None = None
    model_uri: Field | None = None
    steps: Mapping[str, DurationField] = field(default_factory=dict)

    @property
    def predicts(self) -> bool:
        """Whether lines say what was predicted: as such, or as what is first of all classes."""
        return any(one is not None for one in (self.prediction, self.scores, self.ranking))

    @property
    def has_score(self) -> bool:
        """Whether there is one score a line: as such, or as one of two probabilities."""
        return self.score is not None or (self.scores is not None and len(self.scores.classes) == 2)


@dataclass(frozen=True, slots=True)
class ModelUris:
    """Where versions of a model are from: of `every` one (`{version}` is its name), or of some."""

    every: str = ""
    by_version: Mapping[str, str] = field(default_factory=dict)

    def of(self, version: str) -> str:
        """The URI of a version; empty: not known.

        >>> ModelUris("models:/credit/{version}").of("7")
        'models:/credit/7'
        """
        return self.by_version.get(version, self.every.replace("{version}", version))


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """A profile made by `reference build`. `path` is resolved against the config's folder."""

    path: str


@dataclass(frozen=True, slots=True)
class Warmup:
    """Freeze a profile from the first `rows` predictions."""

    rows: int


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time to evaluate over; `name` is as the user wrote it and becomes a label."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CalendarConfig:
    """Calendar periods to evaluate over, in a zone; labels that come within `early` s are early."""

    timezone: str = "UTC"
    periods: tuple[str, ...] = ("day", "week", "month", "quarter")
    early: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps memory and series bounded."""

    line_bytes: int = 1 << 20
    versions: int = 20
    classes: int = 50
    status_codes: int = 50
    open_files: int = 1024
    segments: int = 20
    segment_combinations: int = 100


@dataclass(frozen=True, slots=True)
class Derived:
    """A number made of the feature `source`; `words` (lower case) is what `vocabulary` holds."""

    source: str
    kind: Literal["length", "tokens", "out_of_vocabulary", "centroid_distance"]
    vocabulary: str | None = None
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Boundary:
    """Scores within `margin` of `score` are close to the decision boundary."""

    score: float = 0.5
    margin: float = 0.05


@dataclass(frozen=True, slots=True)
class ConceptDrift:
    """Sequential tests on streams of errors, residuals and latencies.

    `latency_rows` successive requests make one value of the latency stream; `hold` seconds after
    a detection the gauge still says so.
    """

    detectors: tuple[str, ...] = ("adwin", "page_hinkley")
    signals: tuple[str, ...] = ("error", "residual", "latency")
    parameters: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    latency_rows: int = 100
    hold: float = 3600.0


@dataclass(frozen=True, slots=True)
class LabelsConfig:
    """Labels that come later: where they are, and how they are joined (docs/labels.md).

    `wait` is how long a prediction waits for its label, `ahead` how long a label for its
    prediction; `coverage` the share of labelled predictions below which performance is absent;
    `selection` whether it is, too, where those with a label are others than those without.
    """

    id: Field
    actual: Field
    logs: tuple[str, ...] = ()
    same_log: bool = False
    format: LineFormat = field(default_factory=JsonFormat)
    decode: Mapping[str, Steps] = field(default_factory=dict)
    explode: tuple[str, ...] = ()
    row: Field | None = None
    timestamp: TimestampField | None = None
    when: Mapping[str, Wanted] = field(default_factory=dict)
    wait: float = 30 * 86400.0
    max_pending: int = 1_000_000
    ahead: float = 3600.0
    update: Literal["first", "last"] = "first"
    shared: bool = False
    coverage: float = 0.0
    selection: Literal["hide", "show"] = "hide"


@dataclass(frozen=True, slots=True)
class SideLines:
    """One side of pairs whose lines have a format of their own; `id` is theirs too."""

    format: RegexFormat | LogfmtFormat
    id: Field


@dataclass(frozen=True, slots=True)
class PairsConfig:
    """Requests and responses that are logged apart: how they are told and joined.

    `request` and `response` say which lines are which (by path, the values that tell); an empty one
    means all others. A half waits `within` seconds for the other, and at most `max_waiting` wait.
    Where `rows` is set a request is several lines, each a row: it is whole `settle` seconds after
    the last line of either side. Lines of a side that has a format of its own are told by it.
    `by` order: nothing is in common, a response is that of the request right before it.
    """

    id: Field
    by: Literal["id", "order"] = "id"
    request: Mapping[str, Wanted] = field(default_factory=dict)
    response: Mapping[str, Wanted] = field(default_factory=dict)
    within: float = 60.0
    max_waiting: int = 50_000
    rows: bool = False
    settle: float = 2.0
    request_lines: SideLines | None = None
    response_lines: SideLines | None = None


@dataclass(frozen=True, slots=True)
class BusinessValue:
    """What a prediction is worth, by `tp fp fn tn` or by (predicted, actual); else 0."""

    outcomes: Mapping[str, float] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the traffic that is also counted on its own; `name` becomes a label.

    `bins` are inclusive upper bounds of ranges of numbers, `values` the only values wanted. With
    `drift` each value is held against its own distribution in the reference, with `estimates` its
    performance is estimated before labels come.
    """

    name: str
    paths: tuple[str, ...]
    bins: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    protected: bool = False
    drift: bool = False
    estimates: bool = False


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """One model: where its log is, how to read it, what to compare it with.

    `lateness` bounds how old an event may be and still enter the windows; `min_samples` is the
    least evidence for a windowed value to be shown (None: max(200, 20 x bins), statistics.md).
    `decode` has the steps of values of a line by path, before anything is looked up in it;
    `explode` are paths of lists that have an entry for every row of a line. `preset` is where some
    settings come from; lines that share an id within `lines_of_request` seconds are rows of one
    request; `path_pattern` is one whose groups in the path of a file are fields.
    Lines that do not meet `requests_when` are parts of requests: only their steps count.
    `owner` is what the whole file says under `labels`, by name.
    """

    name: str
    logs: tuple[str, ...]
    source: Literal["files", "batch"] = "files"
    path_pattern: str | None = None
    receive: tuple[str, ...] = ()
    preset: str | None = None
    exclude: tuple[str, ...] = ()
    unwrap: Literal["auto", "none", "cri", "docker"] = "auto"
    records: str | None = None
    format: LineFormat = field(default_factory=JsonFormat)
    fields: Fields = field(default_factory=Fields)
    decode: Mapping[str, Steps] = field(default_factory=dict)
    explode: tuple[str, ...] = ()
    pairs: PairsConfig | None = None
    lines_of_request: float | None = None
    when: Mapping[str, Wanted] = field(default_factory=dict)
    requests_when: Mapping[str, Wanted] = field(default_factory=dict)
    start_at: Literal["beginning", "end"] = "end"
    task: Literal["classification", "regression"] | None = None
    positive_class: str | None = None
    business_value: BusinessValue | None = None
    top_k: tuple[int, ...] = (3, 5)
    reference: ReferenceFile | Warmup | None = None
    windows: tuple[Window, ...] = (Window("1h", 3600.0), Window("24h", 86400.0))
    calendar: CalendarConfig | None = None
    season: Literal["hour_of_day", "hour_of_week"] | None = None
    season_timezone: str = "UTC"
    compare: tuple[str, ...] = ()
    compare_versions: CompareVersions | None = None
    lateness: float = 3600.0
    latency_buckets: tuple[float, ...] = ()  # empty: those of `config/buckets.py`
    min_samples: int | None = None
    statistics: tuple[str, ...] = DEFAULT_STATISTICS
    thresholds: Mapping[str, float] = field(default_factory=dict)
    concept_drift: ConceptDrift | None = None
    importance: Mapping[str, float] = field(default_factory=dict)
    derived: Mapping[str, Derived] = field(default_factory=dict)
    multivariate: bool = False
    boundary: Boundary | None = None
    similar_inputs: int | None = None
    limits: Limits = field(default_factory=Limits)
    labels: LabelsConfig | None = None
    segments: tuple[Segment, ...] = ()
    model_uri: ModelUris | None = None
    owner: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_labels(self) -> bool:
        """Whether predictions get labels, on their own line or later."""
        return self.fields.actual is not None or self.labels is not None


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration file, read and found to be valid.

    `digest` is a short hash of the file's text. `commit_interval` is the age that published values
    may reach; `poll_interval` the pause between two looks at idle files. `labels` are the owner's
    own, which every model has too.
    """

    path: str
    models: tuple[ModelConfig, ...]
    digest: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    commit_interval: float = 5.0
    poll_interval: float = 0.25
    rotate_grace: float = 30.0
    receivers: ReceiversConfig = field(default_factory=ReceiversConfig)
    traces: TracesConfig | None = None
    record: RecordConfig | None = field(default_factory=RecordConfig)
    events: EventsConfig | None = None
