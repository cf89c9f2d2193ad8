"""Requests and responses that are lines of their own: told apart, kept waiting, joined."""

from inference_exporter.pairs.gathering import GatheredHalves, waiting_of
from inference_exporter.pairs.halves import Half, HalfReader, joined
from inference_exporter.pairs.waiting import WaitingHalves

__all__ = ["GatheredHalves", "Half", "HalfReader", "WaitingHalves", "joined", "waiting_of"]
