"""What a dashboard is made of, as plain data; `render` turns it into Grafana's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Source = Literal["prometheus", "loki"]
Shape = Literal["time_series", "table", "heatmap"]


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel. A table is asked for the present only."""

    expr: str
    legend: str = ""
    shape: Shape = "time_series"
    exemplar: bool = False
    source: Source = "prometheus"
    instant: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What a panel shows, how to read it, and which alerts look at the same values."""

    shows: str
    read: str
    alerts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The description behind the panel's (i)."""
        alert = ", ".join(self.alerts) if self.alerts else "none"
        return f"{self.shows}\n\nHow to read it: {self.read}\n\nAlerts: {alert}."


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel without its place. `defaults` and `overrides` are Grafana's field configuration."""

    kind: str
    title: str
    about: About
    queries: tuple[Query, ...]
    unit: str
    width: int = 12
    height: int = 8
    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[Json, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    transformations: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and its panels, from left to right and then below. An optional row is closed."""

    title: str
    panels: tuple[Panel, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks on the time axis."""

    name: str
    expr: str
    title: str
    text: str
    color: str


@dataclass(frozen=True, slots=True)
class Page:
    """A dashboard."""

    uid: str
    title: str
    about: str
    variables: tuple[Json, ...]
    rows: tuple[Row, ...]
    annotations: tuple[Annotation, ...] = ()


def about(shows: str, read: str, *alerts: str) -> About:
    """Short for a description."""
    return About(shows, read, alerts)
