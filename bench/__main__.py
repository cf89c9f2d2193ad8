"""Command line of the measurements; see `python -m bench --help`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

import msgspec

from bench import machine, page
from bench.result import Result, Settings
from bench.suite import MEASUREMENTS
from inference_exporter._native import DECODER

_ROOT = Path(__file__).resolve().parent.parent
_PAGE = _ROOT / "docs" / "benchmarks.md"
_RAW = _ROOT / "bench" / "out"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        for name, function in MEASUREMENTS.items():
            print(f"{name:12} {(import_module(function.__module__).__doc__ or '').splitlines()[0]}")
        return 0
    with tempfile.TemporaryDirectory(prefix="inference-exporter-bench-") as folder:
        settings = Settings(Path(folder), options.quick)
        if options.profile:
            from bench import profiling

            profiling.show(settings)
            return 0
        results = [_measure(name, settings) for name in options.only or MEASUREMENTS]
    _report(results, write=_writes(options))
    return 0


def _measure(name: str, settings: Settings) -> Result:
    print(f"== {name}, JSON lines by the {DECODER} decoder", flush=True)
    started = time.monotonic()
    result = MEASUREMENTS[name](settings)
    result = replace(result, took=time.monotonic() - started)
    for table in result.tables:
        print(f"\n{page.terminal(table)}")
    print(f"\n{result.runs}; took {result.took:.0f} s\n", flush=True)
    return result


def _report(results: list[Result], *, write: bool) -> None:
    for target in (target for result in results for target in result.targets):
        verdict = "met" if target.met else "MISSED"
        print(f"{verdict:7} {target.what}: {target.measured} (target: {target.wanted})")
    if not write:
        print("nothing written: not the whole suite at full size; --write writes it all the same")
        return
    _write(results)
    print(f"written: {_PAGE.relative_to(_ROOT)}, {_RAW.relative_to(_ROOT)}/")


def _write(results: list[Result]) -> None:
    """Raw numbers of these, and the page: anew if all is known, else where these are on it."""
    facts = machine.facts()
    _RAW.mkdir(exist_ok=True)
    for result in results:
        raw = json.dumps({"machine": facts, **asdict(result)}, indent=1) + "\n"
        (_RAW / f"{result.name}.json").write_text(raw, encoding="utf-8")
    paths = [_RAW / f"{name}.json" for name in MEASUREMENTS]
    known = [msgspec.json.decode(path.read_bytes(), type=Result) for path in paths if path.exists()]
    if len(known) == len(paths) or not _PAGE.exists():
        text = page.render(known, facts)
    else:
        text = page.merged(_PAGE.read_text(encoding="utf-8"), results)
    _PAGE.write_text(text, encoding="utf-8")


def _writes(options: argparse.Namespace) -> bool:
    """What was asked for; else only the whole suite at full size is worth a page."""
    if options.write is not None:
        return bool(options.write)
    return not options.quick and not options.only


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure speed and memory; write docs/benchmarks.md."
    )
    parser.add_argument("--list", action="store_true", help="what is measured")
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, metavar="NAME",
        help="this measurement only; may be repeated",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="small sizes, to try it out")
    parser.add_argument(
        "--write", action=argparse.BooleanOptionalAction,
        help="write bench/out/ and, where they belong, docs/benchmarks.md (default: if "
        "everything is measured at full size)",
    )  # fmt: skip
    parser.add_argument("--profile", action="store_true", help="only profile `once`")
    return parser


if __name__ == "__main__":
    sys.exit(main())
