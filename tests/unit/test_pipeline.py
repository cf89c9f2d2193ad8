"""The loop: published is what was committed; what is known is told; what fails is counted."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import pytest

from exporter_process import Series, parse, total
from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.clock import ManualClock
from inference_exporter.exposition.text import render_text
from inference_exporter.families import FAMILIES
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.pipeline import HELD_COMMITS, Pipeline
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.sources import Block, SourceFacts
from inference_exporter.statistics import STATISTICS, Comparison, Result
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Snapshot
from sidecar import NOW, line

MODEL = """\
models:
  m:
    logs: [log.jsonl]
    fields:
      timestamp: at
      features: features
      prediction: prediction
      latency: latency
    reference: {warmup: 50}
    windows: [1h]
    min_samples: 5
"""


class FakeSource:
    """Hands over what the test puts into it; its checkpoint is how much it has handed over."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.delivered = 0
        self.facts = SourceFacts(up=True)
        self.closed = False

    def poll(self, now: float, monotonic: float) -> Iterator[Block]:
        while self.blocks:
            self.delivered += 1
            yield Block(self.blocks.pop(0), "log.jsonl")

    def checkpoint(self) -> bytes:
        return str(self.delivered).encode()

    def restore(self, checkpoint: bytes) -> None:
        self.delivered = int(checkpoint)

    def take_facts(self) -> SourceFacts:
        facts, self.facts = self.facts, SourceFacts(up=True)
        return facts

    def idle(self) -> bool:
        return not self.blocks

    def finish(self) -> Iterator[Block]:
        yield from self.poll(0, 0)

    def close(self) -> None:
        self.closed = True


class FakeStore:
    """A disk that can be full; like the real one it keeps what it could not write."""

    volatile = False

    def __init__(self) -> None:
        self.persistent = True
        self.load_errors = 0
        self.full = False
        self.commits = 0
        self.on_disk: dict[str, bytes] = {}
        self._pending: dict[str, bytes | None] = {}

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.on_disk.values()))

    def load(self) -> dict[str, bytes]:
        return dict(self.on_disk)

    @property
    def tables(self) -> sqlite3.Connection | None:
        return None

    def commit(
        self,
        puts: Mapping[str, bytes],
        deletes: Iterable[str] = (),
        extra: Callable[[sqlite3.Connection], None] | None = None,
    ) -> bool:
        assert extra is None, "no model here takes late labels"
        self.commits += 1
        self._pending |= dict.fromkeys(deletes)
        self._pending |= puts
        self.persistent = not self.full
        if self.full:
            return False
        merged = {**self.on_disk, **self._pending}
        self.on_disk = {key: value for key, value in merged.items() if value is not None}
        self._pending = {}
        return True


class Run:
    """One run of the exporter on a store that outlives it."""

    def __init__(
        self, store: FakeStore, clock: ManualClock, text: str = MODEL,
        note: Callable[[Telemetry], None] = lambda _: None,
    ) -> None:  # fmt: skip
        (model,) = config.parse(text, "config.yaml").models
        self.store, self.clock = store, clock
        self.source = FakeSource()
        self.snapshots: list[Snapshot] = []
        self.frozen: list[Reference] = []
        self.pipeline = Pipeline(
            [Feed(make_model(model, None), self.source)],
            store=store,
            publish=self._publish,
            telemetry=Telemetry(),
            clock=clock,
            on_frozen=self.frozen.append,
            note=note,
        )
        self.pipeline.restore()

    def _publish(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def turn(self, *blocks: bytes, after: float = 5.0) -> None:
        """One turn, `after` seconds later: by default a commit is due then."""
        self.clock.advance(after)
        self.source.blocks += blocks
        self.pipeline.turn()

    def page(self) -> Series:
        return parse(render_text(self.snapshots[-1]).decode())

    def own(self, name: str, **labels: str) -> float:
        return total(self.page(), f"inference_exporter_{name}", **labels)


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def run(store: FakeStore, clock: ManualClock) -> Run:
    return Run(store, clock)


def predictions(count: int, start: int = 0) -> bytes:
    return b"".join(
        line(at=NOW, features={"x": i % 7}, prediction=i % 2, latency=0.125)
        for i in range(start, start + count)
    )


def counters(page: Series) -> dict[object, float]:
    """Every counter above 0."""
    names = [name for name, family in FAMILIES.items() if family.kind != "gauge"]
    return {key: value for key, value in page.items() if value and key[0].startswith(tuple(names))}


# -- commit, then publish --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_what_is_published_is_what_a_restart_at_that_moment_would_show(
    seed: int, store: FakeStore, clock: ManualClock
) -> None:
    rng = random.Random(seed)
    run = Run(store, clock)
    seen = 0
    for number in range(90):
        blocks = [predictions(rng.randrange(1, 9), number) for _ in range(rng.randrange(3))]
        if rng.random() < 0.2:
            run.source.facts = SourceFacts(bytes_read=5, rotated=1, up=True)
        run.turn(*blocks, b"bad\n", after=rng.choice([0.25, 1.0, 5.0]))
        if len(run.snapshots) == seen:
            continue
        seen = len(run.snapshots)
        after = Run(store, ManualClock(clock.now()))
        after.pipeline.publish()
        assert counters(after.page()) == counters(run.page())
    assert seen > 20


def test_what_was_read_is_not_shown_before_it_is_committed(run: Run) -> None:
    run.turn(predictions(10))
    assert run.own("lines_total", result="ok") == 10
    run.turn(predictions(10), after=4.0)
    assert len(run.snapshots) == run.store.commits == 1
    run.turn(after=1.0)
    assert run.own("lines_total", result="ok") == 20
    assert run.store.on_disk["source/m"] == b"2"


def test_while_idle_it_publishes_but_commits_once_a_minute(run: Run) -> None:
    run.turn(predictions(10))
    commits = run.store.commits
    for _ in range(10 * 60 * 4):
        run.turn(after=0.25)
    assert run.store.commits - commits == 10
    assert len(run.snapshots) == 1 + 10 * 60 / 5


def test_the_counters_of_a_source_that_gives_no_line_are_committed_soon(run: Run) -> None:
    run.turn(predictions(10))
    run.source.facts = SourceFacts(bytes_read=1 << 20, too_long=1, up=True)
    run.turn()
    assert run.store.commits == 2
    assert run.own("lines_too_long_total") == run.own("lines_total", result="too_long") == 1


def test_a_full_disk_is_told_retried_and_survived(run: Run) -> None:
    run.turn(predictions(10))
    run.store.full = True
    run.turn(predictions(10))
    for _ in range(HELD_COMMITS - 1):  # idle, and still tried again
        run.turn()
        # A crash now would step back to what is committed, so the page stays there.
        assert run.own("state_persistent") == 0
        assert run.own("lines_total", result="ok") == 10
    run.turn()
    assert run.own("lines_total", result="ok") == 20
    assert run.own("state_commit_failures_total") == HELD_COMMITS + 1
    run.store.full = False
    run.turn()
    assert run.own("state_persistent") == 1
    again = Run(run.store, run.clock)
    again.turn()
    assert again.own("lines_total", result="ok") == 20
    assert again.source.delivered == 2


def test_notes_of_others_are_taken_before_each_commit(store: FakeStore, clock: ManualClock) -> None:
    def note(telemetry: Telemetry) -> None:
        telemetry.inc("inference_exporter_http_requests_total", "/metrics", "200", by=3)

    run = Run(store, clock, note=note)
    run.turn(predictions(1))
    run.turn(predictions(1))
    assert run.own("http_requests_total", code="200") == 6
    again = Run(store, clock)
    again.turn()
    assert again.own("http_requests_total", code="200") == 6


# -- state that cannot be used ---------------------------------------------------------------------


@pytest.mark.parametrize("key", ["telemetry", "source/m", "model/m/warmup"])
def test_damaged_state_is_counted_and_the_rest_is_used(run: Run, key: str) -> None:
    run.turn(predictions(10))
    run.store.on_disk[key] = b"\xc1damaged"
    again = Run(run.store, run.clock)
    again.turn()
    assert again.own("state_load_errors_total") == 1
    requests = total(again.page(), "inference_requests_total")
    assert requests == 10
    assert again.own("lines_total", result="ok") == (0 if key == "telemetry" else 10)


def test_a_store_that_was_moved_aside_is_counted_once(run: Run) -> None:
    run.store.load_errors = 1
    again = Run(run.store, run.clock)
    again.pipeline.restore(telemetry=False)  # as a reload does
    again.turn()
    assert again.own("state_load_errors_total") == 1


# -- facts become metrics --------------------------------------------------------------------------


def test_facts_of_a_source_become_metrics(run: Run) -> None:
    facts = SourceFacts(
        bytes_read=1, rotated=2, truncated={"shrunk": 3, "rewritten": 4},
        open_errors={"permission": 5}, too_long=6, partials_flushed=7, partials_dropped=8,
        grace_expired=9, files_watched=10, files_open=11, files_unreadable=12, lag_bytes=13,
        catching_up=True, up=True,
    )  # fmt: skip
    run.source.facts = facts
    run.turn()
    run.source.facts = facts
    run.turn()
    counted = {
        "bytes_read_total": 2, "files_rotated_total": 4, "lines_too_long_total": 12,
        "partial_lines_flushed_total": 14, "partial_lines_dropped_total": 16,
        "rotate_grace_expired_total": 18,
    }  # fmt: skip
    present = {
        "files_watched": 10, "files_open": 11, "files_unreadable": 12, "lag_bytes": 13,
        "catching_up": 1, "source_up": 1,
    }  # fmt: skip
    assert {name: run.own(name) for name in counted} == counted
    assert {name: run.own(name) for name in present} == present
    assert run.own("files_truncated_total", reason="shrunk") == 6
    assert run.own("files_truncated_total", reason="rewritten") == 8
    assert run.own("file_open_errors_total", reason="permission") == 10
    assert run.own("lines_total", result="too_long") == 12


def test_gauges_of_a_source_follow_while_nothing_is_read(run: Run) -> None:
    run.turn(predictions(1))
    assert run.own("source_up") == 1
    run.source.facts = replace(run.source.facts, up=False, files_unreadable=1)
    run.turn()
    assert (run.own("source_up"), run.own("files_unreadable")) == (0, 1)
    assert run.store.commits == 1


def test_a_bad_line_is_logged_at_most_once_a_minute(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        run.turn(b"bad\n", after=1.0)
    assert len(caplog.messages) == 2
    assert run.own("lines_total", result="malformed") >= 95


def test_a_statistic_that_fails_is_counted_and_the_others_stay(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(comparison: Comparison) -> Result:
        raise ZeroDivisionError(comparison.n)

    monkeypatch.setitem(STATISTICS, "psi", broken)
    run.turn(predictions(70))
    drift = {
        dict(labels)["statistic"]
        for (name, labels) in run.page()
        if name == "inference_feature_drift"
    }
    assert drift == {"js", "ks", "wasserstein"}
    for _ in range(12):  # failures are committed with the next commit that is due
        run.turn()
    assert run.own("statistic_failures_total", statistic="psi") >= 1
    assert run.own("statistic_failures_total", statistic="ks") == 0
    assert run.own("statistic_seconds", statistic="ks") >= 0


# -- the warm-up -----------------------------------------------------------------------------------


def remaining(run: Run) -> float:
    return total(run.page(), "inference_reference_warmup_remaining")


def in_bins(run: Run) -> float:
    return total(run.page(), "inference_feature_bin_total", feature="x")


@pytest.mark.parametrize("size", [1, 7, 30, 80])
def test_a_warm_up_ends_at_the_same_prediction_however_lines_come(run: Run, size: int) -> None:
    for start in range(0, 80, size):
        run.turn(predictions(min(size, 80 - start), start))
    assert [(one.rows, one.source) for one in run.frozen] == [(50, "warm-up")]
    assert (remaining(run), in_bins(run)) == (0, 30)


def test_a_warm_up_survives_a_restart_in_its_middle_and_after_it(
    store: FakeStore, clock: ManualClock
) -> None:
    first = Run(store, clock)
    first.turn(predictions(30))
    assert (remaining(first), first.frozen) == (20, [])
    second = Run(store, clock)
    second.turn(predictions(30, 30))
    assert (remaining(second), in_bins(second), len(second.frozen)) == (0, 10, 1)
    third = Run(store, clock)
    third.turn(predictions(5, 60))
    assert (remaining(third), in_bins(third), third.frozen) == (0, 15, [])
    whole = Run(FakeStore(), clock)
    whole.turn(predictions(65))
    assert whole.frozen[0].fingerprint == second.frozen[0].fingerprint
    assert counters(whole.page()).items() - counters(third.page()).items() <= {
        (("inference_exporter_state_commits_total", ()), 1.0)
    }


def test_a_crash_before_the_commit_of_a_frozen_reference_goes_on_from_the_last_commit(
    store: FakeStore, clock: ManualClock
) -> None:
    first = Run(store, clock)
    first.turn(predictions(40))
    first.turn(predictions(40, 40), after=1.0)  # frozen, and not committed
    assert len(first.frozen) == 1
    second = Run(store, clock)
    second.turn()
    assert (remaining(second), second.source.delivered) == (10, 1)
    second.turn(predictions(40, 40))
    assert second.frozen[0].fingerprint == first.frozen[0].fingerprint
    assert in_bins(second) == 30


def test_a_frozen_reference_leaves_the_counters_as_they_were(run: Run) -> None:
    run.turn(predictions(49))
    before = counters(run.page())
    run.turn(predictions(1, 49))
    after = counters(run.page())
    kept = {key: value for key, value in before.items() if "exporter" not in str(key)}
    assert kept
    assert all(after[key] >= value for key, value in kept.items())
    assert total(run.page(), "inference_request_duration_seconds_count") == 50
    assert total(run.page(), "inference_predictions_total") == 50
    assert in_bins(run) == 0


# -- several models --------------------------------------------------------------------------------


def test_the_telemetry_of_a_model_that_is_gone_is_dropped(store: FakeStore) -> None:
    clock = ManualClock(NOW)
    first = Run(store, clock)
    first.turn(predictions(3))
    other = Run(store, clock, MODEL.replace("  m:", "  other:"))
    other.turn(predictions(2))
    assert other.own("lines_total", source="other", result="ok") == 2
    assert other.own("lines_total", source="m") == 0


def test_closing_closes_the_sources(run: Run) -> None:
    run.pipeline.close()
    assert run.source.closed


def test_the_owners_labels_are_on_the_info_of_each_version_and_nowhere_else(
    store: FakeStore, clock: ManualClock
) -> None:
    run = Run(store, clock, "labels: {team: risk, env: prod}\n" + MODEL)
    run.turn(predictions(60))
    owned = {name: dict(labels) for name, labels in run.page() if "team" in dict(labels)}
    assert list(owned) == ["inference_model_info"]
    assert owned["inference_model_info"] == {
        "model": "m", "version": "", "format": "json", "task": "classification",
        "env": "prod", "team": "risk",
    }  # fmt: skip
