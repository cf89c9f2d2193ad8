"""What a line says, worked out again from its counts: by the same functions that decided.

What one line alone cannot give is the correction for everything else that was decided at the same
time; the line has it as `p_adjusted`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.decisions.cells import pool
from inference_exporter.decisions.dependence import Design
from inference_exporter.decisions.evidence import likelihood_ratio, p_value_of, psi, psi_of_hours
from inference_exporter.decisions.points import below_and_above
from inference_exporter.record.line import Decided

_CLOSE = 1e-9  # relative; p-values are integrals and agree less exactly


@dataclass(frozen=True, slots=True)
class Again:
    """PSI, likelihood-ratio statistic and p-value (NaN where nothing was tested) of a line."""

    distance: float
    g: float
    p_value: float


def again(line: Decided) -> Again:
    """The numbers of a line from its counts and design effects."""
    live, known = (np.array([one], dtype=np.float64) for one in (line.live, line.expected))
    pooled = pool(live[:, None, :], known)
    value = likelihood_ratio(pooled)
    measure = psi if line.whole is None else psi_of_hours
    distance = measure(live, known, np.array([float(len(line.live))]))
    return Again(float(distance[0]), float(value[0]), _p_value(line, live, known))


def agrees(line: Decided) -> bool:
    """Whether the line's own numbers are those that its counts give."""
    found = again(line)
    pairs = ((found.distance, line.distance), (found.g, line.g), (found.p_value, line.p_value))
    return all(np.isnan(a) or np.isclose(a, b, rtol=1e-6, atol=_CLOSE) for a, b in pairs)


def _p_value(line: Decided, live: np.ndarray, known: np.ndarray) -> float:
    if line.p_value == 1.0 and line.verdict == "undecided":
        return float("nan")  # too few rows: not tested
    effect = line.design_effect
    whole = known if line.whole is None else np.array([line.whole], dtype=np.float64)
    exact = below_and_above(live, whole, np.array([effect.usual]))
    if not np.isnan(exact[0]):
        return float(exact[0])
    pooled = pool(live[:, None, :], known)
    design = Design(*(np.array([one]) for one in (effect.first, effect.rest, effect.mean)))
    rows, m = pooled.live.sum(axis=1), pooled.known.sum(axis=1)
    return float(p_value_of(likelihood_ratio(pooled), pooled, design, rows, m)[0])
