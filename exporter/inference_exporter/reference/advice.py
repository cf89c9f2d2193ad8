"""Whether hours matter to a reference, in sentences: what `reference build`, `show` and `init` say.

An alarm of an hour compares this hour with all hours, unless the model has a `season`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from inference_exporter.values.hours import SEASONS
from inference_exporter.values.profile import Reference
from inference_exporter.values.seasons import PRIOR_ROWS, SEASON_MATTERS, Times

FORTNIGHT = 14 * 86400.0 - 3600.0  # two weeks, but for the hour that nobody waits for
_NAMED = 3


def suggested(times: Times) -> tuple[str, Mapping[str, float]] | None:
    """The season to set, and by how much whose hours differ; None if hours do not matter.

    Hours of the week where the data cover two weeks: what differs by hour of the day is in them.
    """
    week = times.last - times.first >= FORTNIGHT
    kind = "hour_of_week" if week else "hour_of_day"
    found = {
        key: value
        for key, swing in times.swings.items()
        if (value := swing[1 if week else 0]) is not None and value >= SEASON_MATTERS
    }
    return (kind, dict(sorted(found.items(), key=lambda one: -one[1]))) if found else None


def advice(reference: Reference) -> Iterator[str]:
    """What a reference knows of hours, and which line to add to the configuration."""
    times, seasons = reference.times, reference.seasons
    if times is None:
        return
    found = suggested(times)
    if seasons is not None:
        yield _known(reference)
        if seasons.kind == "hour_of_day" and (more := _beyond_days(times)):
            yield f"{_who(more)} by day of the week as well: `season: hour_of_week` would know it"
    elif found:
        kind, swings = found
        what = "hour of the week" if kind == "hour_of_week" else "hour of the day"
        yield (
            f"{_who(swings)} by {what}, and every such hour would be called drift: add "
            f"`season: {kind}` to the model (and `season_timezone`, if its clocks are not UTC), "
            "and build the reference again"
        )
    elif times.last - times.first < 2 * 86400.0:
        yield (
            f"the rows are of {span(times)}: hours that they do not cover are unknown, and whether "
            "hours matter is not known from less than two days"
        )


def _beyond_days(times: Times) -> Mapping[str, float]:
    """By how much hours of the week differ more than those of the day; of two weeks at least."""
    if times.last - times.first < FORTNIGHT:
        return {}
    swings = {key: (week or 0.0) - (day or 0.0) for key, (day, week) in times.swings.items()}
    more = {key: one for key, one in swings.items() if one >= SEASON_MATTERS}
    return dict(sorted(more.items(), key=lambda one: -one[1]))


def span(times: Times) -> str:
    """From when to when, as clocks there show it."""
    zone = ZoneInfo(times.timezone)
    first, last = (datetime.fromtimestamp(one, zone) for one in (times.first, times.last))
    return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} {times.timezone}"


def _known(reference: Reference) -> str:
    seasons = reference.seasons
    assert seasons is not None
    hours, rows = SEASONS[seasons.kind], seasons.rows
    known = rows[rows > 0]
    few = f"; the fewest rows are {known.min():,.0f}" if len(known) else ""
    missing = hours - len(known)
    lacking = f", {missing} have none and are undecided" if missing else ""
    thin = int((known < 20 * PRIOR_ROWS).sum())
    advice = (
        f"; {thin} have fewer than {20 * PRIOR_ROWS:.0f} rows: more data tell more" if thin else ""
    )
    return f"{seasons.kind}: {len(known)} of {hours} hours are known{lacking}{few}{advice}"


def _who(swings: Mapping[str, float]) -> str:
    names = [f"{key.partition('/')[2]} (PSI {value:.2g})" for key, value in swings.items()]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    verb = "differs" if len(names) == 1 else "differ"
    return f"{', '.join(names[:_NAMED])}{more} {verb}"
