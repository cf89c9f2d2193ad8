"""Requests and responses that are lines of their own: told apart, kept waiting, joined."""

from inference_exporter.config.schema import PairsConfig
from inference_exporter.pairs.gathering import GatheredHalves
from inference_exporter.pairs.halves import Half, HalfReader, joined
from inference_exporter.pairs.ordered import OrderedHalves
from inference_exporter.pairs.waiting import WaitingHalves

__all__ = [
    "GatheredHalves", "Half", "HalfReader", "OrderedHalves", "WaitingHalves", "joined",
    "waiting_of",
]  # fmt: skip


def waiting_of(pairs: PairsConfig, limit: int | None = None) -> WaitingHalves:
    """What waits for its other half, as it is configured."""
    limit = pairs.max_waiting if limit is None else limit
    if pairs.by == "order":
        return OrderedHalves(pairs.within, limit)
    if pairs.rows:
        return GatheredHalves(pairs.within, limit, pairs.settle)
    return WaitingHalves(pairs.within, limit)
