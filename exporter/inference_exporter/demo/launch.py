"""Starts the programs of the demo one after the other, each once the one before it answers."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable

from inference_exporter.demo import prometheus, watch
from inference_exporter.demo.console import Console
from inference_exporter.demo.folder import WorkFolder
from inference_exporter.demo.processes import ChildDiedError, Children, free_port, last_lines
from inference_exporter.demo.server import HOST

_EXPORTER_PORT, _SERVER_PORT, _PROMETHEUS_PORT, _ALERTMANAGER_PORT = 9469, 9470, 9090, 9093
_START_PATIENCE = 30.0  # seconds a child has to answer
_LOOK_EVERY = 0.25  # seconds between two looks at whether it does
TRAFFIC, SERVER, EXPORTER = "traffic", "model server", "exporter"
PROMETHEUS, ALERTMANAGER = "prometheus", "alertmanager"
STOP_ORDER = (TRAFFIC, SERVER, EXPORTER, PROMETHEUS, ALERTMANAGER)


class Launcher:
    """Starts the children; `look` raises when there is a reason not to go on.

    `server`, `exporter`, `prometheus` and its page of `alerts` are addresses, empty for what was
    not started.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        folder: WorkFolder,
        children: Children,
        console: Console,
        look: Callable[[], None],
    ) -> None:
        self._options, self._folder, self._children = options, folder, children
        self._console, self._look = console, look
        self.server = self.exporter = self.prometheus = self.alerts = ""
        self.alerts_soon = False  # rules run fast enough to be waited for

    def build_reference(self) -> None:
        """Let the command make a profile, as a user would."""
        folder = self._folder
        command = ["reference", "build", str(folder.reference_csv)]
        command += [f"--config.file={folder.config}", f"--output={folder.reference}"]
        self._console.say(f"    inference-exporter {' '.join(command)}")
        log = folder.logs / "reference-build.log"
        with log.open("wb") as output:
            done = subprocess.run(
                _python("inference_exporter", *command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
            )
        if done.returncode != 0:
            words = last_lines(log)
            raise ChildDiedError(f"reference build ended with {done.returncode}:\n{words}")
        self._console.say(last_lines(log, 1))

    def start(self) -> None:
        """All of it; the applicants come last, when everybody is watching."""
        self._start_server()
        self._start_exporter()
        if self._options.prometheus:
            self._start_prometheus()
        self._start_traffic()

    def _start_server(self) -> None:
        port, folder = free_port(_SERVER_PORT), self._folder
        self.server = f"http://{HOST}:{port}"
        self._console.step(
            f"The model server at {self.server}/predict, log in {folder.predictions.name}"
        )
        command = _python(
            "inference_exporter.demo.server",
            f"--model={folder.model}",
            f"--log={folder.predictions}",
            f"--log-bytes={self._options.log_bytes}",
            f"--port={port}",
        )
        self._children.start(SERVER, command)
        self._wait_for(f"{self.server}/health", SERVER)

    def _start_exporter(self) -> None:
        port, folder = free_port(_EXPORTER_PORT), self._folder
        self.exporter = f"http://{HOST}:{port}"
        command = [
            "run",
            f"--config.file={folder.config}",
            f"--storage.path={folder.storage}",
            f"--web.listen-address={HOST}:{port}",
        ]
        self._console.step("The exporter beside it")
        self._console.say(f"    inference-exporter {' '.join(command)}")
        self._children.start(EXPORTER, _python("inference_exporter", *command))
        self._wait_for(f"{self.exporter}/-/ready", EXPORTER)

    def _start_prometheus(self) -> None:
        program = prometheus.find_program("prometheus")
        if program is None:
            self._console.step("Prometheus is not installed: the exporter's own page has to do")
            return
        folder, rules = self._folder, prometheus.find_rules()
        quicker = prometheus.quicker_rules(rules, folder.path / "rules") if rules else None
        alertmanager = self._start_alertmanager()
        config = folder.path / "prometheus.yml"
        exporter_port = int(self.exporter.rpartition(":")[2])
        text = prometheus.configuration(exporter_port, alertmanager, quicker or rules)
        config.write_text(text, encoding="utf-8")
        port = free_port(_PROMETHEUS_PORT)
        self.prometheus = f"http://{HOST}:{port}"
        judged = f"alert rules from {rules}" if rules else "no alert rules found"
        if quicker:
            judged += ", 20 times as fast: an hour is 3 minutes"
        self.alerts_soon = quicker is not None
        self._console.step(f"Prometheus at {self.prometheus}, {judged}")
        command = prometheus.prometheus_command(program, config, folder.prometheus, port)
        self._children.start(PROMETHEUS, command)
        self._wait_for(f"{self.prometheus}/-/ready", PROMETHEUS)
        # Debian's package has the classic pages only and sends /graph there, but not /alerts
        places = (f"{self.prometheus}/alerts", f"{self.prometheus}/classic/alerts")
        self.alerts = next(filter(watch.answers, places), places[0])

    def _start_alertmanager(self) -> int | None:
        program = prometheus.find_program("alertmanager", "prometheus-alertmanager")
        if program is None:
            return None
        folder, port = self._folder, free_port(_ALERTMANAGER_PORT)
        config = folder.path / "alertmanager.yml"
        config.write_text(prometheus.ALERTMANAGER_CONFIG, encoding="utf-8")
        self._console.step(f"Alertmanager at http://{HOST}:{port}")
        command = prometheus.alertmanager_command(program, config, folder.alertmanager, port)
        self._children.start(ALERTMANAGER, command)
        self._wait_for(f"http://{HOST}:{port}/-/ready", ALERTMANAGER)
        return port

    def _start_traffic(self) -> None:
        given = self._options
        limit = [] if given.requests is None else [f"--requests={given.requests}"]
        self._console.step(
            f"Applicants, {given.rate:g} a second, {given.labels:.0%} with their outcome"
        )
        command = _python(
            "inference_exporter.demo.traffic",
            f"--port={self.server.rpartition(':')[2]}",
            f"--rate={given.rate}",
            f"--drift-after={given.drift_after}",
            f"--label-share={given.labels}",
            *limit,
        )
        self._children.start(TRAFFIC, command, may_end=given.requests is not None)

    def _wait_for(self, url: str, name: str) -> None:
        """Wait until a child answers."""
        deadline = time.monotonic() + _START_PATIENCE
        while not watch.answers(url):
            self._look()
            if time.monotonic() > deadline:
                words = last_lines(self._folder.logs / f"{name.replace(' ', '-')}.log")
                raise ChildDiedError(f"{name} does not answer at {url}. Its last lines:\n{words}")
            time.sleep(_LOOK_EVERY)


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
