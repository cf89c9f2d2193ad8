"""Lines that are JSON lists: names for their entries, by what stands in them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from inference_exporter.formats.guessing.kinds import are_numbers, finite, is_share, is_time

_MOST = 2 / 3  # of the lines are lists of one length
_FEW = 20  # classes

Row = Mapping[str, object]


def named_entries(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[Row, ...]] | None:
    """Names for the entries of lines that are lists, and these as objects; None: they are none.

    Answers stand behind inputs, so what is in front of them is taken for neither.
    """
    lists = [found for text in texts if (found := _list(text)) is not None]
    width, count = Counter(map(len, lists)).most_common(1)[0] if lists else (0, 0)
    if width < 2 or count < _MOST * len(texts):
        return None
    rows = [one for one in lists if len(one) == width]
    names: list[str] = []
    for at in range(width):
        found = [row[at] for row in rows if row[at] is not None]
        name = _name(found, names)
        names.append(name if name and name not in names else f"entry_{at + 1}")
    return tuple(names), tuple(dict(zip(names, row, strict=True)) for row in rows)


def _list(text: str) -> list[object] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _name(found: Sequence[object], before: Sequence[str]) -> str | None:
    """What an entry is by its values, and by those in front of it; None: it cannot be told."""
    if not found:
        return None
    if is_time(found) and "timestamp" not in before:
        return "timestamp"
    if all(isinstance(one, dict | list) for one in found):
        if "features" not in before:
            return "features"
        return "probabilities" if isinstance(found[0], list) else "output"
    texts = all(isinstance(one, str) for one in found)
    if texts and len(found) > 1 and len(set(found)) == len(found) and not finite(found):
        return "id"
    return _answer(found) if "features" in before else None


def _answer(found: Sequence[object]) -> str | None:
    plain = [one for one in found if isinstance(one, str | int | float)]
    few = len(set(plain)) <= min(_FEW, max(2, len(plain) // 2))
    if are_numbers(found) and not all(isinstance(one, int) for one in found):
        return "score" if is_share(found) else None
    return "prediction" if few else None
