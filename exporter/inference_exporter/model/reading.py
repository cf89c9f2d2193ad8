"""Lines decoded, where parts may put others in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inference_exporter.formats import Decoded, Decoder
from inference_exporter.model.part import Part


def decoded_by(
    decoder: Decoder, parts: Sequence[Part], lines: bytes, now: float
) -> tuple[Decoded, bytes]:
    """The lines decoded, or those that a part makes of them; and which lines these are.

    Lines are counted as they were read: what a part made of them is counted again only where it
    cannot be used.
    """
    found = (part.rewritten(lines, now) for part in parts)
    other = next((one for one in found if one is not None), None)
    if other is None:
        return decoder.decode(lines), lines
    decoded = decoder.decode(other.lines)
    results = dict(other.read.results)
    if unusable := decoded.results.get("malformed"):
        results["malformed"] = results.get("malformed", 0) + unusable
    example = other.read.example or decoded.bad_example
    return replace(decoded, results=results, bad_example=example), other.lines
