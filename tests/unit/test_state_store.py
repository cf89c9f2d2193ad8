"""What was committed is what is loaded; nothing that happens to the database stops a start."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from inference_exporter.errors import StateError
from inference_exporter.state import MemoryStore, Store
from inference_exporter.values.checksum import checksum
from sources_driver import unprivileged

NOW = 1_700_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def opened(folder: Path) -> Store:
    return Store.open(str(folder), NOW)


def committed(folder: Path, **values: bytes) -> None:
    store = opened(folder)
    assert store.commit(values)
    store.close()


def loaded(folder: Path) -> dict[str, bytes]:
    store = opened(folder)
    values = store.load()
    store.close()
    return values


def test_what_was_committed_is_loaded(folder: Path) -> None:
    committed(folder, a=b"1", b=b"\0\xff" * 1000)
    assert loaded(folder) == {"a": b"1", "b": b"\0\xff" * 1000}


def test_changes_add_up(folder: Path) -> None:
    store = opened(folder)
    assert store.commit({"a": b"1", "b": b"2", "c": b"3"})
    assert store.commit({"a": b"4"}, ["b", "never there"])
    assert store.commit({}, ["c"])
    assert store.commit({"c": b"5"}, ["c"])
    assert store.load() == {"a": b"4", "c": b"5"}
    store.close()
    assert loaded(folder) == {"a": b"4", "c": b"5"}


def test_the_database_is_for_our_eyes_only_and_its_size_is_known(folder: Path) -> None:
    store = opened(folder)
    store.commit({"a": b"x" * 100_000})
    assert stat.S_IMODE((folder / "state.sqlite").stat().st_mode) == 0o600
    assert store.size_bytes > 100_000
    assert store.persistent
    assert store.load_errors == 0
    store.close()


def test_a_second_process_is_refused_and_told_why(folder: Path) -> None:
    first = opened(folder)
    with pytest.raises(StateError, match=str(folder)) as caught:
        opened(folder)
    assert "another inference-exporter" in str(caught.value)
    first.close()
    opened(folder).close()


def emptied(database: Path) -> None:
    os.truncate(database, 0)


def garbage(database: Path) -> None:
    database.write_bytes(b"this is no database " * 1000)


def nuls(database: Path) -> None:
    database.write_bytes(bytes(8192))


def truncated(database: Path) -> None:
    os.truncate(database, 5000)


def damaged_inside(database: Path) -> None:
    data = bytearray(database.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    database.write_bytes(data)


def a_folder(database: Path) -> None:
    database.unlink()
    (database / "inside").mkdir(parents=True)


def of_another_program(database: Path) -> None:
    database.unlink()
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        emptied,
        garbage,
        nuls,
        truncated,
        damaged_inside,
        a_folder,
        of_another_program,
    ],
)
def test_an_unusable_database_is_moved_aside_and_the_start_goes_on(
    folder: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    committed(folder, **{f"key{number}": b"x" * 500 for number in range(100)})
    damage(folder / "state.sqlite")
    with caplog.at_level(logging.ERROR):
        store = opened(folder)
    assert store.load() == {}
    assert store.load_errors == 1
    assert store.persistent
    assert store.commit({"a": b"1"})
    store.close()
    assert (folder / f"state.sqlite.corrupt-{NOW:.0f}").exists()
    assert len(caplog.records) == 1
    assert loaded(folder) == {"a": b"1"}


def test_state_of_a_newer_version_is_refused_and_left_alone(folder: Path) -> None:
    committed(folder, a=b"1")
    with sqlite3.connect(folder / "state.sqlite") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    before = (folder / "state.sqlite").read_bytes()
    for _ in range(2):  # the refusal gives the folder back
        with pytest.raises(StateError, match=r"newer inference-exporter \(version 99 .* start the"):
            opened(folder)
    assert (folder / "state.sqlite").read_bytes() == before


def test_state_of_version_1_is_taken_up(folder: Path) -> None:
    folder.mkdir()
    with sqlite3.connect(folder / "state.sqlite") as connection:
        connection.execute(
            "CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
        )
        connection.execute("INSERT INTO state VALUES ('a', x'31'), ('b', x'32')")
        connection.execute("PRAGMA user_version=1")
        connection.execute(f"PRAGMA application_id={0x1EFE7A7E}")
    connection.close()
    store = opened(folder)
    assert store.load_errors == 0
    assert store.load() == {"a": b"1", "b": b"2"}
    assert store.commit({"b": b"3", "c": b"4"})
    store.close()
    assert loaded(folder) == {"a": b"1", "b": b"3", "c": b"4"}


DAMAGED_AT = 50


@pytest.mark.slow
@pytest.mark.parametrize("how", ["flipped", "cut"])
def test_what_is_damaged_anywhere_is_noticed_and_never_taken_for_what_was_written(
    folder: Path, how: str
) -> None:
    values = {f"key{number}": os.urandom(900) for number in range(100)}
    committed(folder, **values)
    database = folder / "state.sqlite"
    good, noticed = database.read_bytes(), 0
    for number in range(DAMAGED_AT):
        place = len(good) * (2 * number + 1) // (2 * DAMAGED_AT)
        bad = bytearray(good)
        bad[place] ^= 0x10
        database.write_bytes(bad if how == "flipped" else good[:place])
        store = opened(folder)
        found = store.load()
        assert found in (values, {}), place  # a byte that nobody uses, or everything is left out
        assert (store.load_errors == 1) == (not found)
        noticed += store.load_errors
        assert store.commit({"after": b"1"})
        store.close()
        shutil.rmtree(folder)
        folder.mkdir()
    assert noticed > DAMAGED_AT // 2


def test_a_row_of_another_stage_that_is_not_what_was_written_is_noticed(folder: Path) -> None:
    def rows(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS rows (number INTEGER, at REAL, crc INTEGER)")
        values = (7, 1.5)
        connection.execute("INSERT INTO rows VALUES (?, ?, ?)", (*values, checksum(*values)))
        connection.execute("INSERT INTO rows VALUES (8, 2.5, NULL)")  # of before there were any

    store = opened(folder)
    assert store.commit({"a": b"1"}, extra=rows)
    store.close()
    assert loaded(folder) == {"a": b"1"}
    with sqlite3.connect(folder / "state.sqlite") as connection:
        connection.execute("UPDATE rows SET at = 1.25 WHERE number = 7")
    connection.close()
    assert loaded(folder) == {}


def test_a_database_that_may_not_be_read_is_moved_aside(tmp_path: Path, folder: Path) -> None:
    committed(folder, a=b"1")
    shutil.chown(folder, "nobody") if os.geteuid() == 0 else None
    (folder / "state.sqlite").chmod(0)
    (folder / "lock").chmod(0o666)
    with unprivileged(tmp_path):
        store = opened(folder)
        assert store.load_errors == 1
        assert store.load() == {}
        assert store.commit({"b": b"2"})
        store.close()


def test_several_bad_databases_at_the_same_time_do_not_overwrite_each_other(folder: Path) -> None:
    for number in range(3):
        committed(folder, a=b"1")
        (folder / "state.sqlite").write_bytes(b"bad %d" % number * 100)
        opened(folder).close()
    assert len(list(folder.glob("*.corrupt-*"))) == 3


def test_a_torn_write_ahead_log_leaves_the_last_whole_commit(folder: Path) -> None:
    store = opened(folder)
    store.commit({"a": b"1"})
    store.commit({"a": b"2", "b": b"x" * 20_000})
    crashed = folder.with_name("crashed")
    shutil.copytree(folder, crashed)
    store.close()
    log = crashed / "state.sqlite-wal"
    os.truncate(log, log.stat().st_size - 3000)
    assert loaded(crashed) == {"a": b"1"}


def test_a_folder_that_cannot_be_made_leaves_a_store_that_does_not_persist(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = opened(tmp_path / "file" / "state")
    assert not store.persistent
    assert store.load() == {}
    assert not store.commit({"a": b"1"})
    assert store.size_bytes == 0
    store.close()


def test_a_read_only_folder_that_becomes_writable_gets_everything(
    tmp_path: Path, folder: Path
) -> None:
    folder.mkdir()
    folder.chmod(0o555)
    with unprivileged(tmp_path):
        store = opened(folder)
        assert not store.persistent
        assert not store.commit({"a": b"1", "b": b"2"})
        assert not store.commit({"a": b"3"}, ["b"])
    folder.chmod(0o777)
    with unprivileged(tmp_path):
        assert store.commit({"c": b"4"})
        assert store.load() == {"a": b"3", "c": b"4"}
        store.close()


def test_state_that_was_not_loaded_is_not_mixed_with_what_came_after(
    tmp_path: Path, folder: Path
) -> None:
    committed(folder, old=b"1")
    away = tmp_path / "away"
    folder.rename(away)
    folder.touch()  # in the way
    store = opened(folder)
    assert store.load() == {}
    assert not store.commit({"new": b"2"})
    folder.unlink()
    away.rename(folder)
    assert store.commit({"newer": b"3"})
    store.close()
    assert loaded(folder) == {"new": b"2", "newer": b"3"}


def test_a_database_removed_while_we_run_is_noticed(folder: Path) -> None:
    store = opened(folder)
    assert store.commit({"a": b"1"})
    shutil.rmtree(folder)
    assert not store.commit({"a": b"2"})
    assert not store.persistent
    store.close()


def test_other_tables_are_written_in_the_same_transaction(folder: Path) -> None:
    def make(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS truth (id TEXT)")
        connection.execute("INSERT INTO truth VALUES ('x')")

    def fail(connection: sqlite3.Connection) -> None:
        make(connection)
        raise sqlite3.IntegrityError("no")

    def count() -> int:
        rows: list[int] = []
        store.commit(
            {}, extra=lambda c: rows.append(c.execute("SELECT count(*) FROM truth").fetchone()[0])
        )
        return rows[0]

    store = opened(folder)
    assert store.commit({"a": b"1"}, extra=make)
    assert not store.commit({"a": b"2"}, extra=fail)
    assert count() == 1
    assert store.load() == {"a": b"2"}  # by the commit in `count`
    store.close()


def test_an_error_of_the_caller_rolls_back_and_is_raised(folder: Path) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        raise RuntimeError("a bug")

    store = opened(folder)
    store.commit({"a": b"1"})
    with pytest.raises(RuntimeError, match="a bug"):
        store.commit({"a": b"2"}, extra=fail)
    store.close()
    assert loaded(folder) == {"a": b"1"}


def test_trouble_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.INFO):
        store = opened(tmp_path / "file" / "state")
        for _ in range(10):
            store.commit({"a": b"1"})
    assert len(caplog.records) == 1
    store.close()


def test_the_memory_store_keeps_values_and_never_claims_to_persist() -> None:
    store = MemoryStore()
    seen: list[sqlite3.Connection] = []
    assert not store.persistent
    assert not store.commit({"a": b"1", "b": b"2"})
    assert not store.commit({"a": b"3"}, ["b"], extra=seen.append)
    assert store.load() == {"a": b"3"}
    assert len(seen) == 1
    assert store.size_bytes == store.load_errors == 0
    store.close()
