"""A model and where its lines come from."""

from __future__ import annotations

from dataclasses import dataclass

from inference_exporter.model import Model
from inference_exporter.sources import Source


@dataclass(slots=True)
class Feed:
    """A model with the logs of its predictions and of its labels.

    `resumed` and `labels_resumed`: the source goes on from before a reload.
    """

    model: Model
    source: Source
    dirty: bool = False  # something was counted since the last commit
    resumed: bool = False
    labels: Source | None = None  # the log of labels that come later
    labels_resumed: bool = False

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.config.name
