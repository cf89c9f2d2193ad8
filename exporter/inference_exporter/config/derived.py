"""`derived:` of a model: numbers made of text and embeddings, which have no distribution to bin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_exporter.config.checks import Findings, Key, Section, shaped, wrong
from inference_exporter.config.schema import Derived
from inference_exporter.config.values import mapping_of, one_of, text

KINDS = ("length", "tokens", "out_of_vocabulary", "centroid_distance")
WORD = re.compile(r"\w+")


def _make(**values: Any) -> Derived:
    return Derived(values["from"], values["as"], values.get("vocabulary"))


DERIVED = Section(
    "derived.<name>",
    _make,
    (
        Key("from", text, "a name", "The feature in the log that it is made of.", "prompt",
            required=True),
        Key("as", one_of(*KINDS), f"one of {', '.join(KINDS)}",
            "Characters or words of a text, share of its words that are not in the vocabulary, or "
            "distance of an embedding to the mean embedding of the reference.", "length",
            required=True),
        Key("vocabulary", text, "a path", "With `as: out_of_vocabulary`: a file of words.",
            "words.txt", default="none"),
    ),
)  # fmt: skip

_all = mapping_of(DERIVED, "a mapping of names to sections with from and as")


@shaped(_all)
def derived(value: object) -> dict[str, Derived]:
    """Derived features by name."""
    found: dict[str, Derived] = _all(value)
    findings = Findings()
    for name, one in found.items():
        needs = one.kind == "out_of_vocabulary"
        if needs and one.vocabulary is None:
            findings.add(f"{name}.vocabulary", "missing; out_of_vocabulary needs a file of words")
        if not needs and one.vocabulary is not None:
            findings.add(f"{name}.vocabulary", "belongs to as: out_of_vocabulary")
        if name in {other.source for other in found.values()}:
            findings.add(name, "is also the name of a feature it is made of")
    findings.raise_any()
    return found


def resolved(found: Mapping[str, Derived], folder: Path, model: str) -> dict[str, Derived]:
    """With the words of the vocabularies, whose paths start at `folder`."""
    return {name: _with_words(name, one, folder, model) for name, one in found.items()}


def _with_words(name: str, one: Derived, folder: Path, model: str) -> Derived:
    if one.vocabulary is None:
        return one
    path = folder / one.vocabulary
    try:
        words = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        key = f"models.{model}.derived.{name}.vocabulary"
        raise wrong(f"{path} cannot be read: {error.strerror}", key) from error
    return replace(one, words=frozenset(WORD.findall(words.casefold())))
