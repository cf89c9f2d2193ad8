"""Requests and responses that are lines of their own: told apart, kept waiting, joined."""

from inference_exporter.pairs.halves import Half, HalfReader, joined
from inference_exporter.pairs.waiting import WaitingHalves

__all__ = ["Half", "HalfReader", "WaitingHalves", "joined"]
