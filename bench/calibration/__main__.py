"""Command line of the calibration; see `python -m bench.calibration --help`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.calibration import false_alarms, page, peers, power
from bench.calibration.alerts import page as alerts_page
from bench.calibration.alerts import regimes, whole
from bench.calibration.sizes import Sizes
from bench.calibration.targets import targets
from bench.result import say

_DOCS = Path(__file__).resolve().parents[2] / "docs"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: whether targets are met is told, and for the reader to judge."""
    options = _parser().parse_args(arguments)
    sizes = Sizes(options.quick, options.months)
    started = time.monotonic()
    outcomes = [_alerts(name, sizes) for name in sizes.regimes(regimes.REGIMES)]
    folder = options.output or (None if options.quick else _DOCS)
    if options.only == "alerts":
        return _renew(folder, _at_the_alert(outcomes, sizes))
    cells, laws = false_alarms.measure(sizes)
    points = power.measure(sizes)
    quiet = peers.measure(sizes)
    verdicts = [*targets(cells, points), *alerts_page.targets(outcomes)]
    for one in verdicts:
        verdict = "met" if one.met else "MISSED"
        print(f"{verdict:7} {one.what}: {one.measured} (target: {one.wanted})")
    minutes = (time.monotonic() - started) / 60
    text = page.render(cells, laws, points, quiet, verdicts, minutes)
    text = alerts_page.renew(text, _at_the_alert(outcomes, sizes))
    if folder is None:
        print("nothing written: not at full size; --output=FOLDER writes it all the same")
        return 0
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "calibration.md").write_text(text, encoding="utf-8")
    for name, picture in page.pictures(cells, laws, points).items():
        (folder / "images" / name).write_text(picture, encoding="utf-8")
    print(f"written: {folder}/calibration.md and images/calibration-*.svg in {minutes:.1f} minutes")
    return 0


def _alerts(name: str, sizes: Sizes) -> regimes.Outcome:
    outcome = regimes.measure(regimes.REGIMES[name], sizes.hours, sizes.drifting, sizes.batches)
    say(f"at the alert: {name}")
    return outcome


def _at_the_alert(outcomes: Sequence[regimes.Outcome], sizes: Sizes) -> str:
    return alerts_page.of(outcomes, whole.measure(*sizes.whole), sizes.whole[0])


def _renew(folder: Path | None, fresh: str) -> int:
    if folder is None:
        print(fresh)
        return 0
    path = folder / "calibration.md"
    path.write_text(alerts_page.renew(path.read_text("utf-8"), fresh), encoding="utf-8")
    print(f"written: {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.calibration",
        description="Simulate months of traffic; write docs/calibration.md.",
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to try it out")
    parser.add_argument("--months", type=int, default=30, help="of a model, in cells at the alert")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="instead of docs/")
    parser.add_argument("--only", choices=("alerts",), help="renew only this part of the page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
