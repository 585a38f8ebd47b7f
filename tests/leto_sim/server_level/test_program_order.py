"""A client that is answered does not see its past again."""

import pytest

from leto_sim.result import PropertyViolated
from leto_sim.server_level.program_order import Act, Kind, ProgramOrder

KEY = b"o0"
PLACES = {b"<a.1>": 0, b"<b.1>": 1, b"<a.2>": 2}
OUT_OF_ORDER = "out of order"


class Client:
    """One whose acts are in pipelines of their own, unless it says otherwise."""

    def __init__(self) -> None:
        self.order = ProgramOrder("a")
        self.pipeline = 0

    def asks(self, kind: Kind, token: bytes | None = None, pipeline: int | None = None) -> Act:
        self.pipeline = self.pipeline + 1 if pipeline is None else pipeline
        return self.order.asked(KEY, kind, self.pipeline, token)

    def writes(self, token: bytes) -> None:
        self.asks(Kind.WRITE, token).answered(token)

    def reads(self, value: bytes | None) -> None:
        self.asks(Kind.READ).answered(value)

    def check(self) -> None:
        self.order.check(PLACES.get)


@pytest.fixture
def client() -> Client:
    return Client()


def test_what_is_seen_in_the_logs_order_is_fine(client: Client) -> None:
    client.reads(None)
    client.writes(b"<a.1>")
    client.reads(b"<a.1>---")
    client.reads(b"<b.1>---")
    client.writes(b"<a.2>")

    client.check()


@pytest.mark.parametrize("value", [None, b"<a.1>"])
def test_a_read_does_not_see_the_past_again(client: Client, value: bytes | None) -> None:
    client.reads(b"<b.1>")
    client.reads(value)

    with pytest.raises(PropertyViolated, match=OUT_OF_ORDER):
        client.check()


def test_a_read_sees_the_clients_own_writes(client: Client) -> None:
    client.writes(b"<a.1>")
    client.reads(None)

    with pytest.raises(PropertyViolated, match=OUT_OF_ORDER):
        client.check()


def test_a_read_does_not_see_what_is_written_after_it(client: Client) -> None:
    client.reads(b"<a.1>")
    client.writes(b"<a.1>")

    with pytest.raises(PropertyViolated, match=OUT_OF_ORDER):
        client.check()


def test_writes_take_effect_in_their_order(client: Client) -> None:
    client.writes(b"<a.2>")
    client.writes(b"<a.1>")

    with pytest.raises(PropertyViolated, match=OUT_OF_ORDER):
        client.check()


def test_what_was_not_answered_may_have_happened_at_any_time(client: Client) -> None:
    client.asks(Kind.WRITE, b"<a.2>")
    client.reads(None)
    client.asks(Kind.READ)

    client.check()


def test_of_what_is_in_no_log_others_complain(client: Client) -> None:
    client.writes(b"<a.9>")

    client.check()


def test_a_stale_read_may_see_the_past_of_another_pipeline(client: Client) -> None:
    client.reads(b"<b.1>")
    client.asks(Kind.STALE_READ).answered(b"<a.1>")

    client.check()


def test_a_stale_read_sees_what_its_pipeline_has_seen(client: Client) -> None:
    client.reads(b"<b.1>")
    client.asks(Kind.STALE_READ, pipeline=client.pipeline).answered(None)

    with pytest.raises(PropertyViolated, match="stale read of None out of order"):
        client.check()
