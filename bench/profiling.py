"""Where `once` spends its time: cProfile over the log of the throughput measurement."""

from __future__ import annotations

import cProfile
import pstats

from bench import traffic
from bench.result import Settings
from inference_exporter.assembly import read_once


def show(settings: Settings, entries: int = 30) -> None:
    """Print the functions with the most time of their own. The profiler itself costs a lot."""
    folder = settings.subfolder("profile")
    traffic.prepare(folder)
    traffic.Writer().write(folder / "predictions.jsonl", settings.size(300_000, 20_000))
    profiler = cProfile.Profile()
    profiler.enable()
    read_once(str(folder / "config.yaml"))
    profiler.disable()
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(entries)
