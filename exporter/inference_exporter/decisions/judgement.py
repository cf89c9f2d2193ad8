"""One decision with its evidence, for whoever wants to look at more than the last one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference_exporter.decisions.evidence import Evidence
from inference_exporter.decisions.hours import Expected
from inference_exporter.values.batch import Bools, Floats
from inference_exporter.values.limits import LEAST_EFFECTIVE


@dataclass(frozen=True, slots=True)
class Judgement:
    """A window of one version, per feature or output (T,).

    `end` is when the window ended, `adjusted` the p-values after Holm's correction, held against
    `level`; `limits` are the distances that matter, `cells` the numbers of bins and `least`
    the rows that are needed. Without `enough` there is no decision, also where traffic `wanders`.
    `blocks` (T, stretches, cells) are the rows that were judged, `entities` how many of them are
    worth one by who asked; `expected` is what the reference lets expect at their hours, if the
    model has a season. `start` is when the window began, `known` (T, B) are the rows of the
    reference at all hours; `drifted_before` and `enough_before` are of the decision before, and
    `onsets` say what was not drifted until now. `usual` are the design effects of which exact tests
    speak, `tail` those behind published critical values of `test_level`, that of one test.
    """

    version: str
    window: str
    number: int
    end: float
    subjects: Sequence[tuple[str, str]]  # scope and name
    evidence: Evidence
    adjusted: Floats
    level: float
    limits: Floats
    cells: Floats
    least: Floats
    drifted: Bools
    enough: Bools
    wanders: Bools
    blocks: Floats
    entities: float
    expected: Expected | None
    start: float
    known: Floats
    drifted_before: Bools
    enough_before: Bools
    onsets: Bools
    usual: Floats
    tail: Floats
    test_level: float

    def reason(self, row: int) -> str:
        """In few words why there was no decision; empty where there was."""
        return _REASONS[self._cause(row)]

    def why_not(self, row: int) -> str:
        """Why there was not enough to decide on; empty where there was."""
        cause = self._cause(row)
        if cause in _IN_FULL:
            return _IN_FULL[cause]
        rows, needed = self.evidence.rows[row], self.least[row]
        if cause == "few_rows":
            return f"{rows:.0f} rows, {needed:.0f} are needed"
        effect = self.evidence.design.mean[row]
        cells = LEAST_EFFECTIVE * (self.evidence.freedom[row] + 1.0)
        if self.evidence.freedom[row] <= 0:
            return "all rows are in one bin, here and in the reference"
        worth = f"{rows:.0f} rows are worth {rows / effect:.0f} independent ones"
        return f"{worth}, {cells:.0f} are needed"

    def _cause(self, row: int) -> str:
        """Why there was no decision, a word of `states.REASONS`; empty where there was."""
        if self.enough[row]:
            return ""
        if self.wanders[row]:
            return "wanders"
        if self.evidence.new_hours[row]:
            return "new_hours"
        return "few_rows" if self.evidence.rows[row] < self.least[row] else "rows_alike"


_REASONS = {
    "": "",
    "wanders": "the traffic moves by itself",
    "new_hours": "hours that the reference does not have",
    "few_rows": "too few rows",
    "rows_alike": "rows resemble each other",
}
_IN_FULL = {
    "": "",
    "wanders": "the traffic moves by itself more than such a window can tell",
    "new_hours": "the reference has hardly any rows of these hours",
}


Watch = Callable[[Judgement], None]
