"""A whole log through the model and the decisions of the sidecar, on the log's own clock."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from inference_exporter import reference
from inference_exporter.assembly import (
    calm_memory,
    load_all,
    make_label_source,
    make_model,
    make_source,
    new_telemetry,
)
from inference_exporter.backtest.own_rate import OwnRate, own_rate
from inference_exporter.backtest.record import Looked, Record
from inference_exporter.backtest.versions import compared
from inference_exporter.clock import SystemClock
from inference_exporter.config.schema import Config, ModelConfig, ReferenceFile
from inference_exporter.errors import UsageError
from inference_exporter.formats import Decoded, make_decoder
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.reference.reading.logs import opened
from inference_exporter.state import MemoryStore
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import Reference

_BLOCK = 1 << 20
Tell = Callable[[int, int], None]
"""Is told how many bytes are done, of how many."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came out for one model. `trained_until`: rows before are the reference's own.

    `compared` is what there is to say of two versions.
    """

    model: ModelConfig
    reference: Reference
    looked: list[Looked]
    rates: list[OwnRate]
    trained_until: float = -np.inf
    compared: tuple[str, ...] = ()


def replay(
    config_file: str,
    logs: Sequence[str] = (),
    *,
    model: str | None = None,
    first: float = 0.0,
    labels: Sequence[str] = (),
    tell: Tell = lambda _done, _of: None,
) -> Backtest:
    """Read all of a model's log.

    `logs` and `labels` take the place of those that are configured. With `first` the reference is
    made of so many seconds at the beginning of the log.
    """
    config, references = load_all(config_file)
    one = _chosen(config, model, logs, labels)
    known, until = references[one.name], -np.inf
    if first:
        known, until = _first_part(one, first)
        one = replace(one, reference=ReferenceFile("(the first part of the log)"))
    elif not isinstance(one.reference, ReferenceFile) or known is None:
        raise UsageError(
            f"{one.name} is compared with no profile: make one with `reference build` and name it"
            " under `reference`, or take the first part of the log: --reference-first=14d"
        )
    record, pipeline = prepared(config, one, known)
    calm_memory()
    pipeline.drain(tell)
    pipeline.close()
    looked = record.looked()
    words = tuple(compared(record.model))
    return Backtest(one, known, looked, _rates(one, record), until, words)


def _chosen(
    config: Config, name: str | None, logs: Sequence[str], labels: Sequence[str]
) -> ModelConfig:
    names = [one.name for one in config.models]
    if name is None and len(names) > 1:
        raise UsageError(f"the configuration has several models: add --model={'|'.join(names)}")
    if name is not None and name not in names:
        raise UsageError(f"--model={name}: not in the configuration; it has {', '.join(names)}")
    model = next(one for one in config.models if name in (None, one.name))
    if logs:
        model = replace(model, logs=tuple(str(Path(log).resolve()) for log in logs), receive=())
    if labels:
        if model.labels is None:
            raise UsageError("--labels takes a section `labels` in the configuration")
        paths = tuple(str(Path(log).resolve()) for log in labels)
        model = replace(model, labels=replace(model.labels, logs=paths))
    if not model.logs:
        raise UsageError(f"{model.name} has no logs of its own: name the log to read")
    return model


def prepared(config: Config, model: ModelConfig, known: Reference) -> tuple[Record, Pipeline]:
    """A loop that reads a model's logs once, and what is kept of each window."""
    made = make_model(model, known, event_time=True)
    feed = Feed(
        made,
        make_source(config, model, "beginning", wait=True),
        labels=make_label_source(config, model, "beginning"),
    )
    pipeline = Pipeline(
        [feed],
        store=MemoryStore(),
        publish=lambda _snapshot: None,
        telemetry=new_telemetry(),
        clock=SystemClock(),
    )
    pipeline.restore()
    return Record(made), pipeline


def _rates(model: ModelConfig, record: Record) -> list[OwnRate]:
    """By window, of the version that has most of them."""
    rates = []
    for window in model.windows:
        found = [one for one in record.judgements if one.window == window.name]
        counts = Counter(one.version for one in found)
        for version, _ in counts.most_common(1):
            rate = own_rate([one for one in found if one.version == version], window.seconds)
            rates += [rate] if rate else []
    return rates


def _first_part(model: ModelConfig, seconds: float) -> tuple[Reference, float]:
    """A profile of what was logged in the first seconds, and when they ended."""
    decoder, until, rows = make_decoder(model, None), np.nan, 0
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / f"first{_suffix(model)}"
        with part.open("wb") as kept:
            for block in _blocks(model):
                times = _times(decoder.decode(block))
                if np.isnan(until):
                    until = float(np.nanmin(times, initial=np.inf)) + seconds
                early = _until(block, times, until)
                kept.write(early)
                rows += early.count(b"\n")
                if early != block:
                    break
        if not rows:
            raise UsageError("the log has no line with a time: no reference can be made of it")
        return reference.build([str(part)], model, now=time.time()), until


def _times(decoded: Decoded) -> Floats:
    if decoded.batch.timestamp is None:
        raise UsageError("--reference-first takes a log with times: fields.timestamp")
    return decoded.batch.timestamp.values


def _until(block: bytes, times: Floats, until: float) -> bytes:
    """The lines up to the first one that is too late; all or none where lines are no rows."""
    late = np.flatnonzero(times >= until)
    if not len(late):
        return block
    lines = block.splitlines(keepends=True)
    return b"".join(lines[: int(late[0])]) if len(lines) == len(times) else b""


def _suffix(model: ModelConfig) -> str:
    return "".join(one for one in Path(model.logs[0]).suffixes[-2:] if one != ".gz")


def _blocks(model: ModelConfig) -> Iterator[bytes]:
    for pattern in model.logs:
        folder = Path(pattern).anchor or "."
        for path in sorted(Path(folder).glob(str(Path(pattern).relative_to(folder)))):
            with opened(str(path)) as (stream, _):
                while lines := stream.readlines(_BLOCK):
                    yield b"".join(lines)
