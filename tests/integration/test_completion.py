"""Completion as the shells do it: words typed into a real bash, zsh and fish, and the tab key."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inference_exporter.cli import main, new_parser
from inference_exporter.cli.completion import SHELLS, following

PATIENCE = 30.0  # seconds, on a busy machine
SETUP = {
    "bash": "source {script}",
    "zsh": "autoload -Uz compinit; compinit -u -D; source {script}",
}
COMMAND = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
TYPED = (
    ("inference-exporter onc", "inference-exporter once"),
    ("inference-exporter reference bui", "inference-exporter reference build"),
    ("inference-exporter once --form", "inference-exporter once --format="),
    ("inference-exporter once --format=open", "inference-exporter once --format=openmetrics"),
    ("inference-exporter check --config.file=my-co", "--config.file=my-config.yaml"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my-config.yaml").touch()
    (tmp_path / "inference-exporter").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m inference_exporter "$@"\n', encoding="utf-8"
    )
    (tmp_path / "inference-exporter").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("TERM", "dumb")
    return tmp_path


def script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", shell]) == 0
    path = folder / f"completion.{shell}"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, command: list[str]) -> None:
        pid, self._fd = pty.fork()
        if pid == 0:
            os.execvp(command[0], command)
        self._pid = pid

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def until(self, wanted: str) -> str:
        """What is shown, up to and with what is waited for."""
        shown, end = "", time.monotonic() + PATIENCE
        while wanted not in shown and time.monotonic() < end:
            if select.select([self._fd], [], [], 0.1)[0]:
                read = os.read(self._fd, 4096).decode(errors="replace")
                shown += read.replace("\a", "")  # the bell, where several words are possible
        return shown

    def close(self) -> None:
        os.close(self._fd)
        os.waitpid(self._pid, 0)


@pytest.mark.server
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_tab_key_completes(
    shell: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    terminal = Terminal(COMMAND[shell])
    try:
        terminal.type(f"PS1='> '; {SETUP[shell].format(script=script(shell, folder, capsys))}\n")
        terminal.type("echo re''ady\n")
        assert "ready" in terminal.until("ready")
        for typed, wanted in TYPED:
            terminal.type(f"{typed}\t")
            shown = terminal.until(wanted)
            assert wanted in shown, shown
            terminal.type("\x15")  # Ctrl-U: an empty line again
    finally:
        terminal.close()


@pytest.mark.server
@pytest.mark.skipif(not shutil.which("fish"), reason="no fish here")
def test_fish_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = script("fish", folder, capsys)
    for typed, wanted in TYPED:
        asked = subprocess.run(
            ["fish", "--no-config", "-c", f"source {path}; complete -C '{typed}'"],
            capture_output=True, text=True, check=True, env={**os.environ, "HOME": str(folder)},
        )  # fmt: skip
        assert any(wanted.endswith(line.split("\t")[0]) for line in asked.stdout.splitlines()), (
            typed,
            asked,
        )


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_each_shell_is_installed(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    assert f"completion {shell} --words" in capsys.readouterr().out


def words(*given: str) -> list[str]:
    return [word for word, _ in following(new_parser(), given)]


def test_what_may_follow_is_what_the_parsers_understand() -> None:
    assert set(words("")) >= {"run", "once", "status", "reference"}
    assert words("reference", "") == ["build", "diff", "merge", "show"]
    assert words("completion", "") == ["bash", "zsh", "fish"]
    assert words("once", "--format", "") == ["text", "openmetrics"]
    assert words("once", "--format=t") == ["--format=text"]
    assert words("--version", "on") == ["once"]
    assert words("run", "--web.created") == ["--web.created-series"]
    assert words("decisions", "--model", "run", "--fo") == ["--format="]
    assert "--words" not in words("completion", "--")


def test_where_nothing_is_known_the_shell_offers_files() -> None:
    assert words("init", "pre") == words("run", "--config.file=") == words("nonsense", "x") == []
