"""Which server wrote a log, by what is known of servers: the presets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from inference_exporter.config.presets import Preset, presets
from inference_exporter.config.presets import preset as named
from inference_exporter.formats.guessing.choose import by_name
from inference_exporter.formats.guessing.kinds import values_by_path
from inference_exporter.formats.guessing.names import NAMES, SURE_FEATURES
from inference_exporter.formats.paths import walker
from inference_exporter.values.batch import category_name

SPECIFIC = 400  # presets of a higher rank are for people to choose: names decide better
_SHARE = 0.5  # of the lines


def of_objects(
    rows: Sequence[Mapping[str, object]], texts: Sequence[str] = (), written: str = "json"
) -> Preset | None:
    """The first preset of lines so written that most of the objects fit; `texts` are all lines."""
    for preset in presets():
        if preset.written not in (written, "python"):
            continue
        if preset.beside is not None and not _any_like(preset.beside, texts):
            continue
        if preset.rank < SPECIFIC and (preset.keys or preset.values or preset.patterns):
            fit = [row for row in rows if _fits(preset, row)]
            if fit and len(fit) >= _SHARE * len(rows) and _reads(preset, fit):
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
    return all(
        re.fullmatch(pattern, str(walker((path,))(line)))
        for path, pattern in preset.patterns.items()
    )


_TELLING = ("id", "prediction", "features")


def _reads(preset: Preset, rows: Sequence[Mapping[str, object]]) -> bool:
    """Whether a preset of plain lines reads what is in them, and does not just fit by chance."""
    fields = preset.model["fields"]
    if "decode" in preset.model or "pairs" in preset.model or "records" in preset.model:
        return True
    values = values_by_path(rows)
    for role in _TELLING:
        if isinstance(fields.get(role), str) and fields[role] not in values:
            names = SURE_FEATURES if role == "features" else NAMES[role]
            if any("." not in path for path in by_name(values, names)):
                return False
    return True


def of_texts(texts: Sequence[str]) -> Preset | None:
    """The most telling preset whose pattern matches any of the lines."""
    for preset in presets():
        pattern = preset.model.get("pattern")
        if isinstance(pattern, str) and preset.rank < SPECIFIC:
            compiled = re.compile(preset.text or pattern)
            if any(compiled.search(text) for text in texts):
                return preset
    return None
