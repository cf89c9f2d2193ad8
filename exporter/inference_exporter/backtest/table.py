"""A backtest as text for a terminal and as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from inference_exporter.backtest.record import Looked
from inference_exporter.backtest.replay import Backtest
from inference_exporter.config.budget import allowed
from inference_exporter.decisions import Judgement
from inference_exporter.exposition.status.html.timeline import State, moment

COLUMNS = (
    "end", "window", "version", "requests", "kind", "name", "state", "rows", "psi", "limit",
    "p_value", "level", "design_effect", "why",
)  # fmt: skip
_SHOWN = 40  # alarms in the text
_METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "mae", "rmse")


def as_csv(found: Backtest) -> str:
    """A row for every window and feature or output; performance in rows of the kind `metric`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in found.looked:
        head = (moment(one.end), one.window, one.version, f"{one.requests:.0f}")
        for row in range(len(one.judgement.subjects) if one.judgement else 0):
            assert one.judgement is not None
            writer.writerow((*head, *_decision(one.judgement, row)))
        for kind, values in (("realised", one.realised), ("estimated", one.estimated)):
            for name, value in sorted(values.items()):
                writer.writerow((*head, kind, name, "", "", f"{value:.6g}", "", "", "", "", ""))
    return out.getvalue()


def _decision(one: Judgement, row: int) -> tuple[str, ...]:
    scope, name = one.subjects[row]
    evidence = one.evidence
    numbers = (
        f"{evidence.rows[row]:.0f}", f"{evidence.distance[row]:.6g}", f"{one.limits[row]:g}",
        f"{one.adjusted[row]:.3g}", f"{one.level:.3g}", f"{evidence.design.mean[row]:.3g}",
    )  # fmt: skip
    return scope, name, state(one, row), *numbers, one.why_not(row)


def state(one: Judgement, row: int) -> State:
    """`drifted`, `ok` or `undecided`."""
    if not one.enough[row]:
        return "undecided"
    return "drifted" if one.drifted[row] else "ok"


def as_text(found: Backtest) -> str:
    """What there is to know at a glance: windows, findings, performance, the rate of one's own."""
    return "\n".join(
        [
            *_windows(found),
            "",
            *_alarms(found),
            *_performance(found),
            *_compared(found),
            "",
            *_own(found),
        ]
    )


def _windows(found: Backtest) -> Iterator[str]:
    yield (
        f"{found.model.name}: {len(found.reference.features)} features against a reference of"
        f" {found.reference.rows:,} rows ({found.reference.fingerprint})"
    )
    for window in found.model.windows:
        mine = [one for one in found.looked if one.window == window.name]
        judged = [one.judgement for one in mine if one.judgement is not None]
        decided = sum(bool(one.enough.any()) for one in judged)
        drifted = sum(bool(one.drifted.any()) for one in judged)
        yield (
            f"  windows of {window.name}: {len(mine)}, decided on {decided}, with drift {drifted}"
        )
        whys = Counter(one.reason(row) for one in judged for row in range(len(one.subjects)))
        for why, times in whys.most_common():
            if why:
                yield f"    {times} times an input or output was undecided because {why}"


def alarms(found: Backtest) -> list[tuple[Looked, int]]:
    """Where a feature or output became drifted: the window, and its row in the judgement."""
    before: dict[tuple[str, str, int], bool] = {}
    onsets: list[tuple[Looked, int]] = []
    for one in found.looked:
        if one.judgement is None or one.end <= found.trained_until:
            continue
        for row, drifted in enumerate(one.judgement.drifted.tolist()):
            key = (one.version, one.window, row)
            if drifted and not before.get(key, False):
                onsets.append((one, row))
            if one.judgement.enough[row]:
                before[key] = drifted
    return onsets


def _alarms(found: Backtest) -> Iterator[str]:
    onsets = alarms(found)
    if not onsets:
        yield "no feature or output would have been said to drift"
        return
    yield f"{len(onsets)} times a feature or output began to drift:"
    for one, row in onsets[:_SHOWN]:
        judgement = one.judgement
        assert judgement is not None
        scope, name = judgement.subjects[row]
        version = f" version {one.version}" if one.version else ""
        yield (
            f"  {moment(one.end)}  {one.window:>4}  {scope} {name}{version}: PSI"
            f" {judgement.evidence.distance[row]:.3f} (limit {judgement.limits[row]:g}),"
            f" p {judgement.adjusted[row]:.2g} (level {judgement.level:.2g}),"
            f" {judgement.evidence.rows[row]:,.0f} rows"
        )
    if len(onsets) > _SHOWN:
        yield f"  … and {len(onsets) - _SHOWN} more; --csv has them all"


def _performance(found: Backtest) -> Iterator[str]:
    window = max(found.model.windows, key=lambda one: one.seconds).name
    mine = [one for one in found.looked if one.window == window]
    names = [n for n in _METRICS if any(n in one.realised or n in one.estimated for one in mine)]
    if not names:
        return
    yield ""
    yield f"performance in windows of {window}, realised / estimated:"
    yield f"  {'end':<17} {'version':<10}" + "".join(f"{name:>19}" for name in names[:4])
    for one in mine[-_SHOWN:]:
        cells = "".join(f"{_both(one, name):>19}" for name in names[:4])
        yield f"  {moment(one.end)} {one.version[:10]:<10}{cells}"


def _compared(found: Backtest) -> Iterator[str]:
    if found.compared:
        yield ""
        yield from found.compared


def _both(one: Looked, name: str) -> str:
    shown = (f"{one_of[name]:.3f}" if name in one_of else "–" for one_of in
             (one.realised, one.estimated))  # fmt: skip
    return " / ".join(shown)


def _own(found: Backtest) -> Iterator[str]:
    promised = allowed(found.model.thresholds, "drift")
    if not found.rates:
        yield "too few windows before the first drift that lasted (20 are needed) to say how often"
        yield "this traffic alarms by itself"
        return
    yield "judged against itself, this traffic alarms"
    for rate in found.rates:
        yield (
            f"  {rate.per_month:.1f} times a month in windows of {rate.window} (95 %:"
            f" {rate.lower:.1f} to {rate.upper:.1f}; {rate.alarms} in {rate.windows} windows until"
            f" {moment(rate.until)})"
        )
    yield f"  promised: at most {promised:g} a month, the part of the budget that drift has"
