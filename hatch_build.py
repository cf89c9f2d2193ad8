"""Compiles the reader of JSON lines while a wheel is built, where there is a compiler.

Without one, or with `INFERENCE_EXPORTER_BUILD=python`, the wheel is pure Python and does the same,
slower. Nothing but setuptools' own `build_ext` is used, so CC and CFLAGS work as they always do.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VARIABLE = "INFERENCE_EXPORTER_BUILD"
FOLDER = "inference_exporter/_native"
MODULE = "inference_exporter._native._columns"
FLAGS = ["-std=c11", "-O3", "-fvisibility=hidden", "-ffp-contract=off"]


class NativeHook(BuildHookInterface):  # type: ignore[type-arg]  # of settings it has none
    """Adds the compiled module to a wheel, or puts it into the source tree of an editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it makes a wheel."""
        if os.environ.get(VARIABLE) == "python":
            return
        sources = Path(self.root) / "exporter" / FOLDER
        built = Path(tempfile.mkdtemp(prefix="inference-exporter-"))
        try:
            module = compiled(sources, built)
        except Exception as error:  # whatever it is, there is a program without it
            self.app.display_warning(f"no compiled reader, the wheel is pure Python: {error}")
            return
        if version == "editable":
            shutil.copy2(module, sources)
        else:
            build_data["force_include"][str(module)] = f"{FOLDER}/{module.name}"
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def compiled(sources: Path, to: Path) -> Path:
    """Compile the module into a folder; its path. Raises what the compiler's errors raise."""
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    unix = os.name == "posix"
    extension = Extension(
        MODULE,
        sorted(map(str, sources.glob("*.c"))),
        define_macros=[("SOURCES", f'"{digest(sources)}"')],
        extra_compile_args=FLAGS if unix else ["/std:c11"],
    )
    command = build_ext(Distribution({"ext_modules": [extension]}))
    command.build_lib = command.build_temp = str(to)
    command.ensure_finalized()
    command.run()
    return Path(command.get_ext_fullpath(MODULE))


def digest(sources: Path) -> str:
    """Of all C in a folder: the module says from which it was made, and a test compares."""
    files = sorted([*sources.glob("*.c"), *sources.glob("*.h")])
    return hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()[:16]
