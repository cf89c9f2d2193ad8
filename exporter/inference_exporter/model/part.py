"""What a capability of a model looks like to the model: a `Part`.

Every method has a default that does nothing, so that a part says only what it does. A part that is
not configured is not made. Parts act in the order of the table `parts.PARTS`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from inference_exporter.accumulators import Increments
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.schema_services import EventsConfig, TracesConfig
from inference_exporter.formats import Decoded, Decoder, Read
from inference_exporter.model.counting import Counting
from inference_exporter.results.evaluate import Chance
from inference_exporter.results.gauges import Gauges
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.truth import Pairs
from inference_exporter.values.batch import Batch, Floats
from inference_exporter.values.events import Teller
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Exemplar, Labels, Samples
from inference_exporter.values.spans import SendSpans
from inference_exporter.values.status_facts import ModelFacts
from inference_exporter.windows import Placement

GaugesByFamily = dict[tuple[str, tuple[str, ...]], dict[Labels, float]]
"""Values by family and the labels it has beside its own, then by label set."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What parts are made of, once.

    `event_time`: windows end at the newest event. `created_series`: counters say when they began.
    `make_sampler` makes a decoder that finds all features of a line. `joined` is to be told about
    predictions whose labels came late, as they are counted, `paired` about requests that two
    versions scored, `labelled` about labels as they come. `traces` is how spans are sent,
    `events` how events are told.
    """

    config: ModelConfig
    reference: Reference | None
    event_time: bool
    created_series: bool
    make_sampler: Callable[[], Decoder] | None
    joined: Callable[[Batch], None]
    paired: Callable[[Pairs], None]
    labelled: Callable[[Batch], None]
    traces: tuple[TracesConfig, SendSpans] | None = None
    events: tuple[EventsConfig, Teller] | None = None


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Lines to decode in the place of others, and what became of the others."""

    lines: bytes
    read: Read


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that were just counted.

    `times` (rows,) are epoch seconds; `names` those of the histories that `placement` speaks of;
    events before `oldest` entered no window. `block` are the lines they came from.
    """

    batch: Batch
    times: Floats
    placement: Placement
    names: list[str]
    increments: Increments
    now: float
    oldest: float
    block: bytes


class Part:
    """One capability of one model."""

    leftovers: ClassVar[tuple[str, ...]] = ()
    """Prefixes of keys of the state that are deleted where the part is not configured."""

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """The part, or None if the configuration does not ask for it."""
        raise NotImplementedError

    # -- when a reference comes into force ------------------------------------------------------

    def use(self, counting: Counting, now: float) -> None:
        """Count against this from now on; what was counted before is carried over."""

    def start(self, now: float) -> None:
        """The state is restored: series known beforehand begin."""

    # -- for every block of lines ---------------------------------------------------------------

    @property
    def rows_until_reference(self) -> int:
        """After how many rows others count against another reference; 0 if they do not."""
        return 0

    def rewritten(self, block: bytes, now: float) -> Rewritten | None:  # noqa: ARG002
        """Other lines to decode in the place of these; None: these."""
        return None

    def overdue(self, now: float) -> bytes:  # noqa: ARG002
        """Lines, as `rewritten` makes them, whose time has come; infinite: the log has ended."""
        return b""

    def is_due(self, now: float) -> bool:  # noqa: ARG002
        """Whether `overdue` has lines: a commit is worth it although nothing was read."""
        return False

    def lines(self, block: bytes, now: float) -> Decoded | None:
        """What the part itself reads in the model's lines."""

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:  # noqa: ARG002
        """The batch with what is worked out of its rows, before they are counted."""
        return batch

    def counted(self, rows: Rows) -> None:
        """Rows were counted."""

    def labelled(self, labels: Batch) -> None:
        """Labels came, in columns: id, actual, row, timestamp; whether they fit is not known."""

    def joined(self, batch: Batch, seen: float) -> None:
        """Predictions were counted whose labels came late."""

    def paired(self, pairs: Pairs, seen: float) -> None:
        """Two versions scored the same requests, or the labels of such came."""

    def new_reference(self, now: float) -> Reference | None:
        """A reference that is complete since the rows that were counted last."""

    # -- for every commit and page --------------------------------------------------------------

    def settle(self, connection: sqlite3.Connection | None, now: float) -> bool:  # noqa: ARG002
        """Do what is done once per commit; whether anything changed."""
        return False

    def advance(self, clock: float) -> None:
        """Time has passed; before everything else of a page."""

    def chance(self) -> Chance | None:
        """What critical values speak of, from the part that decides."""

    def exemplars(self) -> Iterator[tuple[str, Labels, int, Exemplar]]:
        """Requests to point at: the family, the label set, the bucket (0 of a counter)."""
        return iter(())

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """What there is to publish at any time."""
        return iter(())

    def origins(self) -> Mapping[str, str] | None:
        """Where the model of each version is from, by version; None: nobody asked."""
        return None

    def epoch(self, clock: float) -> int:  # noqa: ARG002
        """A number that is another one where values of the windows have aged otherwise."""
        return 0

    def gauges(self, clock: float, gauges: Gauges) -> None:
        """Add values of the windows. Not asked while no line came and no pane has aged."""

    def gauges_by_segment(self, clock: float) -> GaugesByFamily:  # noqa: ARG002
        """Values of the windows that have more labels than their family."""
        return {}

    def overflowed(self) -> dict[str, float]:
        """Values counted under `__overflow__` since ever, by family, beside the ledger's."""
        return {}

    def facts(self, known: ModelFacts) -> ModelFacts:
        """What the status page says, with what the part knows."""
        return known

    # -- state ----------------------------------------------------------------------------------

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """State to write and to delete since the last call; the keys are the part's own."""
        return {}, set()

    def kept_reference(self, state: Mapping[str, bytes]) -> Reference | None:  # noqa: ARG002
        """A reference in the committed state, before anything is restored."""
        return None

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """Take up committed state; what could not be used, in sentences."""
        return []
