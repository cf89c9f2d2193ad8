"""Whether two versions get the same inputs: their rows by bin, against each other.

Both are counted in the bins of one reference, so the champion's rows stand where else those of the
reference do: the same distance, the same law of what chance alone makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from inference_exporter.accumulators import CategoryBins, Layout, NumericBins
from inference_exporter.config.schema import ModelConfig
from inference_exporter.results.evaluate import compare
from inference_exporter.results.gauges import least_rows
from inference_exporter.statistics import STATISTICS, Expectation
from inference_exporter.values.tally import Tally


@dataclass(frozen=True, slots=True)
class Apart:
    """How far an input of two versions is apart (PSI), and what chance alone reaches."""

    feature: str
    distance: float
    critical: float


def inputs_apart(
    model: ModelConfig,
    layout: Layout,
    champion: Tally,
    challenger: Tally,
    design: Callable[[int, str], float],
    alpha: float,
) -> Iterator[Apart]:
    """Every input of which both have enough rows; `alpha` is the level of one test.

    `design` says how many rows of a side (0, 1) are worth one, for an accumulator's key.
    """
    psi = STATISTICS["psi"]
    champion, challenger = layout.effective(champion), layout.effective(challenger)
    for one in layout.dense:
        if not isinstance(one, NumericBins | CategoryBins) or one.scope != "feature":
            continue
        rows = compare(one, layout, champion, 1.0, None).current.counts
        known = Expectation(rows + 0.5, max(float(rows.sum()) / design(0, one.key), 1.0))
        found = compare(one, layout, challenger, design(1, one.key), known)
        if min(float(rows.sum()), found.n) < least_rows(model, found.cells):
            continue
        result, critical = psi(found), psi.critical(found, alpha)
        if result is not None and critical is not None:
            yield Apart(one.name, result.value, critical)
