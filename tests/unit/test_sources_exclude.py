"""Files that match `logs` and `exclude` are not read, whatever becomes of their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_exporter import config
from inference_exporter.sources import FileSource
from sources_driver import Driver, write


def following(folder: Path, *exclude: str) -> Driver:
    pattern = str(folder / "*" / "*.log")
    return Driver(FileSource([pattern], start_at="beginning", exclude=exclude))


@pytest.mark.parametrize(
    "exclude", ["*-debug.log", "b-*.log", "FOLDER/x/b-debug.log", "FOLDER/?/b*"]
)
def test_an_excluded_file_is_as_good_as_not_there(tmp_path: Path, exclude: str) -> None:
    (tmp_path / "x").mkdir()
    write(tmp_path / "x" / "a.log", "a\n")
    write(tmp_path / "x" / "b-debug.log", "b\n")
    driver = following(tmp_path, exclude.replace("FOLDER", str(tmp_path)))
    assert driver.poll() == ["a"]
    assert driver.facts.files_watched == 1


def test_a_pattern_of_a_path_does_not_cross_folders(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    write(tmp_path / "x" / "a.log", "a\n")
    assert following(tmp_path, f"{tmp_path}/*.log").poll() == ["a"]


def test_a_file_that_takes_an_excluded_name_is_read_to_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    write(folder / "a.log", "1\n")
    driver = following(tmp_path, "old-*")
    assert driver.poll() == ["1"]
    with (folder / "a.log").open("ab") as file:
        (folder / "a.log").rename(folder / "old-a.log")
        file.write(b"2\n")
    write(folder / "a.log", "3\n")
    assert sorted(driver.poll()) == ["2", "3"]
    assert driver.poll() == []


def test_exclude_starts_at_the_folder_of_the_configuration_if_it_is_a_path() -> None:
    text = "models: {m: {logs: 'x/*.log', exclude: ['*.tmp', x/b.log]}}"
    (model,) = config.parse(text, "/etc/exporter/config.yaml").models
    assert model.exclude == ("*.tmp", "/etc/exporter/x/b.log")
