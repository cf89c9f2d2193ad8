"""How often versions that are alike are ever told apart, and how soon versions that are not.

`python -m bench.calibration.versions [--write] [--contests=N]`: contests of 20,000 rows that are
looked at after each of them. Prints the table of docs/versions.md, which `--write` puts there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import fill

import numpy as np
from numpy.random import Generator

from inference_exporter.performance.sequence import row_sums
from inference_exporter.values.batch import Floats
from inference_exporter.versions import Contest, Rules

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "versions.md"
_BEGIN, _END = "<!-- calibration -->", "<!-- /calibration -->"
_ROWS, _LEVELS = 20_000, (0.05, 0.02)
Draw = Callable[[Generator, int, bool], Floats]  # values of rows; of the challenger or not


def _share(champion: float, challenger: float = -1.0) -> Draw:
    rates = (champion, champion if challenger < 0 else challenger)
    return lambda random, rows, new: (random.random(rows) < rates[new]).astype(np.float64)


def _errors(spread: float) -> Draw:
    return lambda random, rows, _: np.exp(spread * random.normal(size=rows))


ALIKE: dict[str, tuple[Draw, float]] = {
    "accuracy 0.9": (_share(0.9), 1.0),
    "accuracy 0.99": (_share(0.99), 1.0),
    "accuracy 0.999": (_share(0.999), 1.0),
    "errors, lognormal with sigma 1": (_errors(1.0), 0.0),
    "errors, lognormal with sigma 1.5": (_errors(1.5), 0.0),
}
DIFFERENT: dict[str, Draw] = {
    "0.90 and 0.85": _share(0.9, 0.85),
    "0.90 and 0.88": _share(0.9, 0.88),
    "0.99 and 0.98": _share(0.99, 0.98),
}
SPLITS = {"half": 0.5, "5 %": 0.05, "pairs": -1.0}


def contest(draw: Draw, reach: float, level: float, split: float, seed: Sequence[int]) -> Contest:
    """One of `_ROWS` rows or pairs; of the rows the share `split` is the challenger's."""
    random = np.random.default_rng(seed)
    found = Contest(Rules(split < 0, level, 0.0, 5000, 200, reach, 1.0))
    champion, challenger = (draw(random, _ROWS, new) for new in (False, True))
    if split < 0:
        found.add_pairs(challenger - champion, np.ones(_ROWS), 0.0)
        return found
    sides = (random.random(_ROWS) < split).astype(np.int64)
    values = np.where(sides == 1, challenger, champion)
    found.add(sides, row_sums(values, np.ones(_ROWS)), 0.0)
    return found


def false_alarms(contests: int) -> Iterator[str]:
    """Rows of a table: the share of contests that were ever decided."""
    for name, (draw, reach) in ALIKE.items():
        for level in _LEVELS:
            cells = []
            for split in SPLITS.values():
                decided = sum(
                    contest(draw, reach, level, split, (run, 11)).decision is not None
                    for run in range(contests)
                )
                cells.append(f"{decided / contests:.1%}")
            yield f"| {name} | {level:.0%} | {' | '.join(cells)} |"


def how_soon(contests: int) -> Iterator[str]:
    """Rows of a table: the median number of rows (pairs) after which it was decided, and how."""
    for name, draw in DIFFERENT.items():
        cells = []
        for split in SPLITS.values():
            found = [contest(draw, 1.0, 0.02, split, (run, 12)).decision for run in range(contests)]
            rows = [
                one.champion if split < 0 else one.champion + one.challenger
                for one in found
                if one is not None
            ]
            median = np.median([*rows, *[np.inf] * (contests - len(rows))])
            late = "not in 20,000" if np.isinf(median) else f"{median:,.0f}"
            wrong = sum(one is not None and one.state > 0 for one in found)
            cells.append(f"{late}{f', {wrong} wrong' if wrong else ''}")
        yield f"| {name} | {' | '.join(cells)} |"


def ordinary(contests: int) -> float:
    """Share of contests of versions that are alike in which 95 % intervals of one look leave 0."""
    left = 0
    for run in range(contests):
        random = np.random.default_rng((run, 13))
        values = (random.random(_ROWS) < 0.9).astype(np.float64)
        sides = random.random(_ROWS) < 0.5
        new, old = np.cumsum(sides), np.cumsum(~sides)
        looks = (new >= 200) & (old >= 200)
        means = np.cumsum(values * sides)[looks] / new[looks]
        others = np.cumsum(values * ~sides)[looks] / old[looks]
        spread = means * (1 - means) / new[looks] + others * (1 - others) / old[looks]
        left += bool((np.abs(means - others) > 1.96 * np.sqrt(spread)).any())
    return left / contests


def table(contests: int) -> str:
    """Both, with the command that made them."""
    head = (
        f"Made by `python -m bench.calibration.versions --contests={contests} --write`:"
        f" {contests:,} contests a cell, of 20,000 rows or pairs, looked at after each one, with"
        " `planned: 5000`. Versions that are alike, ever told apart (of all rows half or 5 % are"
        f" the challenger's; pairs are independent here); 95 % intervals of one look tell"
        f" {ordinary(contests):.0%} of them apart (accuracy 0.9, half):"
    )
    return "\n".join((
        fill(head, 110),
        "", "| rows | α | half | 5 % | pairs |", "|---|---|---|---|---|", *false_alarms(contests),
        "", "Accuracies that differ, decided after so many rows (or pairs) in the median, α = 2 %:",
        "", "| accuracies | half | 5 % | pairs |", "|---|---|---|---|", *how_soon(contests // 4),
    ))  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """The table, and into the page if that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.calibration.versions")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--contests", type=int, default=2000)
    options = parser.parse_args(arguments)
    found = table(options.contests)
    print(found)
    if options.write:
        before, rest = _PAGE.read_text("utf-8").split(_BEGIN)
        after = rest.split(_END)[1]
        text = f"{before}{_BEGIN}\n{found}\n{_END}{after}"
        _PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
