"""Series sets made once per set of labels, so that publishing does not format text again."""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.families import with_labels
from inference_exporter.values.samples import Labels, Samples, SeriesSet

_KEPT = 2  # publications for which an unused series set is remembered


class SeriesCache:
    """Pairs values with cached series sets; forgets sets that are no longer published."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, Labels, tuple[Labels, ...]], tuple[SeriesSet, int]] = {}
        self._publication = 0

    def next_publication(self) -> None:
        """Begin a publication: drop what the last ones did not use."""
        self._publication += 1
        oldest = self._publication - _KEPT
        self._series = {key: kept for key, kept in self._series.items() if kept[1] >= oldest}

    def samples(
        self,
        family: str,
        values: Mapping[Labels, float],
        created: float | None = None,
        more: tuple[str, ...] = (),
    ) -> Samples:
        """Samples of a family whose label sets come with the values.

        `more` names labels after those of the family.
        """
        labels = tuple(values)
        key = (family, more, labels)
        kept = self._series.get(key)
        series = kept[0] if kept else SeriesSet(with_labels(family, more), labels)
        self._series[key] = (series, self._publication)
        return Samples(series, list(values.values()), created)
