"""Which server wrote a log, by what is known of servers: the presets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from inference_exporter.config.presets import Preset, presets
from inference_exporter.config.presets import preset as named
from inference_exporter.formats.paths import walker
from inference_exporter.values.batch import category_name

SPECIFIC = 400  # presets of a higher rank are for people to choose: names decide better
_SHARE = 0.5  # of the lines


def of_objects(rows: Sequence[Mapping[str, object]], texts: Sequence[str] = ()) -> Preset | None:
    """The first preset of JSON lines that most of the objects fit; `texts` are all lines."""
    for preset in presets():
        if preset.beside is not None and not _any_like(preset.beside, texts):
            continue
        if preset.rank < SPECIFIC and (preset.keys or preset.values):
            fit = sum(_fits(preset, row) for row in rows)
            if rows and fit >= _SHARE * len(rows):
                return preset
    return None


def _any_like(name: str, texts: Sequence[str]) -> bool:
    search = re.compile(str(named(name).model["pattern"])).search
    return any(search(text) for text in texts if not text.startswith("{"))


def _fits(preset: Preset, row: Mapping[str, object]) -> bool:
    line = dict(row)
    if any(walker((path,))(line) is None for path in preset.keys):
        return False
    for path, allowed in preset.values.items():
        value = walker((path,))(line)
        if not isinstance(value, str | int | float) or category_name(value) not in allowed:
            return False
    return True


def of_texts(texts: Sequence[str]) -> Preset | None:
    """The most telling preset whose pattern matches any of the lines."""
    for preset in presets():
        pattern = preset.model.get("pattern")
        if isinstance(pattern, str) and preset.rank < SPECIFIC:
            compiled = re.compile(pattern)
            if any(compiled.search(text) for text in texts):
                return preset
    return None
