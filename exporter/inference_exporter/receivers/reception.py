"""Receivers at work: bodies parsed, written by one thread for many at once, then answered."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from inference_exporter.config.schema import ModelConfig
from inference_exporter.exposition.posts import Post, Reply, Take
from inference_exporter.receivers.records import RefusedPost
from inference_exporter.receivers.spool import Spool, SpoolFullError, folder_of
from inference_exporter.receivers.table import RECEIVERS, Receiver

log = logging.getLogger("inference_exporter.receivers")

WAITING = 10_000  # bodies that wait to be written
_AT_ONCE = 1000  # bodies written together
_RETRY = 5  # seconds
_EVERY = 60.0  # seconds between two complaints about a disk

RESULTS = ("accepted", "repeated", "refused", "full", "failed")


@dataclass(slots=True)
class _Job:
    lines: Mapping[str, list[bytes]]  # by model
    reply: Reply
    answer: Future[Reply] = field(default_factory=Future)


class Receivers:
    """All routes of one exporter.

    `now` gives the time of arrival, epoch seconds. Counts are taken by the loop's thread; bodies
    come from those of the web server.
    """

    def __init__(self, storage: str, now: Callable[[], float]) -> None:
        self._storage, self._now = storage, now
        self._spools: dict[str, Spool] = {}
        self._models: dict[str, frozenset[str]] = {}  # by what is received
        self._counts: Counter[tuple[str, str]] = Counter()
        self._said: dict[str, float] = {}  # when it was last said of a model
        self._lock = threading.Lock()
        self._jobs: queue.Queue[_Job | None] = queue.Queue(WAITING)
        self._writer: threading.Thread | None = None

    def configure(self, models: Iterable[ModelConfig]) -> None:
        """Which models are received where, from now on; opens their spools."""
        wanted = {
            name: frozenset(m.name for m in models if name in m.receive) for name in RECEIVERS
        }
        with self._lock:
            self._models = {name: found for name, found in wanted.items() if found}
            for model in frozenset().union(*self._models.values()):
                self._open(model)
        if self._models and self._writer is None:
            self._writer = threading.Thread(target=self._write, name="receivers", daemon=True)
            self._writer.start()

    def _open(self, model: str) -> None:
        if model in self._spools:
            return
        try:
            self._spools[model] = Spool(folder_of(self._storage, model))
        except OSError as error:
            log.error("%s: nothing can be received: %s", model, error)

    def routes(self) -> dict[str, Take]:
        """What takes the posts to each path that some model asks for."""
        return {
            receiver.path: partial(self.take, name, receiver)
            for name, receiver in RECEIVERS.items()
        }

    # -- threads of the web server --------------------------------------------------------------

    def take(self, name: str, receiver: Receiver, post: Post) -> Future[Reply]:
        """Parse a body and have it written; the answer comes when it is on disk."""
        models = self._models.get(name)
        if not models:
            return _at_once(_said(404, f"no model is received here; add receive: [{name}] to one"))
        try:
            lines, count = self._lines(receiver, post, models)
        except RefusedPost as refused:
            self._count("refused", 1, models)
            return _at_once(_said(refused.status, refused.text))
        job = _Job(lines, receiver.accepted(post, count))
        if not count:
            return _at_once(job.reply)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self._count("full", count, lines)
            return _at_once(_said(429, "too much waits to be written", _RETRY))
        return job.answer

    def _lines(
        self, receiver: Receiver, post: Post, models: frozenset[str]
    ) -> tuple[dict[str, list[bytes]], int]:
        """The lines of a body by model, and how many: each record is forgotten for its line."""
        lines: dict[str, list[bytes]] = {}
        now = self._now()
        for record in receiver.records(post, models):
            lines.setdefault(record.model, []).append(record.line(now))
        return lines, sum(map(len, lines.values()))

    def _count(self, result: str, number: int, models: Iterable[str]) -> None:
        with self._lock:
            for model in models:
                self._counts[model, result] += number

    # -- the writing thread ---------------------------------------------------------------------

    def _write(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs = [job]
            while len(jobs) < _AT_ONCE and not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    self._jobs.put(None)
                    break
                jobs.append(more)
            self._write_jobs(jobs)

    def _write_jobs(self, jobs: list[_Job]) -> None:
        """Write what several bodies hold with one look at the disk for each model."""
        failed: dict[int, Reply] = {}
        for model in dict.fromkeys(model for job in jobs for model in job.lines):
            own = [job for job in jobs if model in job.lines]
            reply = self._write_model(model, own)
            failed |= {id(job): reply for job in own} if reply else {}
        for job in jobs:
            job.answer.set_result(failed.get(id(job), job.reply))

    def _write_model(self, model: str, jobs: list[_Job]) -> Reply | None:
        """Write the lines of one model; the answer if that cannot be done."""
        lines = [line for job in jobs for line in job.lines[model]]
        spool = self._spools.get(model)
        if spool is None:
            self._count("failed", len(lines), (model,))
            return _said(503, "the storage folder cannot be written", _RETRY)
        fresh = spool.fresh(lines)
        try:
            if fresh:
                spool.write(fresh)
        except SpoolFullError:
            self._count("full", len(lines), (model,))
            return _said(429, "more waits to be read than may be kept", _RETRY)
        except OSError as error:
            self._count("failed", len(lines), (model,))
            self._complain(model, error)
            return _said(503, "the storage folder cannot be written", _RETRY)
        self._count("accepted", len(fresh), (model,))
        self._count("repeated", len(lines) - len(fresh), (model,))
        return None

    def _complain(self, model: str, error: OSError) -> None:
        """Say it, but not for every post."""
        now = self._now()
        if not 0 <= now - self._said.get(model, -_EVERY) < _EVERY:
            self._said[model] = now
            log.error("%s: what was received cannot be written: %s", model, error)

    # -- the loop's thread ----------------------------------------------------------------------

    def take_counts(self) -> dict[tuple[str, str], int]:
        """Records by model and result since the last call."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return dict(taken)

    def sizes(self) -> dict[str, float]:
        """Bytes of received lines on disk, by model."""
        return {model: float(spool.size) for model, spool in self._spools.items()}

    def tidy(self, read: Iterable[tuple[str, int]]) -> None:
        """Delete segments that are read and committed; `read` is (path, bytes) as of now."""
        offsets = list(read)
        for spool in self._spools.values():
            spool.tidy(offsets)

    def close(self) -> None:
        """Write what waits, and end."""
        if self._writer is not None:
            self._jobs.put(None)
            self._writer.join(10)
        for spool in self._spools.values():
            spool.close()


def _at_once(reply: Reply) -> Future[Reply]:
    answer: Future[Reply] = Future()
    answer.set_result(reply)
    return answer


def _said(status: int, text: str, retry_after: int = 0) -> Reply:
    return Reply(status, json.dumps({"error": text}).encode(), retry_after=retry_after)
