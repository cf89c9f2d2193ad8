"""What the reference lets expect at the hours at which rows came, as counters and gauges."""

from __future__ import annotations

from collections.abc import Iterator

from inference_exporter.accumulators import (
    CategoryBins,
    ExpectedBins,
    Layout,
    NumericBins,
    expected_bins,
)
from inference_exporter.families import FAMILIES
from inference_exporter.values.hours import SEASONS, name_of
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Labels, Samples, SeriesSet
from inference_exporter.values.tally import Tally


def swing_samples(base: Labels, reference: Reference) -> Iterator[Samples]:
    """How far hours of the reference differ, of features; none where its rows have no times."""
    found: dict[Labels, float] = {}
    for key, swing in (reference.times.swings if reference.times else {}).items():
        scope, _, name = key.partition("/")
        if scope == "feature":
            pairs = zip(SEASONS, swing, strict=True)
            found |= {(*base, name, kind): psi for kind, psi in pairs if psi is not None}
    if found:
        family = FAMILIES["inference_feature_reference_season_psi"]
        yield Samples(SeriesSet(family, found), list(found.values()))


class SeasonalTotals:
    """The counters of one model that has a season; of any other there are none."""

    def __init__(self, model: str, layout: Layout, fingerprint: str) -> None:
        self._model, self._layout, self._fingerprint = model, layout, fingerprint
        self._expected = expected_bins(layout.dense)
        self._bins = [one for one in layout.dense if isinstance(one, NumericBins | CategoryBins)]
        self._static: dict[str, tuple[list[tuple[str, SeriesSet]], SeriesSet, Samples]] = {}

    def samples(self, version: str, total: Tally, created: float | None) -> Iterator[Samples]:
        """Expected rows by bin, rows by hour, and those of the reference."""
        one = self._expected
        if one is None:
            return
        if version not in self._static:
            self._static[version] = self._made(one, version)
        binned, hours, reference = self._static[version]
        cells = self._layout.cells_of(one, total)
        for scope, series in binned:
            chosen = [one.expected(column, cells) for column in self._bins if column.scope == scope]
            yield Samples(series, [x for values in chosen for x in values.tolist()], created)
        yield Samples(hours, one.by_hour(cells).tolist(), created)
        yield reference

    def _made(
        self, one: ExpectedBins, version: str
    ) -> tuple[list[tuple[str, SeriesSet]], SeriesSet, Samples]:
        base: Labels = (self._model, version, self._fingerprint)
        binned = []
        for scope in ("feature", "output"):
            labels = [
                (*base, column.name, cell)
                for column in self._bins
                if column.scope == scope
                for cell in column.profile.bins
            ]
            if labels:
                family = FAMILIES[f"inference_{scope}_expected_bin_total"]
                binned.append((scope, SeriesSet(family, labels)))
        hours = [(*base, name_of(one.seasons.kind, cell)) for cell in range(one.hours)]
        counted = SeriesSet(FAMILIES["inference_season_rows_total"], hours)
        known = SeriesSet(FAMILIES["inference_reference_season_samples"], hours)
        return binned, counted, Samples(known, one.seasons.rows.tolist())
