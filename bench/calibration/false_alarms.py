"""False alarms per model and month: nothing drifts, and every alarm is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.calibration.pool import Pool, Rate, collect, replay
from bench.calibration.sizes import (
    CORRELATIONS,
    FEATURES,
    LEVELS,
    PER_DAY,
    ROWS,
    Sizes,
)
from bench.calibration.traffic import Categories, Numeric, Window
from bench.result import say
from inference_exporter.values.batch import Floats

EFFECT = 0.1


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the table: `significant` counts alarms without regard to the effect threshold."""

    traffic: str
    rows: int
    features: int
    per_day: int
    significant: Rate
    alarms: Rate
    decided: float
    design: float

    @property
    def independent(self) -> bool:
        """Whether rows are independent."""
        return self.traffic.startswith(("independent", "categories"))


@dataclass(frozen=True, slots=True)
class Law:
    """How often p-values are at most `level`, over how often they should be, at `rows` rows."""

    rows: int
    level: float
    own: float
    psi: float


def measure(sizes: Sizes) -> tuple[list[Cell], list[Law]]:
    """All kinds of traffic through the decisions of all sizes of models."""
    cells: list[Cell] = []
    laws: list[Law] = []
    for traffic, rows, known, window, windows in _traffic(sizes):
        pool = collect(known, window, windows)
        cells += _cells(traffic, rows, pool)
        if traffic == "independent":
            laws += _laws(rows, pool, known)
        say(f"{traffic}, {rows} rows: {pool.p_values.size:,} windows of features")
    return cells, laws


def _traffic(sizes: Sizes) -> Iterator[tuple[str, int, Floats, Window, int]]:
    for rows in ROWS:
        numeric = Numeric(rows, sizes.together)
        windows = sizes.independent(rows)
        yield "independent", rows, numeric.known, numeric.independent(rows), windows
    for correlation in CORRELATIONS:
        for rows in ROWS:
            numeric = Numeric(rows + 1, sizes.together)
            window = numeric.autocorrelated(rows, correlation)
            name = f"AR(1) {correlation:g}"
            yield name, rows, numeric.known, window, sizes.autocorrelated(rows)
    for levels in LEVELS:
        for rows in ROWS:
            names = Categories(levels, sizes.together, levels)
            name = f"categories, {levels} levels"
            yield name, rows, names.known, names.independent(rows), sizes.categorical
    names = Categories(1, sizes.together, 10)
    yield "sticky 0.9, 10 levels", 1_000, names.known, names.sticky(1_000, 0.9), sizes.categorical


def _cells(traffic: str, rows: int, pool: Pool) -> Iterator[Cell]:
    for features in FEATURES:
        for per_day in PER_DAY:
            significant = replay(pool, features, per_day, 0.0)
            alarms = replay(pool, features, per_day, EFFECT)
            decided = float(pool.enough.mean())
            yield Cell(traffic, rows, features, per_day, significant, alarms, decided, pool.design)


def _laws(rows: int, pool: Pool, known: Floats) -> Iterator[Law]:
    from scipy.special import chdtrc

    noise = 1.0 / rows + 1.0 / float(known[0].sum())
    psi = chdtrc(known.shape[1] - 1, pool.distances / noise)
    for level in (1e-2, 1e-3, 1e-4, 1e-5):
        expected = pool.p_values.size * level
        own = float((pool.p_values <= level).sum()) / expected
        yield Law(rows, level, own, float((psi <= level).sum()) / expected)
