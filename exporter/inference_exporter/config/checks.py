"""The machinery of the validator: a check takes a raw value and returns the good one, or raises
`Wrong` with everything that is wrong below it, keys relative to the value.

Checks are plain functions, so they compose: `list_of(duration())` is a check again. `Section` is
the check of a mapping with known keys, and at the same time what the documentation of those keys
is rendered from.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")
Check = Callable[[object], T]


class Wrong(Exception):
    """A value is not what was expected; `found` holds (relative key, message) pairs."""

    def __init__(self, *found: tuple[str, str]) -> None:
        super().__init__(found)
        self.found = found


def wrong(message: str, key: str = "") -> Wrong:
    """One thing wrong with a value, or with what is under `key` in it."""
    return Wrong((key, message))


def expected(what: str, value: object) -> Wrong:
    """The commonest complaint.

    >>> expected("a number", "many").found
    (('', "expected a number, got 'many'"),)
    """
    return wrong(f"expected {what}, got {show(value)}")


def show(value: object) -> str:
    """A value as it is quoted in a message: short, and containers by their kind only."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def join(key: str, below: str) -> str:
    """Join two parts of a key path.

    >>> join("models", "credit"), join("logs", "[0]"), join("", "models"), join("models", "")
    ('models.credit', 'logs[0]', 'models', 'models')
    """
    return f"{key}.{below}" if key and below and not below.startswith("[") else key + below


def closest(name: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or the list of what is known when nothing is close."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}"


Shape = Any
"""What a check takes, as JSON schema in which a check or a section stands for its own shape."""

_SHAPES: dict[Check[Any], Shape] = {}


def shaped(shape: Shape) -> Callable[[Check[T]], Check[T]]:
    """Say what a check takes, for the schema that editors use; what it alone knows is left out."""

    def noted(check: Check[T]) -> Check[T]:
        _SHAPES[check] = shape
        return check

    return noted


def shape_of(check: Check[Any]) -> Shape:
    """What was said of it; KeyError where nothing was."""
    return _SHAPES[check]


class Findings:
    """What is wrong with the parts of a value, so that one problem does not hide others."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []

    def take(self, key: str, check: Check[T], value: object) -> T | None:
        """The checked part, or None after noting what is wrong with it."""
        try:
            return check(value)
        except Wrong as error:
            self._found.extend((join(key, below), message) for below, message in error.found)
            return None

    def add(self, key: str, message: str) -> None:
        """Note a problem found by other means."""
        self._found.append((key, message))

    def raise_any(self) -> None:
        """Raise everything noted, if anything was."""
        if self._found:
            raise Wrong(*self._found)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section: its check, and what the documentation says about it.

    `default` is shown as given; None means the default of the dataclass field of the same name.
    """

    name: str
    check: Check[Any]
    type: str
    meaning: str
    example: str = ""
    required: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with known keys that becomes a `make`."""

    title: str
    make: Callable[..., Any]
    keys: tuple[Key, ...]
    intro: str = ""

    def __call__(self, value: object) -> Any:
        """Check the mapping and build its value."""
        findings = Findings()
        values = self.read(value, findings)
        findings.raise_any()
        return self.make(**values)

    def read(self, value: object, findings: Findings) -> dict[str, Any]:
        """The good values by key; what is wrong goes to `findings`.

        A key without a value (`logs:`) is as good as absent.
        """
        if not isinstance(value, Mapping):
            findings.add("", f"expected a mapping with keys, got {show(value)}")
            return {}
        known = {key.name: key for key in self.keys}
        for name in value:
            if name not in known:
                findings.add(str(name), f"unknown key; {closest(str(name), known)}")
        given = {name: value[name] for name in known if value.get(name) is not None}
        for key in self.keys:
            if key.required and key.name not in given:
                findings.add(key.name, f"missing; expected {key.type}")
        checked = {name: findings.take(name, known[name].check, raw) for name, raw in given.items()}
        return {name: good for name, good in checked.items() if good is not None}

    def default_of(self, key: Key) -> str:
        """The default of a key as the documentation shows it."""
        if key.default is not None or key.required:
            return key.default or "required"
        for field in fields(self.make) if is_dataclass(self.make) else ():
            if field.name == key.name and field.default is not MISSING:
                return _plain(field.default)
        return "none"


def _plain(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ", ".join(_plain(entry) for entry in value) or "none"
    return str(getattr(value, "name", value))
