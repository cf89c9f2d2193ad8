"""How often the detectors alarm as they are wired: on scaled streams, and without any drift.

Streams are fed to `ConceptRunner` as the exporter does: errors as 0 and 1 (for
`page_hinkley` scaled down), residuals and latencies scaled by their first 200 values, latencies as
means of 100 logs.
One process, about two minutes.

    python bench/concept_streams.py             print the tables
    python bench/concept_streams.py --write     and put them into docs/concept-drift.md
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from inference_exporter.concept import ConceptRunner
from inference_exporter.config.schema import ConceptDrift
from inference_exporter.values.batch import Floats

SEED = 2011
STREAMS = 200
VALUES = 10_000
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "concept-drift.md"
NAMES = ("adwin", "page_hinkley", "hddm_a")

Draw = Callable[[np.random.Generator], Floats]


def _autocorrelated(draw: np.random.Generator, size: int, coefficient: float) -> Floats:
    noise = draw.standard_normal(size)
    values = np.empty(size)
    last = 0.0
    for at, new in enumerate(noise.tolist()):
        last = coefficient * last + new
        values[at] = last
    return values


def _errors(rate: float) -> Draw:
    return lambda draw: np.asarray(draw.random(VALUES) < rate, np.float64)


def _rows(draw: np.random.Generator) -> Floats:
    """Log latencies of 2,000 values of 100 rows, independent."""
    return draw.standard_normal(200_000)


STREAMS_WITHOUT_DRIFT: dict[str, tuple[str, Draw]] = {
    **{f"errors at rate {rate}": ("error", _errors(rate)) for rate in (0.01, 0.05, 0.1, 0.2, 0.5)},
    "residuals, Gaussian": ("residual", lambda d: d.standard_normal(VALUES) * 40),
    "residuals, exponential": ("residual", lambda d: d.exponential(7.0, VALUES)),
    "residuals, Student t with 3 degrees": ("residual", lambda d: d.standard_t(3, VALUES)),
    "residuals, autocorrelated (AR 0.5)": (
        "residual",
        lambda d: _autocorrelated(d, VALUES, 0.5),
    ),
    "latencies, log-normal, 200,000 rows": ("latency", _rows),
    "latencies, log-normal, AR 0.9 from row to row, 200,000 rows": (
        "latency",
        lambda d: _autocorrelated(d, 200_000, 0.9),
    ),
}


def _alarms(name: str, signal: str, values: Floats) -> float:
    runner = ConceptRunner(ConceptDrift((name,), (signal,)))
    runner.feed("", {signal: values}, 1.0)
    return sum(runner.detections().values())


def table(streams: int) -> str:
    lines = [f"| stream without drift | {' | '.join(NAMES)} |", "|---" * (len(NAMES) + 1) + "|"]
    for what, (signal, draw) in STREAMS_WITHOUT_DRIFT.items():
        count = streams if signal != "latency" else max(1, streams // 4)
        cells = []
        for name in NAMES:
            if name == "hddm_a" and signal != "error":
                cells.append("")
                continue
            found = [
                _alarms(name, signal, draw(np.random.default_rng((SEED, k)))) for k in range(count)
            ]
            cells.append(f"{100 * sum(n > 0 for n in found) / count:.0f} % ({np.mean(found):.2f})")
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cost() -> str:
    """Microseconds per row, in blocks of 500 rows."""
    draw = np.random.default_rng(SEED)
    columns: dict[str, Floats] = {
        "error": np.asarray(draw.random(100_000) < 0.1, np.float64),
        "residual": draw.standard_normal(100_000),
        "latency": draw.standard_normal(100_000),
    }
    lines = ["| signal, both default detectors | µs per row |", "|---|---|"]
    for signal, values in columns.items():
        runner = ConceptRunner(ConceptDrift(signals=(signal,)))
        started = time.process_time()
        for start in range(0, len(values), 500):
            runner.feed("", {signal: values[start : start + 500]}, 1.0)
        lines.append(f"| {signal} | {(time.process_time() - started) / len(values) * 1e6:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args()
    text = (
        f"Shares of {options.streams} streams (a quarter as many for latencies) of {VALUES:,} "
        "values with at\nleast one detection, and detections per stream:\n\n"
        f"{table(options.streams)}\n\nCost:\n\n{cost()}\n\n"
        f"Written by `python bench/concept_streams.py --write`, seed {SEED}.\n"
    )
    print(text)
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}{text}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
