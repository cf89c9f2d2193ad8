"""Command line of the calibration; see `python -m bench.calibration --help`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.calibration import false_alarms, page, peers, power
from bench.calibration.sizes import Sizes
from bench.calibration.targets import targets

_DOCS = Path(__file__).resolve().parents[2] / "docs"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: whether targets are met is told, and for the reader to judge."""
    options = _parser().parse_args(arguments)
    sizes = Sizes(options.quick)
    started = time.monotonic()
    cells, laws = false_alarms.measure(sizes)
    points = power.measure(sizes)
    quiet = peers.measure(sizes)
    verdicts = targets(cells, points)
    for one in verdicts:
        verdict = "met" if one.met else "MISSED"
        print(f"{verdict:7} {one.what}: {one.measured} (target: {one.wanted})")
    minutes = (time.monotonic() - started) / 60
    text = page.render(cells, laws, points, quiet, verdicts, minutes)
    folder = options.output or (None if options.quick else _DOCS)
    if folder is None:
        print("nothing written: not at full size; --output=FOLDER writes it all the same")
        return 0
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "calibration.md").write_text(text, encoding="utf-8")
    for name, picture in page.pictures(cells, laws, points).items():
        (folder / "images" / name).write_text(picture, encoding="utf-8")
    print(f"written: {folder}/calibration.md and images/calibration-*.svg in {minutes:.1f} minutes")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.calibration",
        description="Simulate months of traffic; write docs/calibration.md.",
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to try it out")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="instead of docs/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
