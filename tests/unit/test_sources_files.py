"""Reading files that are not rotated: start, partial lines, odd bytes, discovery, limits."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from inference_exporter.sources import FileSource
from sources_driver import Driver, joined, lines, write


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pred.jsonl"


def reading(*patterns: Path | str, **options: int) -> Driver:
    return Driver(FileSource([str(p) for p in patterns], start_at="beginning", **options))  # type: ignore[arg-type]


def from_end(*patterns: Path | str) -> Driver:
    return Driver(FileSource([str(p) for p in patterns], start_at="end"))


def test_a_file_read_from_its_end_yields_only_what_is_new(log: Path) -> None:
    write(log, joined(lines(1, 3)))
    driver = from_end(log)
    assert driver.poll() == []
    write(log, "new\n")
    assert driver.poll() == ["new"]


def test_a_file_read_from_its_end_yields_the_line_being_written_whole(log: Path) -> None:
    write(log, "old\nbeing wri")
    driver = from_end(log)
    assert driver.poll() == []
    write(log, "tten\n")
    assert driver.poll() == ["being written"]


def test_a_file_read_from_its_end_inside_an_endless_line_skips_the_rest_of_it(log: Path) -> None:
    write(log, b"x" * 5000)
    driver = Driver(FileSource([str(log)], start_at="end", line_bytes=1000))
    assert driver.poll() == []
    write(log, "the rest\nnew\n")
    assert driver.poll() == ["new"]


def test_a_file_read_from_its_beginning_yields_everything(log: Path) -> None:
    write(log, joined(lines(1, 3)))
    assert reading(log).poll() == lines(1, 3)


def test_files_that_appear_later_are_read_from_their_beginning(log: Path) -> None:
    driver = from_end(log)
    assert driver.poll() == []
    write(log, joined(lines(1, 2)))
    assert driver.poll() == lines(1, 2)


def test_an_empty_file_that_is_there_at_the_start_is_read_when_it_fills(log: Path) -> None:
    write(log, "")
    driver = from_end(log)
    assert driver.poll() == []
    write(log, "first\n")
    assert driver.poll() == ["first"]


def test_a_line_written_in_pieces_is_yielded_once_and_whole(log: Path) -> None:
    driver = reading(log)
    for piece in ("a", "b", "c"):
        write(log, piece)
        assert driver.poll() == []
    write(log, "d\n")
    assert driver.poll() == ["abcd"]


@pytest.mark.parametrize("block_bytes", [1, 2, 3, 7, 16, 64, 4096])
def test_lines_do_not_depend_on_the_block_size(log: Path, block_bytes: int) -> None:
    write(log, joined(lines(1, 20)))
    assert reading(log, block_bytes=block_bytes).poll() == lines(1, 20)


def test_bytes_pass_through_untouched(log: Path) -> None:
    data = b"\xef\xbb\xbfbom\ncarriage\r\n\rlone\n\n\xff\xfe invalid\nin\0side\n"
    write(log, data)
    source = FileSource([str(log)], start_at="beginning")
    assert b"".join(block.data for block in source.poll(1.0, 1.0)) == data


def test_a_file_of_empty_lines_yields_empty_lines(log: Path) -> None:
    write(log, "\n\n\n")
    assert reading(log).poll() == ["", "", ""]


def test_utf_8_cut_at_the_edge_of_a_block_comes_out_whole(log: Path) -> None:
    write(log, "ä" * 50 + "\n" + "🙂" * 50 + "\n")
    assert reading(log, block_bytes=33).poll() == ["ä" * 50, "🙂" * 50]


def test_lines_over_the_limit_are_counted_and_their_neighbours_survive(log: Path) -> None:
    write(log, b"before\n" + b"x" * 1001 + b"\n" + b"y" * 1000 + b"\nafter\n")
    driver = reading(log, line_bytes=1000)
    assert driver.poll() == ["before", "y" * 1000, "after"]
    assert driver.facts.too_long == 1


def test_a_hundred_megabytes_without_a_newline_do_not_fill_the_memory(log: Path) -> None:
    with log.open("wb") as file:
        file.write(b"before\n")
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b"\nafter\n")
    driver = reading(log)
    tracemalloc.start()
    found = [line for _ in range(20) for line in driver.poll()]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == ["before", "after"]
    assert peak < 8 << 20


def test_a_turn_reads_no_more_than_its_budget_and_says_that_it_is_behind(log: Path) -> None:
    write(log, joined(lines(1, 5000)))
    driver = reading(log, block_bytes=1000, turn_bytes=10_000)
    first = driver.poll()
    assert 9_000 < len(joined(first)) <= 11_000
    assert driver.facts.catching_up
    assert driver.facts.lag_bytes == log.stat().st_size - 10_000
    assert not driver.source.idle()
    rest = [line for _ in range(30) for line in driver.poll()]
    assert first + rest == lines(1, 5000)
    assert driver.facts.lag_bytes == 0
    assert driver.source.idle()


def test_a_hot_file_does_not_starve_the_others(tmp_path: Path) -> None:
    write(tmp_path / "hot.log", joined(lines(1, 50_000)))
    for number in range(20):
        write(tmp_path / f"quiet{number}.log", f"quiet {number}\n")
    driver = reading(tmp_path / "*.log", block_bytes=1000, turn_bytes=40_000)
    quiet = [line for line in driver.poll() if line.startswith("quiet")]
    assert len(quiet) == 20


def test_an_abandoned_turn_goes_on_behind_the_last_block(log: Path) -> None:
    write(log, joined(lines(1, 100)))
    source = FileSource([str(log)], start_at="beginning", block_bytes=100)
    turn = source.poll(1.0, 1.0)
    first = next(turn).data
    del turn
    checkpoint = source.checkpoint()
    rest = b"".join(block.data for block in source.poll(2.0, 2.0))
    assert first + rest == joined(lines(1, 100)).encode()
    again = FileSource([str(log)], start_at="beginning")
    again.restore(checkpoint)
    assert b"".join(block.data for block in again.poll(3.0, 3.0)) == rest


def test_the_last_line_without_a_newline_is_a_line_when_we_finish(log: Path) -> None:
    write(log, "whole\nhalf")
    driver = reading(log)
    assert driver.poll() == ["whole"]
    assert driver.finish() == ["half"]
    assert driver.source.take_facts().partials_flushed == 1


def test_wildcards_in_folders_and_names_are_followed(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "pred-1.jsonl", f"{folder}\n")
        write(tmp_path / folder / "other.txt", "not this\n")
    driver = reading(tmp_path / "*" / "pred*.jsonl")
    assert sorted(driver.poll()) == ["a", "b"]
    (tmp_path / "c").mkdir()
    write(tmp_path / "c" / "pred-9.jsonl", "c\n")
    assert driver.poll() == ["c"]


def test_a_relative_pattern_starts_at_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "pred.jsonl", "here\n")
    assert reading("pred.jsonl").poll() == ["here"]


@pytest.mark.parametrize("name", ["a,b.log", "журнал.log", "with space.log", "pred[1].log"])
def test_odd_names_are_read(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "x\n")
    assert reading(tmp_path / name).poll() == ["x"]


def test_folders_and_pipes_that_match_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "folder.log").mkdir()
    os.mkfifo(tmp_path / "pipe.log")
    write(tmp_path / "file.log", "x\n")
    driver = reading(tmp_path / "*.log")
    assert driver.poll() == ["x"]
    assert driver.facts.files_watched == 1
    assert driver.facts.files_unreadable == 0


def test_hidden_files_need_a_dot_in_the_pattern(tmp_path: Path) -> None:
    write(tmp_path / ".hidden.log", "hidden\n")
    assert reading(tmp_path / "*.log").poll() == []
    assert reading(tmp_path / ".h*.log").poll() == ["hidden"]


def test_a_file_with_two_names_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "once\n")
    (tmp_path / "b.log").hardlink_to(tmp_path / "a.log")
    driver = reading(tmp_path / "*.log", tmp_path / "a.*")
    assert driver.poll() == ["once"]
    write(tmp_path / "b.log", "more\n")
    assert driver.poll() == ["more"]
    assert driver.facts.rotated == 0


def test_a_folder_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    driver = reading(tmp_path / "later" / "pred.jsonl")
    assert driver.poll() == []
    assert list(driver.facts.waiting_for) == [f"{tmp_path}/later/"]
    (tmp_path / "later").mkdir()
    write(tmp_path / "later" / "pred.jsonl", "x\n")
    assert driver.poll() == ["x"]
    assert list(driver.facts.waiting_for) == []
    assert driver.facts.up


def test_new_logs_that_begin_alike_are_all_read(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.log", "the same header\n")
    driver = reading(tmp_path / "*.log")
    assert driver.poll() == ["the same header"] * 5
    for number in range(5):
        write(tmp_path / f"{number}.log", f"own line {number}\n")
    assert sorted(driver.poll()) == [f"own line {number}" for number in range(5)]


def test_more_files_than_may_be_open_are_all_read(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number:03}.log" for number in range(60)]
    for path in paths:
        write(path, f"{path.name} 1\n")
    driver = reading(tmp_path / "*.log", max_open_files=10)
    assert sorted(driver.poll()) == [f"{path.name} 1" for path in paths]
    assert driver.facts.files_open <= 11
    for path in paths:
        write(path, f"{path.name} 2\n")
    assert sorted(driver.poll()) == [f"{path.name} 2" for path in paths]
    assert driver.facts.files_open <= 11
    assert driver.facts.rotated == 0


def test_idle_files_give_their_descriptors_back_and_wake_up(log: Path) -> None:
    write(log, "one\n")
    driver = reading(log)
    driver.poll()
    driver.poll(400.0)
    assert driver.facts.files_open == 0
    assert driver.poll() == []
    write(log, "two\n")
    assert driver.poll() == ["two"]
    assert driver.facts.files_open == 1


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(20):
        write(tmp_path / f"{number}.log", "x\n")
    driver = reading(tmp_path / "*.log")
    for number in range(20):
        driver.poll()
        (tmp_path / f"{number}.log").unlink()
    driver.poll(1.0)
    driver.poll(31.0)
    driver.poll(31.0)
    assert driver.facts.files_open == 0
    driver.source.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_five_hundred_idle_files_cost_few_system_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(500):
        write(tmp_path / f"{number}.log", "x\n")
    driver = reading(tmp_path / "*.log")
    for _ in range(4):
        driver.poll()
    calls = dict.fromkeys(("stat", "pread", "open", "scandir", "fstat"), 0)

    def counted(name: str) -> None:
        real = getattr(os, name)

        def call(*args: object, **kwargs: object) -> object:
            calls[name] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(os, name, call)

    for name in calls:
        counted(name)
    for _ in range(40):  # ten seconds
        driver.poll(0.25)
    assert calls["stat"] <= 10 * 505
    assert calls["pread"] <= 10 * 505
    assert calls["scandir"] <= 10
    assert calls["open"] == 0
    assert calls["fstat"] <= 500
