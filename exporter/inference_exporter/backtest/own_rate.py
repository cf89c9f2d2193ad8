"""How often this traffic would have alarmed if nothing had ever drifted: judged against itself.

Every window before the first drift that lasted is judged again, in order of time, by the same law:
against all the others together in the place of the reference. Where the traffic is what the law
supposes, this stays within the promise; rows that hang together in ways that the exporter cannot
see, a daily rhythm, or a mean that wanders make it alarm, as they will once it is live.

It supposes that what came before the first lasting drift is free of drift, and that the months to
come are like it. What went away again within three days is no drift here but what this traffic
does. With few windows the interval is wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from inference_exporter.decisions import Judgement
from inference_exporter.decisions.budget import DAYS, holm, per_month
from inference_exporter.decisions.evidence import weigh
from inference_exporter.decisions.hours import Expected
from inference_exporter.decisions.memory import Memory
from inference_exporter.decisions.states import States
from inference_exporter.values.batch import Floats

LEAST_WINDOWS = 20
LASTING = 3.0  # days that a feature must stay drifted; one day at the end of the log
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class OwnRate:
    """False alarms a month with their 95 % interval: `alarms` began in `windows` that were decided.

    `until` is the end of the last of them.
    """

    window: str
    windows: int
    alarms: int
    per_month: float
    lower: float
    upper: float
    until: float


def own_rate(judgements: Sequence[Judgement], seconds: float) -> OwnRate | None:
    """The rate of one version and window of so many seconds; None with too few windows."""
    used = _before_lasting(sorted(judgements, key=lambda one: one.number), seconds)
    if len(used) < LEAST_WINDOWS:
        return None
    decided, alarms = _again(used)
    if not decided:
        return None
    months = decided * seconds / (DAYS * _DAY)
    return OwnRate(used[0].window, decided, alarms, *per_month(alarms, months), used[-1].end)


def _before_lasting(judgements: Sequence[Judgement], seconds: float) -> list[Judgement]:
    """The windows before the first in which a drift began that lasted."""
    size = len(judgements[0].subjects) if judgements else 0
    since = np.full(size, np.nan)  # when each began to be drifted without a break
    cut = np.inf
    for one in judgements:
        known = one.enough
        since = np.where(known & ~one.drifted, np.nan, since)
        since = np.where(one.drifted & np.isnan(since), one.end - seconds, since)
        lasted = one.end - since >= LASTING * _DAY
        if lasted.any():
            cut = float(since[lasted].min())
            break
    else:
        if judgements:
            ended = judgements[-1].end - since >= _DAY
            cut = float(since[ended].min()) if ended.any() else np.inf
    return [one for one in judgements if one.end <= cut]


def _again(used: Sequence[Judgement]) -> tuple[int, int]:
    """Windows that could be decided on, and how many features' alarms began in them."""
    live = [one.blocks.sum(axis=1) for one in used]
    total = np.sum(live, axis=0)
    wanted = np.sum([_expected(one) for one in used], axis=0)
    hours = 0 if used[0].expected is None else used[0].expected.hours.shape[1]
    features, cells = total.shape
    memory, states = Memory.fresh(features, cells, hours), States.fresh(features)
    decided = alarms = 0
    for one, own in zip(used, live, strict=True):
        evidence, memory = weigh(
            one.blocks, total - own, one.cells, one.least, memory, one.entities,
            _of_others(one, total - own, wanted - _expected(one)),
        )  # fmt: skip
        before = states.drifted
        states.decide(evidence, holm(evidence.p_value), one.limits, one.level, holm(evidence.plain))
        decided += bool(states.enough.any())
        alarms += int((states.drifted & ~before).sum())
    return decided, alarms


def _expected(one: Judgement) -> Floats:
    """Rows (T, B) that the reference lets expect; 0 without a season."""
    return np.zeros(()) if one.expected is None else one.expected.blocks.sum(axis=1)


def _of_others(one: Judgement, live: Floats, expected: Floats) -> Expected | None:
    """What the other windows let expect at this one's hours: the reference's hours, their level."""
    if one.expected is None:
        return None
    level = (live + 0.5) / (expected + 0.5)
    blocks = one.expected.blocks * level[:, None, :]
    rows = np.maximum(live.sum(axis=1), 1.0)
    worth = 1.0 / (1.0 / rows + 1.0 / one.expected.worth)  # hours are still the reference's
    return replace(one.expected, blocks=blocks, worth=worth)
