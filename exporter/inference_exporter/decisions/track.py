"""What is remembered of one model version and window: counts not yet decided on, and the states."""

from __future__ import annotations

import zlib

import msgspec
import numpy as np

from inference_exporter.accumulators.cell_table import Cells
from inference_exporter.decisions.between import LAG, Between
from inference_exporter.decisions.dependence import BLOCKS, ROWS
from inference_exporter.decisions.hours import Expected
from inference_exporter.decisions.memory import Memory
from inference_exporter.decisions.points import Masses
from inference_exporter.decisions.states import FOUND, States
from inference_exporter.decisions.subjects import Subjects
from inference_exporter.decisions.wander import Wander
from inference_exporter.values.batch import Bools, Floats

NEVER = -(2**60)


class _Counts(msgspec.Struct, array_like=True):
    identity: str
    cells: bytes
    table: bytes = b""  # all cells of the features; none in states of the version before
    table_identity: str = ""
    entities: tuple[float, float] = (0.0, 0.0)
    expected: bytes = b""  # by stretch; none without a season


class _Track(msgspec.Struct, array_like=True):
    identity: str
    decided: int
    drifted: bytes
    enough: bytes
    calm: list[int]
    memory: bytes
    design: bytes
    windows: bytes = b""  # sums between windows; none in states of the version before
    past: bytes = b""
    masses: bytes = b""
    why: bytes = b""  # too few rows, wanders, new hours
    wander: tuple[int, bytes] = (0, b"")  # number of windows; they and the differences
    mixes: tuple[bytes, bytes] = (b"", b"")  # shares of the hours of the windows of both
    found: bytes = b""  # less of it in states of earlier versions


class Track:
    """One version and window: `waiting` counts by window number, states, memory of the traffic."""

    def __init__(self, subjects: Subjects, cells: Cells) -> None:
        self._subjects, self._cells = subjects, cells
        self.tables: dict[int, Floats] = {}  # (T, M) of waiting windows
        self.entities: dict[int, Floats] = {}  # rows, and the sum of squares of rows by entity
        self.expected: dict[int, Floats] = {}  # (BLOCKS, width + hours) of waiting windows
        self.masses = Masses.fresh(cells.shape[0])
        self.waiting: dict[int, Floats] = {}
        self.decided = NEVER  # number of the last window decided on
        self.states = States.fresh(subjects.size)
        features, most = subjects.known.shape
        self.memory = Memory.fresh(features, most, subjects.hours)
        self.design: Floats = np.ones(subjects.size)  # that explains the published critical values

    @property
    def judged(self) -> Bools:
        """Features whose stretches have ever said anything about the traffic."""
        known: Bools = self.memory.stretches[1] > 0
        return known

    def add(self, number: int, stretch: int, row: Floats, table: Floats) -> None:
        """Count a compact row in a stretch of a window, and all cells (T, M) of the features."""
        counts = self.waiting.get(number)
        if counts is None:
            counts = self.waiting[number] = np.zeros((BLOCKS, self._subjects.width))
        counts[stretch] += row
        if number in self.tables:
            self.tables[number] += table
        else:
            self.tables[number] = table.copy()

    def add_expected(self, number: int, stretch: int, row: Floats) -> None:
        """Count what the reference lets expect of rows in a stretch, and rows by hour."""
        kept = self.expected.get(number)
        if kept is None:
            kept = self.expected[number] = np.zeros((BLOCKS, len(row)))
        kept[stretch] += row

    def expected_of(self, number: int) -> Expected | None:
        """What the reference lets expect of a window; None without a season. It is taken out."""
        rows = self.expected.pop(number, None)
        if rows is None:
            return None
        return self._subjects.expectation(rows)

    def add_entities(self, number: int, sums: Floats) -> None:
        """Count rows of a window that name their entity: (rows, sum of their squares by entity)."""
        self.entities[number] = self.entities.get(number, np.zeros(2)) + sums

    def entities_of(self, number: int) -> float:
        """Rows of an entity as a row sees it: the design effect if its rows are all alike."""
        rows, squares = self.entities.pop(number, np.zeros(2)).tolist()
        return max(1.0, squares / rows) if rows else 1.0

    def silence(self) -> None:
        """A window without any rows."""
        self.states.silence()
        self.masses.silence()

    def masses_of(self, number: int) -> Floats:
        """Counts (T, M) of all cells of a window; they are taken out."""
        return self.tables.pop(number, np.zeros(self._cells.shape))

    def blocks(self, number: int) -> Floats | None:
        """Counts (features, stretches, cells) of a window that had rows; they are taken out."""
        counts = self.waiting.pop(number, None)
        if counts is None:
            return None
        return np.ascontiguousarray(self._subjects.table(counts).transpose(1, 0, 2))

    def encode_counts(self, number: int) -> bytes:
        """Counts of a window as bytes."""
        raw = zlib.compress(self.waiting[number].astype("<f8").tobytes(), 1)
        table = zlib.compress(self.tables[number].astype("<f4").tobytes(), 1)
        identity = self._subjects.identity
        rows, squares = self.entities.get(number, np.zeros(2)).tolist()
        expected = self.expected.get(number, np.zeros(0))
        packed = zlib.compress(expected.astype("<f4").tobytes(), 1) if expected.size else b""
        counts = _Counts(identity, raw, table, self._cells.identity, (rows, squares), packed)
        return msgspec.msgpack.encode(counts)

    def decode_counts(self, number: int, data: bytes) -> bool:
        """Take up counts; False if they are of other bins. ValueError if damaged."""
        try:
            stored = msgspec.msgpack.decode(data, type=_Counts)
            if stored.identity != self._subjects.identity:
                return False
            cells = np.frombuffer(zlib.decompress(stored.cells), dtype="<f8")
            self.waiting[number] = cells.reshape(BLOCKS, self._subjects.width).copy()
            self.tables[number] = self._table(stored)
            self.entities[number] = np.array(stored.entities)
            if stored.expected:
                rows = np.frombuffer(zlib.decompress(stored.expected), dtype="<f4")
                self.expected[number] = rows.reshape(BLOCKS, -1).astype(np.float64)
        except (msgspec.MsgspecError, zlib.error) as error:
            raise ValueError(f"damaged counts: {error}") from error
        return True

    def _table(self, stored: _Counts) -> Floats:
        if stored.table_identity != self._cells.identity:
            return np.zeros(self._cells.shape)
        raw = np.frombuffer(zlib.decompress(stored.table), dtype="<f4")
        return raw.reshape(self._cells.shape).astype(np.float64)

    def encode(self) -> bytes:
        """States and memory as bytes."""
        states, windows = self.states, self.memory.windows
        track = _Track(
            self._subjects.identity, self.decided, states.drifted.tobytes(),
            states.enough.tobytes(), states.calm.tolist(), self.memory.stretches.tobytes(),
            self.design.tobytes(), windows.sums.tobytes(), zlib.compress(windows.past.tobytes(), 1),
            self._masses(), np.stack((states.few, states.wanders, states.new_hours)).tobytes(),
            _wander_of(self.memory.wander),
            (windows.mixes.tobytes(), self.memory.wander.mixes.tobytes()),
            states.found.tobytes(),
        )  # fmt: skip
        return msgspec.msgpack.encode(track)

    def decode(self, data: bytes) -> bool:
        """Take up states and memory; False if they are of other bins. ValueError if damaged."""
        size = self._subjects.size
        try:
            stored = msgspec.msgpack.decode(data, type=_Track)
            if stored.identity != self._subjects.identity:
                return False
            drifted = np.frombuffer(stored.drifted, dtype=np.bool_).reshape(size)
            enough = np.frombuffer(stored.enough, dtype=np.bool_).reshape(size)
            calm = np.array(stored.calm, dtype=np.int64).reshape(size)
            stretches = np.frombuffer(stored.memory).reshape(ROWS, size)
            windows = self._windows(stored)
            masses = self._restored_masses(stored)
            wander = self._wander(stored)
            few, wanders, new_hours = self._why(stored, enough)
            found = np.frombuffer(stored.found.ljust(8 * len(FOUND) * size, b"\0"))
            found = found.reshape(len(FOUND), size)
            self.design = np.frombuffer(stored.design).reshape(size)
        except (msgspec.MsgspecError, ValueError, zlib.error) as error:
            raise ValueError(f"damaged states: {error}") from error
        self.decided, self.memory = stored.decided, Memory(stretches, windows, wander)
        self.states = States(drifted, enough, calm, few, wanders, new_hours, found)
        self.masses = masses
        return True

    def _masses(self) -> bytes:
        one = self.masses
        return np.stack((one.found, one.kind, one.excess, one.enough)).astype("<f8").tobytes()

    def _restored_masses(self, stored: _Track) -> Masses:
        if not stored.masses:
            return Masses.fresh(self._cells.shape[0])
        found, kind, excess, enough = np.frombuffer(stored.masses).reshape(4, self._cells.shape[0])
        return Masses(found > 0, kind.copy(), excess.copy(), enough > 0)

    def _why(self, stored: _Track, enough: Bools) -> Bools:
        why = np.zeros((3, len(enough)), dtype=np.bool_)
        if not stored.why:
            why[0] = ~enough
            return why
        known = np.frombuffer(stored.why, dtype=np.bool_).reshape(-1, len(enough))
        why[: len(known)] = known
        return why

    def _wander(self, stored: _Track) -> Wander:
        (features, cells), hours = self._subjects.known.shape, self._subjects.hours
        windows, raw = stored.wander
        if not raw:
            return Wander.fresh(features, cells, hours)
        frames, mixes = 2 if hours else 1, np.frombuffer(stored.mixes[1])
        values = np.frombuffer(zlib.decompress(raw))
        split = windows * frames * features * cells
        past = values[:split].reshape(windows, frames, features, cells)
        moves = values[split:-features].reshape(3, -1, features)
        return Wander(past, moves, values[-features:], mixes.reshape(windows, hours))

    def _windows(self, stored: _Track) -> Between:
        (features, cells), hours = self._subjects.known.shape, self._subjects.hours
        if not stored.windows:
            return Between.fresh(features, cells, hours)
        sums = np.frombuffer(stored.windows).reshape(2, features)
        past = np.frombuffer(zlib.decompress(stored.past)).reshape(LAG, -1, features, cells)
        return Between(sums, past, np.frombuffer(stored.mixes[0]).reshape(LAG, hours))


def _wander_of(wander: Wander) -> tuple[int, bytes]:
    values = np.concatenate((wander.past.ravel(), wander.moves.ravel(), wander.own))
    return len(wander.past), zlib.compress(values.tobytes(), 1)
