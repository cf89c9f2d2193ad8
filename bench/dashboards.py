"""What a refresh of each dashboard costs Prometheus, of 200 inputs on 50 replicas."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import requests
from dashboards.fleet.exporters import Exporter, prepare
from dashboards.fleet.history import prometheus
from dashboards.fleet.remote import Chunk, Writer, text_of
from dashboards.fleet.rules import Rules
from dashboards.fleet.scenarios import EVERY, Scenario

from bench.result import Result, Settings, Spread, Table, Target, number, say
from inference_exporter.values.batch import Floats

_BOARDS = Path(__file__).parent.parent / "dashboards"
_BEFORE, _SEEN, _NOW = 60, 20, 10  # minutes: see `_seen`, `_fill`
_LIMIT = 2.0  # seconds of CPU
_COUNTERS = ("_total", "_bucket", "_sum", "_count")
_NAME = re.compile(r"[a-zA-Z_:][\w:]*")
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")
_CHOSEN = {
    "window": "1h", "model": "credit", "feature": "income", "version": ".+",
    "__rate_interval": "4m", "__range": "6h", "cluster": ".*", "namespace": ".*",
}  # fmt: skip

_METHOD = """\
One model of {features} inputs on {replicas} replicas, {hours} hours of history with a sample a
minute. The page of one replica comes from the exporter's own loop and the recorded series from the
shipped rules over it; both are drawn out over the time, and the page is there under the name of
every replica, as far as a panel asks for it (what is only asked for as it is now: the last {now}
minutes). Each page is asked as when it is opened: its variables, its annotations and all panels in
open rows, over {hours} hours with a point a minute, none from a cache. CPU is that of the
Prometheus process, which does nothing else meanwhile; Grafana asks the same again every minute.
"""


@dataclass(frozen=True, slots=True)
class _Question:
    """A query, and whether it is asked for the whole time."""

    expr: str
    ranged: bool


def measure(settings: Settings) -> Result:
    """Fill a Prometheus, then ask what each page asks."""
    features, replicas = settings.size(200, 10), settings.size(50, 3)
    hours, runs = settings.size(6, 1), settings.size(5, 1)
    folder = settings.subfolder("dashboards")
    begin = time.time() // 3600 * 3600 - hours * 3600
    boards = [json.loads(path.read_text("utf-8")) for path in sorted(_BOARDS.glob("*.json"))]
    with prometheus(folder / "prometheus", _free_port()) as (url, pid):
        _fill(url, _seen(url, folder, begin, features), boards, begin, (replicas, hours))
        _idle(pid)
        end = begin + hours * 3600 - 60
        series = _ask(url, "query", query='count({__name__!=""})', time=end)[0]["value"][1]
        spent: dict[str, tuple[int, Spread]] = {}
        for board in boards:
            questions = list(_questions(board))
            times = [_cpu_of(url, pid, questions, begin, end) for _ in range(runs)]
            spent[board["uid"]] = len(questions), Spread(times)
            say(f"{board['uid']}: {len(questions)} queries, {spent[board['uid']][1].text('s')}")
    most = max(one.median for _, one in spent.values())
    return Result(
        "dashboards", f"Dashboards of {features} inputs on {replicas} replicas",
        _METHOD.format(features=features, replicas=replicas, hours=hours, now=_NOW),
        f"{runs} runs, {number(float(series))} series",
        (Table(("page", "queries", "CPU a refresh"),
               tuple((uid, f"{count}", one.text("s")) for uid, (count, one) in spent.items())),),
        (Target("CPU of a refresh of the dearest page", f"under {_LIMIT:g} s", f"{most:.2f} s",
                most < _LIMIT),),
        {"series": float(series), "seconds": {uid: one.values for uid, (_, one) in spent.items()}},
    )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _seen(url: str, folder: Path, begin: float, features: int) -> tuple[Chunk, Chunk]:
    """What one replica, and the rules over it, show at the end of a while.

    It begins an hour before, so that drift is decided on a full hour.
    """
    scenario, first = Scenario("bench", features=features, rows=600), begin - 60 * _BEFORE
    prepare(scenario, folder / "models", first)
    exporter = Exporter(scenario, folder / "models", 0, first)
    writer = Writer(url)
    rules = Rules(url, writer)
    for start, count in ((first, _BEFORE), (begin, _SEEN)):
        (page,) = exporter.pages(count // EVERY)
        minutes = EVERY * (1 + np.arange(count // EVERY))
        writer.write(page, ((start + 60 * minutes) * 1000).astype(np.int64))
        rules.evaluate(start + 60, count)
    when = begin + 60 * _SEEN
    found = _ask(url, "query", query='{__name__=~".+:.+"}', time=when)
    values = {
        text_of(one["metric"].pop("__name__"), one["metric"]): float(one["value"][1])
        for one in found
    }
    return page, Chunk(list(values), {}, np.array([list(values.values())]).T)


def _named(chunk: Chunk, names: set[str]) -> Chunk:
    """The series of these names, with their last value."""
    kept = [at for at, text in enumerate(chunk.series) if text.partition("{")[0] in names]
    return Chunk([chunk.series[at] for at in kept], chunk.labels, chunk.values[kept, -1:])


def _names(boards: list[Any], *, ranged: bool) -> set[str]:
    """What may be names of metrics in queries over time, or as of now."""
    asked = (one for board in boards for one in _questions(board) if one.ranged == ranged)
    return {name for one in asked for name in _NAME.findall(one.expr)}


def _fill(
    url: str, seen: tuple[Chunk, Chunk], boards: list[Any], begin: float, sizes: tuple[int, int]
) -> None:
    """All hours of all replicas."""
    replicas, hours = sizes
    writer, over_time = Writer(url), _names(boards, ranged=True)
    now = _names(boards, ranged=False) - over_time
    for hour in range(hours):
        minutes = np.arange(hour * 60 if hour else _SEEN + 1, (hour + 1) * 60)
        for chunk in seen:
            _write(writer, _named(chunk, over_time), minutes, begin, replicas)
        say(f"hour {hour + 1} of {hours}: {writer.samples:,} samples")
    for chunk in seen:
        _write(writer, _named(chunk, now), minutes[-_NOW:], begin, replicas)


def _write(writer: Writer, chunk: Chunk, minutes: Any, begin: float, replicas: int) -> None:
    """These minutes: of a page under the name of every replica, of recorded series once."""
    stamps, drawn = ((begin + 60 * minutes) * 1000).astype(np.int64), _drawn_out(chunk, minutes)
    instances = [{"instance": f"replica-{one:02d}:9469"} for one in range(replicas)]
    for more in instances if "instance" in chunk.labels else [{}]:
        writer.write(Chunk(chunk.series, {**chunk.labels, **more}, drawn), stamps)


def _drawn_out(chunk: Chunk, minutes: Any) -> Floats:
    """Values (series, minutes): counters go on as they began, measures waver, states stay."""
    random = np.random.default_rng(int(minutes[0]))
    counters = [text.partition("{")[0].endswith(_COUNTERS) for text in chunk.series]
    growth = minutes / (_BEFORE + _SEEN)
    waver = 0.01 * random.standard_normal((len(chunk.series), len(minutes)))
    measures = chunk.values != np.round(chunk.values)
    values: Floats = chunk.values * (
        1 + np.where(np.array(counters)[:, None], growth, np.where(measures, waver, 0.0))
    )
    return values


def _questions(board: Any) -> Iterator[_Question]:
    """What a page asks when it is opened."""
    for one in board["templating"]["list"]:
        inside = re.fullmatch(r"(?:label_values|query_result)\((.+?)(?:, \w+)?\)",
                              one.get("definition", ""), re.DOTALL)  # fmt: skip
        if inside is not None:
            yield _Question(_expanded(inside[1]), ranged=False)
    for one in board["annotations"]["list"]:
        yield _Question(_expanded(one["expr"]), ranged=True)
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield _Question(_expanded(target["expr"]), ranged=target["range"])


def _expanded(text: str) -> str:
    return _VARIABLE.sub(lambda found: _CHOSEN.get(found[1] or found[2], ".+"), text)


def _idle(pid: int) -> None:
    """Wait until what was written is put into blocks: until two seconds cost next to nothing."""
    for _ in range(60):
        before = _cpu(pid)
        time.sleep(2)
        if _cpu(pid) - before < 0.03:
            return


def _cpu_of(url: str, pid: int, questions: list[_Question], begin: float, end: float) -> float:
    before = _cpu(pid)
    for one in questions:
        if one.ranged:
            _ask(url, "query_range", query=one.expr, start=begin, end=end, step=60)
        else:
            _ask(url, "query", query=one.expr, time=end)
    return _cpu(pid) - before


def _ask(url: str, api: str, **parameters: str | float) -> list[Any]:
    answer = requests.post(f"{url}/api/v1/{api}", data=parameters, timeout=1200).json()
    if answer["status"] != "success":
        raise RuntimeError(f"{answer['error']}: {parameters}")
    found: list[Any] = answer["data"]["result"]
    return found


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
