"""Presets: what is known of the logs of servers and services, as data, a file each.

`format: sagemaker` in a model takes the settings of `sagemaker.yaml` for granted; what the user
writes is laid over them, key by key. A file has:

    title       what writes such lines
    about       what a line is, for docs/presets.md
    rank        the order in which `init` tries them, the most telling first
    recognise   what lines of this kind have: `keys` (paths that are there), `values` (paths with
                one of these values), `patterns` (paths with a regular expression for the whole
                value), or for `format: regex` the pattern itself, or `text`, an expression that
                some line matches; `beside` is the preset of other lines that are there too
    model       settings of a model
    extends     another preset, over whose settings these are laid
    lacks       what such a log cannot say, and what to do about it
    ask         what only the user knows: a setting, with the question
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Preset:
    """One file, as it is."""

    name: str
    title: str
    about: str
    rank: int
    model: Mapping[str, Any]
    keys: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    beside: str | None = None
    text: str | None = None
    patterns: Mapping[str, str] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    ask: Mapping[str, str] = field(default_factory=dict)

    @property
    def written(self) -> str:
        """How its lines are written: `json`, `csv`, `regex`."""
        return str(self.model.get("format", "json"))


@cache
def names() -> tuple[str, ...]:
    """The names of all presets."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def preset(name: str) -> Preset:
    """The preset of that name, which must be one of `names`."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    found = yaml.safe_load(text)
    recognise = found.get("recognise", {})
    return Preset(
        name=name,
        title=found["title"],
        about=found["about"].strip(),
        rank=found["rank"],
        model=_extended(found),
        keys=tuple(recognise.get("keys", ())),
        values={path: tuple(map(str, ok)) for path, ok in recognise.get("values", {}).items()},
        beside=recognise.get("beside"),
        text=recognise.get("text"),
        patterns=recognise.get("patterns", {}),
        lacks=tuple(found.get("lacks", ())),
        ask=found.get("ask", {}),
    )


def _extended(found: Mapping[str, Any]) -> Any:
    base = found.get("extends")
    return laid_over(preset(base).model, found["model"]) if base else found["model"]


def presets() -> list[Preset]:
    """All presets, by rank."""
    return sorted(map(preset, names()), key=lambda one: (one.rank, one.name))


def expanded(value: object) -> tuple[object, str | None]:
    """A model's settings over those of the preset that its `format` names; that name."""
    if not isinstance(value, Mapping) or value.get("format") not in names():
        return value, None
    found = preset(value["format"])
    own = {key: one for key, one in value.items() if key != "format"}
    return laid_over(found.model, own), found.name


def laid_over(base: Any, over: Any) -> Any:
    """Mappings key by key, everything else as it is in `over`; what is null there is left out."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif key in base and _as_mapping(base[key]) and isinstance(value, Mapping):
            merged[key] = laid_over(_as_mapping(base[key]), value)
        else:
            merged[key] = value
    return merged


def _as_mapping(value: Any) -> Mapping[str, Any] | None:
    """A setting that has keys; a path alone stands for `{from: path}`."""
    if isinstance(value, str | list):
        return {"from": value}
    return value if isinstance(value, Mapping) else None
