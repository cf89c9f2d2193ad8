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
from dashboards.fleet.remote import Chunk, Writer
from dashboards.fleet.rules import Rules
from dashboards.fleet.scenarios import EVERY, Scenario

from bench.result import Result, Settings, Spread, Table, Target, number, say
from inference_exporter.values.batch import Floats

_BOARDS = Path(__file__).parent.parent / "dashboards"
_SEEN, _LIMIT = 20, 2.0  # minutes that the exporter runs; seconds of CPU
_COUNTERS = ("_total", "_bucket", "_sum", "_count")
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")
_CHOSEN = {"window": "1h", "model": "credit", "feature": "income", "version": ".+",
           "__rate_interval": "4m", "cluster": ".*", "namespace": ".*"}  # fmt: skip

_METHOD = """\
One model of {features} inputs on {replicas} replicas, {hours} hours of history with a sample a
minute. The page of one replica comes from the exporter's own loop and the recorded series from the
shipped rules over it; both are drawn out over the time, and the page is there under the name of
every replica, as far as a panel asks for it. Each page is asked as when it is opened: its
variables, its annotations and all panels in open rows, over {hours} hours with a point a minute.
CPU is that of the Prometheus process.
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
        _fill(url, folder, boards, begin, (features, replicas, hours))
        end = begin + hours * 3600
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
        _METHOD.format(features=features, replicas=replicas, hours=hours),
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


def _fill(
    url: str, folder: Path, boards: list[Any], begin: float, sizes: tuple[int, int, int]
) -> None:
    """What panels ask for, over all hours."""
    features, replicas, hours = sizes
    scenario = Scenario("bench", features=features, rows=600)
    prepare(scenario, folder / "models", begin)
    exporter = Exporter(scenario, folder / "models", 0, begin)
    (page,) = exporter.pages(_SEEN // EVERY)
    writer = Writer(url)
    times = begin + 60 * EVERY * (1 + np.arange(_SEEN // EVERY))
    writer.write(page, (times * 1000).astype(np.int64))
    Rules(url, writer).evaluate(begin + 60, _SEEN)
    asked = {
        name
        for board in boards
        for one in _questions(board)
        for name in re.findall(r"\b(?:inference|up|scrape)\w*", one.expr)
    }
    raw = _chosen(page, asked)
    recorded = _ask(url, "query", query='{__name__=~".+:.+"}', time=begin + 60 * _SEEN)
    say(f"{len(raw.series) * replicas + len(recorded):,} series")
    random = np.random.default_rng(1)
    for hour in range(hours):
        minutes = np.arange(hour * 60 if hour else _SEEN + 1, (hour + 1) * 60)
        stamps = ((begin + 60 * minutes) * 1000).astype(np.int64)
        grown = _grown(raw, minutes)
        for replica in range(replicas):
            labels = {**raw.labels, "instance": f"replica-{replica:02d}:9469"}
            writer.write(Chunk(raw.series, labels, grown), stamps)
        for one in recorded:
            value = float(one["value"][1]) * (1 + 0.01 * random.standard_normal(len(minutes)))
            name, labels = one["metric"].pop("__name__"), one["metric"]
            writer.write(Chunk([name], labels, value[None, :]), stamps)
            labels["__name__"] = name
        say(f"hour {hour + 1} of {hours}: {writer.samples:,} samples")


def _chosen(page: Chunk, names: set[str]) -> Chunk:
    """The series of these names, as they are on the last page."""
    kept = [at for at, text in enumerate(page.series) if text.partition("{")[0] in names]
    return Chunk([page.series[at] for at in kept], page.labels, page.values[kept, -1:])


def _grown(raw: Chunk, minutes: Any) -> Floats:
    """Values (series, minutes); counters go on as they began."""
    counters = [text.partition("{")[0].endswith(_COUNTERS) for text in raw.series]
    growth = np.where(counters, 1.0, 0.0)[:, None] * (minutes / _SEEN - 1)
    values: Floats = raw.values * (1 + growth)
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
