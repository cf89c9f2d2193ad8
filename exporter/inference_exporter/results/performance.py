"""How good the model was over some counts, as gauges: from labels, and to expect without them."""

from __future__ import annotations

from functools import partial

from inference_exporter.accumulators import Labelled, Layout, Made
from inference_exporter.config.schema import ModelConfig
from inference_exporter.results.cohorts import put_cohort
from inference_exporter.results.expectations import Forecast
from inference_exporter.results.gauges import Gauges, Put, least_labelled, set_gauge
from inference_exporter.results.judge import REALISED, Judge, put_verdict
from inference_exporter.results.selected import selected
from inference_exporter.truth import coverage
from inference_exporter.values.samples import Labels
from inference_exporter.values.tally import Tally

EARLY = "inference_performance_early"


class Performance:
    """Realised and estimated performance of one model, window by window."""

    def __init__(
        self, model: ModelConfig, layout: Layout, judge: Judge, forecast: Forecast
    ) -> None:
        self._model, self._layout = model, layout
        self._judge, self._forecast = judge, forecast
        self._least = least_labelled(model)

    def put(self, gauges: Gauges, version: str, window: str, tally: Tally) -> None:
        """All gauges of one window."""
        put, base = partial(set_gauge, gauges), (self._model.name, version)
        if self._model.has_labels:
            net = self._layout.net(tally)
            put_cohort(put, base, window, self._judge.counted(net))
            self._realised(put, (*base, window), net, REALISED)
        self._forecast.put(put, base, window, self._layout.effective(tally), self._least)

    def put_early(self, gauges: Gauges, version: str, window: str, tally: Tally) -> None:
        """What labels that came early said, under the rules of any other outcome."""
        found: Gauges = {}
        labels = (self._model.name, version, window)
        self._realised(partial(set_gauge, found), labels, tally, EARLY)
        gauges |= {family: one for family, one in found.items() if family.startswith(EARLY)}

    def _realised(self, put: Put, labels: Labels, tally: Tally, family: str) -> None:
        """`labels` are model, version and window."""
        covered = self._coverage(put, labels, tally)
        verdict = self._judge.verdict(tally)
        put(f"{family}_samples", labels, verdict.samples)
        if covered and verdict.samples >= self._least:
            put_verdict(put, labels[:-1], labels[-1], verdict, family)

    def _coverage(self, put: Put, labels: Labels, tally: Tally) -> bool:
        """How many predictions have their label; whether they are enough to judge the window."""
        cells = {one.key: one for one in self._layout.dense if isinstance(one, Made | Labelled)}
        made, labelled = (
            float(self._layout.cells_of(cells[key], tally)[0]) for key in (Made.key, Labelled.key)
        )
        share = coverage(made, labelled)
        if share is not None:
            put("inference_label_coverage_ratio", labels, share)
        biased = self._selection(put, labels, tally)
        config = self._model.labels
        if biased and (config is None or config.selection == "hide"):
            return False
        least = config.coverage if config else 0.0
        return least == 0 or (share is not None and share >= least)

    def _selection(self, put: Put, labels: Labels, tally: Tally) -> bool:
        """Whether some classes or scores have their labels and others do not."""
        found = selected(self._layout, tally, self._least)
        if found.difference is not None:
            put("inference_label_coverage_difference_ratio", labels, found.difference)
        for cell, share in found.by_score.items():
            put("inference_label_score_coverage_ratio", (*labels[:-1], cell, labels[-1]), share)
        if found.known:
            put("inference_label_selection_bias", labels, found.biased)
        return found.biased
