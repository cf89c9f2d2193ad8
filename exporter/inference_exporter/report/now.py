"""What the state of an exporter shows: its page as of the last commit, made anew beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inference_exporter.assembly import (
    load_all,
    make_label_source,
    make_model,
    make_source,
    new_telemetry,
)
from inference_exporter.clock import Clock, ManualClock
from inference_exporter.config.schema import Config
from inference_exporter.exposition.published import Published
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.pipeline import COMMITTED, Pipeline
from inference_exporter.model.parts.promises import PromisesPart
from inference_exporter.results.promises import Cohort
from inference_exporter.state import StateCopy, copied
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Snapshot


@dataclass(frozen=True, slots=True)
class Present:
    """The page of the last commit, with what it was made of."""

    config: Config
    references: dict[str, Reference | None]
    snapshot: Snapshot
    cohorts: dict[str, list[Cohort]]  # by model: days whose labels are there


def present(config_file: str, storage: str, clock: Clock) -> Present:
    """The page; StateError where there is no state."""
    config, references = load_all(config_file)
    store = copied(Path(storage), clock)
    published = Published()
    feeds = [
        Feed(
            make_model(model, references[model.name]),
            make_source(config, model, "end", storage=storage),
            labels=make_label_source(config, model, "end"),
        )
        for model in config.models
    ]
    pipeline = Pipeline(
        feeds,
        store=store,
        publish=published.publish,
        telemetry=new_telemetry(),
        clock=ManualClock(_committed(store)),
    )
    pipeline.restore()
    pipeline.publish()
    pipeline.close()
    store.close()
    assert published.snapshot is not None  # `publish` has published
    used = {feed.name: feed.model.counting.reference for feed in feeds}
    days = {feed.name: _cohorts(feed, published.snapshot.timestamp) for feed in feeds}
    return Present(config, used, published.snapshot, days)


def _cohorts(feed: Feed, clock: float) -> list[Cohort]:
    part = feed.model.part(PromisesPart)
    return [] if part is None else part.cohorts(clock)


def _committed(store: StateCopy) -> float:
    """When the state was committed; of states that do not say it, when their file was written."""
    try:
        return float(store.load().get(COMMITTED, store.written))
    except ValueError:
        return store.written
