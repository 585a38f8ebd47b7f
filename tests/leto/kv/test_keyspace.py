import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from leto.kv import keyspace as module
from leto.kv.keyspace import (
    EXPIRY_OVERHEAD_BYTES,
    KEY_OVERHEAD_BYTES,
    Entry,
    FrozenKeyspace,
    Keyspace,
)


@pytest.fixture
def keyspace() -> Keyspace:
    return Keyspace()


@pytest.fixture
def slow_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expired keys stay in memory: what is seen must not depend on the sweep."""
    monkeypatch.setattr(module, "_SWEPT_KEYS", 0)


def expiring(keyspace: Keyspace, *keys: bytes, due_ms: int) -> None:
    for key in keys:
        keyspace.put(key, b"value")
        keyspace.expire_at(key, due_ms)


def test_a_key_has_the_value_it_was_given_last(keyspace: Keyspace) -> None:
    keyspace.put(b"k", b"1")
    keyspace.put(b"k", b"2")
    keyspace.replace(b"k", b"3")
    keyspace.replace(b"new", b"4")

    assert b"3" == keyspace.get(b"k")
    assert b"4" == keyspace.get(b"new")
    assert keyspace.get(b"other") is None
    assert 2 == keyspace.key_count


def test_a_removed_key_is_gone(keyspace: Keyspace) -> None:
    keyspace.put(b"k", b"v")

    assert keyspace.remove(b"k")
    assert not keyspace.remove(b"k")
    assert keyspace.get(b"k") is None
    assert 0 == keyspace.key_count


def test_a_key_is_visible_exactly_until_it_is_due(keyspace: Keyspace) -> None:
    expiring(keyspace, b"k", due_ms=100)

    keyspace.advance_time(99)
    assert b"value" == keyspace.get(b"k")
    assert 100 == keyspace.next_due_ms

    keyspace.advance_time(100)
    assert keyspace.get(b"k") is None
    assert keyspace.next_due_ms is None


def test_time_never_goes_back(keyspace: Keyspace) -> None:
    keyspace.advance_time(100)
    keyspace.advance_time(50)

    assert 100 == keyspace.stamp_ms


def test_a_key_whose_due_time_has_passed_is_gone_at_once(keyspace: Keyspace) -> None:
    keyspace.advance_time(100)

    expiring(keyspace, b"k", due_ms=100)

    assert keyspace.get(b"k") is None
    assert 0 == keyspace.expiring_count


def test_putting_a_value_ends_the_expiry_and_replacing_it_does_not(keyspace: Keyspace) -> None:
    expiring(keyspace, b"put", b"replaced", due_ms=100)

    keyspace.put(b"put", b"new")
    keyspace.replace(b"replaced", b"new")

    assert keyspace.due_ms(b"put") is None
    assert 100 == keyspace.due_ms(b"replaced")
    assert 1 == keyspace.expiring_count


def test_the_last_due_time_counts(keyspace: Keyspace) -> None:
    expiring(keyspace, b"k", due_ms=100)

    keyspace.expire_at(b"k", 200)
    keyspace.advance_time(150)

    assert b"value" == keyspace.get(b"k")
    assert 200 == keyspace.next_due_ms


def test_a_key_that_persists_does_not_expire(keyspace: Keyspace) -> None:
    expiring(keyspace, b"k", due_ms=100)

    assert keyspace.persist(b"k")
    assert not keyspace.persist(b"k")
    keyspace.advance_time(100)

    assert b"value" == keyspace.get(b"k")


def test_a_key_is_due_between_the_stamp_and_the_readers(keyspace: Keyspace) -> None:
    expiring(keyspace, b"k", due_ms=100)
    keyspace.put(b"stays", b"v")

    assert not keyspace.is_due(b"k", 99)
    assert keyspace.is_due(b"k", 100)
    assert not keyspace.is_due(b"stays", 100)
    assert not keyspace.is_due(b"none", 100)


@pytest.mark.usefixtures("slow_sweep")
def test_an_expired_key_is_not_due_again(keyspace: Keyspace) -> None:
    expiring(keyspace, b"k", due_ms=100)

    keyspace.advance_time(100)

    assert not keyspace.is_due(b"k", 200)


@pytest.mark.usefixtures("slow_sweep")
def test_expired_keys_are_invisible_before_they_are_swept(keyspace: Keyspace) -> None:
    expiring(keyspace, b"a", b"b", due_ms=100)
    keyspace.put(b"c", b"value")

    keyspace.advance_time(100)

    assert keyspace.get(b"a") is None
    assert b"value" == keyspace.get(b"c")
    assert [b"c"] == list(keyspace)
    assert [(b"c", b"value", None)] == list(keyspace.freeze().entries())
    assert (1, 0) == (keyspace.key_count, keyspace.expiring_count)
    assert not keyspace.remove(b"a")
    assert not keyspace.persist(b"b")


@pytest.mark.usefixtures("slow_sweep")
def test_an_expired_key_that_comes_back_does_not_expire(keyspace: Keyspace) -> None:
    expiring(keyspace, b"a", b"b", due_ms=100)
    keyspace.advance_time(100)

    keyspace.put(b"a", b"new")
    keyspace.replace(b"b", b"new")
    keyspace.advance_time(200)

    assert (b"new", b"new") == (keyspace.get(b"a"), keyspace.get(b"b"))
    assert (2, 0) == (keyspace.key_count, keyspace.expiring_count)


def test_many_keys_expire_at_once_and_leave_memory_little_by_little(keyspace: Keyspace) -> None:
    expiring(keyspace, *[b"%d" % number for number in range(1_000)], due_ms=100)
    keyspace.put(b"stays", b"v")

    keyspace.advance_time(100)

    assert 1 == keyspace.key_count
    in_memory = keyspace.memory_bytes
    for _ in range(4):
        keyspace.advance_time(100)
        assert in_memory > (in_memory := keyspace.memory_bytes) or in_memory < 1_000
    assert len(b"stays") + len(b"v") + KEY_OVERHEAD_BYTES == keyspace.memory_bytes


def test_a_cleared_keyspace_is_empty_and_its_time_stays(keyspace: Keyspace) -> None:
    keyspace.put(b"k", b"v")
    expiring(keyspace, b"e", due_ms=100)
    keyspace.advance_time(50)

    keyspace.clear()

    assert [] == list(keyspace)
    assert (0, 0, 0) == (keyspace.key_count, keyspace.expiring_count, keyspace.memory_bytes)
    assert (50, None) == (keyspace.stamp_ms, keyspace.next_due_ms)


def test_what_was_cleared_leaves_memory_little_by_little(keyspace: Keyspace) -> None:
    for number in range(1_000):
        keyspace.put(b"%d" % number, b"v")

    keyspace.clear()

    left = len(keyspace._flushed)
    while keyspace._flushed:
        keyspace.advance_time(0)
        assert len(keyspace._flushed) < left
        left = len(keyspace._flushed)


def test_memory_is_estimated_from_sizes_and_counts(keyspace: Keyspace) -> None:
    keyspace.put(b"key", b"old")
    keyspace.put(b"key", b"value")
    expiring(keyspace, b"e", due_ms=100)

    bytes_stored = len(b"key") + len(b"value") + len(b"e") + len(b"value")
    assert bytes_stored + 2 * KEY_OVERHEAD_BYTES + EXPIRY_OVERHEAD_BYTES == keyspace.memory_bytes


def test_a_frozen_view_keeps_what_was_there(keyspace: Keyspace) -> None:
    keyspace.put(b"changed", b"old")
    keyspace.put(b"removed", b"v")
    expiring(keyspace, b"expired", due_ms=100)
    frozen = keyspace.freeze()

    keyspace.put(b"changed", b"new")
    keyspace.remove(b"removed")
    keyspace.put(b"added", b"v")
    keyspace.advance_time(100)

    assert {
        (b"changed", b"old", None),
        (b"removed", b"v", None),
        (b"expired", b"value", 100),
    } == set(frozen.entries())
    assert (0, 3) == (frozen.stamp_ms, frozen.key_count)


class AgainstAPlainModel(RuleBasedStateMachine):
    """Any order of changes, time and views, against a dict and the plain rules."""

    keys = st.sampled_from([b"%d" % number for number in range(12)])
    values = st.binary(max_size=3)
    times = st.integers(min_value=0, max_value=60)

    swept_keys = 1

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "_SHARD_COUNT", 4)  # so that keys meet in one
        self.patch.setattr(module, "_SHARD_MASK", 3)
        self.patch.setattr(module, "_SWEPT_KEYS", self.swept_keys)
        self.keyspace = Keyspace()
        self.model: dict[bytes, tuple[bytes, int | None]] = {}
        self.stamp_ms = 0
        self.views: list[tuple[FrozenKeyspace, list[Entry]]] = []
        self.cursor = 0
        self.listed: list[bytes] = []  # by the scan under way
        self.lasting: set[bytes] = set()  # since it began

    def teardown(self) -> None:
        self.patch.undo()

    @rule(key=keys, value=values)
    def put(self, key: bytes, value: bytes) -> None:
        self.keyspace.put(key, value)
        self.model[key] = value, None

    @rule(key=keys, value=values)
    def replace(self, key: bytes, value: bytes) -> None:
        self.keyspace.replace(key, value)
        self.model[key] = value, self.model.get(key, (b"", None))[1]

    @rule(key=keys)
    def remove(self, key: bytes) -> None:
        assert (self.model.pop(key, None) is not None) == self.keyspace.remove(key)

    @rule(key=keys, due_ms=times)
    def expire_at(self, key: bytes, due_ms: int) -> None:
        if key in self.model:
            self.keyspace.expire_at(key, due_ms)
            self.model[key] = self.model[key][0], due_ms
            self.expire()

    @rule(key=keys)
    def persist(self, key: bytes) -> None:
        value, due_ms = self.model.get(key, (b"", None))
        assert (due_ms is not None) == self.keyspace.persist(key)
        if key in self.model:
            self.model[key] = value, None

    @rule(by_ms=st.integers(min_value=-5, max_value=20))
    def advance_time(self, by_ms: int) -> None:
        self.keyspace.advance_time(self.stamp_ms + by_ms)
        self.stamp_ms = max(self.stamp_ms, self.stamp_ms + by_ms)
        self.expire()

    @rule()
    def clear(self) -> None:
        self.keyspace.clear()
        self.model.clear()

    @rule(count=st.integers(min_value=1, max_value=4))
    def scan(self, count: int) -> None:
        if self.cursor == 0:
            self.listed, self.lasting = [], set(self.model)
        self.cursor, found = self.keyspace.scan(self.cursor, count)
        self.listed += found

        assert self.model.keys() >= set(found)
        assert self.cursor == 0 or len(found) >= count
        assert len(self.listed) == len(set(self.listed))
        assert self.cursor != 0 or set(self.listed) >= self.lasting

    @rule()
    def freeze(self) -> None:
        frozen = self.keyspace.freeze()
        self.views.append((frozen, list(frozen.entries())))

    def expire(self) -> None:
        for key, (_, due_ms) in list(self.model.items()):
            if due_ms is not None and due_ms <= self.stamp_ms:
                del self.model[key]

    @invariant()
    def agrees_with_the_model(self) -> None:
        entries = {key: (value, due_ms) for key, value, due_ms in self.keyspace.freeze().entries()}
        due_times = [due_ms for _, due_ms in self.model.values() if due_ms is not None]
        assert self.model == entries
        assert list(entries) == list(self.keyspace)
        assert len(self.model) == self.keyspace.key_count
        assert len(due_times) == self.keyspace.expiring_count
        assert min(due_times, default=None) == self.keyspace.next_due_ms
        assert all(value == self.keyspace.get(key) for key, (value, _) in self.model.items())

    @invariant()
    def what_lasts_was_there_all_the_while(self) -> None:
        self.lasting &= self.model.keys()

    @invariant()
    def views_do_not_change(self) -> None:
        assert all(entries == list(frozen.entries()) for frozen, entries in self.views)


class AgainstAPlainModelUnswept(AgainstAPlainModel):
    """The same while nothing that has expired ever leaves memory by itself."""

    swept_keys = 0


TestAgainstAPlainModel = AgainstAPlainModel.TestCase
TestAgainstAPlainModelUnswept = AgainstAPlainModelUnswept.TestCase
TestAgainstAPlainModel.settings = TestAgainstAPlainModelUnswept.settings = settings(
    max_examples=40, stateful_step_count=40
)
