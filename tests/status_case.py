"""A model with drift in one feature, gaps in another, late decisions: something to show."""

from __future__ import annotations

import random
from pathlib import Path

from sidecar import Sidecar, line

WARMUP = 400
HOURS = 30
CONFIG = f"""\
fields:
  timestamp: t
  version: v
  features: f
  prediction: p
  score: s
  actual: y
  status: code
  latency: {{from: ms, unit: ms}}
positive_class: "yes"
reference: {{warmup: {WARMUP}}}
windows: [1h, 24h]
"""


def rows(rng: random.Random, n: int, now: float, **changed: object) -> list[bytes]:
    """Lines of the log; `changed` replaces features, or leaves out what is None."""
    return [_row(rng, now, dict(changed)) for _ in range(n)]


def _row(rng: random.Random, now: float, changed: dict[str, object]) -> bytes:
    factor = changed.pop("factor", 1.0)
    assert isinstance(factor, float)
    score = rng.random()
    features: dict[str, object] = {
        "income": rng.lognormvariate(7.0, 0.5) * factor,
        "age": rng.gauss(45.0, 12.0),
        "country": rng.choice(["DE", "FR", "JP"]),
    }
    if rng.random() < 0.2:
        features["age"] = None
    return line(
        t=now,
        v="7",
        f={**features, **changed},
        p="yes" if score > 0.5 else "no",
        s=score,
        y="yes" if rng.random() < score else "no",
        code=500 if rng.random() < 0.05 else 200,
        ms=rng.lognormvariate(3.0, 0.4),
    )


def drifted(folder: Path, seed: int = 1, n: int = 1200) -> Sidecar:
    """A sidecar behind its warm-up, then with three times the income."""
    rng = random.Random(seed)
    sidecar = Sidecar(folder, CONFIG)
    sidecar.reads(*rows(rng, WARMUP, sidecar.clock.now()))
    sidecar.reads(*rows(rng, n, sidecar.clock.now(), factor=3.0), b"no json\n")
    return sidecar


def thirty_hours(folder: Path, **more: object) -> Sidecar:
    """Traffic every twenty minutes, with three times the income from the 12th hour to the 16th.

    `more` are further features, which always have these values.
    """
    rng = random.Random(7)
    made = Sidecar(folder, CONFIG)
    made.reads(*rows(rng, WARMUP, made.clock.now(), **more))
    for step in range(1, HOURS * 3 + 1):
        made.clock.advance(1200.0)
        factor = 3.0 if 12 * 3 <= step < 16 * 3 else 1.0
        made.reads(*rows(rng, 120, made.clock.now(), factor=factor, **more))
    made.pipeline.commit()
    return made
