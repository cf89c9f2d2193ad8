"""What many models cost Prometheus: series, samples, seconds of rules, memory, and the way down."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from alert_rules.ruleset import recording, render, shards
from alert_rules.ruleset.settings import Settings as Rules
from dashboards.fleet.remote import Chunk, Writer, labels_of

from bench import child, fleet_pages, traffic
from bench.prometheus import Prometheus
from bench.result import Result, Settings, Table, number, say

_FEATURES, _REPLICAS, _SCRAPE = 50, 10, 15
_WHOLE = 200  # models of the fleet that is asked for
_CYCLE = 240  # seconds in which every rule group is evaluated at least once
_LEVEL = re.compile(r"sum by \(([^)]*)\) \(rate\((\w+)\[5m\]\)\) \* 60")
_RATE = 0.002  # of what counters are on the page, a second
_VARIANTS = {
    "as shipped": Rules(),
    "in 5 shards": Rules(shards=shards.patterns(["5"])),
    "only for alerts": Rules(lean=True),
}
_PAGES: dict[str, dict[str, object]] = {
    "default": {},
    "`statistics: [psi]`": {"statistics": ["psi"]},
    "`windows: [1h]`": {"windows": ["1h"]},
    "`latency_buckets` with 8 bounds": {"latency_buckets": [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10]},
}
_DROPPED = {
    "distances, p-values and critical values of each replica": r"(feature|output)_drift"
    r"(_p_value|_critical|_samples)?",
    "ranks and shares of reference bins from all replicas but one": r"(feature|output)_"
    r"(reference_ratio|bin_rank)",
}
_METHOD = """\
The page of one replica with {features} inputs, three hours after its start, comes from the
exporter's own loop; a small server shows it under the names of all models and replicas, with
counters that grow. A real Prometheus scrapes them every {scrape} s. What the rules count a minute
is there for the 24 hours before, written to Prometheus with noise; of the week that the longest
windows look at only that day is. Each way to evaluate the rules is measured over {cycle} s, in
which every group has its turn, after a minute to settle. CPU and memory come from `/proc`; CPU of
the rules is what is above that of scraping alone. Series are counted when each way ends. The
columns of {whole} models are drawn out in a line from the measured ones: nothing of that size was
run.
"""


@dataclass(slots=True)
class _Way:
    """One way to evaluate rules, measured."""

    series: float = 0.0
    recorded: float = 0.0
    samples: float = 0.0  # a second
    cpu: float = 0.0  # seconds a minute
    memory: float = 0.0


def measure(settings: Settings) -> Result:
    """Two sizes, to see whether costs are in proportion; the ways with the greater one."""
    sizes = (1, 2) if settings.quick else (5, 10)
    folder = settings.subfolder("fleet")
    pages = {
        name: fleet_pages.page(folder / f"page-{at}", _FEATURES, **other)
        for at, (name, other) in enumerate(_PAGES.items())
    }
    (folder / "page.txt").write_text(pages["default"], encoding="utf-8")
    with _server(folder / "page.txt") as port:
        small = _fleet(settings, port, pages["default"], sizes[0], ["as shipped"])
        large = _fleet(settings, port, pages["default"], sizes[1], list(_VARIANTS))
    method = _METHOD.format(features=_FEATURES, scrape=_SCRAPE, cycle=_CYCLE, whole=_WHOLE)
    return Result(
        "fleet",
        f"A fleet of {_WHOLE} models",
        method,
        f"1 run, {sizes[0]} and {sizes[1]} models on {_REPLICAS} replicas each",
        (_sizes_table(sizes, small, large), _ways_table(large, sizes[1]), _page_table(pages)),
        raw={
            f"{size} models, {name}": {one: getattr(way, one) for one in _Way.__slots__}
            for size, ways in zip(sizes, (small, large), strict=True)
            for name, way in ways.items()
        },
    )


@contextmanager
def _server(page: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.fleet_pages", str(page), traffic.MODEL, str(_RATE)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=child.environment(), text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)


def _fleet(
    settings: Settings, port: int, page: str, models: int, names: Sequence[str]
) -> dict[str, _Way]:
    """Scraping alone, then with the rules in each of these ways."""
    cycle, settle = settings.size(_CYCLE, 20), settings.size(60, 10)
    home = settings.subfolder(f"fleet-{models}")
    targets = [
        {
            "targets": [f"127.0.0.1:{port}"],
            "labels": {"instance": f"r{replica}", "__metrics_path__": f"/{name}/{replica}"},
        }
        for name in _names(models)
        for replica in range(_REPLICAS)
    ]
    ways: dict[str, _Way] = {}
    with ExitStack() as stack:
        server = stack.enter_context(Prometheus(home, targets, f"{_SCRAPE}s"))
        hours = settings.size(24, 1)
        _history(server.url, page, _names(models), hours)
        for name in ("scraping alone", *names):
            server.use(_written(home / name, _VARIANTS.get(name)))
            time.sleep(settle)
            ways[name] = _way(server, cycle)
            say(f"{models} models, {name}: {ways[name]}")
    return ways


def _names(models: int) -> list[str]:
    return [f"model-{number:03d}" for number in range(models)]


def _written(folder: Path, rules: Rules | None) -> list[Path]:
    if rules is None:
        return []
    folder.mkdir()
    paths = []
    for name, text in render.files(rules).items():
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def _history(url: str, page: str, models: Sequence[str], hours: int) -> None:
    """What the first level of the rules counted in the hours before now, a sample a minute."""
    found = _first_level(page)
    writer, random = Writer(url), np.random.default_rng(1)
    now = time.time() // 60 * 60
    for hour in range(hours, 0, -1):
        stamps = ((now - 3600 * hour + 60 * np.arange(60)) * 1000).astype(np.int64)
        for model in models:
            values = random.poisson(20, (len(found), 60)).astype(float)
            chunk = [text.replace(f'"{traffic.MODEL}"', f'"{model}"') for text in found]
            writer.write(Chunk(chunk, {"job": "exporter"}, values), stamps)
    say(f"{writer.samples:,} samples of {len(models) * len(found):,} series, {hours} h")


def _first_level(page: str) -> list[str]:
    """The series that the first level of the rules makes of a page, as on a page."""
    wanted = {}
    for rule in recording.groups(Rules())[0].rules:
        told = _LEVEL.fullmatch(rule.expr)
        if told is not None:
            wanted[told[2]] = (rule.name, [one.strip() for one in told[1].split(",")])
    found = set()
    for line in page.splitlines():
        name = re.split(r"[{ ]", line, maxsplit=1)[0]
        if name in wanted:
            record, kept = wanted[name]
            labels = labels_of(line.rpartition(" ")[0])
            pairs = (f'{one}="{labels[one]}"' for one in kept if one in labels)
            found.add(f"{record}{{{','.join(pairs)}}}")
    return sorted(found)


def _way(server: Prometheus, cycle: float) -> _Way:
    appended = "prometheus_tsdb_head_samples_appended_total"
    before, begun, samples = server.cpu(), time.monotonic(), server.told(appended)
    time.sleep(cycle)
    took = time.monotonic() - begun
    cpu, samples = server.cpu() - before, server.told(appended) - samples
    return _Way(
        series=server.count('{__name__=~".+"}'),
        recorded=server.count('{__name__=~"model.*:.+"}'),
        samples=samples / took,
        cpu=cpu / took * 60,
        memory=server.memory(),
    )


def _sizes_table(sizes: tuple[int, int], small: dict[str, _Way], large: dict[str, _Way]) -> Table:
    alone, ruled = (
        [of[name] for of in (small, large)] for name in ("scraping alone", "as shipped")
    )

    def row(what: str, values: list[float], form: str = "") -> tuple[str, ...]:
        slope = (values[1] - values[0]) / (sizes[1] - sizes[0])
        whole = values[1] + slope * (_WHOLE - sizes[1])
        return (what, *(f"{number(one)}{form}" for one in (*values, whole)))

    rows = (
        row("series of exporters", [one.series - one.recorded for one in ruled]),
        row("series recorded by rules", [one.recorded for one in ruled]),
        row("samples a second", [one.samples for one in ruled]),
        row("CPU of scraping, cores", [one.cpu / 60 for one in alone]),
        row("CPU of the rules, cores",
            [(one.cpu - two.cpu) / 60 for one, two in zip(ruled, alone, strict=True)]),
        row("resident memory, GB", [one.memory / 1e9 for one in ruled]),
    )  # fmt: skip
    columns = ("", *(f"{one} models" for one in sizes), f"{_WHOLE} models, drawn out")
    return Table(columns, rows)


def _ways_table(ways: dict[str, _Way], models: int) -> Table:
    alone = ways["scraping alone"]
    rows = tuple(
        (
            name,
            number(way.recorded),
            number(way.cpu - alone.cpu),
        )
        for name, way in ways.items()
        if way is not alone
    )
    columns = ("rules", "recorded series", "CPU seconds a minute")
    return Table(columns, rows, f"Rules of {models} models")


def _page_table(pages: dict[str, str]) -> Table:
    counts = {name: len(_series(text)) for name, text in pages.items()}
    whole = counts["default"]
    rows = [(name, number(count), f"{1 - count / whole:.0%}") for name, count in counts.items()]
    for what, pattern in _DROPPED.items():
        dropped = re.compile(f"inference_{pattern}[{{ ]")
        count = sum(not dropped.match(line) for line in _series(pages["default"]))
        rows.append((f"without {what}", number(count), f"{1 - count / whole:.0%}"))
    return Table(("page of a replica", "series", "less"), tuple(rows), "Series of exporters")


def _series(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]
