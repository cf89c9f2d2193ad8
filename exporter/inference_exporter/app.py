"""The sidecar: a loop in the calling thread, a web server beside it. Signals, reload, stop."""

from __future__ import annotations

import logging
import signal
import threading
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import FrameType

from inference_exporter import reference
from inference_exporter._native import DECODER, WHY_NOT
from inference_exporter.assembly import (
    calm_memory,
    forget_the_past,
    load_all,
    make_label_source,
    make_model,
    make_source,
    new_telemetry,
)
from inference_exporter.clock import Clock, SystemClock
from inference_exporter.config.schema import Config, ModelConfig
from inference_exporter.errors import ConfigError, InferenceExporterError, Problem
from inference_exporter.exposition import webconfig
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.server import WebServer
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.model import LateLabels
from inference_exporter.receivers import Receivers
from inference_exporter.record import Journal
from inference_exporter.senders import Outgoing
from inference_exporter.sources import Source
from inference_exporter.state import Store
from inference_exporter.truth import Inbox, receive
from inference_exporter.values.events import RELOAD, Event, reference_event
from inference_exporter.values.profile import Reference

log = logging.getLogger("inference_exporter")

RELOAD_TIMEOUT = 30.0  # seconds an HTTP reload waits for the loop to come round
_ATTENTION = 0.25  # seconds until a signal or a wish for a reload is noticed
_ME = "inference_exporter_"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says about the sidecar."""

    config_file: str
    storage_path: str = "data"
    listen: str = ":9469"
    private: str | None = None
    telemetry_path: str = "/metrics"
    web_config_file: str | None = None
    max_requests: int = 40
    created_series: bool = False


class Application:
    """The sidecar: a pipeline in the calling thread, a web server beside it."""

    def __init__(self, options: Options, clock: Clock | None = None) -> None:
        self.options = options
        self._clock = clock or SystemClock()
        self._published = Published()
        self._telemetry = new_telemetry()
        self._stopping = False
        self._reload = _ReloadRequest()
        self._inbox = Inbox()
        self._receivers = Receivers(options.storage_path, self._clock.now)
        web_config = webconfig.load(options.web_config_file) if options.web_config_file else None
        self._users = frozenset(web_config.users) if web_config else frozenset[str]()
        config, references = self._load()
        self.config = config
        self._store = Store.open(options.storage_path, self._clock.now())
        self._receivers.configure(config.models)
        self._journal = Journal(Path(options.storage_path), config.record)
        self._outgoing = Outgoing()
        self._outgoing.configure(config.traces, config.events)
        self.pipeline = self._make_pipeline(config, references, {})
        self.pipeline.restore()
        self._note_reload(successful=True)
        self.server = WebServer(
            self._published,
            listen=options.listen,
            private=options.private,
            telemetry_path=options.telemetry_path,
            web_config=web_config,
            is_ready=self._is_ready,
            request_reload=self._request_reload,
            max_requests=options.max_requests,
            receive_labels=partial(receive, self._inbox),
            receivers=self._receivers.routes(),
            senders=lambda: self.config.receivers.users,
        )

    def _load(self) -> tuple[Config, dict[str, Reference | None]]:
        """The configuration file, whose senders must be users of the web server."""
        config, references = load_all(self.options.config_file)
        unknown = [name for name in config.receivers.users if name not in self._users]
        if unknown:
            known = ", ".join(sorted(self._users)) or "none; see --web.config.file"
            text = f"{unknown[0]} is no user of the web server; users are {known}"
            raise ConfigError([Problem(config.path, "receivers.users", text)])
        return config, references

    def run(self) -> None:
        """Serve and follow the logs until SIGTERM or SIGINT."""
        self._handle_signals()
        try:
            url = self.server.start()
            log.info("JSON lines are read by the %s decoder%s", DECODER, WHY_NOT and f": {WHY_NOT}")
            log.info("listening on %s, state in %s", url, self.options.storage_path)
            calm_memory()
            self._loop()
            self.pipeline.commit()
            log.info("stopped: everything read is committed")
        finally:
            self.server.close()
            self._receivers.close()
            self._outgoing.close()
            self.pipeline.close()
            self._store.close()

    def stop(self) -> None:
        """Let the loop end after its present turn."""
        self._stopping = True

    def _loop(self) -> None:
        while not self._stopping:
            read = self.pipeline.turn()
            if self._reload.pending:
                self._reload.pending = False  # first: one asked for meanwhile is another one
                self._reload.answer(self.reload())
            if not read:
                self._pause(self.config.poll_interval)

    def _pause(self, seconds: float) -> None:
        """Wait for the next look, or until somebody wants something."""
        until = self._clock.monotonic() + seconds
        while not self._stopping and not self._reload.pending:
            left = until - self._clock.monotonic()
            if left <= 0:
                return
            self._clock.sleep(min(left, _ATTENTION))

    # -- reload ---------------------------------------------------------------------------------

    def reload(self) -> tuple[bool, str]:
        """Put the configuration file in force; the old one stays if the new one is wrong."""
        try:
            config, references = self._load()
        except InferenceExporterError as error:
            self._telemetry.set(f"{_ME}config_last_reload_successful", value=0.0)
            log.error("configuration not reloaded, the old one stays in force:\n%s", error)
            self.pipeline.commit()
            return False, f"configuration not reloaded, the old one stays in force:\n{error}\n"
        self.pipeline.commit()
        self._receivers.configure(config.models)
        self._outgoing.configure(config.traces, config.events)
        self._journal.config = config.record
        old = {feed.model.config.name: feed for feed in self.pipeline.feeds}
        pipeline = self._make_pipeline(config, references, old)
        pipeline.restore(telemetry=False)
        self._note_reload(successful=True)
        pipeline.turn()  # before it takes over: ready without a break
        kept = {id(one) for feed in pipeline.feeds for one in (feed.source, feed.labels)}
        for feed in self.pipeline.feeds:
            for one in (feed.source, feed.labels):
                if one is not None and id(one) not in kept:
                    one.close()
        self.config, self.pipeline = config, pipeline
        forget_the_past()
        log.info("configuration reloaded")
        self._tell_of_reload(old)
        return True, "configuration reloaded\n"

    def _tell_of_reload(self, old: dict[str, Feed]) -> None:
        """Events: the reload, and models whose reference is another one."""
        if self._outgoing.events is None:
            return
        _, teller = self._outgoing.events
        now = self._clock.now()
        fields = {"digest": self.config.digest}
        teller.tell(Event(RELOAD, now, "", "configuration reloaded", fields))
        for feed in self.pipeline.feeds:
            before = old[feed.name].model.reference if feed.name in old else ""
            if before != (after := feed.model.reference):
                teller.tell(reference_event(feed.name, now, before, after))

    def _make_pipeline(
        self, config: Config, references: dict[str, Reference | None], old: dict[str, Feed]
    ) -> Pipeline:
        feeds = []
        for model in config.models:
            source, resumed = self._source(config, model, old)
            one = make_model(
                model,
                references[model.name],
                created_series=self.options.created_series,
                traces=self._outgoing.traces,
                events=self._outgoing.events,
            )
            before = old[model.name].model.part(LateLabels) if model.name in old else None
            late = one.part(LateLabels)
            if before is not None and late is not None:
                late.resume(before)
            feed = Feed(one, source, resumed=resumed)
            feed.labels, feed.labels_resumed = self._label_source(config, model, old)
            feeds.append(feed)
        return Pipeline(
            feeds,
            store=self._store,
            publish=self._published.publish,
            telemetry=self._telemetry,
            clock=self._clock,
            commit_interval=config.commit_interval,
            on_frozen=self._save_frozen,
            note=self._note,
            inbox=self._inbox,
            journal=self._journal,
            stopping=lambda: self._stopping,
        )

    def _source(
        self, config: Config, model: ModelConfig, old: dict[str, Feed]
    ) -> tuple[Source, bool]:
        """The source already open if it reads the same logs in the same way, else a new one.

        Without state that lasts, the only honest start is the end of the files: reading them
        again after every restart would count history again (tailing: counters over restarts).
        """
        before = old.get(model.name)
        if before is not None and _reads_alike(self.config, before.model.config, config, model):
            return before.source, True
        lasting = self._store.persistent and not self._store.load_errors
        if not lasting and model.start_at == "beginning":
            log.warning("%s: no lasting state, so reading starts at the end", model.name)
        start = model.start_at if lasting else "end"
        if not model.logs:
            start = "beginning"  # what was received and acknowledged is never left out
        return make_source(config, model, start, storage=self.options.storage_path), False

    def _label_source(
        self, config: Config, model: ModelConfig, old: dict[str, Feed]
    ) -> tuple[Source | None, bool]:
        """The same for the log of labels."""
        before = old.get(model.name)
        if before is not None and before.labels is not None and model.labels is not None:
            then, logs = before.model.config, before.model.config.labels
            assert logs is not None
            if _reads_alike(self.config, replace(then, logs=logs.logs),
                            config, replace(model, logs=model.labels.logs)):  # fmt: skip
                return before.labels, True
        lasting = self._store.persistent and not self._store.load_errors
        return make_label_source(config, model, model.start_at if lasting else "end"), False

    def _save_frozen(self, profile: Reference) -> None:
        path = Path(self.options.storage_path) / "references" / f"{profile.model}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            reference.save(profile, str(path))
            log.info("%s: warm-up reference of %d rows in %s", profile.model, profile.rows, path)
        except OSError as error:
            log.warning("warm-up reference is in force but not saved as a file: %s", error)

    def _note_reload(self, *, successful: bool) -> None:
        tell = self._telemetry
        tell.set(f"{_ME}config_last_reload_successful", value=float(successful))
        now = self._clock.now()
        tell.set(f"{_ME}config_last_reload_success_timestamp_seconds", value=now)

    # -- what other threads and signals ask -----------------------------------------------------

    def _is_ready(self) -> tuple[bool, str]:
        if not self.pipeline.first_sweep_done:
            return False, "the first look at the logs is not done"
        return True, "ready"

    def _request_reload(self) -> tuple[bool, str]:
        return self._reload.ask(RELOAD_TIMEOUT)

    def _note(self, telemetry: Telemetry) -> None:
        """Facts of the other threads, before each commit."""
        for (model, result), records in self._receivers.take_counts().items():
            telemetry.inc(f"{_ME}received_records_total", model, result, by=records)
        for model, size in self._receivers.sizes().items():
            telemetry.set(f"{_ME}received_bytes", model, value=size)
        if self._store.persistent:
            self._receivers.tidy(self.pipeline.read_files())
        for (family, *labels), count in self._outgoing.take_counts():
            telemetry.inc(f"{_ME}{family}", *labels, by=count)
        for (route, code), requests in self.server.take_requests().items():
            telemetry.inc(f"{_ME}http_requests_total", route, str(code), by=requests)

    def _handle_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self.stop()

        def reload(_signal: int, _frame: FrameType | None) -> None:
            self._reload.pending = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGHUP, reload)


class _ReloadRequest:
    """A wish for a reload from another thread or a signal, answered by the loop."""

    def __init__(self) -> None:
        self.pending = False
        self._one_at_a_time = threading.Lock()
        self._answered = threading.Event()
        self._result = (False, "")

    def ask(self, timeout: float) -> tuple[bool, str]:
        """Ask and wait for the result."""
        with self._one_at_a_time:
            self._answered.clear()
            self.pending = True
            if not self._answered.wait(timeout):
                return False, f"the reload was not done within {timeout:g} s\n"
            return self._result

    def answer(self, result: tuple[bool, str]) -> None:
        """Give the result to whoever asked."""
        self._result = result
        self._answered.set()


def _reads_alike(
    config: Config, model: ModelConfig, new_config: Config, new_model: ModelConfig
) -> bool:
    def reading(of: Config, one: ModelConfig) -> tuple[object, ...]:
        limits, where = (
            one.limits,
            (one.logs, one.source, one.path_pattern, one.receive, one.exclude),
        )
        return (*where, limits.line_bytes, limits.open_files, of.rotate_grace)

    return reading(config, model) == reading(new_config, new_model)
