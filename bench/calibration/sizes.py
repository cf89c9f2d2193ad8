"""How much is simulated: at full size some minutes on one core, quickly a few seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FEATURES = (5, 50, 500)
PER_DAY = (24, 288)
ROWS = (200, 1_000, 10_000)
CORRELATIONS = (0.5, 0.9)
LEVELS = (3, 10, 30, 100)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Windows per pool, and features at a time."""

    quick: bool = False
    months: int = 30  # of a model, in every cell at the alert

    @property
    def together(self) -> int:
        """Features that are simulated side by side; a multiple of every number of features."""
        return 500

    def independent(self, rows: int) -> int:
        """Windows of independent rows: with 200 rows ten days of windows of 5 minutes."""
        return 6 if self.quick else {200: 2880, 1_000: 1440, 10_000: 720}[rows]

    def autocorrelated(self, rows: int) -> int:
        """Windows of rows that resemble their neighbours; every row is drawn."""
        return 3 if self.quick else {200: 1440, 1_000: 600, 10_000: 48}[rows]

    @property
    def categorical(self) -> int:
        """Windows of categories."""
        return 4 if self.quick else 96

    @property
    def trials(self) -> int:
        """Drifting features per point of a power curve."""
        return 50 if self.quick else 200

    def peers(self, rows: int) -> int:
        """Windows in which the peers' rules look at raw rows."""
        return 2 if self.quick else {200: 30, 1_000: 15, 10_000: 3}[rows]

    def regimes(self, names: Iterable[str]) -> list[str]:
        """Kinds of traffic that are replayed at the alert."""
        return list(names)[:1] if self.quick else list(names)

    @property
    def hours(self) -> int:
        """Of each of five models: their first two months, which have the most false alarms."""
        return 30 if self.quick else 144 * min(self.months, 10)

    @property
    def batches(self) -> int:
        """How often five more models are begun, of each of them."""
        return 1 if self.quick else max(1, self.months // 10)

    @property
    def whole(self) -> tuple[int, int, int]:
        """Months, days of each, and changes, of all alerts at once."""
        return (1, 2, 1) if self.quick else (min(self.months, 10), 30, min(self.months, 10))

    @property
    def drifting(self) -> int:
        """Features that drift in each of them."""
        return 20 if self.quick else 100
