"""The configuration that is in force, as a file again: presets laid out, defaults written down.

What is in no file is marked with a comment; a default that is no value ("as in the reference")
stands in a comment of its own. Header values and passwords in addresses are masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import yaml

from inference_exporter.config import document
from inference_exporter.config.checks import Check, Key, Section, Wrong, shape_of
from inference_exporter.config.labels import LABELS
from inference_exporter.config.lines import belongs
from inference_exporter.config.models import MODEL
from inference_exporter.config.presets import expanded
from inference_exporter.config.thresholds import in_force
from inference_exporter.config.top import TOP

MASKED = "<masked>"
SECRET = frozenset({"headers"})  # keys of which every value is one
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_DEFAULT = "  # default"
_ABSENT = object()

Lines = Iterator[str]


def effective(text: str) -> str:
    """The text of a configuration file, which must be valid, with everything that it leaves out."""
    return "\n".join(_section(TOP, document.values(text), "")) + "\n"


def _section(section: Section, given: Any, indent: str) -> Lines:
    if section is MODEL:
        given, preset = expanded(given)
        if preset:
            yield f"{indent}# with the settings of the preset {preset}"
    for key in section.keys:
        if not belongs(key.name, given) and section in (MODEL, LABELS):
            continue
        value = given.get(key.name)
        if key.name == "thresholds":
            yield from _thresholds(value or {}, indent)
        elif value is None:
            yield from _absent(section, key, indent)
        else:
            yield from _entry(key.name, key.check, value, indent)


def _entry(name: str, check: Check[Any], value: Any, indent: str, note: str = "") -> Lines:
    """A key with its value: a section, a mapping of them, or what is written in one line."""
    section, entries = _below(check)
    if section is not None and not isinstance(value, Mapping) and _says_more(section):
        value = {"from": value}  # the short form, with the defaults of the long one
    head = f"{indent}{_plain(name)}:"
    if section is not None and isinstance(value, Mapping):
        yield head + note
        yield from _section(section, value, indent + "  ")
    elif entries is not None and isinstance(value, Mapping) and _nests(entries):
        yield head + note
        for one, inner in value.items():
            yield from _entry(one, entries, inner, indent + "  ")
    else:
        yield f"{head} {_plain(_masked(name, value))}{note}"


def _below(check: Check[Any]) -> tuple[Section | None, Check[Any] | None]:
    """The section that a check is of, or what the values of its mapping are."""
    if isinstance(check, Section):
        return check, None
    shape = shape_of(check)
    if callable(shape):
        return _below(shape)
    if not isinstance(shape, Mapping):
        return None, None
    for one in (shape, *shape.get("anyOf", ())):
        if isinstance(one, Section):
            return one, None
        if isinstance(one, Mapping) and callable(one.get("additionalProperties")):
            return None, one["additionalProperties"]
    return None, None


def _nests(check: Check[Any]) -> bool:
    return _below(check)[0] is not None


def _says_more(section: Section) -> bool:
    """Whether there is a default that is a value, beside where the value is."""
    has_from = any(key.name == "from" for key in section.keys)
    return has_from and any(_default(section, key) is not _ABSENT for key in section.keys)


def _absent(section: Section, key: Key, indent: str) -> Lines:
    words = section.default_of(key)
    value = _default(section, key)
    below = _below(key.check)[0]
    if value is not _ABSENT:
        yield f"{indent}{key.name}: {_plain(value)}{_DEFAULT}"
    elif below is not None and _made(section, key) not in (None, _ABSENT) and words != "none":
        yield from _entry(key.name, below, {}, indent, _DEFAULT)
    elif words not in ("none", "required") and is_dataclass(section.make):
        yield f"{indent}# {key.name}: {words}"


def _default(section: Section, key: Key) -> Any:
    """The default as one would write it; `_ABSENT` where it is no value but a sentence."""
    words, made = section.default_of(key), _made(section, key)
    if words in ("none", "required") or made is None:
        return _ABSENT
    alone, listed = _read(words), _read(f"[{words}]")
    sentence = isinstance(alone, str) and " " in alone
    for candidate, possible in (
        (alone, not sentence),
        (listed, made is not _ABSENT or "," in words),
    ):
        if possible and _is(key, candidate, made):
            return candidate
    return _ABSENT


def _is(key: Key, candidate: Any, made: Any) -> bool:
    """Whether a value can be written so, and is what the section has without the key."""
    try:
        checked = key.check(candidate)
    except Wrong:
        return False
    return made is _ABSENT or checked == made or type(checked) is not type(made)


def _made(section: Section, key: Key) -> Any:
    """What the section has without the key."""
    for one in fields(section.make) if is_dataclass(section.make) else ():
        if one.name == key.name and one.default is not MISSING:
            return one.default
        if one.name == key.name and one.default_factory is not MISSING:
            return one.default_factory()
    return _ABSENT


def _thresholds(given: Mapping[str, Any], indent: str) -> Lines:
    yield f"{indent}thresholds:"
    for name, value in in_force(given).items():
        yield f"{indent}  {name}: {value:.10g}{'' if name in given else _DEFAULT}"


def _masked(name: str, value: Any) -> Any:
    if name in SECRET and isinstance(value, Mapping):
        return dict.fromkeys(value, MASKED)
    if isinstance(value, Mapping):
        return {key: _masked(str(key), one) for key, one in value.items()}
    if isinstance(value, list):
        return [_masked("", one) for one in value]
    return _PASSWORD.sub(MASKED, value) if isinstance(value, str) else value


def _read(words: str) -> Any:
    try:
        return yaml.safe_load(words)
    except yaml.YAMLError:
        return None


def _plain(value: Any) -> str:
    """In one line of YAML."""
    text = yaml.safe_dump(
        value, default_flow_style=True, width=float("inf"), sort_keys=False, allow_unicode=True
    )
    return text.removesuffix("...\n").strip()
