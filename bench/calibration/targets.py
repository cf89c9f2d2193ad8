"""What was asked of the alarms, held against what came out."""

from __future__ import annotations

from collections.abc import Sequence

from bench.calibration.false_alarms import Cell
from bench.calibration.power import Point
from bench.result import Target

MONTHS = 1.0  # of a model that a cell needs to be held against a target


def targets(cells: Sequence[Cell], points: Sequence[Point]) -> list[Target]:
    """Every target with its verdict."""
    # one alarm in a tenth of a month would be ten a month: such cells say nothing of rates
    long = [cell for cell in cells if cell.alarms.months >= MONTHS] or cells
    independent = [cell.alarms.per_month for cell in long if cell.independent]
    others = [cell.alarms.per_month for cell in long if not cell.independent]
    result = [
        _at_most("false alarms per model and month, worst independent cell", independent, 1.0),
        _at_most("false alarms per model and month, worst autocorrelated cell", others, 2.0),
    ]
    for size, effect, wanted in ((0.4, 0.1, 0.95), (0.25, 0.02, 0.8)):
        found = next(
            point.in_a_day
            for point in points
            if (point.kind, point.rows, point.effect, point.size)
            == ("mean shift", 1_000, effect, size)
        )
        what = f"{size:g} sigma, 1,000 rows an hour, effect threshold {effect:g}: found in a day"
        text = f"{found:.1%}"
        result.append(Target(what, f"at least {wanted:.0%}", text, found >= wanted))
    return result


def _at_most(what: str, values: Sequence[float], wanted: float) -> Target:
    worst = max(values)
    return Target(what, f"at most {wanted:g}", f"{worst:.2f}", worst <= wanted)
