"""What it costs to point at traces and to send spans, while the collector answers and while not."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import traffic
from bench.result import Result, Settings, Spread, Table, Target, say
from inference_exporter.assembly import load_all, make_model
from inference_exporter.config.schema_services import TracesConfig
from inference_exporter.model import Model
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.senders import SpanSender

WITHOUT, EXEMPLARS = "without traces", "exemplars"
ANSWERED, DEAD = "spans of 1 %, sent", "spans of 1 %, nobody answers"
_SHARE = 0.01
_BLOCK = 1000  # lines
_COMMIT = 100  # blocks between two commits
_METHOD = """\
LINES lines of the standard shape with two steps and a trace id, counted in this process in blocks
of 1,000, with a commit and a page every 100 blocks. CPU seconds are those of all threads. *without
traces* does not read the id; *exemplars* does and chooses; with spans 1 % of all requests and those
that failed or were slow are sent, with their steps, to a collector that answers at once, and to a
port where nobody listens. The ways take turns; *against without* compares the same round.
"""


@dataclass(slots=True)
class _Way:
    """One way to be configured."""

    fields: dict[str, object]
    sender: Callable[[], SpanSender] | None = None
    cpu: list[float] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def measure(settings: Settings) -> Result:
    """Read the same lines in all ways, in turns."""
    lines, rounds = settings.size(400_000, 20_000), settings.size(7, 2)
    folder = settings.subfolder("traced")
    traffic.prepare(folder)
    blocks = list(_blocks(lines))
    ways = _ways()
    for count in range(rounds):
        order = list(ways.items())
        for name, way in reversed(order) if count % 2 else order:
            _read(folder, blocks, way)
            say(f"{name}: {way.cpu[-1]:.2f} CPU s")
    return _result(ways, lines, rounds)


def _ways() -> dict[str, _Way]:
    traced: dict[str, object] = {"trace_id": "trace_id"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/v1/traces"
    return {
        WITHOUT: _Way({}),
        EXEMPLARS: _Way(traced),
        ANSWERED: _Way(traced, lambda: SpanSender(_traces(nobody), lambda *_: (200, ""))),
        DEAD: _Way(traced, lambda: SpanSender(_traces(nobody))),
    }


def _traces(endpoint: str) -> TracesConfig:
    return TracesConfig(endpoint, sample=_SHARE)


def _blocks(lines: int) -> Iterator[bytes]:
    writer = traffic.Writer()
    for first in range(0, lines, _BLOCK):
        plain = writer.lines(min(_BLOCK, lines - first))
        yield b"".join(_traced(one, first + at) for at, one in enumerate(plain))


def _traced(line: bytes, number: int) -> bytes:
    took = number % 37 / 10
    more = f', "trace_id": "{number + 1:032x}", "lookup": {took}, "inference": {took + 1}}}\n'
    return line.rstrip()[:-1] + more.encode()


def _read(folder: Path, blocks: list[bytes], way: _Way) -> None:
    sender = way.sender() if way.sender else None
    model = _model(folder, way.fields, sender)
    began = time.process_time()
    for count, block in enumerate(blocks):
        model.take(block, traffic.START)
        if count % _COMMIT == _COMMIT - 1:
            model.settle(None, traffic.START)
            for _ in model.samples(traffic.START, EvaluationFacts()):
                pass
    if sender is not None:
        sender.close()
        way.counts = dict(sender.take_counts())
    way.cpu.append(time.process_time() - began)


def _model(folder: Path, fields: dict[str, object], sender: SpanSender | None) -> Model:
    config = json.loads(traffic.configuration())
    steps = {name: {"from": name, "unit": "ms"} for name in ("lookup", "inference")}
    config["models"][traffic.MODEL]["fields"] |= {"steps": steps, **fields}
    (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    loaded, references = load_all(str(folder / "config.yaml"))
    (one,) = loaded.models
    traces = None if sender is None else (_traces("http://127.0.0.1/"), sender.send)
    return make_model(one, references[one.name], traces=traces)


def _result(ways: dict[str, _Way], lines: int, rounds: int) -> Result:
    plain = ways[WITHOUT].cpu
    against = {
        name: Spread(mine / own for mine, own in zip(plain, way.cpu, strict=True))
        for name, way in ways.items()
    }
    rows = tuple(
        (
            name,
            Spread(lines / cpu for cpu in way.cpu).text(),
            "" if name == WITHOUT else against[name].text(),
            ", ".join(f"{count:,} {result}" for result, count in sorted(way.counts.items())),
        )
        for name, way in ways.items()
    )
    wanted = {EXEMPLARS: 0.95, ANSWERED: 0.85, DEAD: 0.85}
    return Result(
        "traced",
        "Traces",
        _METHOD.replace("LINES", f"{lines:,}"),
        f"{rounds} rounds",
        (Table(("way", "lines per CPU-second", "against without", "last round's spans"), rows),),
        tuple(
            Target(
                f"reading speed: {name}", f"{least:.0%} of without", against[name].text(),
                against[name].median >= least,
            )
            for name, least in wanted.items()
        ),
        {"cpu_seconds": {name: way.cpu for name, way in ways.items()}, "lines": lines},
    )  # fmt: skip
