"""Where a line has the probabilities of all classes, or a ranking: values that are no scalars."""

from __future__ import annotations

from dataclasses import dataclass

from inference_exporter.config.step import Steps


@dataclass(frozen=True, slots=True)
class ScoresField:
    """Where the probabilities of all classes are: an object by class, or a list.

    `classes` are those of a list, in its order; empty: those of the reference. Where a text holds
    the list, `delimiter` is between two probabilities, unless it is JSON.
    """

    paths: tuple[str, ...]
    classes: tuple[str, ...] = ()
    delimiter: str = "|"
    convert: Steps = ()


@dataclass(frozen=True, slots=True)
class RankingField:
    """Where a list of classes or items is, best first; `delimiter` as in `ScoresField`."""

    paths: tuple[str, ...]
    delimiter: str = "|"
    convert: Steps = ()
