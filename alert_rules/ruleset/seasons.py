"""Recording rules of models with a season: what the reference lets expect at the hours of a window.

Exporters count, beside every row, the shares that the reference has at its hour; sums of those over
replicas and windows are what the window is compared with. Absent without a season, and then the
shares of the whole reference are used (`names.wanted`).
"""

from __future__ import annotations

from collections.abc import Iterator

from alert_rules.ruleset import bins, names
from alert_rules.ruleset.names import by
from alert_rules.ruleset.rules import Group, Recording
from alert_rules.ruleset.settings import Settings

_HOURS = "model_version_reference_hour:inference_season_rows"
_KNOWN = "model_version_reference_hour:inference_reference_season_samples:max"
_OF = (*names.M, "reference")


def first_level(settings: Settings) -> tuple[Recording, ...]:
    """Rows a minute by bin and by hour."""
    expected = (
        bins.level_one(
            settings, f"model_version_{scope}_bin", f"inference_{scope}_expected_bin_total",
            *names.binned(scope), "bin",
        )
        for scope in names.SCOPES
    )  # fmt: skip
    hours = bins.level_one(
        settings, "model_version_reference_hour", "inference_season_rows_total", *_OF, "hour"
    )
    return (*expected, hours)


def facts(settings: Settings) -> Group:
    """What replicas say alike: one copy of it."""
    labels = by(*_OF, "hour")
    known = Recording(_KNOWN, f"max by ({labels}) (inference_reference_season_samples)")
    return Group("inference-seasons", settings.every("1m"), (known,))


def windowed(settings: Settings, window: str) -> Iterator[Recording]:
    """Expected shares, and how well they are known: before the distances of the window."""
    for scope in names.SCOPES:
        counts = names.expected_counts(scope, window)
        counted = f"model_version_{scope}_bin:inference_{scope}_expected_bin"
        labels = by(*names.binned(scope))
        yield Recording(counts, bins.over(settings, counted, window))
        yield Recording(
            names.expected_ratio(scope, window),
            f"{counts}\n/ on ({labels}) group_left ()\n(sum by ({labels}) ({counts}) > 0)",
        )
    yield from _worth(settings, window)


def _worth(settings: Settings, window: str) -> Iterator[Recording]:
    """The variance of a mixture of hours is sum of w^2 / m_s, of all rows 1 / m."""
    of, hours = by(*_OF), f"{_HOURS}:increase{window}"
    yield Recording(hours, bins.over(settings, _HOURS, window))
    share = f"({hours} / on ({of}) group_left () (sum by ({of}) ({hours}) > 0))"
    yield Recording(
        names.season_worth(window),
        f"clamp_max(\n1 / sum by ({of}) ({share} ^ 2 / ({_KNOWN} + {names.PRIOR_ROWS}))\n"
        f"/ sum by ({of}) ({_KNOWN}), 1)",
    )
