"""Snapshot -> what needs attention, the worst first. The alert rules say it better; this is now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inference_exporter.exposition.status.drift import Place
from inference_exporter.exposition.status.index import Index
from inference_exporter.exposition.status.numbers import seconds, share
from inference_exporter.exposition.status.views import (
    DriftRow,
    Level,
    Notice,
    SegmentsView,
    SourceView,
    VersionView,
)
from inference_exporter.values.seasons import SEASON_MATTERS

_ME = "inference_exporter_"
_NAMED = 3  # so many features are called by their names


def of_exporter(index: Index) -> Iterator[Notice]:
    """What is wrong with the exporter itself."""
    if index.one(f"{_ME}config_last_reload_successful") == 0.0:
        yield Notice("bad", "The configuration on disk is wrong; the one before is in force.")
    if index.one(f"{_ME}state_persistent") == 0.0:
        yield Notice("bad", "Counts are not kept on disk: a crash would lose them.")
    for (family,), dropped in index.rows(f"{_ME}series_dropped_total").items():
        if dropped:
            yield Notice("warn", f"{family} has more values than its limit, see __overflow__.")


def of_source(source: SourceView, model: str) -> Iterator[Notice]:
    """What is wrong with where the lines come from."""
    if source.verdict.level in ("bad", "warn"):
        yield Notice(
            source.verdict.level, f"Source {source.state.name}: {source.verdict.words}.", model
        )
    lines = {one.name: one.number.value or 0.0 for one in source.results}
    bad = sum(value for name, value in lines.items() if name != "ok")
    if bad:
        part = share(bad / sum(lines.values()))
        words = f"Source {source.state.name}: {part} of all lines could not be understood."
        yield Notice("warn", words, model)


def of_version(place: Place, view: VersionView) -> Iterator[Notice]:
    """What the counts of a version say."""
    model = view.model
    yield from _broken(place, model)
    yield from _hours(place, model)
    yield from _drift(view.drift.features, "feature", view)
    yield from _drift(view.drift.outputs, "output", view)
    yield from _over(place, "request_failure_ratio", view)
    limit = place.threshold("idle_seconds")
    if limit is not None and view.last.value is not None and view.last.value > limit:
        yield Notice("warn", f"No prediction for {seconds(view.last.value)}.", model)
    odd = [row.feature for row in view.quality if row.suspicious]
    if odd:
        words = f"{_names(odd)}: more missing or unusable values than the threshold allows."
        yield Notice("warn", words, model)
    yield from _segments(view.segments, model)
    for one in view.concept:
        if one.number.why == "drift detected":
            yield Notice("bad", f"Concept drift: {one.name}.", model)


def _segments(view: SegmentsView, model: str) -> Iterator[Notice]:
    """Parts of the traffic: against all rows, against themselves, and against each other."""
    for found, said in (
        (
            [f"{row.field} {row.value}" for row in view.rows if row.stands_out],
            "further behind all rows together than on the reference. Chance does not explain it.",
        ),
        (
            [f"{row.field} {row.value}" for row in view.rows if row.declined],
            "worse than on its own reference, by more than chance explains.",
        ),
        (
            [row.segment for row in view.drift if row.drifted],
            "drifted within the segment, against its own reference.",
        ),
        (
            [f"{row.metric} by {row.field}" for row in view.fairness if row.stands_out],
            "differs by more than chance explains.",
        ),
    ):
        if found:
            yield Notice("warn", f"{_names(found)}: {said}", model)


def worst_first(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Bad ones before warnings, else in the order given."""
    return tuple(sorted(notices, key=lambda notice: notice.level != "bad"))


def _hours(place: Place, model: str) -> Iterator[Notice]:
    """What the reference does not know of the time of the day, week and year."""
    covers = place.index.rows("inference_reference_covers", model)
    outside = [unit for (unit,), known in covers.items() if not known]
    if outside:
        words = f"The reference has no rows of such {_or(outside)} as now; drift may be the time."
        yield Notice("warn", words, model)
    wanted = place.index.rows("inference_reference_season_cells", model)
    for (season,), hours in wanted.items():
        if not hours:
            words = (
                f"`season: {season}` is set, but the reference was built without it: build it anew."
            )
            yield Notice("warn", words, model)
    swings = place.index.rows("inference_feature_reference_season_psi", *place.labels)
    moving = dict.fromkeys(key[1] for key, psi in swings.items() if psi >= SEASON_MATTERS)
    if moving and not wanted:
        words = f"{_names(list(moving))}: differ by hour, and the model has no `season`."
        yield Notice("warn", words, model)


def _or(words: list[str]) -> str:
    return " or ".join(words)


def _drift(rows: tuple[DriftRow, ...], what: str, view: VersionView) -> Iterator[Notice]:
    said: tuple[tuple[Level, str], ...] = (
        ("bad", "drifted over {}"),
        ("warn", "far from the reference over {}, not yet decided on"),
    )
    for level, text in said:
        names = [row.name for row in rows if row.verdict.level == level]
        if names:
            noun = what if len(names) == 1 else f"{what}s"
            words = f"{len(names)} {noun} {text.format(view.window)}: {_names(names)}."
            yield Notice(level, words, view.model)


_KINDS = {
    "missing": "have no value",
    "invalid": "have an unusable value",
    "strange": "have a value out of range or unseen",
    "one_value": "have one and the same value",
}


def _broken(place: Place, model: str) -> Iterator[Notice]:
    """What has broken in the last minutes, as the alert says it."""
    shares = place.index.rows("inference_feature_broken_ratio", *place.labels)
    for (feature, kind), value in shares.items():
        words = f"{share(value)} of the rows of the last minutes {_KINDS[kind]}."
        yield Notice("bad", f"Input {feature} is broken: {words}", model)
    masses = place.index.rows("inference_feature_point_mass_ratio", *place.labels)
    for (feature, kind, window), value in masses.items():
        words = f"{share(value)} of the rows of the last full {window} {_KINDS[kind]}"
        yield Notice("bad", f"Input {feature}: {words}, beyond what is usual.", model)


def _over(place: Place, name: str, view: VersionView) -> Iterator[Notice]:
    limit, value = place.threshold(name), view.failed.value
    if limit is not None and value is not None and value > limit:
        words = f"{share(value)} of the requests failed over {view.window}; {share(limit)} may."
        yield Notice("bad", words, view.model)


def _names(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
