"""A child process of a bench: one JSON order a line in, one JSON answer a line out."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

Order = dict[str, Any]
Answer = Callable[[Order], Awaitable[Order]]
QUIT_WITHIN_S = 20.0
LINE_BYTES = 1 << 24


class Child:
    """Asked from the bench's own process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, **order: Any) -> Order:
        """One order and its answer; raises RuntimeError when the child has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the child has ended ({await self._process.wait()}) at {order.get('do')!r}")
        answer: Order = json.loads(line)
        return answer


@asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[Child]:
    """``python -m module arguments`` for the length of a block; it ends when its stdin closes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
    )
    try:
        yield Child(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(QUIT_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def obey(answer: Answer) -> None:
    """The child's side: answer order after order until stdin closes."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    while line := await reader.readline():
        said = await answer(json.loads(line))
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
