"""The part of docs/calibration.md that is measured at the alert."""

from __future__ import annotations

from collections.abc import Sequence

from bench.calibration.alerts.month import ROWS
from bench.calibration.alerts.regimes import Outcome, row, share_row
from bench.result import Target

_BEGIN = "<!-- at the alert: also written alone by `python -m bench.calibration --only=alerts` -->"
_END = "<!-- end of at the alert -->"
_HEAD = """\
## At the alert

Traffic by the minute through the decisions of every replica *and* through the shipped rules, with
their looks and `keep_firing_for`; `tests/ops/test_replay.py` holds the replay of the rules
against promtool. Models of ten features, windows of an hour and a day, the default budget, of which
drift has 0.7 of a false alarm a month, and the default threshold. Nothing drifts. "a month" is how
often an alert of the model begins to fire, in brackets the upper end of the 95 % interval; cells
with few model months have a wide one. "before" is the rule of ADR 0015, which looked at a sliding
hour every minute, with the design effects of today. "decided" is the share of time in which inputs
have a state. "found" is the share of inputs whose alert fires within a day after their mean has
moved by 0.4 standard deviations (of categories: a fifth of the rows changes category), beside nine
that have not. Rows of a fleet go to replicas at random; visitors make the requests of which the
name speaks, equal in all features. **The promise ends** where the name is bold. Ten months are the
first two of five models that begin without state, five months their first. Visitors whose requests
are spread over an hour make most of their false alarms in the two days after that: what they are
is seen only between windows. A mean that wanders is found out after about twenty hours at the
earliest. Inputs are decided on by the hour or the day; 0.4 standard deviations are found in a day
where the hour is.
Ten model months of a cell take 5 to 30 seconds of one core, and of ten replicas a minute.

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
_WHOLE = """
### All alerts at once

Every statistical alert of one model, on the same drift-free months (`python -m
bench.calibration.alerts.whole`): ten inputs and a score, {rows} rows an hour, each with its
label; missing and out-of-range values, outliers; eight metrics and calibration over a day and a
week; the estimates, as if no labels were there; a field of five segments and a protected one of two
groups. Labels, scores, segments and missing values follow the same kind of process as inputs.
{months} months of each kind of traffic, each begun without state; in brackets the upper end of the
95 % interval. Looks every minute, at segments every five. "found" is the share of {months} changes
whose alert fires within a day, beside everything else. The fast verdict is not among them
([broken.md](broken.md#measured)); models of numbers (MAE, RMSE) were not run.

| alerts on | a month, independent | AR(1) 0.5 | found, independent | AR(1) 0.5 | what changes |
|---|---:|---:|---:|---:|---|
"""


def section(drift: Sequence[str], shares: Sequence[str], whole: Sequence[str], months: int) -> str:
    """The part, of rows as `regimes.row`, `regimes.share_row` and `whole.table` write them."""
    together = _WHOLE.format(rows=60 * ROWS, months=months)
    tables = ((_HEAD, drift), (_SHARES, shares), (together, whole))
    return "\n".join((_BEGIN, *(head + "\n".join(rows) for head, rows in tables), _END))


def of(outcomes: Sequence[Outcome], whole: Sequence[str], months: int) -> str:
    """The part, of outcomes and the rows of `whole.table` of so many months."""
    drift, shares = ([write(one) for one in outcomes] for write in (row, share_row))
    return section(drift, shares, whole, months)


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
