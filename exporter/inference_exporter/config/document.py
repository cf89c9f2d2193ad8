"""A file of YAML read into plain values, strictly: duplicate keys are errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from inference_exporter.config.checks import Wrong, join, wrong


def read(path: str) -> str:
    """The text of the file."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise wrong("no such file") from error
    except IsADirectoryError as error:
        raise wrong("expected a file, this is a folder") from error
    except UnicodeDecodeError as error:
        raise wrong(f"expected UTF-8 text: {error.reason} at byte {error.start}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise wrong(f"cannot be read: {reason}") from error


def values(text: str) -> object:
    """The document as dicts, lists and scalars."""
    try:
        return _constructed(text)
    except yaml.MarkedYAMLError as error:
        raise wrong(_syntax(error)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise wrong(f"not YAML: {str(error).splitlines()[0]}") from error


def _constructed(text: str) -> object:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise wrong("the file is empty; expected a mapping with the key models")
        duplicates = list(_duplicates(node, "", set()))
        if duplicates:
            raise Wrong(*duplicates)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _syntax(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = error.problem or "cannot be read"
    context = f"{error.context}, " if error.context and problem.startswith("but ") else ""
    return f"not YAML: {where}{context}{problem}"


def _duplicates(node: yaml.Node, key: str, seen: set[int]) -> Iterator[tuple[str, str]]:
    """Keys that a mapping has twice; YAML would let the last one win in silence."""
    if id(node) in seen:  # an alias, perhaps of a node around it
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for i, entry in enumerate(node.value):
            yield from _duplicates(entry, f"{key}[{i}]", seen)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for name, entry in node.value:
            label = str(name.value) if isinstance(name, yaml.ScalarNode) else "?"
            line = name.start_mark.line + 1
            if label in first and isinstance(name, yaml.ScalarNode) and label != "<<":
                yield join(key, label), f"is there twice, in lines {first[label]} and {line}"
            first.setdefault(label, line)
            yield from _duplicates(entry, join(key, label), seen)
