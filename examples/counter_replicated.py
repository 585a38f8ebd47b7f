"""The same counter for those who want no core, but a replicated object: three nodes, one call each.

The first node founds the cluster, the others join it. Disk, links, elections, membership and
snapshots are the library's. `python -m examples.counter_replicated`
"""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from examples.counter import Counter, decoded, encoded
from examples.peers import free_address
from leto_adapters.replicated import NotLeader, ReplicatedNode, replicate

CounterNode = ReplicatedNode[Counter]


async def add(nodes: list[CounterNode], number: int) -> int:
    """Add to the counter, on whichever node leads."""
    while True:
        for node in nodes:
            try:
                return decoded(await node.propose(encoded(number)))
            except NotLeader:  # certainly not done; `leader` says whom to ask, if that is known
                await asyncio.sleep(0.02)


async def value(node: CounterNode) -> int:
    """The counter, on any node: never older than what any node has acknowledged."""
    return await node.query(lambda counter: counter.value)


async def main(root: Path) -> None:
    """Count to twenty; at ten the leader is stopped, and comes back at the end."""
    a, b, c = (free_address() for _ in "abc")
    async with AsyncExitStack() as others:
        async with replicate(Counter(), name="a", directory=root / "a", address=a) as first:
            nodes = [first]
            for name, at in (("b", b), ("c", c)):
                node = replicate(Counter(), name=name, directory=root / name, address=at, join=a)
                nodes.append(await others.enter_async_context(node))
            for _ in range(10):
                await add(nodes, 1)
        nodes.remove(first)
        for _ in range(10):
            await add(nodes, 1)
        async with replicate(Counter(), name="a", directory=root / "a", address=a) as again:
            total = await value(again)
            print(f"a led, was stopped, is back from its disk, and counts {total}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(main(Path(scratch)))
