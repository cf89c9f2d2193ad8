"""Decisions as gauges. A state is 1 (drifted) or 0 (ok), and absent without enough data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from inference_exporter.decisions.decisions import Decisions
from inference_exporter.decisions.points import KINDS
from inference_exporter.decisions.states import States
from inference_exporter.decisions.track import Track
from inference_exporter.values.batch import Bools
from inference_exporter.values.samples import Labels

Gauges = dict[str, dict[Labels, float]]


def gauges(model: str, decisions: Decisions, importance: Mapping[str, float]) -> Gauges:
    """Everything there is to publish about the last decisions, by family and labels.

    `importance` of features as shares of that of all; empty where it is not known.
    """
    result: Gauges = {}
    for (version, window), track in decisions.tracks.items():
        states, judged = track.states, track.judged
        decided = window in decisions.decided
        for row, one in enumerate(decisions.subjects.bins):
            labels = (model, version, one.name, window)
            if states.enough[row]:
                value = float(states.drifted[row])
                _put(result, f"inference_{one.scope}_drift_state", labels, value)
                _put_found(result, one.scope, labels, states, row)
            elif decided:
                why = (*labels, states.reason(row))
                _put(result, f"inference_{one.scope}_undecided", why, 1.0)
            if judged[row]:  # also where it is why there is not enough: alerts go by it
                design = float(track.design[row])
                _put(result, f"inference_{one.scope}_drift_design_effect", labels, design)
        _put_masses(result, (model, version), window, track, decisions.cells.names)
        features = decisions.subjects.is_feature
        if decided and features.any():
            _put_counts(result, (model, version, window), states, features)
            _put_weighed(result, (model, version, window), track, decisions, importance)
    for window, end in decisions.ends():
        _put(result, "inference_drift_decision_timestamp_seconds", (model, window), end)
    return result


def _put_found(result: Gauges, scope: str, labels: Labels, states: States, row: int) -> None:
    """The evidence of the decision that found drift; not there in states of older versions."""
    distance, rows, noise = states.found[:, row].tolist()
    if not (states.drifted[row] and rows):
        return
    _put(result, f"inference_{scope}_drift_decided", labels, distance)
    _put(result, f"inference_{scope}_drift_decided_samples", labels, rows)
    if noise:
        _put(result, f"inference_{scope}_drift_decided_critical", labels, noise)


def _put_counts(result: Gauges, base: Labels, states: States, features: Bools) -> None:
    """How many features are drifted and undecided."""
    undecided = float((features & ~states.enough).sum())
    _put(result, "inference_undecided_features", base, undecided)
    if (features & states.enough).any():
        drifted = float((features & states.enough & states.drifted).sum())
        _put(result, "inference_drifted_features", base, drifted)


def _put_weighed(
    result: Gauges,
    base: Labels,
    track: Track,
    decisions: Decisions,
    importance: Mapping[str, float],
) -> None:
    """How much the drifted features matter."""
    decided = decisions.subjects.is_feature & track.states.enough
    if importance and decided.any():
        found = np.flatnonzero(decided & track.states.drifted).tolist()
        names = [decisions.subjects.bins[row].name for row in found]
        value = sum(importance.get(name, 0.0) for name in names)
        _put(result, "inference_drifted_importance_ratio", base, value)


def _put_masses(
    result: Gauges, base: Labels, window: str, track: Track, names: Sequence[str]
) -> None:
    masses = track.masses
    for at, name in enumerate(names):
        if masses.enough[at]:
            state = float(masses.found[at])
            _put(result, "inference_feature_point_mass_state", (*base, name, window), state)
            if masses.found[at]:
                labels = (*base, name, KINDS[int(masses.kind[at])], window)
                excess = float(masses.excess[at])
                _put(result, "inference_feature_point_mass_ratio", labels, excess)


def significance(model: str, decisions: Decisions) -> Mapping[Labels, float]:
    """The levels that follow from the budget, as values of `inference_threshold`."""
    if not decisions.subjects.size:
        return {}
    return {
        (model, "drift_significance", ""): decisions.alpha,
        (model, "drift_test_significance", ""): decisions.test_alpha,
    }


def _put(result: Gauges, family: str, labels: Labels, value: float) -> None:
    result.setdefault(family, {})[labels] = value
