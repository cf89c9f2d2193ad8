"""What a season costs: `once` at 50 features with hours of the week, against without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import child
from bench.child import Usage
from bench.result import Result, Settings, Spread, Table, Target, say
from bench.sidecar import total

_MOST = 1.15  # times the time per line
_NUMBERS, _CATEGORIES = 40, 10
_MONDAY = 1_789_948_800.0
_KINDS = ("none", "hour_of_week")

_METHOD = """\
COUNT lines with 40 numeric inputs, 10 categories and a score, read by `once` against a reference of
20,000 rows over two weeks, once without a season and once with `season: hour_of_week`, in turn. CPU
seconds are those of the whole process; each run is checked to have counted every line.
"""


def measure(settings: Settings) -> Result:
    """Both kinds, in turn."""
    count, rounds = settings.size(60_000, 2_000), settings.size(5, 1)
    folder = settings.subfolder("season")
    _write(folder / "known.jsonl", 20_000, 60.5)
    _write(folder / "log.jsonl", count, 0.5, begin=14 * 86400.0)
    for kind in _KINDS:
        season = "" if kind == "none" else f", season: {kind}"
        (folder / f"{kind}.yaml").write_text(
            "models: {m: {logs: [log.jsonl], start_at: beginning, fields: {timestamp: ts, "
            f"features: features, score: score}}, reference: {kind}.json{season}}}}}\n"
        )
        built = ("reference", "build", "known.jsonl", f"--output={kind}.json")
        child.run(child.exporter(*built, f"--config.file={kind}.yaml"), folder)
    usages: dict[str, list[Usage]] = {kind: [] for kind in _KINDS}
    for number in range(rounds):
        for kind in _KINDS:
            page, usage = child.run(child.exporter("once", f"--config.file={kind}.yaml"), folder)
            assert total(page, "inference_requests_total") == count
            usages[kind].append(usage)
        say(f"round {number + 1} of {rounds}")
    return _result(usages, count, rounds)


def _write(path: Path, count: int, step: float, begin: float = 0.0) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in _lines(count, step, begin))


def _lines(count: int, step: float, begin: float) -> Iterator[str]:
    draw = np.random.default_rng(20261128)
    numbers = np.round(draw.normal(size=(count, _NUMBERS)), 4).tolist()
    categories = draw.integers(0, 8, (count, _CATEGORIES)).tolist()
    scores = np.round(draw.random(count), 4).tolist()
    for row in range(count):
        features: dict[str, object] = {f"n{k}": one for k, one in enumerate(numbers[row])}
        features |= {f"c{k}": str(one) for k, one in enumerate(categories[row])}
        record = {"ts": _MONDAY + begin + row * step, "features": features, "score": scores[row]}
        yield json.dumps(record)


def _result(usages: dict[str, list[Usage]], count: int, rounds: int) -> Result:
    pairs = zip(usages["hour_of_week"], usages["none"], strict=True)
    ratio = Spread(mine.cpu_seconds / plain.cpu_seconds for mine, plain in pairs)
    rows = tuple(
        (kind, Spread(count / one.cpu_seconds for one in own).text(),
         Spread(one.peak_bytes / 1e6 for one in own).text("MB"))
        for kind, own in usages.items()
    )  # fmt: skip
    return Result(
        "season",
        "A season",
        _METHOD.replace("COUNT", f"{count:,}"),
        f"{rounds} rounds",
        (Table(("season", "lines per CPU-second", "peak memory"), rows),),
        (
            Target("time per line with hours of the week", f"{_MOST} times that without",
                   ratio.text(), ratio.median <= _MOST),
        ),
        {"ratio": ratio.values},
    )  # fmt: skip
