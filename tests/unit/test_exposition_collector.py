"""The exporter's snapshot inside somebody else's registry."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from exposition_pages import assert_valid_page, failures
from inference_exporter.exposition.collector import SnapshotCollector
from inference_exporter.exposition.published import Published
from inference_exporter.families import FAMILIES


def test_describes_every_family_without_samples() -> None:
    described = list(SnapshotCollector(Published()).describe())
    assert len(described) == len(FAMILIES)
    assert all(not metric.samples for metric in described)


def test_collects_nothing_before_the_first_publication() -> None:
    assert list(SnapshotCollector(Published()).collect()) == []


def test_collects_what_is_published_at_the_moment() -> None:
    published = Published()
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(published))
    for value in (1.0, 2.0):
        published.publish(failures(value))
        page = generate_latest(registry)
        assert assert_valid_page(page)[0].samples[0].value == value


def test_registry_refuses_a_clashing_name_at_once() -> None:
    registry = CollectorRegistry()
    Gauge("unrelated", "fine", registry=registry)
    Counter("inference_requests", "clash", registry=registry)
    with pytest.raises(ValueError, match="inference_requests"):
        registry.register(SnapshotCollector(Published()))
