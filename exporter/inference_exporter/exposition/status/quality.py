"""Snapshot -> what is wrong with the values of a version's features, since it was first seen."""

from __future__ import annotations

from inference_exporter.exposition.status.drift import Place
from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.views import QualityRow

UNSEEN = "unseen"


def quality_of(place: Place) -> tuple[QualityRow, ...]:
    """All features, the worst first."""
    index, labels = place.index, place.labels
    used, unseen = _usable(place)
    missing = index.rows("inference_feature_missing_total", *labels)
    invalid = index.rows("inference_feature_invalid_total", *labels)
    outside = index.rows("inference_feature_out_of_range_total", *labels)
    rows = []
    for (name,), gaps in missing.items():
        wrong = invalid.get((name,), 0.0)
        values = used.get(name, 0.0)
        rows.append(_row(place, name, values, gaps, wrong, outside.get((name,)), unseen.get(name)))
    return tuple(sorted(rows, key=lambda row: (not row.suspicious, -_worst(row), row.feature)))


def _usable(place: Place) -> tuple[dict[str, float], dict[str, float]]:
    """Usable values by feature, and those of a category the reference does not know."""
    used: dict[str, float] = {}
    unseen: dict[str, float] = {}
    bins = place.index.rows("inference_feature_bin_total", *place.labels)
    for (_reference, name, cell), value in bins.items():
        used[name] = used.get(name, 0.0) + value
        if cell == UNSEEN:
            unseen[name] = value
    return used, unseen


def _row(
    place: Place,
    name: str,
    used: float,
    gaps: float,
    wrong: float,
    outside: float | None,
    unseen: float | None,
) -> QualityRow:
    every = used + gaps + wrong
    strange = outside if outside is not None else unseen
    strange_limit = "feature_out_of_range_ratio" if outside is not None else "feature_unseen_ratio"
    shares = (_share(gaps, every), _share(wrong, every), _share(strange, used))
    limits = ("feature_missing_ratio", "feature_invalid_ratio", strange_limit)
    suspicious = any(
        share.value is not None and share.value > (place.threshold(limit) or float("inf"))
        for share, limit in zip(shares, limits, strict=True)
    )
    return QualityRow(name, Number(every, "count"), *shares, suspicious)


def _share(part: float | None, whole: float) -> Number:
    if part is None:
        return Number(None, "share", "not counted")
    return Number(part / whole, "share") if whole else Number(None, "share", "no values yet")


def _worst(row: QualityRow) -> float:
    return max(number.value or 0.0 for number in (row.missing, row.invalid, row.strange))
