"""Bytes in, whole lines out. Which sources there are; adding one is one file and one line here."""

from __future__ import annotations

from inference_exporter.sources.base import Block, FileStatus, Source, SourceFacts
from inference_exporter.sources.batch import BatchSource
from inference_exporter.sources.files import FileSource
from inference_exporter.sources.located import Located
from inference_exporter.sources.stdin import StdinSource

SOURCES: dict[str, type[Source]] = {
    "files": FileSource,
    "batch": BatchSource,
    "stdin": StdinSource,
}

__all__ = [
    "SOURCES",
    "BatchSource",
    "Block",
    "FileSource",
    "FileStatus",
    "Located",
    "Source",
    "SourceFacts",
    "StdinSource",
]
