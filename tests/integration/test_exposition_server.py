"""The web server as clients see it: paths, formats, failures, counting, start and stop."""

from __future__ import annotations

import gzip
import http.client
import logging
import re
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as all_threads
from urllib.parse import urlsplit

import httpx
import pytest

from exposition_pages import assert_valid_page, failures, full_snapshot
from exposition_server import PATIENCE, running
from inference_exporter import __version__
from inference_exporter.errors import ConfigError, UsageError
from inference_exporter.exposition.landing import Landing, Link
from inference_exporter.exposition.negotiation import RENDERERS, Dialect
from inference_exporter.exposition.openmetrics import render_openmetrics
from inference_exporter.exposition.posts import Post, Reply
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.server import ListenError, WebServer
from inference_exporter.exposition.text import render_text
from inference_exporter.exposition.webconfig import TlsConfig, WebConfig


def test_a_connection_stays_open_once_a_body_is_read() -> None:
    """A client that pushes has one connection; what is refused unread is cut off."""

    def take(post: Post) -> Future[Reply]:
        answer: Future[Reply] = Future()
        answer.set_result(Reply(200, post.body))
        return answer

    with running(receivers={"/push": take}) as (_, url):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
        connection.connect()
        socket_of = connection.sock
        for body in (b"a", b"b" * 100_000, b""):
            connection.request("POST", "/push", body)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, body)
            assert answer.headers.get("connection") != "close"
            assert connection.sock is socket_of
        connection.request("POST", "/nowhere", b"x")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["connection"]) == (404, "close")
        connection.close()


def test_with_a_private_address_the_other_one_has_metrics_and_probes_only(
    published: Published,
) -> None:
    def take(post: Post) -> Future[Reply]:
        answer: Future[Reply] = Future()
        answer.set_result(Reply(200, post.body))
        return answer

    with running(published, private="127.0.0.1:0", receivers={"/push": take}) as (_, addresses):
        public, private = addresses.split(" and ")
        for path in ("/metrics", "/-/healthy", "/-/ready"):
            assert httpx.get(f"{public}{path}").status_code == 200
            assert httpx.get(f"{private}{path}").status_code == 200
        for method, path in (("GET", "/"), ("GET", "/models/m"), ("POST", "/-/reload"),
                             ("POST", "/push"), ("POST", "/api/v1/labels")):  # fmt: skip
            answer = httpx.request(method, f"{public}{path}")
            assert (answer.status_code, "--web.private-address" in answer.text) == (404, True)
        for method, path in (("GET", "/"), ("POST", "/-/reload"), ("POST", "/push")):
            assert httpx.request(method, f"{private}{path}").status_code == 200


def test_a_private_address_that_is_taken_is_explained_and_frees_the_other(url: str) -> None:
    taken = urlsplit(url).netloc
    with pytest.raises(ListenError, match=r"choose --web\.private-address"), running(private=taken):
        pass


@pytest.fixture(scope="module")
def published() -> Published:
    published = Published()
    published.publish(full_snapshot())
    return published


@pytest.fixture(scope="module")
def url(published: Published) -> Iterator[str]:
    with running(published) as (_, url):
        yield url


def test_metrics_are_text_for_everybody(url: str, published: Published) -> None:
    answer = httpx.get(f"{url}/metrics", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert "content-encoding" not in answer.headers
    assert answer.content == render_text(full_snapshot())


def test_metrics_are_openmetrics_and_gzip_for_prometheus(url: str) -> None:
    headers = {
        "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
        "Accept-Encoding": "gzip",
    }
    with httpx.stream("GET", f"{url}/metrics", headers=headers) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0;")
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(raw)
    assert gzip.decompress(raw) == render_openmetrics(full_snapshot())
    assert_valid_page(gzip.decompress(raw))


def test_head_has_the_headers_and_no_body(url: str) -> None:
    answer = httpx.head(f"{url}/metrics", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(render_text(full_snapshot()))
    assert answer.content == b""


def test_connection_is_kept_between_scrapes(url: str) -> None:
    with httpx.Client() as client:
        answers = [client.get(f"{url}/metrics") for _ in range(3)]
        streams = [answer.extensions["network_stream"] for answer in answers]
        assert len({stream.get_extra_info("client_addr") for stream in streams}) == 1


@pytest.mark.parametrize(
    ("method", "path", "code", "text"),
    [
        ("GET", "/-/healthy", 200, "Healthy.\n"),
        ("HEAD", "/-/healthy", 200, ""),
        ("GET", "/-/ready", 200, "Ready.\n"),
        ("POST", "/-/reload", 200, "Reloaded.\n"),
        ("PUT", "/-/reload", 200, "Reloaded.\n"),
        ("GET", "/-/reload", 405, "Method Not Allowed"),
        ("POST", "/metrics", 405, "Method Not Allowed"),
        ("GET", "/metrics/", 404, "Not found. Metrics are at /metrics.\n"),
        ("GET", "/favicon.ico", 404, "Not found. Metrics are at /metrics.\n"),
        ("DELETE", "/%2e%2e/etc/passwd", 404, "Not found. Metrics are at /metrics.\n"),
    ],
)
def test_paths(url: str, method: str, path: str, code: int, text: str) -> None:
    answer = httpx.request(method, f"{url}{path}")
    assert (answer.status_code, answer.text) == (code, text)
    if code == 405:
        assert answer.headers["allow"]


def test_landing_page_links_to_everything_and_loads_nothing(url: str) -> None:
    answer = httpx.get(url)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert __version__ in answer.text
    assert "color-scheme: light dark" in answer.text
    links = re.findall(r'href="([^"]+)"', answer.text)
    own = [link for link in links if not link.startswith(("#", "?", "https://"))]
    assert own == ["./", "./metrics", "./-/healthy", "./-/ready"]
    assert not re.search(r"<script|<img|src=|@import|url\(", answer.text)


def test_landing_page_has_other_links_and_escapes() -> None:
    landing = Landing(name="a<b", links=(Link("https://docs.example/?a&b", "Docs", "<read>"),))
    with running(telemetry_path="/m", landing=landing) as (_, url):
        page = httpx.get(url).text
    assert "<h1>a&lt;b " in page
    assert '<a href="https://docs.example/?a&amp;b">Docs</a> <small>&lt;read&gt;</small>' in page
    assert '<a href="./m">Metrics</a>' in page


def test_metrics_can_be_elsewhere() -> None:
    published = Published()
    published.publish(failures(1.0))
    with running(published, telemetry_path="/probe/metrics") as (_, url):
        assert httpx.get(f"{url}/probe/metrics").status_code == 200
        assert httpx.get(f"{url}/metrics").text == "Not found. Metrics are at /probe/metrics.\n"


def test_metrics_at_the_root_replace_the_landing_page() -> None:
    published = Published()
    published.publish(failures(1.0))
    with running(published, telemetry_path="/") as (_, url):
        assert httpx.get(url).content == render_text(failures(1.0))


@pytest.mark.parametrize("path", ["metrics", "", "/{name}"])
def test_telemetry_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="telemetry path"), running(telemetry_path=path):
        pass


def test_before_the_first_snapshot_the_scrape_fails_and_says_where_to_look() -> None:
    published = Published()
    with running(published, is_ready=lambda: (False, "reading the reference")) as (_, url):
        answer = httpx.get(f"{url}/metrics")
        assert (answer.status_code, answer.text) == (503, "Nothing published yet, see /-/ready.\n")
        answer = httpx.get(f"{url}/-/ready")
        assert (answer.status_code, answer.text) == (503, "reading the reference\n")
        assert httpx.get(f"{url}/-/healthy").status_code == 200
        published.publish(failures(1.0))
        assert httpx.get(f"{url}/metrics").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_page_of_another_site_cannot_reload(headers: dict[str, str], status: int) -> None:
    with running() as (_, url):
        assert httpx.post(f"{url}/-/reload", headers=headers).status_code == status
        own = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
        assert httpx.post(f"{url}/-/reload", headers=own).status_code == 200


def test_failed_reload_answers_with_the_problems() -> None:
    with running(request_reload=lambda: (False, "c.yaml: models: expected a mapping")) as (_, url):
        answer = httpx.post(f"{url}/-/reload")
    assert (answer.status_code, answer.text) == (500, "c.yaml: models: expected a mapping\n")


def test_waiting_reload_stops_nobody_else() -> None:
    proceed = Event()
    with running(request_reload=lambda: (proceed.wait(PATIENCE), "")) as (_, url):
        reload = Thread(target=httpx.post, args=[f"{url}/-/reload"])
        reload.start()
        assert httpx.get(f"{url}/-/healthy").status_code == 200
        proceed.set()
        reload.join(PATIENCE)
    assert not reload.is_alive()


def test_requests_over_the_limit_are_refused_but_probes_are_not() -> None:
    entered, proceed = Event(), Event()

    def reload() -> tuple[bool, str]:
        entered.set()
        return proceed.wait(PATIENCE), ""

    with running(request_reload=reload, max_requests=1) as (_, url):
        busy = Thread(target=httpx.post, args=[f"{url}/-/reload"])
        busy.start()
        assert entered.wait(PATIENCE)
        answer = httpx.get(f"{url}/metrics")
        assert answer.status_code == 503
        assert answer.text == "Limit of concurrent requests reached (1), try again later.\n"
        assert httpx.get(f"{url}/-/healthy").status_code == 200
        assert httpx.get(f"{url}/-/ready").status_code == 200
        proceed.set()
        busy.join(PATIENCE)
        assert httpx.get(url).status_code == 200


def test_limit_of_zero_is_none() -> None:
    with running(max_requests=0) as (_, url):
        assert httpx.get(url).status_code == 200


def test_failing_handler_answers_500_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> tuple[bool, str]:
        raise RuntimeError("secret detail")

    with running(is_ready=broken) as (server, url):
        answer = httpx.get(f"{url}/-/ready")
        assert (answer.status_code, answer.text) == (500, "Internal error, see the log.\n")
        assert httpx.get(f"{url}/-/healthy").status_code == 200
        assert server.take_requests()["/-/ready", "500"] == 1
    assert "secret detail" in caplog.text


def test_failing_renderer_answers_500(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(RENDERERS, Dialect.TEXT, lambda _: iter([b"", 1 / 0]))
    published = Published()
    published.publish(failures(1.0))
    with running(published) as (_, url), caplog.at_level(logging.ERROR):
        assert httpx.get(f"{url}/metrics").status_code == 500
    assert "the handler of /metrics failed" in caplog.text


def test_requests_are_counted_by_route_and_code_and_drained() -> None:
    seen: list[tuple[str, str]] = []
    with running(on_request=lambda route, code: seen.append((route, code))) as (server, url):
        for path in ("/", "/metrics", "/-/reload", "/a", "/b", "/metrics?x=1"):
            httpx.get(f"{url}{path}")
        assert server.take_requests() == {
            ("/", "200"): 1,
            ("/metrics", "503"): 2,
            ("/-/reload", "405"): 1,
            ("other", "404"): 2,
        }
        assert server.take_requests() == {}
    assert len(seen) == 6


def test_port_that_is_taken_is_explained_when_starting(url: str) -> None:
    port = url.rpartition(":")[2]
    second = WebServer(
        Published(),
        listen=f"127.0.0.1:{port}",
        is_ready=lambda: (True, ""),
        request_reload=lambda: (True, ""),
    )
    with pytest.raises(ListenError, match="another process listens there"):
        second.start()
    second.close()


def test_bad_certificate_is_explained_when_starting(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    tls = TlsConfig(str(tmp_path / "x.pem"), str(tmp_path / "x.pem"))
    with pytest.raises(ConfigError, match="cannot be used"), running(web_config=WebConfig(tls)):
        pass


def test_closing_ends_the_thread_and_frees_the_port_and_can_be_repeated() -> None:
    before = set(all_threads())
    with running() as (server, url):
        assert httpx.get(url).status_code == 200
        server.close()
        server.close()
        port = int(url.rpartition(":")[2])
        with socket.create_server(("127.0.0.1", port)):
            pass
        started = set(all_threads()) - before
        assert "web-server" not in {thread.name for thread in started}


def test_closing_before_the_start_does_nothing() -> None:
    WebServer(Published(), is_ready=lambda: (True, ""), request_reload=lambda: (True, "")).close()
