"""Rows that say the same again: fingerprints of rows, and how often each was seen lately.

A client that retries sends one row two hundred times. Two hundred equal rows are one observation,
and whoever judges traffic by the number of its rows has to know. Memory is bounded: a table of a
fixed number of places, in which a new key takes the place of an old one.
"""

from inference_exporter.repeats.crowds import STRETCH, STRETCHES, Crowds, Heavy
from inference_exporter.repeats.keys import Coding, Keys, fingerprints, keys_of, mixed
from inference_exporter.repeats.rows import inputs_of
from inference_exporter.repeats.seen import Grouping, Keyed, Met, Seen

__all__ = [
    "STRETCH", "STRETCHES", "Coding", "Crowds", "Grouping", "Heavy", "Keyed", "Keys", "Met",
    "Seen", "fingerprints", "inputs_of", "keys_of", "mixed",
]  # fmt: skip
