"""A real Prometheus scrapes the real server: HTTPS, a password, OpenMetrics, exemplars."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest

from exposition_certificates import authority, issued
from exposition_pages import parse, small_snapshot
from exposition_server import eventually, running
from inference_exporter.exposition.openmetrics import render_openmetrics
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.webconfig import TlsConfig, WebConfig

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no Prometheus here"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here"),
]

CONFIG = """
scrape_configs:
- job_name: exporter
  scrape_interval: 1s
  scheme: https
  tls_config: {{ca_file: {ca}}}
  basic_auth: {{username: prometheus, password: secret}}
  static_configs: [{{targets: ['{target}']}}]
"""


@contextmanager
def _prometheus(folder: Path, config: str) -> Iterator[str]:
    (folder / "prometheus.yml").write_text(config)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    flags = [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
        "--enable-feature=exemplar-storage",
        "--log.level=error",
    ]
    with subprocess.Popen(["prometheus", *flags], stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


def _ask(prometheus: str, api: str, **parameters: str) -> Any:
    try:
        answer = httpx.get(f"{prometheus}/api/v1/{api}", params=parameters)
    except httpx.TransportError:
        return []
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return []  # it is starting
    data = answer.json().get("data", [])
    return data["result"] if isinstance(data, dict) else data


def test_prometheus_takes_every_sample_of_a_guarded_page(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    pair = issued(tmp_path, "server", ca)
    users = {"prometheus": bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()}
    web_config = WebConfig(TlsConfig(str(pair.cert), str(pair.key)), users)
    published = Published()
    published.publish(small_snapshot())
    with running(published, web_config=web_config) as (server, url):
        config = CONFIG.format(ca=ca.cert, target=url.removeprefix("https://"))
        with _prometheus(tmp_path, config) as prometheus:
            assert eventually(lambda: bool(_ask(prometheus, "query", query="up == 1")))
            series = _ask(prometheus, "query", query='{__name__=~"inference_.+"}')
            times = {"start": "1760000000", "end": "1760000100"}
            traces = _ask(prometheus, "query_exemplars", query='{__name__=~".+"}', **times)
    sent = [s for metric in parse(render_openmetrics(small_snapshot())) for s in metric.samples]
    taken = {_key(one["metric"].pop("__name__"), one["metric"]) for one in series}
    assert taken == {_key(sample.name, sample.labels) for sample in sent}
    assert {e["labels"]["trace_id"] for one in traces for e in one["exemplars"]} == {
        "4bf92f3577b34da6a3ce929d0e0e4736"
    }
    assert server.take_requests()["/metrics", "200"] >= 1


def _key(name: str, labels: dict[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    """A series without what Prometheus adds."""
    own = {(k, v) for k, v in labels.items() if k not in ("job", "instance")}
    return name, frozenset(own)
