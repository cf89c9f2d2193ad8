"""Late labels of one model: from batches to counts.

Predictions are handed to the join when their line is counted. Labels come as lines or from HTTP.
Once per commit the join is settled, and the joined rows are counted into the totals and, at the
time of their prediction, into the windows; only by accumulators of truth, for the rest of the
line is counted already.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Self

import numpy as np

from inference_exporter.accumulators import task_of
from inference_exporter.config.labels import label_lines
from inference_exporter.config.schema import LabelsConfig, ModelConfig
from inference_exporter.formats import Decoded, make_decoder
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.truth import Intake, Join, Pairs, make_join
from inference_exporter.values.batch import Batch
from inference_exporter.values.samples import Samples
from inference_exporter.windows import NO_PANE


class LateLabels(Part):
    """The labels of one model.

    `on_joined` is told about every batch of joined rows, as it is counted; `on_paired` about
    requests that two versions scored, `on_labels` about labels as they come.
    """

    def __init__(
        self,
        config: ModelConfig,
        labels: LabelsConfig,
        *,
        regression: bool,
        on_joined: Callable[[Batch], None],
        on_paired: Callable[[Pairs], None],
        on_labels: Callable[[Batch], None],
    ) -> None:
        self._config, self.on_joined, self.on_paired = config, on_joined, on_paired
        self.on_labels = on_labels
        self._regression, self._resumed = regression, False
        self._decoder = make_decoder(label_lines(config))
        same = label_lines(config, same_log=True) if labels.same_log else None
        self._same_log = None if same is None else make_decoder(same)
        self.join: Join = make_join(config, labels, regression=regression)

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        config = setting.config
        if config.labels is None:
            return None
        regression = task_of(config, setting.reference) == "regression"
        return cls(
            config, config.labels, regression=regression, on_joined=setting.joined,
            on_paired=setting.paired, on_labels=setting.labelled,
        )  # fmt: skip

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        self._counting = counting
        self._known = counting.reference.classes if counting.reference else ()
        self.intake = Intake(self.join, regression=self._regression, known=self._known)

    def resume(self, before: LateLabels) -> None:
        """Go on with the join from before a reload, if the configuration asks for the same one.

        It may hold what could not be written yet.
        """
        if self.join.is_like(before.join):
            self.join, self._resumed = before.join, True
            self.intake = Intake(self.join, regression=self._regression, known=self._known)

    # -- in ------------------------------------------------------------------------------------

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`: predictions begin to wait for their labels."""
        placement = rows.placement
        outside = np.array([pane == NO_PANE for _, pane in placement.groups], np.bool_)
        self.intake.predictions(rows.batch, rows.times, outside[placement.index])

    def log(self, block: bytes, now: float) -> Decoded:
        """Lines of a log of labels."""
        return self._labels(self._decoder.decode(block), now)

    def lines(self, block: bytes, now: float) -> Decoded | None:
        """See `Part.lines`: the model's own log may hold labels."""
        return self._labels(self._same_log.decode(block), now) if self._same_log else None

    def _labels(self, decoded: Decoded, now: float) -> Decoded:
        self.submitted(decoded.batch, now)
        return decoded

    def submitted(self, batch: Batch, now: float) -> None:
        """Labels in columns: id, actual, row, timestamp."""
        if batch.rows:
            self.on_labels(batch)
            self.intake.labels(batch, now)

    # -- once per commit -----------------------------------------------------------------------

    def settle(self, connection: sqlite3.Connection | None, now: float) -> bool:
        """Join what came, and count it; whether anything changed."""
        settled = self.join.settle(connection, now)
        clock = self._counting.clock(now)
        if settled.retracted is not None:
            self._count(settled.retracted, clock, retract=True)
        if settled.joined is not None:
            self._count(settled.joined, clock, retract=False)
            self.on_joined(settled.joined)
        if settled.pairs is not None:
            self.on_paired(settled.pairs)
        return settled.changed

    def _count(self, batch: Batch, now: float, *, retract: bool) -> None:
        for ledger in self._counting.ledgers:
            ledger.count_joined(batch, now, retract=retract)

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`: what became of labels, and how many predictions wait."""
        for family, values in self.join.samples().items():
            yield cache.samples(family, values)

    # -- state ---------------------------------------------------------------------------------

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`; the tables of the join are written by `join.write`."""
        return self.join.take_changes(), set()

    def restore_join(
        self, state: Mapping[str, bytes], connection: sqlite3.Connection | None
    ) -> list[str]:
        """Take up committed state; returns what could not be used, in sentences."""
        return [] if self._resumed else self.join.restore(state, connection)
