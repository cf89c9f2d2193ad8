"""One latency, one number: the status page, the gauge, the rule and the panels, on real servers.

One exporter, scraped by two Prometheus servers: one keeps buckets, the other native histograms.
All requests come between two scrapes, so that every window has the same ones.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from alert_rules.ruleset.render import files
from alert_rules.ruleset.settings import fast

from exporter_process import child, free_port, wait_for
from exposition_server import running
from grafana import dashboards, expand, targets, times
from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.samples import Snapshot
from inference_exporter.values.status_facts import StatusFacts

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no Prometheus here"),
]

MODEL = """\
models:
  m:
    logs: [x]
    windows: [1h]
    fields: {prediction: y, latency: s, trace_id: t, steps: {look: s}}
    thresholds: {request_duration_seconds: 0.1}
"""
ROWS = 20_000
SECONDS = np.random.default_rng(16).lognormal(-3.5, 0.8, ROWS)
TRACE = b"0af7651916cd43dd8448eb211c80319c"
PATIENCE = 90.0
# An hour of the rules is six minutes here: all of the test is within it, on a slow machine too.
RULES = fast(10.0, "60s", least=1.0)
CHOSEN = times(3600, 60, 60) | dict.fromkeys(("job", "model", "cluster", "namespace"), ".*")
CLASSIC = "exemplar-storage"
NATIVE = "exemplar-storage,native-histograms"


@dataclass(slots=True)
class Watched:
    """What the exporter published, and the servers that scraped it."""

    published: Published = field(default_factory=Published)
    classic: str = ""
    native: str = ""

    def page(self, q: float) -> float:
        """The quantile on the status page."""
        snapshot = self.published.snapshot
        assert snapshot is not None
        view = model_view(snapshot, "m", Selection.of({"window": "1h"}))
        assert view is not None
        assert view.shown is not None
        found = {one.name: one.number.value for one in view.shown.latency}[f"p{q * 100:g}"]
        assert found is not None
        return found


def value(url: str, query: str) -> float | None:
    """The one value that a query has; None while it has none."""
    answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=10).json()
    found = answer.get("data", {}).get("result") or []
    return float(found[0]["value"][1]) if len(found) == 1 else None


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/-/ready", timeout=5).ok
    except requests.ConnectionError:
        return False


@contextmanager
def _prometheus(folder: Path, target: str, features: str) -> Iterator[str]:
    folder.mkdir()
    for name, text in files(RULES).items():
        (folder / name).write_text(text, encoding="utf-8")
    scraped = {"job_name": "e", "static_configs": [{"targets": [target]}]}
    known = {
        "global": {"scrape_interval": "1s"}, "scrape_configs": [scraped],
        "rule_files": ["*.rules.yaml"],
    }  # fmt: skip
    (folder / "prometheus.yml").write_text(json.dumps(known), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
        f"--web.listen-address={address}", f"--enable-feature={features}", "--log.level=error",
    ]  # fmt: skip
    with child(command, folder, "prometheus"):
        wait_for(lambda: _is_ready(f"http://{address}"), "Prometheus is ready", PATIENCE)
        yield f"http://{address}"


def _publisher(published: Published) -> Callable[[Sequence[float]], None]:
    (one,) = config.parse(MODEL, "test.yaml").models
    model = make_model(one, None)
    model.start(time.time())

    def publish(seconds: Sequence[float]) -> None:
        now = time.time()
        model.take(b"".join(b'{"y": "a", "s": %r, "t": "%s"}\n' % (s, TRACE) for s in seconds), now)
        blocks = tuple(model.samples(now, EvaluationFacts()))
        published.publish(Snapshot(blocks, now, StatusFacts((model.status(),))))

    return publish


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder, found = tmp_path_factory.mktemp("latency"), Watched()
    publish = _publisher(found.published)
    publish(SECONDS[:1].tolist())  # what a counter has at first is no increase
    with ExitStack() as stack:
        _, url = stack.enter_context(running(found.published))
        target = url.removeprefix("http://").rstrip("/")
        found.classic = stack.enter_context(_prometheus(folder / "classic", target, CLASSIC))
        found.native = stack.enter_context(_prometheus(folder / "native", target, NATIVE))
        for server in (found.classic, found.native):
            _wait_for_count(server, 1, " offset 10s")  # rules look at native ones every 6 s
        publish(SECONDS[1:].tolist())
        for server in (found.classic, found.native):
            _wait_for_count(server, ROWS)
            wait_for(partial(value, server, rule(0.95)), "the rule has a value", PATIENCE)
        yield found


def _wait_for_count(url: str, count: int, when: str = "") -> None:
    counted = f"sum(inference_requests_total{when})"
    wait_for(lambda: value(url, counted) == count, f"{count} are scraped", PATIENCE)


def rule(q: float) -> str:
    return f"model_version:inference_request_duration_seconds:p{q * 100:g}_1h"


def panels(q: float) -> list[str]:
    """Queries of the latency page for this quantile of whole requests."""
    found = [
        expand(target["expr"], CHOSEN)
        for _, target in targets(dashboards()["inference-latency"])
        if f"histogram_quantile({q:g}, " in target["expr"] and "step" not in target["expr"]
    ]
    assert len(found) >= 2
    return found


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_page_gauge_rule_and_panels_say_one_number(watched: Watched, q: float) -> None:
    exact = float(np.quantile(SECONDS, q, method="inverted_cdf"))
    page = watched.page(q)
    assert page == pytest.approx(exact, rel=0.1)
    gauge = f'inference_request_duration_quantile_seconds{{q="{q:g}", window="1h"}}'
    for url in (watched.classic, watched.native):
        assert value(url, gauge) == page
        for query in (rule(q), *panels(q)):
            found = value(url, query)
            assert found == pytest.approx(exact, rel=0.1), query
            assert found == pytest.approx(page, rel=0.01), query


def test_each_prometheus_has_its_kind_of_buckets(watched: Watched) -> None:
    buckets = "count(inference_request_duration_seconds_bucket)"
    histogram = "histogram_count(inference_request_duration_seconds)"
    assert (value(watched.classic, buckets), value(watched.classic, histogram)) == (131, None)
    assert (value(watched.native, buckets), value(watched.native, histogram)) == (None, ROWS)
    assert value(watched.native, "histogram_sum(inference_request_duration_seconds)") == (
        pytest.approx(SECONDS.sum())
    )
    steps = "histogram_quantile(0.95, inference_step_duration_seconds)"
    assert value(watched.native, steps) == pytest.approx(np.quantile(SECONDS, 0.95), rel=0.1)


def test_every_panel_of_durations_has_an_answer_from_either_kind(watched: Watched) -> None:
    boards = dashboards()
    asked = {
        expand(target["expr"], CHOSEN)
        for name in ("inference-latency", "inference-overview")
        for _, target in targets(boards[name])
        if re.search(r"_duration_seconds(_bucket)?{", target["expr"])
    }
    assert len(asked) >= 8
    for url in (watched.classic, watched.native):
        for query in asked:
            answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=10)
            assert answer.json()["data"]["result"], query


def test_slow_requests_are_counted_with_either_kind(watched: Watched) -> None:
    slow = int((SECONDS > 0.1).sum())
    for url in (watched.classic, watched.native):
        assert value(url, "sum(inference_requests_slow_total)") == slow
        share = value(
            url, "model:inference_requests_slow:increase1m / model:inference_requests:increase1m"
        )
        assert share == pytest.approx(slow / ROWS, rel=1e-3)


def test_native_histograms_have_exemplars(watched: Watched) -> None:
    now = time.time()
    asked: dict[str, Any] = {
        "query": "inference_request_duration_seconds", "start": now - 600, "end": now + 60,
    }  # fmt: skip
    answer = requests.get(f"{watched.native}/api/v1/query_exemplars", params=asked, timeout=10)
    (one,) = answer.json()["data"]
    assert {e["labels"]["trace_id"] for e in one["exemplars"]} == {
        "0af7651916cd43dd8448eb211c80319c"
    }
