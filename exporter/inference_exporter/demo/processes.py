"""Child processes: started with a log file each, looked after, ended by pid in a fixed order."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inference_exporter.demo.server import HOST
from inference_exporter.errors import InferenceExporterError

_PATIENCE = 15.0  # seconds a child has to end by itself


class ChildDiedError(InferenceExporterError):
    """A child ended although nobody asked it to; the text has its last words."""


@dataclass(slots=True)
class Child:
    """A running program and where its output goes. `may_end`: ending with 0 is no mishap."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    may_end: bool = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def check(self) -> None:
        """Raise if it has died."""
        code = self.process.poll()
        if code is None or (code == 0 and self.may_end):
            return
        how = f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code}"
        words = last_lines(self.log)
        said = f"Its last lines, in {self.log}:\n{words}" if words else f"{self.log} is empty."
        raise ChildDiedError(f"{self.name} {how}. {said}")

    def stop(self) -> str:
        """Ask it to end, wait, insist; says how that went."""
        if self.process.poll() is not None:
            return "had ended"
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return f"did not end within {_PATIENCE:g} s and was killed"
        return "ended"


class Children:
    """The children of the demo, in the order in which they are ended."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    def __iter__(self) -> Iterator[Child]:
        return iter(self._children)

    def start(self, name: str, command: Sequence[str], *, may_end: bool = False) -> Child:
        """Start a program with its output in a file.

        It gets a session of its own: Ctrl-C on the terminal is then ours alone, and we decide who
        ends when.
        """
        log = self._logs / f"{name.replace(' ', '-')}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(name, process, log, may_end)
        self._children.append(child)
        return child

    def check(self) -> None:
        """Raise if one has died."""
        for child in self._children:
            child.check()

    def stop(self, names: Sequence[str]) -> Iterator[tuple[Child, str]]:
        """End these children one after the other; yields each with how it went."""
        for name in names:
            for child in [one for one in self._children if one.name == name]:
                self._children.remove(child)
                yield child, child.stop()


def last_lines(file: Path, count: int = 15) -> str:
    """The end of a text file, indented."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-count:])


def free_port(wanted: int) -> int:
    """The port, or any free one if it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise InferenceExporterError(f"no free port on {HOST}: end what is listening there")
