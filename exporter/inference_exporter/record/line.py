"""One decision on a feature or output as a line of JSON: what it rests on, and the verdict.

`live` and `expected` are rows by bin, in the order of the bins of `inference_feature_bin_total`:
those of the window, and those of the reference that they were compared with. With a season these
are as if the reference had been made at the hours of the window; `whole` are those of all hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec
import numpy as np

from inference_exporter.decisions import Judgement
from inference_exporter.decisions.cells import pool
from inference_exporter.decisions.evidence import likelihood_ratio
from inference_exporter.statistics.null import chi2_quantile
from inference_exporter.values.batch import Bools, Floats

Verdict = Literal["drifted", "ok", "undecided"]
VERDICTS: tuple[Verdict, ...] = ("drifted", "ok", "undecided")
Rows = int | float


class Effect(msgspec.Struct, frozen=True):
    """Design effects: on average, in the worst direction, in the others.

    `usual` is the one of exact tests of constant features, `tail` that of critical values.
    """

    mean: float
    first: float
    rest: float
    usual: float
    tail: float


class Decided(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """One line. Times are UTC; `time` is when it was decided, `start` and `end` the window.

    `distance` is the PSI and `critical` the PSI that chance alone exceeds at the level of one
    test (None where there are no rows in bins to tell apart); `g` is the likelihood-ratio
    statistic with its `freedom`. `p_value` is of this test alone, `p_adjusted` after Holm's
    correction over all that was decided at once: it is held against `level`, `distance` against
    `threshold`. `onset`: it was not drifted before. `why`: in few words, where undecided.
    """

    time: datetime
    model: str
    version: str
    scope: Literal["feature", "output"]
    name: str
    window: str
    start: datetime
    end: datetime
    rows: Rows
    verdict: Verdict
    verdict_before: Verdict
    onset: bool
    why: str
    distance: float
    threshold: float
    critical: float | None
    g: float
    freedom: int
    p_value: float
    p_adjusted: float
    level: float
    design_effect: Effect
    reference: str
    live: list[Rows]
    expected: list[Rows]
    whole: list[Rows] | None = None

    def encoded(self) -> bytes:
        """The line, its end included."""
        return msgspec.json.encode(self) + b"\n"


def lines_of(judgement: Judgement, model: str, reference: str, now: float) -> Iterator[Decided]:
    """The decisions of one window of a version, by feature and output.

    `reference` is the fingerprint of the profile, `now` the time of the decision.
    """
    one, evidence = judgement, judgement.evidence
    live = one.blocks.sum(axis=1)
    known = one.known if one.expected is None else one.expected.known()
    pooled = pool(live[:, None, :], known)
    value = likelihood_ratio(pooled)
    for row, (scope, name) in enumerate(one.subjects):
        cells = int(one.cells[row])
        yield Decided(
            time=moment(now),
            model=model,
            version=one.version,
            scope="feature" if scope == "feature" else "output",
            name=name,
            window=one.window,
            start=moment(one.start),
            end=moment(one.end),
            rows=_rows(evidence.rows[row]),
            verdict=_verdict(one.drifted, one.enough, row),
            verdict_before=_verdict(one.drifted_before, one.enough_before, row),
            onset=bool(one.onsets[row]),
            why=one.why_not(row),
            distance=float(evidence.distance[row]),
            threshold=float(one.limits[row]),
            critical=_critical(one, row, cells),
            g=float(value[row]),
            freedom=int(pooled.freedom[row]),
            p_value=float(evidence.p_value[row]),
            p_adjusted=float(one.adjusted[row]),
            level=float(one.level),
            design_effect=Effect(
                *(float(effects[row]) for effects in (
                    evidence.design.mean, evidence.design.first, evidence.design.rest, one.usual,
                    one.tail,
                ))
            ),
            reference=reference,
            live=_counts(live[row, :cells]),
            expected=_counts(known[row, :cells]),
            whole=None if one.expected is None else _counts(one.known[row, :cells]),
        )  # fmt: skip


def moment(seconds: float) -> datetime:
    """Epoch seconds as a time of UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _verdict(drifted: Bools, enough: Bools, row: int) -> Verdict:
    if not enough[row]:
        return "undecided"
    return "drifted" if drifted[row] else "ok"


def _critical(one: Judgement, row: int, cells: int) -> float | None:
    """As `inference_feature_drift_critical` has it for the PSI, of the rows of this window."""
    n, m = float(one.evidence.rows[row]), float(one.evidence.known[row])
    if cells < 2 or not n or not m:
        return None
    return (float(one.tail[row]) / n + 1.0 / m) * chi2_quantile(cells - 1, one.test_level)


def _counts(values: Floats) -> list[Rows]:
    return [_rows(value) for value in values]


def _rows(value: np.float64) -> Rows:
    """Whole numbers without a point: shorter, and exact."""
    return int(value) if float(value).is_integer() else float(value)
