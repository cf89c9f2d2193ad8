"""A process that is killed, and a disk that is full: subprocesses do the suffering."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from inference_exporter.state import Store

SOURCE_ROOT = str(Path(__file__).parents[2] / "exporter")

COMMITS_FOR_EVER = """
import sys
from inference_exporter.state import Store
store = Store.open(sys.argv[1], 1.0)
number = 0
while True:
    number += 1
    value = b"%d" % number
    assert store.commit({"a": value, "b": value * 1000, "c": value})
    print(number, flush=True)
"""

DISK_FILLS_UP = """
import resource, sys
from inference_exporter.state import Store
store = Store.open(sys.argv[1], 1.0)
assert store.commit({"a": b"1"})
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
assert not store.commit({"big": b"x" * 200_000})
assert not store.persistent
assert not store.commit({"a": b"2", "small": b"y"})
assert not store.commit({"a": b"3"})
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert store.commit({"after": b"4"})
assert store.persistent
store.close()
store = Store.open(sys.argv[1], 1.0)
values = store.load()
assert values == {"a": b"3", "small": b"y", "after": b"4", "big": b"x" * 200_000}, values.keys()
store.close()
"""

NO_ROOM_AT_THE_START = """
import resource, sys
from inference_exporter.state import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
store = Store.open(sys.argv[1], 1.0)
print(sorted(store.load()), store.load_errors, store.commit({"new": b"2"}))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(store.commit({}), sorted(store.load()))
store.close()
"""


def command(program: str, folder: Path) -> list[str]:
    bootstrap = f"import sys; sys.path.insert(0, {SOURCE_ROOT!r})\n"
    return [sys.executable, "-c", bootstrap + program, str(folder)]


def run(program: str, folder: Path) -> str:
    done = subprocess.run(
        command(program, folder), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_killed_process_leaves_its_last_commit(tmp_path: Path) -> None:
    for kill_after in (1, 7, 40):
        folder = tmp_path / str(kill_after)
        with subprocess.Popen(command(COMMITS_FOR_EVER, folder), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(kill_after):
                confirmed = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            confirmed = max([confirmed, *map(int, process.stdout.read().split())])
        store = Store.open(str(folder), 2.0)
        values = store.load()
        assert store.load_errors == 0
        store.close()
        number = int(values["a"])
        assert number >= confirmed
        assert values["b"] == values["a"] * 1000
        assert values["c"] == values["a"]


def test_a_full_disk_is_survived_and_nothing_is_forgotten(tmp_path: Path) -> None:
    run(DISK_FILLS_UP, tmp_path / "state")


def test_state_is_read_where_there_is_no_room_to_write(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "state"), 1.0)
    store.commit({"old": b"1"})
    store.close()
    first, second = run(NO_ROOM_AT_THE_START, tmp_path / "state").splitlines()
    assert first == "['old'] 0 False"
    assert second == "True ['new', 'old']"


def test_a_new_folder_on_a_full_disk_does_not_stop_the_start(tmp_path: Path) -> None:
    first, second = run(NO_ROOM_AT_THE_START, tmp_path / "state").splitlines()
    assert first == "[] 0 False"
    assert second == "True ['new']"
