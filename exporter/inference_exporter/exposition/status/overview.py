"""Snapshot -> pages as values. The front page, and one model's."""

from __future__ import annotations

import math

from inference_exporter.exposition.status import notices
from inference_exporter.exposition.status.contest import contest_of
from inference_exporter.exposition.status.drift import Place
from inference_exporter.exposition.status.index import Index
from inference_exporter.exposition.status.lately import SHOWN
from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.status.sources import source_view
from inference_exporter.exposition.status.version import version_view
from inference_exporter.exposition.status.views import (
    HomeView,
    Labelled,
    ModelView,
    Notice,
    SourceView,
)
from inference_exporter.values.samples import Snapshot
from inference_exporter.values.status_facts import ModelFacts

_ME = "inference_exporter_"
IN_CARDS = 5  # features of each model on the front page


def home_view(snapshot: Snapshot) -> HomeView:
    """Everything at a glance: of every model its newest version."""
    index = Index(snapshot)
    first = Selection()
    models = tuple(
        _model(index, snapshot, facts, first, IN_CARDS) for facts in snapshot.facts.models
    )
    known = {source.state.name for model in models for source in model.sources}
    other = [state for state in snapshot.facts.sources if state.name not in known]
    strays = tuple(source_view(index, state) for state in other)
    said: list[Notice] = list(notices.of_exporter(index))
    for model in models:
        said += model.notices
    sources = (*(source for model in models for source in model.sources), *strays)
    return HomeView(models, notices.worst_first(said), sources, _exporter(index, snapshot))


def model_view(snapshot: Snapshot, name: str, chosen: Selection) -> ModelView | None:
    """One model; None if none of that name is configured."""
    facts = next((one for one in snapshot.facts.models if one.name == name), None)
    return None if facts is None else _model(Index(snapshot), snapshot, facts, chosen)


def _model(
    index: Index, snapshot: Snapshot, facts: ModelFacts, chosen: Selection, most: int = SHOWN
) -> ModelView:
    sources = _sources(index, snapshot, facts.name)
    versions = _versions(index, facts)
    said = [notice for source in sources for notice in notices.of_source(source, facts.name)]
    shown = None
    if versions and facts.windows:
        version = chosen.version if chosen.version in versions else versions[0]
        window = chosen.window if chosen.window in facts.windows else facts.windows[0]
        place = Place(index, facts, version, window)
        shown = version_view(place, snapshot.timestamp, chosen, most)
        said += notices.of_version(place, shown)
    infos = index.rows("inference_model_info", facts.name)
    task = next(iter(infos), ("", "", ""))[2]
    return ModelView(
        facts.name, versions, facts.windows, shown, sources, notices.worst_first(said), task,
        contest_of(index, facts.name, shown.window if shown else ""),
    )  # fmt: skip


def _versions(index: Index, facts: ModelFacts) -> tuple[str, ...]:
    """The version that was seen last comes first."""
    newest = index.rows("inference_last_prediction_timestamp_seconds", facts.name)
    seen = dict.fromkeys(labels[0] for labels in index.rows("inference_model_info", facts.name))
    return tuple(sorted(seen, key=lambda name: -newest.get((name,), -math.inf)))


def _sources(index: Index, snapshot: Snapshot, model: str) -> tuple[SourceView, ...]:
    """A model's predictions, and its labels where they come by themselves."""
    names = (model, f"{model}/labels")
    return tuple(
        source_view(index, state) for state in snapshot.facts.sources if state.name in names
    )


def _exporter(index: Index, snapshot: Snapshot) -> tuple[Labelled, ...]:
    committed = index.one(f"{_ME}state_last_commit_timestamp_seconds")
    age = None if committed is None else max(0.0, snapshot.timestamp - committed)
    return (
        Labelled(
            "Series on the metrics page", Number(index.one(f"{_ME}series"), "count", "unknown")
        ),
        Labelled("Last commit", Number(age, "age", "nothing committed yet")),
        Labelled("State on disk", Number(index.one(f"{_ME}state_bytes"), "bytes", "unknown")),
    )
