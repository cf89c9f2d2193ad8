"""A reference from the first predictions: collected, frozen, committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from inference_exporter.config.schema import ModelConfig, Warmup
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.reference import WarmupBuilder, dumps, loads
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Labels, Samples

_KEY = "warmup"


class WarmupPart(Part):
    """The warm-up of one model; over once there is a reference."""

    leftovers: ClassVar[tuple[str, ...]] = (_KEY,)

    def __init__(self, config: ModelConfig, wanted: Warmup, *, over: bool) -> None:
        self._config = config
        self._builder = None if over else WarmupBuilder(config)
        # Another number of rows is a new wish: it makes a new reference.
        self._frozen_key = f"reference/{wanted.rows}"
        self._unsaved: Reference | None = None  # not yet committed
        self._problems: list[str] = []

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        wanted = setting.config.reference
        if not isinstance(wanted, Warmup):
            return None
        return cls(setting.config, wanted, over=setting.reference is not None)

    @property
    def rows_until_reference(self) -> int:
        """See `Part.rows_until_reference`."""
        return self._builder.remaining if self._builder else 0

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`."""
        if self._builder is not None:
            self._builder.add(rows.batch, rows.times)

    def new_reference(self, now: float) -> Reference | None:
        """See `Part.new_reference`."""
        if self._builder is None or not self._builder.complete:
            return None
        self._unsaved = self._builder.build(now)
        self._builder = None
        return self._unsaved

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        remaining: dict[Labels, float] = {(self._config.name,): float(self.rows_until_reference)}
        yield cache.samples("inference_reference_warmup_remaining", remaining)

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        if self._builder is not None:
            return ({_KEY: self._builder.to_bytes()} if self._builder.changed else {}), set()
        puts = {} if self._unsaved is None else {self._frozen_key: dumps(self._unsaved)}
        self._unsaved = None
        return puts, {_KEY}

    def kept_reference(self, state: Mapping[str, bytes]) -> Reference | None:
        """See `Part.kept_reference`."""
        if self._builder is None:
            return None
        try:
            if self._frozen_key in state:
                reference = loads(state[self._frozen_key])
                self._builder = None
                return reference
            if _KEY in state:
                self._builder = WarmupBuilder.from_bytes(self._config, state[_KEY])
        except ValueError as error:
            self._problems.append(f"warm-up reference: {error}")
        return None

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        problems, self._problems = self._problems, []
        return problems
