"""Which files of a folder are logs, and how a configuration names those that come later too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_NO_LOGS = re.compile(r"[._].*|README.*|.*\.(md|rst|parquet|yaml|yml|toml|py|html|crc|tmp|lock)")
_DATED = re.compile(r"/(?:\w+=)?\d{4}(?:[/-](?:\w+=)?\d\d){1,3}(?:/|[^/]*$)|\.gz$")
_ENDPOINT = re.compile(r"([^/]+)/[^/]+/\d{4}/\d\d/\d\d/\d\d/[^/]+$")


@dataclass(frozen=True, slots=True)
class Logs:
    """How a configuration names logs; `batch`: they are complete when they appear."""

    paths: tuple[str, ...]
    batch: bool = False
    notes: tuple[str, ...] = ()


def files_in(folder: str) -> list[str]:
    """Files that may be logs, however deep, by name."""
    found = (one for one in Path(folder).rglob("*") if one.is_file())
    return sorted(str(one) for one in found if not _NO_LOGS.fullmatch(one.name))


def named(folder: str, files: Sequence[str]) -> Logs:
    """Names for all files of a folder: by patterns where more of them will come.

    >>> named("in", ["in/2026/11/20/a.jsonl", "in/2026/11/21/b.jsonl"])
    Logs(paths=('in/**/*.jsonl',), batch=True, notes=())
    >>> named("in", ["in/a-1.log", "in/a-2.log"]), named("in", ["in/x/a.log", "in/y/b.csv"]).batch
    (Logs(paths=('in/*.log',), batch=False, notes=()), False)
    """
    root = folder.rstrip("/")
    ends = dict.fromkeys(_end(path) for path in files)
    flat = all("/" not in path[len(root) + 1 :] for path in files)
    dated = any(_DATED.search(path[len(root) :]) for path in files)
    if len(files) < 2 or "" in ends or not (flat or dated):
        return Logs(tuple(files))
    packed = all(end.endswith(".gz") for end in ends)
    middle = "/" if flat else "/**/"
    paths = tuple(f"{root}{middle}*{end}" for end in ends)
    # Files beside each other may be those of rotation, which grow: they are followed
    return Logs(paths, batch=packed or not flat, notes=tuple(_endpoints(files)))


def _end(path: str) -> str:
    """The end of a name that tells its kind: `.jsonl`, `.jsonl.gz`."""
    return "".join(Path(path).suffixes[-2:] if path.endswith(".gz") else Path(path).suffixes[-1:])


def _endpoints(files: Sequence[str]) -> list[str]:
    """Files of several endpoints of SageMaker, which are several models."""
    found = sorted({match[1] for path in files if (match := _ENDPOINT.search(path))})
    if len(found) < 2:
        return []
    return [f"files of several endpoints ({', '.join(found)}): run init for the folder of each"]
