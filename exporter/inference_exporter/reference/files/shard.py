"""A shard: the profile of some of the rows, with what it takes to merge it with the others.

    {
      "format": "inference-exporter reference shard", "format_version": 1,
      "profile": { … a reference profile … },
      "sketches": {"feature/income": {"count": 10000, "levels": ["<base64 of float64>", …], …}},
      "categories": {"feature/country": {"US": 768, …}},
      "outcomes": {"pairs": [["1", "0", 12], …], …},
      "scores": {"country": {"US": [768, 12.5], …}},
      "segments": {"country": {"US": {"pairs": [["1", "0", 12], …], …}}}
    }

Sketches take at most 350 kB of text a level and numeric column: 2 MB at a million rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from inference_exporter.errors import ProfileError
from inference_exporter.reference.files.codec import FORMAT_VERSION, SHARD_FORMAT, dumps, loads
from inference_exporter.reference.judging.outcomes import OutcomeState
from inference_exporter.reference.profiling.sketch import QuantileSketch, SketchState
from inference_exporter.values.profile import Reference


@dataclass(frozen=True, slots=True)
class Shard:
    """A profile with the sketches of its numbers, all rows by category, and its outcomes.

    Keys are `feature/name` and `output/name`. `outcomes` None: a plain profile, which has nothing
    beside itself. `scores` has rows and sums of `Reference.importance` by feature and category;
    `segments` has outcomes by field and value.
    """

    reference: Reference
    sketches: Mapping[str, QuantileSketch] = field(default_factory=dict)
    categories: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    outcomes: OutcomeState | None = None
    scores: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
    segments: Mapping[str, Mapping[str, OutcomeState]] = field(default_factory=dict)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    format_version: int
    profile: msgspec.Raw
    sketches: dict[str, SketchState]
    categories: dict[str, dict[str, int]]
    outcomes: OutcomeState
    scores: dict[str, dict[str, tuple[float, float]]] = {}
    segments: dict[str, dict[str, OutcomeState]] = {}


def dump_shard(shard: Shard) -> bytes:
    """The shard as JSON."""
    assert shard.outcomes is not None
    file = _File(
        format=SHARD_FORMAT,
        format_version=FORMAT_VERSION,
        profile=msgspec.Raw(dumps(shard.reference)),
        sketches={name: one.to_state() for name, one in shard.sketches.items()},
        categories={name: dict(counts) for name, counts in shard.categories.items()},
        outcomes=shard.outcomes,
        scores={name: dict(one) for name, one in shard.scores.items()},
        segments={name: dict(one) for name, one in shard.segments.items()},
    )
    return msgspec.json.encode(file)


def load_part(path: str) -> Shard:
    """A shard or a plain profile; ProfileError names the file and what is wrong with it."""
    try:
        return _parse(Path(path).read_bytes())
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ProfileError(f"{path}: {error}") from error


class _Head(msgspec.Struct):
    format: str = ""
    format_version: int = 0


def _parse(data: bytes) -> Shard:
    try:
        head = msgspec.json.decode(data, type=_Head)
    except msgspec.MsgspecError:
        head = _Head()  # `loads` says what is wrong
    if head.format != SHARD_FORMAT:
        return Shard(loads(data))
    if head.format_version != FORMAT_VERSION:
        raise ValueError(f"is a shard of format version {head.format_version}; build it again")
    try:
        file = msgspec.json.decode(data, type=_File)
    except msgspec.MsgspecError as error:
        raise ValueError(f"is damaged: {error}") from error
    sketches = {name: QuantileSketch.from_state(one) for name, one in file.sketches.items()}
    profile = loads(bytes(file.profile))
    return Shard(profile, sketches, file.categories, file.outcomes, file.scores, file.segments)
