"""What the operator decides, and what is wrong with it."""

import pytest

from leto.server import InvalidSettings, Settings
from leto.server.addresses import Address


def test_defaults_are_the_seeds() -> None:
    settings = Settings(name="id1")

    assert Address("", 5379) == settings.listen_address
    assert Address("", 15379) == settings.peer_bind_address
    assert settings.advertised is None


@pytest.mark.parametrize(
    "wrong,says",
    [
        ({"name": ""}, "-id is missing"),
        ({"name": "a b"}, "-id 'a b' is not a name"),
        ({"name": "x" * 65}, "at most 64"),
        ({"name": "ä"}, "printable ASCII"),
        ({"name": "id1", "listen": "5379"}, "-listen '5379' is not host:port"),
        ({"name": "id1", "peer_bind": "x"}, "-raftbind 'x' is not host:port"),
        ({"name": "id1", "join": "5379"}, "-join '5379' is not host:port"),
        ({"name": "id1", "join": ":5379"}, "-join ':5379' names no host"),
        ({"name": "id1", "advertise": ""}, "-advertise ''"),
        ({"name": "id1", "advertise": "0.0.0.0"}, "-advertise '0.0.0.0'"),
        ({"name": "id1", "advertise": "::1"}, "-advertise '::1'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_flag_and_a_remedy(
    wrong: dict[str, str], says: str
) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings(**wrong)  # type: ignore[arg-type] # only text is given

    assert says in str(caught.value)


def test_advertised_host_takes_the_peer_port_unless_it_brings_one() -> None:
    host = Settings(name="id1", peer_bind=":1234", advertise="db.example.org")
    both = Settings(name="id1", peer_bind=":1234", advertise="db.example.org:99")

    assert Address("db.example.org", 1234) == host.advertised
    assert Address("db.example.org", 99) == both.advertised


@pytest.mark.parametrize("listen,peer_bind,is_one", [(":1", ":1", True), (":1", ":2", False)])
def test_one_address_twice_is_one_port(listen: str, peer_bind: str, *, is_one: bool) -> None:
    settings = Settings(name="id1", listen=listen, peer_bind=peer_bind)

    assert is_one == settings.has_one_port
