"""Estimates without labels on a peer's public data: estimate, outcome, interval, coverage.

`python -m bench.peer FOLDER`, with the folder of NannyML's data sets; `--chunks` prints every one.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.peer.compare import Window, compared
from bench.peer.data import DATA_SETS, DataSet


def main(arguments: Sequence[str] | None = None) -> int:
    """0: whether intervals hold is told, and for the reader to judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.peer", description=__doc__)
    parser.add_argument("folder", type=Path, help="`nannyml/datasets/data` of its wheel")
    parser.add_argument("--chunks", action="store_true", help="print every window")
    options = parser.parse_args(arguments)
    for one in DATA_SETS:
        if not all((options.folder / name).exists() for name in one.files):
            print(f"{one.name}: not in {options.folder}\n")
            continue
        with tempfile.TemporaryDirectory(prefix="inference-exporter-peer-") as scratch:
            windows = compared(one, options.folder, Path(scratch))
        print("\n".join(_report(one, windows, chunks=options.chunks)) + "\n", flush=True)
    return 0


def _report(one: DataSet, windows: Sequence[Window], *, chunks: bool) -> Iterator[str]:
    count = max((each.chunk for each in windows), default=-1) + 1
    yield f"{one.name}: {count} windows of {one.chunk:,} rows"
    yield "| metric | mean \\|estimate - outcome\\| | NannyML | interval ± | holds |"
    yield "|---|---|---|---|---|"
    for metric in dict.fromkeys(each.metric for each in windows):
        yield _row(one, [each for each in windows if each.metric == metric])
    for each in windows if chunks else ():
        yield (
            f"{each.chunk:4} {each.metric:18} {each.estimate:10.4f} "
            f"[{each.lower:.4f}, {each.upper:.4f}] {each.outcome:10.4f} "
            f"{'' if each.holds else 'missed'}"
        )


def _row(one: DataSet, windows: Sequence[Window]) -> str:
    known = [each for each in windows if math.isfinite(each.outcome) and math.isfinite(each.lower)]
    metric = windows[0].metric
    if not known:
        return f"| `{metric}` | | | | |"
    gap = sum(abs(each.estimate - each.outcome) for each in known) / len(known)
    half = sum(each.upper - each.lower for each in known) / len(known) / 2
    held = sum(each.holds for each in known)
    peer = one.peer.get(metric)
    theirs = "" if peer is None else _number(peer)
    share = f"{held} of {len(known)} ({held / len(known):.0%})"
    return f"| `{metric}` | {_number(gap)} | {theirs} | {_number(half)} | {share} |"


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1 else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
