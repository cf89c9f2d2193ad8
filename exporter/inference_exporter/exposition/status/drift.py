"""Snapshot -> drift of the features and outputs of one version over one window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from inference_exporter.exposition.status.index import Index
from inference_exporter.exposition.status.numbers import Number, count, digits, seconds
from inference_exporter.exposition.status.views import (
    Bin,
    DriftRow,
    DriftView,
    StatisticRow,
    SubjectView,
    Verdict,
)
from inference_exporter.values.limits import LEAST_EFFECTIVE
from inference_exporter.values.order import higher
from inference_exporter.values.samples import Labels
from inference_exporter.values.status_facts import Evidence, ModelFacts

Scope = Literal["feature", "output"]

PREFERRED = "psi"
UNDEFINED = "not defined for these values"
FAR = "far away, undecided"
NEAR = "near so far, undecided"
ALIKE = "undecided because rows resemble each other"
WANDERS = "undecided because the traffic moves by itself"
NEW_HOURS = "undecided because the reference has hardly any rows of these hours"
_REASONS = {"rows_alike": ALIKE, "wanders": WANDERS, "new_hours": NEW_HOURS}


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: a model as configured, one of its versions, one of its windows."""

    index: Index
    facts: ModelFacts
    version: str
    window: str

    @property
    def labels(self) -> tuple[str, str]:
        """The leading labels of everything about a version."""
        return (self.facts.name, self.version)

    def threshold(self, name: str) -> float | None:
        """A threshold in force for the whole model."""
        return self.index.one("inference_threshold", self.facts.name, name, "")


def drift_of(place: Place) -> DriftView:
    """The features and outputs, the drifted ones first, then the furthest."""
    statistic = _statistic(place)
    threshold = Number(place.threshold("feature_psi") if statistic == PREFERRED else None)
    features = _rows(place, "feature", statistic)
    outputs = _rows(place, "output", statistic)
    why = "" if features or outputs else _why_nothing(place)
    wait = place.facts.waits.get(place.window, 0.0)
    when = f"once per {place.window}, {seconds(wait)} after its end"
    return DriftView(statistic, threshold, when, features, outputs, why)


def subject_of(place: Place, view: DriftView, scope: Scope, name: str) -> SubjectView | None:
    """All there is about one feature or output; None if there is none of that name."""
    rows = view.features if scope == "feature" else view.outputs
    row = next((row for row in rows if row.name == name), None)
    return None if row is None else SubjectView(row, _statistics(place, scope, name))


def _statistic(place: Place) -> str:
    rows = place.index.rows("inference_feature_drift", *place.labels)
    rows = rows or place.index.rows("inference_output_drift", *place.labels)
    names = dict.fromkeys(labels[1] for labels in rows)
    return PREFERRED if PREFERRED in names or not names else next(iter(names))


def _why_nothing(place: Place) -> str:
    name = place.facts.name
    left = place.index.one("inference_reference_warmup_remaining", name)
    if place.facts.reference == "none":
        return "No reference is configured: there is nothing to compare with."
    if left:
        return (
            f"The reference is still being collected from the first predictions: {count(left)} "
            "more to go."
        )
    return "The reference has no features."


def _rows(place: Place, scope: Scope, statistic: str) -> tuple[DriftRow, ...]:
    bins = _bins(place, scope)
    distances = place.index.rows(f"inference_{scope}_drift", *place.labels)
    critical = place.index.rows(f"inference_{scope}_drift_critical", *place.labels)
    samples = place.index.rows(f"inference_{scope}_drift_samples", *place.labels)
    states = place.index.rows(f"inference_{scope}_drift_state", *place.labels)
    reasons = _reasons(place, scope)
    designs = place.index.rows(f"inference_{scope}_drift_design_effect", *place.labels)
    ranks, importance = _ranks(place, scope), _importance(place, scope)
    rows = []
    for name, cells in bins.items():
        key = (place.version, place.window, scope, name)
        evidence = place.facts.evidence.get(key)
        n = samples.get((name, place.window))
        distance = distances.get((name, statistic, place.window))
        limit = critical.get((name, statistic, place.window))
        few = _too_few(n, evidence)
        alike = _too_alike(n, designs.get((name, place.window)), len(cells))
        why, undecided = few or UNDEFINED, few or alike or reasons.get(name, "")
        state = states.get((name, place.window))
        row = DriftRow(
            scope,
            name,
            Number(distance, why=why),
            Number(limit, why=few or "none"),
            Number(n, "count", "none yet"),
            _verdict(state, undecided, far=_is_far(place, scope, distance, limit)),
            _with_live(cells, evidence, n),
            _higher(ranks.get(name, []), evidence, n),
            Number(importance.get((name,)), "share", "not known"),
            _decided(place, scope, name),
        )
        rows.append(row)
    return tuple(sorted(rows, key=_first_the_furthest))


def _decided(place: Place, scope: Scope, name: str) -> str:
    """What drift was found on, as the alert says it; empty where nothing has drifted."""
    psi, rows, noise = (
        place.index.one(f"inference_{scope}_drift_decided{end}", *place.labels, name, place.window)
        for end in ("", "_samples", "_critical")
    )
    if psi is None or rows is None:
        return ""
    reached = "" if noise is None else f"; noise alone reaches {digits(noise)}"
    return (
        f"In a full window of {place.window} it was {digits(psi)} over {count(rows)} rows{reached}."
    )


def _importance(place: Place, scope: Scope) -> Mapping[Labels, float]:
    if scope == "output":
        return {}
    return place.index.rows("inference_feature_importance_ratio", *place.labels)


def _first_the_furthest(row: DriftRow) -> tuple[bool, float, float, str]:
    """What needs a look first; of that the most important, where it is known."""
    value = row.distance.value
    return (
        row.verdict.level not in ("bad", "warn"),
        -(row.importance.value or 0.0),
        -value if value is not None else 1.0,
        row.name,
    )


def _too_few(n: float | None, evidence: Evidence | None) -> str:
    """Why a distance is absent for want of values; empty if there are enough."""
    if n is None or evidence is None:
        return "no values yet"
    if n < evidence.least:
        return f"undecided because too few values: {count(n)} of {count(evidence.least)}"
    return ""


def _too_alike(n: float | None, design: float | None, cells: int) -> str:
    """Why nothing is decided although there are values: they are worth too few independent ones."""
    needed = LEAST_EFFECTIVE * cells
    if n is None or design is None or n / design >= needed:
        return ""
    return f"{ALIKE}: {count(n)} are worth {count(n // design)} of {count(needed)}"


def _is_far(place: Place, scope: Scope, distance: float | None, critical: float | None) -> bool:
    """Whether a distance would be called drift if the window ended now."""
    limit = place.threshold(f"{scope}_psi")
    if distance is None or critical is None or limit is None:
        return False
    return distance > critical and distance > limit


def _reasons(place: Place, scope: Scope) -> dict[str, str]:
    """Why there was no decision on the last window, for want of anything but rows."""
    rows = place.index.rows(f"inference_{scope}_undecided", *place.labels)
    return {
        name: _REASONS[reason]
        for name, window, reason in rows
        if window == place.window and reason in _REASONS
    }


def _verdict(state: float | None, few: str, *, far: bool) -> Verdict:
    """The last decision; decisions are made when a window is over, distances move before."""
    if state is not None and bool(state) == far:
        return Verdict("bad", "drifted") if state else Verdict("ok", "no drift")
    if state is not None:
        return Verdict("bad", "drifted, closer now") if state else Verdict("warn", FAR)
    if far and not few:
        return Verdict("warn", FAR)
    return Verdict("unknown", few or NEAR)


def _bins(place: Place, scope: Scope) -> Mapping[str, list[tuple[str, float]]]:
    """Cells with the reference's shares by name; of the reference that is compared with now."""
    ratios = place.index.rows(f"inference_{scope}_reference_ratio", *place.labels)
    found: dict[str, list[tuple[str, float]]] = {}
    newest = ""
    for (reference, name, cell, span), value in ratios.items():
        if reference != newest:
            newest, found = reference, {}
        found.setdefault(name, []).append((span or cell, value))
    return found


def _ranks(place: Place, scope: Scope) -> dict[str, list[float]]:
    """Mid-ranks of the bins of numbers, by name."""
    found: dict[str, list[float]] = {}
    newest = ""
    for (reference, name, _), rank in place.index.rows(
        f"inference_{scope}_bin_rank", *place.labels
    ).items():
        if reference != newest:
            newest, found = reference, {}
        found.setdefault(name, []).append(rank)
    return found


def _higher(ranks: list[float], evidence: Evidence | None, n: float | None) -> Number:
    """In how many pairs of a live and a reference value the live one is the higher.

    With a season less than what the hours of the window let expect, so that 0.5 is no direction.
    """
    if not ranks:
        return Number(None, why="categories have no order")
    if evidence is None or not n or len(evidence.counts) != len(ranks):
        return Number(None, why="no values")
    usual = 0.0 if evidence.expected is None else float(evidence.expected @ ranks) - 0.5
    return Number(higher(evidence.counts, np.array(ranks)) - usual, "share")


def _with_live(
    cells: list[tuple[str, float]], evidence: Evidence | None, n: float | None
) -> tuple[Bin, ...]:
    if evidence is None or not n or len(evidence.shares) != len(cells):
        return tuple(Bin(label, known, None) for label, known in cells)
    known = [share for _, share in cells]
    if evidence.expected is not None:
        known = evidence.expected.tolist()
    rows = zip(cells, known, evidence.shares.tolist(), strict=True)
    return tuple(Bin(label, share, now) for (label, _), share, now in rows)


def _statistics(place: Place, scope: Scope, name: str) -> tuple[StatisticRow, ...]:
    family = f"inference_{scope}_drift"
    values = place.index.rows(family, *place.labels, name)
    critical = place.index.rows(f"{family}_critical", *place.labels, name)
    chances = place.index.rows(f"{family}_p_value", *place.labels, name)
    return tuple(
        StatisticRow(
            labels[1],
            labels[0],
            Number(value),
            Number(critical.get(labels), why="not defined"),
            Number(chances.get(labels), why="not defined"),
        )
        for labels, value in sorted(values.items(), key=_by_window(place.facts.windows))
    )


def _by_window(windows: tuple[str, ...]) -> Callable[[tuple[Labels, float]], int]:
    order = {window: position for position, window in enumerate(windows)}
    return lambda item: order.get(item[0][1], len(order))
