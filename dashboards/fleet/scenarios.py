"""Which deployments the fleet has, one namespace each, and what happens to them.

All of them are well at first, in trouble for a while, and then well again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Task = Literal["binary", "multiclass", "regression", "ranking"]

HOURS = 5
TROUBLE = (70, 190)  # minutes
MOMENTS = {"healthy": 68, "trouble": 188, "recovering": 285}
EVERY = 2  # minutes between two scrapes: rates over five still have two of them


@dataclass(frozen=True, slots=True)
class Scenario:
    """Models of one namespace.

    `drifting` inputs arrive 1.3 times too large in the trouble, `quality` is the share of their
    outcomes that are then turned round, and `failing` of slow and failed requests. `simulated`
    exporters are run; with `copies` each is there under so many names, with the same numbers.
    """

    namespace: str
    models: int = 1
    features: int = 8
    task: Task = "binary"
    drifting: int = 0
    simulated: int = 1
    copies: int = 1
    troubled: int = 1  # models in trouble
    rows: int = 60  # a minute, of each model and simulated exporter
    labels: bool = True
    stops: bool = False
    failing: bool = False
    quality: float = 0.0

    def names(self) -> list[str]:
        """Its models."""
        if self.models == 1:
            return [{"binary": "credit", "multiclass": "species", "regression": "price",
                     "ranking": "shelf"}[self.task]]  # fmt: skip
        return [f"model-{number:02d}" for number in range(1, self.models + 1)]


SCENARIOS = {
    one.namespace: one
    for one in (
        Scenario("one", drifting=1, simulated=2, quality=0.1),
        Scenario("twenty", models=20, features=5, drifting=2, troubled=3, rows=45),
        Scenario("wide", features=200, drifting=40),
        Scenario("fifty", drifting=1, simulated=2, copies=25, rows=40),
        Scenario("classes", task="multiclass", drifting=2, quality=0.25),
        Scenario("numbers", task="regression", drifting=1, quality=0.5),
        Scenario("ranks", task="ranking", drifting=1, quality=0.3),
        Scenario("unlabelled", drifting=1, labels=False),
        Scenario("silent", stops=True),
        Scenario("failing", simulated=3, failing=True),
    )
}
