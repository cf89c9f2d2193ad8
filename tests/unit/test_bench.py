"""The benchmark suite runs, and its numbers are what they say; it is not for measuring here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from bench import page
from bench.result import Result, Table, Target

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> str:
    command = [sys.executable, "-m", "bench", *arguments]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.slow
def test_every_shape_of_log_is_read_in_full() -> None:
    output = bench("--quick", "--only", "shapes")  # fails where a count is wrong
    assert "tensors of 32 rows" in output


def test_every_measurement_is_listed_with_what_it_measures() -> None:
    lines = bench("--list").splitlines()
    assert [line.split()[0] for line in lines] == [
        "throughput", "shapes", "follow", "idle", "start", "scrape", "commit", "freshness",
        "labels", "evaluation", "segments", "season", "rules", "dashboards", "fleet", "client",
        "receivers", "traced",
    ]  # fmt: skip
    assert all(line.endswith((".", "same log.")) for line in lines)


@pytest.mark.slow
def test_a_part_of_the_suite_prints_a_table_and_leaves_the_page_alone() -> None:
    page = ROOT / "docs" / "benchmarks.md"
    before = page.read_bytes() if page.exists() else None
    output = bench("--quick", "--only", "commit")
    assert "1h (60 panes)" in output
    assert "nothing written" in output
    assert (page.read_bytes() if page.exists() else None) == before


def test_what_is_measured_alone_leaves_the_rest_of_the_page_as_it_was() -> None:
    def result(name: str, value: str, met: bool = True) -> Result:
        targets = (Target(f"speed of {name}", "1", value, met),)
        table = Table(("what", "speed"), ((name, value),))
        return Result(name, f"About {name}", "How.\n", "1 run", (table,), targets)

    old = page.render([result("a", "1.0"), result("b", "2.0")], {"cores": "2"})
    assert page.merged(old, [result("b", "2.0")]) == old
    new = page.merged(old, [result("b", "0.5", met=False), result("c", "3.0")])
    expected = [result("a", "1.0"), result("b", "0.5", met=False), result("c", "3.0")]
    assert new == page.render(expected, {"cores": "2"})


@pytest.mark.slow
def test_the_labels_that_are_measured_are_all_joined() -> None:
    output = bench("--quick", "--only", "labels")  # fails where one is not
    assert "with over without" in output


@pytest.mark.slow
def test_what_the_logger_of_the_client_is_measured_to_write_is_there() -> None:
    output = bench("--quick", "--only", "client")  # fails where a line is missing
    assert "15 µs at the caller's side" in output


@pytest.mark.server
def test_mtail_the_bare_loop_and_once_count_the_same_lines() -> None:
    output = bench("--quick", "--only", "throughput")  # fails where a count is wrong
    assert "against mtail" in output


def test_peak_memory_of_a_child_does_not_contain_that_of_its_parent() -> None:
    large = "import sys; sys.path.insert(0, '.'); ballast = b'x' * 200_000_000; "
    code = large + (
        "import tempfile, pathlib; from bench import child; "
        "print(child.run(['/bin/true'], pathlib.Path(tempfile.mkdtemp()))[1].peak_bytes)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(answer.stdout) < 50_000_000
