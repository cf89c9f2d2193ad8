"""Weights & Biases: a run for each version in production, by its own SDK.

The package `wandb` is not installed with the exporter. Without a server, `mode="offline"` keeps
runs in files that `wandb sync` uploads later (https://docs.wandb.ai/ref/python/).
"""

from __future__ import annotations

from typing import Any

from inference_exporter.errors import UsageError
from inference_exporter.trackers.measures import Measured
from inference_exporter.trackers.tracker import TrackerError, key_of, public


class WandbTracker:
    """Writes to one project. `source` is the page that the values are from.

    Raises
    ------
    UsageError
        The package is not installed.
    """

    name = "Weights & Biases"

    def __init__(self, project: str, source: str, *, offline: bool = False) -> None:
        try:
            import wandb
        except ImportError as error:
            raise UsageError(
                "the package wandb is not installed: pip install wandb, beside the exporter"
            ) from error
        self._wandb: Any = wandb  # its types change with its versions
        self._project, self._source, self._offline = project, public(source), offline
        self._runs: dict[tuple[str, str], Any] = {}

    def write(self, one: Measured, moment: float) -> str:
        """See `Tracker.write`: the values, at that time, in the version's run."""
        version = one.model, one.version
        try:
            run = self._runs.get(version) or self._run(one)
            self._runs[version] = run
            run.log({**one.values, "production_time": moment})
        except Exception as error:  # of many kinds
            self._runs.pop(version, None)
            raise TrackerError(f"{self.name}: {error}") from error
        return f"run {run.id}" + (f" in {run.dir}" if self._offline else "")

    def close(self) -> None:
        """See `Tracker.close`: what is left is uploaded."""
        for run in self._runs.values():
            run.finish()

    def _run(self, one: Measured) -> Any:
        return self._wandb.init(
            project=self._project,
            id=key_of(self._source, one),
            name=f"production: {one.model} {one.version}".rstrip(),
            group=one.model,
            job_type="production",
            config={
                "model": one.model, "version": one.version, "model_uri": one.uri,
                "page": self._source,
            },
            resume="allow",  # the same run again after a restart
            reinit="create_new",  # one for each version, side by side
            mode="offline" if self._offline else "online",
        )  # fmt: skip
