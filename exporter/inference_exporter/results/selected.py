"""Whether the labels of a tally are a selection: some classes or scores have theirs, others not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inference_exporter.accumulators import Layout, MadeByScore, ScoreOutcomes
from inference_exporter.truth import coverage, selection, selection_by_score
from inference_exporter.values.tally import Tally


@dataclass(frozen=True, slots=True)
class Selected:
    """`known`: enough predictions to tell. `difference` of coverage between predicted classes.

    `by_score`: coverage by bin of the score.
    """

    known: bool
    biased: bool
    difference: float | None = None
    by_score: Mapping[str, float] = field(default_factory=dict)


def selected(layout: Layout, tally: Tally, least: int) -> Selected:
    """What coverage by class and by score says; see `truth.coverage`."""
    tally = layout.effective(tally)
    of_classes = selection(*_by_predicted(tally), least)
    made, labelled = _by_score(layout, tally)
    of_scores = selection_by_score(made, labelled, least)
    found = [one[1] for one in (of_classes, of_scores) if one is not None]
    shares = {
        f"{at:02d}": coverage(*pair) for at, pair in enumerate(zip(made, labelled, strict=True))
    }
    return Selected(
        bool(found),
        any(found),
        None if of_classes is None else of_classes[0],
        {cell: share for cell, share in shares.items() if share is not None},
    )


def _by_score(layout: Layout, tally: Tally) -> tuple[list[float], list[float]]:
    """Predictions, and those with a label, per bin of the score; none without such scores."""
    made = next((one for one in layout.dense if isinstance(one, MadeByScore)), None)
    labelled = next((one for one in layout.dense if isinstance(one, ScoreOutcomes)), None)
    if made is None or labelled is None:
        return [], []
    known = labelled.counts(layout.cells_of(labelled, tally)).sum(axis=0)
    return layout.cells_of(made, tally).tolist(), known.tolist()


def _by_predicted(tally: Tally) -> tuple[dict[str, float], dict[str, float]]:
    """Predictions, and those with a label, by predicted class."""
    made: dict[str, float] = {}
    labelled: dict[str, float] = {}
    for key, value in tally.sparse.items():
        if key[0] in ("prediction", "outcome"):
            into = made if key[0] == "prediction" else labelled
            into[key[1]] = into.get(key[1], 0.0) + value
    return made, labelled
