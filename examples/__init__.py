"""The same replicated counter on asyncio, on trio, on plain threads, and in a synchronous loop.

Reading order: `counter` (what is replicated), `disk` and `peers` (what the four share: files
and bytes), then the driver that is nearest to your own program. Each of them runs:

    python -m examples.counter_asyncio
"""
