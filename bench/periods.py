"""What calendar periods cost one model version: memory, state, series, and time per line.

`python -m bench.periods` prints it. A classification with a score and a label on every line, and a
reference that was built of such lines; every period that is kept is filled.
"""

from __future__ import annotations

import json
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import child
from inference_exporter import config, reference
from inference_exporter.assembly import make_model
from inference_exporter.model import Model
from inference_exporter.model.parts.calendar import PREFIX, CalendarPart
from inference_exporter.model.parts.late_labels import LateLabels
from inference_exporter.results.evaluate import EvaluationFacts

_DAYS, _A_DAY = 480, 40
_START = 1_789_948_800.0
_ROUNDS = 7
_TEXT = """\
models:
  m:
    logs: [log.jsonl]
    start_at: beginning
    windows: [WINDOWS]
    min_samples: 20
    positive_class: "1"
    fields: {timestamp: at, id: id, prediction: y, score: p, actual: a, features: features}
"""
_LATE = "    labels: {logs: [labels.jsonl], id: id, actual: a}\n"
_CALENDAR = "    calendar: {timezone: Europe/Paris}\n"
_REFERENCE = "    reference: m.json\n"


def main() -> None:
    """Build a reference, then measure with and without."""
    with tempfile.TemporaryDirectory(prefix="inference-exporter-bench-") as folder:
        base = Path(folder)
        _build(base)
        _sizes(base)
        _times(base)


def _build(folder: Path) -> None:
    (folder / "known.jsonl").write_bytes(b"".join(_lines(20_000, 0.0, 10.0)))
    (folder / "config.yaml").write_text(_TEXT.replace("WINDOWS", "1h"), encoding="utf-8")
    built = ("reference", "build", "known.jsonl", "--output=m.json", "--config.file=config.yaml")
    child.run(child.exporter(*built), folder)


def _lines(rows: int, begin: float, step: float) -> Iterator[bytes]:
    draw = np.random.default_rng(20261128)
    score = np.round(draw.random(rows), 4)
    came = draw.random(rows) < score
    inputs = np.round(draw.normal(size=(rows, 20)), 4).tolist()
    for row in range(rows):
        p = float(score[row])
        features = {f"n{k}": one for k, one in enumerate(inputs[row])}
        record = {"at": _START + begin + row * step, "y": int(p >= 0.5), "p": p,
                  "id": str(row), "a": int(came[row]), "features": features}  # fmt: skip
        yield json.dumps(record).encode() + b"\n"


def _model(folder: Path, windows: str, more: str, *, own: bool = True) -> Model:
    """`own`: labels are on the lines of predictions."""
    text = _TEXT.replace("WINDOWS", windows) + _REFERENCE + more
    text = text if own else text.replace(", actual: a, features", ", features")
    (one,) = config.parse(text, "bench.yaml").models
    model = make_model(one, reference.load(str(folder / "m.json")), event_time=True)
    model.start(_START)
    return model


def _sizes(folder: Path) -> None:
    model, end = _model(folder, "400d", _CALENDAR), _START + _DAYS * 86400.0
    lines = list(_lines(_DAYS * _A_DAY, 0.0, 86400.0 / _A_DAY))
    for at in range(0, len(lines), 1000):
        model.take(b"".join(lines[at : at + 1000]), end)
    series = [
        labels
        for block in model.samples(end, EvaluationFacts())
        for labels in block.series.label_sets
        if set(labels) & set(_PUBLISHED)
    ]
    puts, _ = model.take_changes()
    state = sum(len(value) for key, value in puts.items() if key.startswith(PREFIX))
    ledger = next(one for one in model.counting.ledgers if "day" in _kinds(one.timeline))
    panes = [one for one in ledger.timeline.versions[""].panes.values()]
    tallies = [tally for one in panes for tally in one.tallies.values()]
    print(f"periods kept             {len(tallies)}")
    print(f"numbers in each          {ledger.layout.cells}")
    print(f"memory of their counts   {sum(one.dense.nbytes for one in tallies) / 1e6:.2f} MB")
    print(f"memory of their values   {_values(folder, puts, end) / 1e6:.2f} MB")
    print(f"state of all             {state / 1e6:.2f} MB")
    print(f"series                   {len(series)}")


def _values(folder: Path, state: dict[str, bytes], now: float) -> int:
    """Bytes of what is worked out of all periods, which is kept until something is counted."""
    model = _model(folder, "400d", _CALENDAR)
    assert model.restore(state, now) == []
    part = model.part(CalendarPart)
    assert part is not None
    tracemalloc.start()
    found = part.periods.vintages(now)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found
    return grown


_PUBLISHED = [f"{before}{kind}" for before in ("", "previous_")
              for kind in ("day", "week", "month", "quarter")]  # fmt: skip


def _kinds(timeline: object) -> tuple[str, ...]:
    return getattr(timeline, "kinds", ())


def _times(folder: Path) -> None:
    """In turns, the same lines of an hour; then a page after one more line."""
    lines = b"".join(_lines(20_000, 0.0, 0.18))
    ratios, pages = [], []
    for _ in range(_ROUNDS):
        plain, mine = (_seconds(folder, lines, one) for one in ("", _CALENDAR))
        ratios.append(mine[0] / plain[0])
        pages.append(1000 * (mine[1] - plain[1]))
    print(f"time per line            {np.median(ratios):.3f} times that without")
    print(f"a page after new lines   {np.median(pages):+.1f} ms")
    late = [_late(folder, lines, _CALENDAR) / _late(folder, lines, "") for _ in range(_ROUNDS)]
    print(f"time per late label      {np.median(late):.2f} times that without")


def _late(folder: Path, lines: bytes, calendar: str) -> float:
    """Seconds for labels that came after their predictions were counted."""
    model = _model(folder, "1h, 24h", _LATE + calendar, own=False)
    model.take(lines, _START + 3600.0)
    model.settle(None, _START + 3600.0)
    part = model.part(LateLabels)
    assert part is not None
    begun = time.process_time()
    part.log(lines, _START + 7200.0)
    model.settle(None, _START + 7200.0)
    return time.process_time() - begun


def _seconds(folder: Path, lines: bytes, calendar: str) -> tuple[float, float]:
    model = _model(folder, "1h, 24h", calendar)
    blocks = [lines[at : at + (1 << 17)] for at in range(0, len(lines), 1 << 17)]
    begun = time.process_time()
    rest = b""
    for block in blocks:
        whole, _, more = (rest + block).rpartition(b"\n")
        model.take(whole + b"\n", _START + 3600.0)
        rest = more
    read = time.process_time()
    tuple(model.samples(_START + 3600.0, EvaluationFacts()))  # series are made once
    model.publisher.stale()
    model.take(next(_lines(1, 3600.0, 1.0)), _START + 3600.0)
    asked = time.process_time()
    tuple(model.samples(_START + 3600.0, EvaluationFacts()))
    return read - begun, time.process_time() - asked


if __name__ == "__main__":
    main()
