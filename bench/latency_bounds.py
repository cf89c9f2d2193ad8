"""How far quantiles read from buckets are off, by the factor between bounds: `python -m
bench.latency_bounds`.

Quantiles 0.5, 0.95 and 0.99 of 40,000 values between 1 ms and 60 s, from buckets as PromQL reads
them (linear within a bucket), against the value of that rank. Medians from 2 ms to 5 s.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from inference_exporter.statistics.quantiles import histogram_quantiles
from inference_exporter.values.batch import Floats
from inference_exporter.values.growing import Growing

_ROWS = 40_000
_LEVELS = (0.5, 0.95, 0.99)
_SMOOTH = ("log-normal", "gamma", "two modes")
_FORMER = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


def latencies(draw: np.random.Generator) -> Iterator[tuple[str, Floats]]:
    """Name of a kind of distribution, and values in seconds."""
    for median in np.geomspace(2e-3, 5, 23):
        for sigma in (0.25, 0.5, 1.0):
            yield "log-normal", median * np.exp(sigma * draw.standard_normal(_ROWS))
        for shape in (1.0, 4.0, 20.0):
            yield "gamma", median / shape * draw.gamma(shape, size=_ROWS)
        fast = median * np.exp(0.3 * draw.standard_normal(_ROWS))
        slow = 5 * median * np.exp(0.2 * draw.standard_normal(_ROWS))
        yield "two modes", np.where(draw.random(_ROWS) < 0.8, fast, slow)
        yield (
            "three points",
            draw.choice([median, 1.5 * median, 4 * median], _ROWS, p=[0.6, 0.3, 0.1]),
        )


def errors(bounds: Floats, values: Floats) -> list[float]:
    """Relative errors of the quantiles that are between 1 ms and 60 s."""
    counts = np.bincount(bounds.searchsorted(values), minlength=len(bounds) + 1).astype(np.float64)
    found = histogram_quantiles(bounds, counts, _LEVELS, geometric=False)
    exact = np.quantile(values, _LEVELS, method="inverted_cdf")
    return [
        abs(one / wanted - 1)
        for one, wanted in zip(found, exact, strict=True)
        if one is not None and 1e-3 <= wanted <= 60
    ]


def main() -> None:
    grids = {"former": np.array(_FORMER)}
    for schema in range(4):
        grids[f"factor {2**2**-schema:.3f}"] = np.array(Growing(schema, -10, 6).bounds)
    found: dict[tuple[str, str], list[float]] = {}
    for kind, values in latencies(np.random.default_rng(0)):
        for name, bounds in grids.items():
            kept = "smooth" if kind in _SMOOTH else "points"
            found.setdefault((name, kept), []).extend(errors(bounds, values))
    print("bounds        how many  smooth: median, worst  points: median, worst")
    for name, bounds in grids.items():
        smooth, points = np.array(found[name, "smooth"]), np.array(found[name, "points"])
        print(
            f"{name:13} {len(bounds):8} {np.median(smooth):14.1%} {smooth.max():6.1%}"
            f" {np.median(points):14.1%} {points.max():6.1%}"
        )


if __name__ == "__main__":
    main()
