"""How fast the rules run, and where their links lead: one value for production, one for tests."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from alert_rules.ruleset import names

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the rule texts depend on.

    `speed` divides every duration, `inner` is the range of the innermost `rate` (at least four
    scrapes), `least` the fewest seconds between two evaluations, `runbooks` and
    `dashboards` are what links begin with. `keep` are the labels that tell deployments apart,
    `owner` those of `labels:` in the exporter's configuration that alerts get. `shards` are regular
    expressions of models whose recording rules are in groups of their own, `lean` leaves out what
    no alert needs.
    """

    speed: float = 1.0
    inner: str = "5m"
    least: float = 0.0
    runbooks: str = (
        "https://github.com/inference-exporter/inference-exporter/blob/main/docs/runbooks"
    )
    dashboards: str = "http://localhost:3000"
    keep: tuple[str, ...] = names.KEEP
    owner: tuple[str, ...] = names.OWNER
    shards: tuple[str, ...] = ()
    lean: bool = False

    def span(self, text: str) -> str:
        """A duration of the rules, as fast as the settings say.

        >>> Settings().span("15m"), Settings(speed=120.0).span("15m")
        ('15m', '7500ms')
        """
        return text if self.speed == 1.0 else f"{round(seconds(text) / self.speed * 1000)}ms"

    @property
    def interval_seconds(self) -> float:
        """Seconds between two evaluations of the first level."""
        return max(60.0 / self.speed, self.least)

    def every(self, text: str) -> str:
        """How often a group is evaluated."""
        if self.least <= seconds(text) / self.speed:
            return self.span(text)
        return f"{round(self.least * 1000)}ms"


def seconds(text: str) -> float:
    """A Prometheus duration in seconds.

    >>> seconds("15m"), seconds("7500ms")
    (900.0, 7.5)
    """
    found = re.fullmatch(r"(\d+)(ms|[smhd])", text)
    assert found is not None, text
    return int(found[1]) * _UNITS[found[2]]


def fast(speed: float, inner: str, least: float = 0.0) -> Settings:
    """The same rules at another speed, for demonstrations and for tests with real servers."""
    return replace(Settings(), speed=speed, inner=inner, least=least)
