"""The part of docs/calibration.md that is measured at the alert."""

from __future__ import annotations

from collections.abc import Sequence

from bench.calibration.alerts.regimes import Outcome, row, share_row
from bench.result import Target

_BEGIN = "<!-- at the alert: also written alone by `python -m bench.calibration --only=alerts` -->"
_END = "<!-- end of at the alert -->"
_HEAD = """\
## At the alert

Traffic by the minute through the decisions of every replica *and* through the shipped rules, with
their looks and `keep_firing_for`; `tests/ops/test_replay.py` holds the replay of the rules
against promtool. Models of ten features, windows of an hour and a day, the default budget of one
false alarm a month and the default threshold. Nothing drifts. "a month" is how often an alert of
the model begins to fire, in brackets the upper end of the 95 % interval; cells with fewer than
ten model months have a wide one. "before" is the rule of ADR 0015, which looked at a sliding hour
every minute. "decided" is the share of time in which inputs are not undecided. "found" is the
share of inputs whose alert fires within a day after their mean has moved by 0.4 standard
deviations (of categories: a fifth of the rows changes category), beside nine that have not. Rows
of a fleet go to replicas at random; visitors make the requests of which the name speaks, equal in
all features. **The promise ends** where the name is bold. Every cell begins without state, five
times in ten months. Visitors whose requests are spread over an hour make two thirds of their
false alarms or more in the two days after that: what they are is seen only between windows.
Inputs are decided on by the hour or the day; 0.4 standard deviations are found in a day where the
hour is. This part takes about 25 minutes of one core that has nothing else to do.

| traffic | before | a month | months | decided | found |
|---|---:|---:|---:|---:|---:|
"""
_SHARES = """
### Shares

The alerts on missing, invalid, unseen and out-of-range values, which look at the last hour every
minute: inputs of which three in ten values are flawed, in the reference and ever since, in the
same traffic.

| traffic | a month | months |
|---|---:|---:|
"""


def section(drift: Sequence[str], shares: Sequence[str]) -> str:
    """The part, of rows as `regimes.row` and `regimes.share_row` write them."""
    return "\n".join((_BEGIN, _HEAD + "\n".join(drift), _SHARES + "\n".join(shares), _END))


def of(outcomes: Sequence[Outcome]) -> str:
    """The part, of outcomes."""
    return section([row(one) for one in outcomes], [share_row(one) for one in outcomes])


def renew(page: str, fresh: str) -> str:
    """The page with a fresh part; at its end where it has none."""
    head, found, rest = page.partition(_BEGIN)
    tail = rest.partition(_END)[2] if found else "\n"
    gap = "" if found else "\n"
    return f"{head}{gap}{fresh}{tail}"


def targets(outcomes: Sequence[Outcome]) -> list[Target]:
    """What was asked of alerts, held against what came out."""
    kept = [one for one in outcomes if not one.regime.ends]
    worst = max(max(one.alerts.per_month, one.flawed.per_month) for one in kept)
    named = ("independent, 1,000 an hour", "5 requests over 30 minutes, 1,000 an hour")
    found = min((one.found for one in kept if one.regime.name in named), default=1.0)
    return [
        Target(
            "false alarms at the alert per model and month, worst cell of the promise",
            "at most 1", f"{worst:.2f}", worst <= 1.0,
        ),
        Target(
            "0.4 sigma, 1,000 rows an hour, independent and in visits: alert within a day",
            "at least 90%", f"{found:.1%}", found >= 0.9,
        ),
    ]  # fmt: skip
