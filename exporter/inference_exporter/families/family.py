"""What a metric family is, and how the tables beside this file are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family. `name` is the sample name (counters end in `_total`).

    `segmented` families get the configured segments as further labels (docs/segments.md).
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    segmented: bool = False


def family(kind: Kind, name: str, labels: str, text: str) -> Family:
    """An entry; `labels` are separated by spaces, in the order in which they are printed."""
    return Family(name, kind, tuple(labels.split()), text)


def segmented(kind: Kind, name: str, labels: str, text: str) -> Family:
    """An entry of a family that gets the configured segments as further labels."""
    return Family(name, kind, tuple(labels.split()), text, segmented=True)
