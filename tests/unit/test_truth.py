"""The parts of the join one by one: keys, records, sieve, bodies, bounds."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import Future

import msgspec
import numpy as np
import pytest

from inference_exporter.config.schema import Field, Fields, LabelsConfig, ModelConfig
from inference_exporter.truth import Inbox, Intake, Join, Submission, coverage, make_join, receive
from inference_exporter.truth.http.submission import Refused, parse
from inference_exporter.truth.waiting.keys import keys_of
from inference_exporter.truth.waiting.record import (
    Codec,
    Names,
    Schema,
    is_labelled,
    set_times,
    times_of,
)
from inference_exporter.truth.waiting.sieve import Probes, Sieve
from inference_exporter.values.batch import Batch, NumericColumn

NOW = 1_800_000_000.0
KEYS = [
    6774081908283191102,
    3228941512935915892,
    -3927915418597987973,
    5076489206133815412,
    295462960832785568,
    -2152535657050944081,
]
KEY_OF_ROW_1 = -1213750239367282324


# -- keys ------------------------------------------------------------------------------------------


def test_keys_never_change_because_they_are_on_disk() -> None:
    ids = ["a", "request-17", "x" * 64, "x" * 65, "ü", ""]
    assert keys_of(ids).tolist() == KEYS
    assert keys_of(["a", "a"], [1, None]).tolist() == [KEY_OF_ROW_1, KEYS[0]]


def test_the_key_of_an_id_does_not_depend_on_its_neighbours() -> None:
    ids = [f"{'x' * length}{length}" for length in range(200)]
    alone = [keys_of([one]).tolist()[0] for one in ids]
    assert keys_of(ids).tolist() == alone
    assert len(set(alone)) == len(ids)


def test_ids_that_differ_have_other_keys() -> None:
    ids = [f"{number}" for number in range(200_000)] + [f"\x00{number}" for number in range(1000)]
    ids += [f"a{chr(0) * number}" for number in range(70)]
    assert len(set(keys_of(ids).tolist())) == len(ids)
    rows = keys_of(["r"] * 1000, list(range(1000))).tolist()
    assert len(set(rows)) == 1000


def test_keys_are_spread_evenly() -> None:
    keys = keys_of([str(number) for number in range(100_000)]).view(np.uint64)
    counts = np.bincount((keys >> np.uint64(56)).astype(np.int64), minlength=256)
    expected = len(keys) / 256
    assert ((counts - expected) ** 2 / expected).sum() < 400  # chi-square with 255 degrees


# -- records ---------------------------------------------------------------------------------------


def test_a_record_of_an_older_schema_is_read_with_what_both_have() -> None:
    old = Schema(("prediction",), ("score",), regression=False)
    new = Schema(("version", "prediction"), (), regression=False)
    records = np.zeros(3, old.dtype)
    set_times(records, np.array([NOW + 0.25, np.nan, 1.0]))
    records["prediction"], records["score"], records["actual"] = [2, 3, 4], 0.5, [0, 7, 0]
    read = Codec((old, new), 1).unpack(Codec.pack(records))
    assert times_of(read)[[0, 2]].tolist() == [NOW + 0.25, 1.0]
    assert np.isnan(times_of(read)[1])
    assert read["prediction"].tolist() == [2, 3, 4]
    assert read["version"].tolist() == [0, 0, 0]
    assert is_labelled(read).tolist() == [False, True, False]


def test_a_score_is_kept_to_the_last_bit_and_a_record_is_small() -> None:
    schema = Schema(("version", "prediction"), ("score",), regression=False)
    records = np.zeros(1, schema.dtype)
    records["score"] = 0.1
    (packed,) = Codec.pack(records)
    assert len(packed) == 21
    assert Codec((schema,), 0).unpack([packed])["score"].tolist() == [0.1]


def test_probabilities_and_rankings_take_what_the_docs_say_and_others_nothing() -> None:
    """docs/multiclass.md: bytes beside the 21 of a prediction with a score."""
    plain = Schema(("version", "prediction"), ("score",), False)
    assert plain.dtype.itemsize == 21
    for classes, ranking, more in ((3, False, 4), (10, False, 32), (11, False, 42),
                                   (256, False, 42), (257, False, 52), (0, True, 38)):  # fmt: skip
        names = tuple(f"c{at}" for at in range(classes))
        schema = Schema(("version", "prediction"), (), False, names, ranking)
        assert schema.dtype.itemsize == 21 + more


def test_a_state_from_before_probabilities_is_read() -> None:
    known = msgspec.msgpack.decode(b"\x93\x91\xaaprediction\x91\xa5score\xc2", type=Schema)
    assert known == Schema(("prediction",), ("score",), False)


def test_names_tell_truth_from_one() -> None:
    names = Names(10)
    assert names.texts(names.codes([1, True, "1", 1.0, False])) == ["1", "true", "1", "1", "false"]


def test_the_sieve_never_misses_and_seldom_lets_through() -> None:
    draw = np.random.default_rng(0)
    for capacity in (1, 1000, 8192, 10_000):
        there, other = (draw.integers(-(2**63), 2**63 - 1, size) for size in (capacity, 10_000))
        sieve = Sieve(capacity)
        for some in np.array_split(there, 3):
            sieve.add(some)
        assert sieve.may_have(Probes(there)).tolist() == list(range(capacity))
        assert len(sieve.may_have(Probes(other))) < 0.035 * len(other)


# -- bodies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "a", "actual": 1}',
        b'[{"id": "a", "actual": 1}]',
        b'\xef\xbb\xbf{"id": "a", "actual": 1}\r\n',
        b'\n{"id": "a", "actual": 1, "model": "m", "row": null, "timestamp": null}\n\n',
    ],
)
def test_a_body_is_an_object_an_array_or_lines(body: bytes) -> None:
    parsed = parse(body, {"m"})
    assert parsed.records == 1
    assert (parsed.batches["m"].id, parsed.batches["m"].actual) == (("a",), (1,))


def test_the_bad_line_of_many_is_named() -> None:
    lines = [json.dumps({"id": str(number), "actual": 1}) for number in range(10)]
    lines[7] = lines[7][:-3]
    with pytest.raises(Refused) as refused:
        parse("\n".join(lines).encode(), {"m"})
    assert [(number, reason) for number, reason, _ in refused.value.problems] == [(7, "malformed")]


@pytest.mark.parametrize(
    "body", [b"{}\n" * 500_001, b"[" + b"[]," * 500_001 + b"[]]", b"1\n" * 500_001]
)
def test_records_in_great_numbers_are_refused_before_they_are_parsed(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse(body, {"m"})
    ((number, reason, text),) = refused.value.problems
    assert (number, reason, text[:24]) == (-1, "too_many", "far more than 50000 reco")


def test_a_line_ends_where_json_says_so() -> None:
    lines = '{"id": "a\u2028b", "actual": 1}\r\n{"id": "c\x85", "actual": 0}\n'
    assert parse(lines.encode(), {"m"}).batches["m"].id == ("a\u2028b", "c\x85")


def test_without_a_model_name_there_must_be_only_one_model() -> None:
    with pytest.raises(Refused) as refused:
        parse(b'{"id": "a", "actual": 1}', {"m", "n"})
    assert refused.value.problems[0][1] == "unknown_model"


def test_an_inbox_has_room_for_so_many_labels_until_a_commit() -> None:
    inbox = Inbox(limit=3)
    inbox.models = frozenset({"m"})
    two = b'[{"id": "a", "actual": 1}, {"id": "b", "actual": 1}]'
    first, second = receive(inbox, two), receive(inbox, two)
    assert second.result(0)[0] == 503
    assert [one.records for one in inbox.take()] == [2]
    assert receive(inbox, two).result(0)[0] == 503  # taken, but not committed
    inbox.answer(persistent=True)
    assert first.result(0) == (202, {"accepted": 2, "persistent": True})
    waiting: Future[tuple[int, object]] = receive(inbox, two)  # type: ignore[assignment]
    assert not waiting.done()
    assert inbox.take_refused() == {"busy": 4}


def test_who_has_gone_does_not_hold_up_the_others() -> None:
    inbox = Inbox()
    gone, there = Submission({}, 1), Submission({}, 1)
    assert inbox.offer(gone)
    assert inbox.offer(there)
    gone.done.cancel()
    inbox.take()
    inbox.answer(persistent=False)
    assert there.done.result(0) is False


# -- the join, without the rest --------------------------------------------------------------------


class Loop:
    """A join with an in-memory database."""

    def __init__(self, **labels: object) -> None:
        config = LabelsConfig(Field(("id",)), Field(("actual",)), **labels)  # type: ignore[arg-type]
        fields = Fields(id=Field(("id",)), prediction=Field(("p",)))
        self.model = ModelConfig("m", ("log",), fields=fields, labels=config)
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.state: dict[str, bytes] = {}
        self.now = NOW
        self.join = self._make()

    def _make(self) -> Join:
        assert self.model.labels is not None
        join = make_join(self.model, self.model.labels, regression=False)
        assert join.restore(self.state, self.connection) == []
        self.intake = Intake(join, regression=False)
        return join

    def predict(self, *ids: str) -> None:
        batch = Batch(rows=len(ids), id=ids, prediction=["1"] * len(ids))
        self.intake.predictions(batch, np.full(len(ids), self.now))

    def label(self, *ids: str, actual: str = "1") -> None:
        self.intake.labels(Batch(rows=len(ids), id=ids, actual=[actual] * len(ids)), self.now)

    def commit(self, *, fails: bool = False) -> int:
        """Rows that were joined."""
        settled = self.join.settle(self.connection, self.now)
        puts = self.join.take_changes()
        if not fails:
            self.connection.execute("BEGIN")
            self.join.write(self.connection)
            self.connection.execute("COMMIT")
            self.state |= puts
            self.join.confirm()
        return settled.joined.rows if settled.joined else 0

    def restart(self) -> None:
        self.join = self._make()

    def count(self, *key: str) -> float:
        return self.join._counts.counters.get(key, 0.0)


def test_capacity_holds_while_nothing_can_be_written() -> None:
    loop = Loop(max_pending=10_000)
    for first in range(0, 50_000, 5000):
        loop.predict(*(str(number) for number in range(first, first + 5000)))
        loop.commit(fails=True)
    assert loop.join._pending.size <= 10_000
    assert loop.join._pending.unwritten <= 10_000
    loop.label(*(str(number) for number in range(50_000)))
    assert loop.commit(fails=True) == loop.join._pending.size
    assert loop.count("label", "", "late") == 50_000 - loop.join._pending.size


def test_labels_that_wait_for_their_prediction_are_bounded() -> None:
    loop = Loop()
    for first in range(0, 250_000, 50_000):
        loop.label(*(str(number) for number in range(first, first + 50_000)))
        loop.commit()
    assert loop.count("label", "", "unmatched") == 150_000
    loop.restart()
    loop.predict("249999", "0")
    assert loop.commit() == 1


def test_expired_rows_are_gone_from_disk_too() -> None:
    loop = Loop(wait=3600.0)
    loop.predict(*map(str, range(10_000)))
    loop.commit()
    loop.now += 4000
    loop.commit()
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    emptied = [
        table
        for (table,) in loop.connection.execute(tables).fetchall()
        if table.startswith(("chunk", "label", "index"))
    ]
    assert len(emptied) == 3
    for table in emptied:
        assert loop.connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() == (0,)
    assert loop.count("evicted", "expired") == 10_000


def test_an_id_that_comes_again_after_it_expired_is_new() -> None:
    loop = Loop(wait=3600.0)
    loop.predict("a")
    loop.commit()
    loop.now += 4000
    loop.commit()
    loop.predict("a")
    loop.label("a")
    assert loop.commit() == 1
    loop.restart()
    loop.label("a")
    assert loop.commit() == 0
    assert loop.count("label", "", "duplicate") == 1


def test_a_second_prediction_with_the_same_id_is_counted_and_not_remembered() -> None:
    loop = Loop()
    loop.predict("a", "b", "a")
    loop.commit()
    loop.predict("b")
    loop.commit()
    assert loop.count("ignored", "duplicate_id") == 2
    loop.label("a", "b")
    assert loop.commit() == 2


def test_coverage_is_absent_without_predictions() -> None:
    assert coverage(0, 0) is None
    assert coverage(4, 1) == 0.25


def test_times_are_kept_to_the_millisecond() -> None:
    schema = Schema((), (), regression=True)
    records = np.zeros(2000, schema.dtype)
    times = NOW + np.arange(2000) / 1000
    set_times(records, times)
    assert np.abs(times_of(records) - times).max() < 1e-6


def test_a_batch_can_be_cut_by_rows() -> None:
    batch = Batch(rows=3, id=("a", "b", "c"), score=NumericColumn(np.array([1.0, 2.0, 3.0])))
    cut = batch.take(np.array([2, 0]))
    assert cut.id == ["c", "a"]
    assert cut.score is not None
    assert cut.score.values.tolist() == [3.0, 1.0]
