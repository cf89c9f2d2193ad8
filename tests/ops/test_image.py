"""The image: what its last stage holds, and what it says about itself."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from deploy.image import gather

import inference_exporter

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
LAST_STAGE = DOCKERFILE.rpartition("\nFROM ")[2]


def test_the_last_stage_holds_what_was_gathered_and_runs_nothing() -> None:
    assert LAST_STAGE.startswith("scratch\n")
    assert re.findall(r"^(?:COPY|ADD|RUN) .*", LAST_STAGE, re.M) == ["COPY --from=build /image /"]


def test_it_runs_as_a_number_and_is_stopped_and_watched() -> None:
    assert f"\nUSER {gather.USER}:{gather.USER}\n" in LAST_STAGE
    assert "\nSTOPSIGNAL SIGTERM\n" in LAST_STAGE
    assert "\nHEALTHCHECK " in LAST_STAGE
    assert "/-/healthy" in LAST_STAGE


def test_nothing_of_the_program_is_left_out() -> None:
    package = Path(inference_exporter.__file__).parent
    folders = [package, *(one for one in package.rglob("*") if one.is_dir())]
    named = {one: [path.name for path in one.iterdir()] for one in folders}
    gone = {
        name
        for folder, names in named.items()
        if "__pycache__" not in folder.parts
        for name in gather.UNUSED(str(folder), names)
    }
    assert {name for name in gone if not name.endswith((".h", ".pyi"))} <= {"__pycache__"}


def test_tests_and_installers_are_left_out() -> None:
    names = ["pip", "pip-24.0.dist-info", "setuptools", "tests", "numpy", "pipeline.py", "_pip.py"]
    gone = gather.UNUSED("/", names)
    assert gone == {"pip", "pip-24.0.dist-info", "setuptools", "tests"}


def test_a_program_comes_with_its_libraries_under_all_their_names(tmp_path: Path) -> None:
    python = Path(sys.executable).resolve()
    libraries = list(gather.needed([python], outside=tmp_path / "nothing"))
    assert any(path.name.startswith("libc.so") for path in libraries)
    for path in libraries:
        gather.with_links(path, tmp_path)
        there = tmp_path / (path.parent.resolve() / path.name).relative_to("/")
        assert there.is_symlink() or there.stat().st_size == path.stat().st_size
