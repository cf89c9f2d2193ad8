"""How the status page introduces itself: name, description, further links."""

from __future__ import annotations

from dataclasses import dataclass

from inference_exporter import __version__


@dataclass(frozen=True, slots=True)
class Link:
    """A link at the top of every page. `path` may be relative to the server or a full address."""

    path: str
    text: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Landing:
    """What the status page calls itself; `links` come before the fixed ones."""

    name: str = "inference-exporter"
    version: str = __version__
    description: str = "Drift, accuracy, latency and data quality from a model server's log."
    links: tuple[Link, ...] = ()
