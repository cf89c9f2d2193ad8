"""Windows by segment -> gauges: performance of each and the worst of them; fairness of groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from inference_exporter.accumulators import Labelled, Layout, Made, binary_classes
from inference_exporter.config.schema import ModelConfig, Segment
from inference_exporter.performance import MACRO, WEIGHTED
from inference_exporter.performance.groups import Measured, Worst, parity, worst
from inference_exporter.results.expectations import FAMILY, Forecast, put_estimates
from inference_exporter.results.judge import Judge, Verdict, judge_of, put_verdict
from inference_exporter.segments.own import OwnReferences
from inference_exporter.segments.page import ByValue, Gauges, Page, measured
from inference_exporter.truth import coverage
from inference_exporter.values.profile import Reference
from inference_exporter.values.tally import Tally
from inference_exporter.values.vocabulary import OVERFLOW

LOOKS = 16  # a sliding window is looked at all the time: as if so many separate ones were
LEAST_IN_RATE = 20  # rows of one actual class behind a true- or false-positive rate

Key = tuple[str, str]  # metric and class


class Comparison:
    """Compares the segments of one model.

    Parameters
    ----------
    layout
        Of the counts by segment.
    alpha
        Probability that chance alone makes one look at all windows find something, of all fields.
    design
        Of a version and a window: how many rows are worth one, for they resemble each other.
    least
        Rows below which nothing is said about a segment.
    """

    def __init__(
        self,
        config: ModelConfig,
        layout: Layout,
        reference: Reference | None,
        *,
        alpha: float,
        design: Callable[[str, str], float],
        least: int,
    ) -> None:
        self._config, self._layout, self._least = config, layout, least
        self._judge: Judge = judge_of(config, layout, reference)
        pair = binary_classes(config, reference)
        self._positive = pair[1] if pair else None
        self._forecast = Forecast(config, layout, reference)
        self.own = OwnReferences(config, reference, self._positive)
        self._alpha = alpha / LOOKS / _tests(config.segments, self.own)
        self._design = design
        self._cells = {one.key: one for one in layout.dense if isinstance(one, Made | Labelled)}

    def put(self, into: Gauges, version: str, window: str, one: Segment, tallies: ByValue) -> None:
        """The gauges of one window and one field."""
        design = self._design(version, window)
        page = Page((self._config.name, version), window, one.name, into, design)
        tallies = {value: self._layout.net(tally) for value, tally in tallies.items()}
        if one.estimates:
            self._estimates(page, tallies)
        if self._config.has_labels:
            self._performance(page, tallies)
        if one.protected and self._positive is not None:
            groups = {v: t for v, t in tallies.items() if v not in ("", OVERFLOW)}
            self._fairness(page, groups, self._positive)

    def _estimates(self, page: Page, tallies: ByValue) -> None:
        """Before labels come, of segments whose bias the reference knows."""
        for value, tally in tallies.items():
            bias, rows = self.own.bias(page.name, value), self._layout.effective(tally)
            samples, _ = self._forecast.found(rows)
            if bias and samples >= self._least:
                put = partial(page.put_of, value)
                put(f"{FAMILY}_samples", (*page.base, page.window), samples)
                found = self._forecast.of_segment(rows, bias)
                put_estimates(put, page.base, page.window, found)

    # -- performance ---------------------------------------------------------------------------

    def _performance(self, page: Page, tallies: ByValue) -> None:
        shown: dict[str, Verdict] = {}
        for value, tally in tallies.items():
            put = partial(page.put_of, value)
            verdict = self._verdict(tally)
            where = (*page.base, page.window)
            put("inference_performance_samples", where, verdict.samples)
            share = self._coverage(tally)
            if share is None:
                continue
            put("inference_label_coverage_ratio", where, share)
            if self._is_covered(share) and verdict.samples >= self._least:
                shown[value] = verdict
                put_verdict(put, page.base, page.window, verdict)
        self.own.compare(page, shown, self._alpha)
        if len(shown) > 1:
            self._gaps(page, self._verdict(_sum(tallies)), shown)

    def _verdict(self, tally: Tally) -> Verdict:
        """The verdict; of more than two classes only what is about all of them."""
        verdict = self._judge.verdict(tally)
        classes = {key[1] for key in tally.sparse if key[0] == "outcome"}
        if len(classes) > 2:
            wanted = ("", MACRO, WEIGHTED)
            verdict.metrics = {k: v for k, v in verdict.metrics.items() if k[1] in wanted}
        return verdict

    def _coverage(self, tally: Tally) -> float | None:
        """Share of the predictions that have their label; None without predictions."""
        made, labelled = (
            float(self._layout.cells_of(self._cells[key], tally)[0])
            for key in (Made.key, Labelled.key)
        )
        return coverage(made, labelled)

    def _is_covered(self, share: float) -> bool:
        return self._config.labels is None or share >= self._config.labels.coverage

    def _gaps(self, page: Page, whole: Verdict, shown: Mapping[str, Verdict]) -> None:
        """Each metric's worst segment, and the one whose gap grew most since the reference."""
        for key in whole.metrics:
            found = {value: measured(verdict, key) for value, verdict in shown.items()}
            by_value = {value: one for value, one in found.items() if one is not None}
            total = measured(whole, key)
            if total is not None:
                self._worst(page, key, total, by_value)

    def _worst(
        self, page: Page, key: Key, total: Measured, by_value: Mapping[str, Measured]
    ) -> None:
        one = worst(key[0], total, by_value, self._alpha, page.design)
        if one is None:
            return
        family, where = "inference_performance_worst_segment", (*key, page.window, page.name)
        page.put(family, *where, page.segment(one.name), number=one.value)
        page.put(f"{family}_gap", *where, number=one.gap)
        _put_critical(page, f"{family}_gap_critical", where, one)
        known = self.own.gaps(page.name, key)
        grown = worst(key[0], total, by_value, self._alpha, page.design, known) or one
        family = "inference_performance_segment_gap_growth"
        page.put(family, *where, page.segment(grown.name), number=grown.gap)
        _put_critical(page, f"{family}_critical", where, grown)

    # -- fairness ------------------------------------------------------------------------------

    def _fairness(self, page: Page, groups: ByValue, positive: str) -> None:
        rates: dict[str, dict[str, tuple[float, float]]] = {}
        for value, tally in groups.items():
            for metric, (hits, rows) in _rates(tally, positive).items():
                if rows >= (self._least if metric == "selection_rate" else LEAST_IN_RATE):
                    rates.setdefault(metric, {})[value] = (hits, rows)
                    labels = (*page.base, metric, page.window)
                    page.put_of(value, "inference_group_rate", labels, hits / rows)
        for metric, by_group in rates.items():
            ratio = parity(by_group, self._alpha, page.design)
            if ratio is not None:
                where = (metric, page.name, page.window)
                page.put("inference_fairness_ratio", *where, number=ratio.value)
                page.put("inference_fairness_ratio_critical", *where, number=ratio.critical)


def _put_critical(page: Page, family: str, where: tuple[str, ...], one: Worst) -> None:
    if one.critical is not None:
        page.put(family, *where, number=one.critical)


def _tests(segments: Sequence[Segment], own: OwnReferences) -> int:
    """What may alarm: a gap for each field, two ratios for each that is protected, declines.

    Twice as many where half of the level is for drift.
    """
    declines = sum(own.has(one.name) for one in segments)
    tests = max(1, len(segments) + 2 * sum(one.protected for one in segments) + declines)
    return tests * (1 + any(one.drift for one in segments))  # half is for decisions on drift


def _rates(tally: Tally, positive: str) -> dict[str, tuple[float, float]]:
    """(hits, rows) of how often the positive class is predicted: of all rows, and by truth."""
    made = {key[1]: n for key, n in tally.sparse.items() if key[0] == "prediction"}
    found = {"selection_rate": (made.get(positive, 0.0), sum(made.values()))}
    for metric, wanted in (("true_positive_rate", True), ("false_positive_rate", False)):
        cells = {
            key: n
            for key, n in tally.sparse.items()
            if key[0] == "outcome" and (key[2] == positive) is wanted
        }
        hits = sum(n for key, n in cells.items() if key[1] == positive)
        found[metric] = (hits, sum(cells.values()))
    return found


def _sum(tallies: ByValue) -> Tally:
    total, *rest = (tally.copy() for tally in tallies.values())
    for tally in rest:
        total.merge(tally)
    return total
