"""One writer, many readers: who sees which page, and how often it is made."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from exposition_pages import failures
from inference_exporter.exposition.negotiation import RENDERERS, Dialect
from inference_exporter.exposition.openmetrics import render_openmetrics
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.text import render_text, text_chunks
from inference_exporter.values.samples import Snapshot

WAIT = 10.0


class SlowRenderer:
    """Renders when told to, and counts."""

    def __init__(self) -> None:
        self.calls = 0
        self.entered = Event()
        self.proceed = Event()

    def __call__(self, snapshot: Snapshot) -> Iterator[bytes]:
        self.calls += 1
        self.entered.set()
        assert self.proceed.wait(WAIT)
        return text_chunks(snapshot)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowRenderer:
    renderer = SlowRenderer()
    monkeypatch.setitem(RENDERERS, Dialect.TEXT, renderer)
    return renderer


def test_before_the_first_publication_there_is_nothing() -> None:
    published = Published()
    assert published.snapshot is None
    assert published.body(Dialect.TEXT) is None
    assert published.cached(Dialect.TEXT) is None


def test_each_format_and_encoding_is_kept() -> None:
    published = Published()
    snapshot = failures(1.0)
    published.publish(snapshot)
    assert published.cached(Dialect.TEXT) is None
    assert published.body(Dialect.TEXT) == render_text(snapshot)
    assert published.body(Dialect.OPENMETRICS) == render_openmetrics(snapshot)
    zipped = published.body(Dialect.TEXT, gzip=True)
    assert zipped is not None
    assert gzip.decompress(zipped) == render_text(snapshot)
    assert published.body(Dialect.TEXT, gzip=True) is zipped
    assert published.cached(Dialect.TEXT, gzip=True) is zipped


def test_publishing_replaces_the_page() -> None:
    published = Published()
    published.publish(failures(1.0))
    published.body(Dialect.TEXT)
    published.publish(failures(2.0))
    assert published.cached(Dialect.TEXT) is None
    assert published.body(Dialect.TEXT) == render_text(failures(2.0))


def test_parallel_scrapers_wait_for_one_rendering(slow: SlowRenderer) -> None:
    published = Published()
    published.publish(failures(1.0))
    with ThreadPoolExecutor(8) as scrapers:
        bodies = [scrapers.submit(published.body, Dialect.TEXT) for _ in range(8)]
        assert slow.entered.wait(WAIT)
        slow.proceed.set()
        results = {id(body.result(WAIT)) for body in bodies}
    assert len(results) == 1
    assert slow.calls == 1


def test_publishing_does_not_wait_for_a_scraper_who_gets_the_page_he_asked_for(
    slow: SlowRenderer,
) -> None:
    published = Published()
    published.publish(failures(1.0))
    with ThreadPoolExecutor(1) as scrapers:
        body = scrapers.submit(published.body, Dialect.TEXT)
        assert slow.entered.wait(WAIT)
        published.publish(failures(2.0))  # would hang here
        slow.proceed.set()
        assert body.result(WAIT) == render_text(failures(1.0))
    assert published.body(Dialect.TEXT) == render_text(failures(2.0))


def test_failed_rendering_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published()
    published.publish(failures(1.0))
    with monkeypatch.context() as patch:
        patch.setitem(RENDERERS, Dialect.TEXT, lambda _: iter([1 / 0]))
        with pytest.raises(ZeroDivisionError):
            published.body(Dialect.TEXT)
    assert published.body(Dialect.TEXT) == render_text(failures(1.0))
