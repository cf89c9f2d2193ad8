"""The exporter's own loop over a log that grows, on a clock that is moved: pages of any hours."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from dashboards.fleet import traffic
from dashboards.fleet.remote import Chunk
from dashboards.fleet.scenarios import EVERY, TROUBLE, Scenario

from inference_exporter import cli
from inference_exporter.assembly import load_all, make_model, make_source, new_telemetry
from inference_exporter.clock import ManualClock
from inference_exporter.exposition.published import Published
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.state import Store

JOB = "inference-exporter"


def prepare(scenario: Scenario, folder: Path, begin: float) -> None:
    """The configuration, and the references that the exporter builds, as if days before."""
    folder.mkdir(parents=True)
    table = folder / "reference.jsonl"
    rows = traffic.Draws(scenario, 99).rows(8000)
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    models = {
        name: traffic.model(scenario, f"{name}.jsonl", f"{name}.json") for name in scenario.names()
    }
    (folder / "config.yaml").write_text(json.dumps({"models": models}), encoding="utf-8")
    for name in models:
        build = ["reference", "build", str(table), f"--config.file={folder / 'config.yaml'}",
                 f"--model={name}", f"--output={folder / f'{name}.json'}"]  # fmt: skip
        with contextlib.redirect_stdout(io.StringIO()):
            if cli.main(build):
                raise RuntimeError(f"no reference for {scenario.namespace}")
        profile = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        profile["created"] = begin - 3 * 86400
        (folder / f"{name}.json").write_text(json.dumps(profile), encoding="utf-8")


class Exporter:
    """One exporter of a scenario; its log is written, and then read, before each page."""

    def __init__(self, scenario: Scenario, folder: Path, number: int, begin: float) -> None:
        self._scenario, self._folder, self._begin = scenario, folder, begin
        names = scenario.names()
        self._draws = {name: traffic.Draws(scenario, number * 100 + i) for i, name in
                       enumerate(names)}  # fmt: skip
        self._logs = {name: folder / f"{name}-{number}.jsonl" for name in names}
        for log in self._logs.values():
            log.write_text("", encoding="utf-8")
        self._clock, self._published, self._minute = ManualClock(begin), Published(), 0
        first = number * scenario.copies
        self.instances = [f"replica-{first + one:02d}:9469" for one in range(scenario.copies)]
        self._pipeline = self._make(number)

    def _make(self, number: int) -> Pipeline:
        text = json.loads((self._folder / "config.yaml").read_text(encoding="utf-8"))
        for name, model in text["models"].items():
            model["logs"] = [self._logs[name].name]
        path = self._folder / f"config-{number}.yaml"
        path.write_text(json.dumps(text), encoding="utf-8")
        config, references = load_all(str(path))
        feeds = [
            Feed(make_model(one, references[one.name]), make_source(config, one, one.start_at))
            for one in config.models
        ]
        pipeline = Pipeline(
            feeds, store=Store(self._folder / f"state-{number}"), publish=self._published.publish,
            telemetry=new_telemetry(), clock=self._clock,
        )  # fmt: skip
        pipeline.restore()
        return pipeline

    def pages(self, count: int) -> Iterator[Chunk]:
        """The next pages, under each of its names."""
        pages: dict[str, list[float]] = {}
        for step in range(count):
            self._live()
            snapshot = self._published.snapshot
            assert snapshot is not None
            for block in snapshot.blocks:
                for prefix, value in zip(block.series.prefixes, block.values, strict=True):
                    row = pages.get(prefix)
                    if row is None:
                        row = pages[prefix] = [np.nan] * count
                    row[step] = value
        pages["up "] = [1.0] * count
        pages["scrape_samples_scraped "] = [float(len(pages))] * count
        pages["scrape_duration_seconds "] = [0.01] * count
        values = np.array(list(pages.values()))
        for instance in self.instances:
            labels = {"job": JOB, "namespace": self._scenario.namespace, "instance": instance}
            yield Chunk([prefix.rstrip() for prefix in pages], labels, values)

    def _live(self) -> None:
        """Some minutes: lines are written, and read."""
        begin, seconds = self._begin + 60 * self._minute, 60 * EVERY
        rows = self._scenario.rows * EVERY
        trouble = TROUBLE[0] <= self._minute < TROUBLE[1]
        for at, (name, draws) in enumerate(self._draws.items()):
            bad = trouble and at < self._scenario.troubled
            with self._logs[name].open("a", encoding="utf-8") as log:
                log.writelines(f"{line}\n" for line in draws.lines(rows, begin, seconds, bad))
        self._minute += EVERY
        self._clock.seconds = self._begin + 60 * self._minute
        while self._pipeline.turn():
            self._clock.advance(0.01)
