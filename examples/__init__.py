"""The same replicated counter on asyncio, on trio, on plain threads, and in a synchronous loop.

Reading order: `counter` (what is replicated); `disk`, `peers` and `applier` (what the four share:
files, bytes, answers); then the driver that is nearest to your own program. Those who
want no core read `counter_replicated` alone. Each of them runs:

    python -m examples.counter_asyncio
"""
