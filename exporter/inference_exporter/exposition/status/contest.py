"""Snapshot -> two versions of a model side by side."""

from __future__ import annotations

from inference_exporter.exposition.status.index import Index
from inference_exporter.exposition.status.numbers import Number, Unit
from inference_exporter.exposition.status.views import ContestView, Labelled

_NAME = "inference_comparison"
_STATES = {
    0.0: "undecided",
    1.0: "the challenger is better",
    -1.0: "the challenger is worse",
    2.0: "equal within the margin",
}


def contest_of(index: Index, model: str, window: str) -> ContestView | None:
    """The comparison of a model, and its inputs of a window; None where none is configured."""
    found = next(iter(index.rows(f"{_NAME}_state", model).items()), None)
    if found is None:
        return None
    (champion, challenger, metric), state = found
    labels = (model, champion, challenger, metric)

    def one(name: str, words: str, unit: Unit = "plain", *more: str, why: str = "") -> Labelled:
        return Labelled(words, Number(index.one(f"{_NAME}_{name}", *labels, *more), unit, why))

    few = "too few labelled rows"
    return ContestView(
        champion,
        challenger,
        metric,
        _STATES[state],
        (
            one("value", "Champion", "plain", "champion", why="none yet"),
            one("value", "Challenger", "plain", "challenger", why="none yet"),
            one("difference", "Difference", why=few),
            one("difference_lower", "At least", why=few),
            one("difference_upper", "At most", why=few),
            one("samples", "Labelled rows, champion", "count", "champion"),
            one("samples", "Labelled rows, challenger", "count", "challenger"),
            Labelled(
                f"Inputs that differ, {window}",
                Number(index.one(f"{_NAME}_differing_inputs", *labels[:-1], window), "count", few),
            ),
            one("agreement_ratio", "Answered alike", "share", why="only where paired"),
            one("mean_score_distance", "Scores apart", why="only where paired"),
            one("remaining_samples", "Rows until decided", "count", why="no telling"),
            one("remaining_seconds", "Time until decided", "seconds", why="no telling"),
        ),
    )
