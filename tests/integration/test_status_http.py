"""The status page over HTTP: paths, codes, links that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from exposition_server import running
from html_page import faults, read
from inference_exporter import __version__
from inference_exporter.assembly import read_once
from inference_exporter.exposition.published import Published
from inference_exporter.values.samples import Snapshot
from inference_exporter.values.status_facts import ModelFacts, StatusFacts
from sidecar import line
from status_case import drifted

ODD = ("a/b", "with space", "ünï<code>", "100%", "a?b#c", "..a")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    published = Published()
    published.publish(drifted(tmp_path_factory.mktemp("status")).snapshot)
    with running(published) as (_, address):
        yield address


def test_every_link_leads_somewhere(url: str) -> None:
    seen, left = set(), [f"{url}/"]
    with httpx.Client() as client:
        while left:
            page = left.pop()
            answer = client.get(page)
            assert answer.status_code == 200, page
            seen.add(page)
            if answer.headers["content-type"].startswith("text/html"):
                found = {
                    urljoin(page, one.attributes["href"]) for one in read(answer.text).all("a")
                }
                wanted = {link.partition("#")[0] for link in found if link.startswith(url)}
                left += wanted - seen - set(left)
            assert len(seen) < 100
    paths = {link.removeprefix(url) for link in seen}
    assert {"/", "/metrics", "/-/healthy", "/-/ready", "/models/m"} <= paths
    assert "/models/m?feature=income" in paths
    assert "/models/m?version=7&window=24h" in paths or "/models/m?window=24h" in paths


def test_a_page_says_who_it_is_and_cannot_be_framed_or_kept(url: str) -> None:
    for path in ("/", "/models/m"):
        answer = httpx.get(url + path)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert __version__ in answer.text
        assert faults(answer.text) == []


@pytest.mark.parametrize("path", ["/models/other", "/models/", "/models/m/", "/models/m/x"])
def test_models_that_do_not_exist_are_not_found(url: str, path: str) -> None:
    answer = httpx.get(url + path)
    assert (answer.status_code, answer.text) == (404, "No such model. All of them are at /\n")


def test_before_anything_is_published_there_is_a_page_that_says_so() -> None:
    with running(is_ready=lambda: (False, "opening the logs\n")) as (_, address):
        answer = httpx.get(address)
        assert answer.status_code == 200
        assert "Not ready: opening the logs" in answer.text
        assert httpx.get(f"{address}/models/m").status_code == 404


def test_names_with_any_character_have_pages_and_links_between_them() -> None:
    published = Published()
    published.publish(Snapshot((), 1.8e9, StatusFacts(tuple(map(ModelFacts, ODD)))))
    with running(published) as (server, address):
        home = read(httpx.get(f"{address}/").text)
        links = {one.text: one.attributes["href"] for one in home.all("a")}
        for name in ODD:
            page = httpx.get(urljoin(f"{address}/", links[name]))
            assert page.status_code == 200, name
            root = read(page.text)
            assert root.all("h1")[0].text == name
            back = next(one for one in root.all("a") if one.text == "Status")
            assert urljoin(str(page.url), back.attributes["href"]) == f"{address}/"
        assert httpx.get(f"{address}/models/a/b").text.count('href="../../') > 2
        counted = server.take_requests()
    assert counted["/models", "200"] == len(ODD) + 1, "one label for all of them"


def test_the_facts_of_a_log_that_is_read_once_are_there_too(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b"".join(line(f={"a": n}, p="x") for n in range(10)))
    config = tmp_path / "config.yaml"
    text = "models: {m: {logs: [log.jsonl], fields: {features: f, prediction: p}}}\n"
    config.write_text(text, encoding="utf-8")
    published = Published()
    published.publish(read_once(str(config)))
    with running(published) as (_, address):
        page = httpx.get(f"{address}/models/m").text
    assert faults(page) == []
    assert re.search(r"Requests since first seen</dt><dd><data [^>]*>10<", page)
