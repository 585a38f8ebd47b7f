"""A client of one node: redis-py, typed, on one connection, and never trying again.

Responsible for telling apart what a caller must tell apart: a command that was
never sent, one that was refused for certain, and one whose fate is unknown.
Retrying would hide exactly that, so redis-py's own retries are off.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self, cast

import redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError
from redis.retry import Retry

HOST = "127.0.0.1"
# A node answers everything within 4 s; what takes longer is a node that does not answer.
TIMEOUT_S = 5.0

Argument = str | bytes | int


class NotSent(Exception):
    """There is no connection, so the node cannot have seen the command."""


class Refused(Exception):
    """The node says that it did not do it."""


class Unknown(Exception):
    """Nobody can say whether it was done: no answer, or one that says so."""


class _Executor(Protocol):
    """The part of a redis-py client that is used here; its own has no types."""

    def execute_command(self, *args: Argument) -> object: ...


class _Pipeline(_Executor, Protocol):
    def execute(self) -> Sequence[object]: ...


class _Redis(_Executor, Protocol):
    def pipeline(self, transaction: bool) -> _Pipeline: ...  # noqa: FBT001 - redis-py's own
    def close(self) -> None: ...


class Client:
    """One connection to one node. Replies are as redis-py gives them, with text decoded.

    Raises:
        NotSent: nobody listens on this port.
    """

    def __init__(self, port: int, *, timeout_s: float = TIMEOUT_S) -> None:
        try:
            client = redis.Redis(
                host=HOST,
                port=port,
                socket_timeout=timeout_s,
                socket_connect_timeout=timeout_s,
                retry=Retry(NoBackoff(), 0),
                single_connection_client=True,  # connects here and now
                decode_responses=True,
            )
        except (redis.ConnectionError, redis.TimeoutError, redis.ResponseError) as error:
            raise NotSent(str(error)) from error
        self._redis = cast("_Redis", client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; after `Unknown` there is nothing else to do with it."""
        self._redis.close()

    def call(self, *arguments: Argument) -> object:
        """Send one command and wait for its reply.

        Raises:
            Refused: the node answered with an error that means "not done".
            Unknown: it may or may not have been done.
        """
        try:
            return self._redis.execute_command(*arguments)
        except redis.RedisError as error:
            raise _fate(error) from error

    def call_many(self, commands: Sequence[Sequence[Argument]]) -> Sequence[object]:
        """Send commands as one pipeline and wait for all replies.

        Raises:
            Refused: the first error among the replies means "not done".
            Unknown: some may or may not have been done.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            return pipeline.execute()
        except redis.RedisError as error:
            raise _fate(error) from error

    def information(self, section: str) -> Mapping[str, object]:
        """One section of INFO, by field."""
        reply = self.call("INFO", section)
        return fields(reply)


def fields(reply: object) -> Mapping[str, object]:
    """A reply of fields by name, as INFO gives them, and as some of its fields are themselves."""
    assert isinstance(reply, dict), f"fields were asked for, and {reply!r} came"
    return cast("Mapping[str, object]", reply)


def elements(reply: object) -> Sequence[object]:
    """A reply of several elements."""
    assert isinstance(reply, list), f"a list was asked for, and {reply!r} came"
    return cast("Sequence[object]", reply)


def number(reply: object) -> int:
    """A reply that is a number."""
    assert isinstance(reply, int), f"a number was asked for, and {reply!r} came"
    return reply


def _fate(error: redis.RedisError) -> Refused | Unknown:
    """What an error says about the command: only an answer can be a refusal."""
    answered = isinstance(error, redis.ResponseError | BusyLoadingError)
    # redis-py cuts the prefixes that it knows; UNKNOWN is not among them.
    if answered and not str(error).startswith("UNKNOWN"):
        return Refused(str(error))
    return Unknown(str(error))
