"""Sockets opened without blocking, names that fail, TLS that is verified, buffers that keep bytes."""

import asyncio
import socket

import pytest

from devices.link_socket import Door, Pipe


def test_a_server_that_does_not_answer_never_blocks_the_loop() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            address = listener.getsockname()
            fillers = [socket.socket() for _ in range(4)]
            try:
                for filler in fillers:
                    filler.setblocking(False)
                    filler.connect_ex(address)
                await asyncio.sleep(0.05)
                longest, last = 0.0, loop.time()
                knocking = asyncio.ensure_future(Door(*address, None).open())
                for _ in range(50):
                    await asyncio.sleep(0.01)
                    longest, last = max(longest, loop.time() - last), loop.time()
                assert not knocking.done()
                assert longest < 0.2
                knocking.cancel()
                await asyncio.wait([knocking])
            finally:
                for filler in fillers:
                    filler.close()

    asyncio.run(story())


@pytest.mark.promise("F39")
def test_a_name_that_no_longer_resolves_keeps_its_last_good_address() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        known = True

        async def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            if not known:
                raise socket.gaierror("no such name")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        loop.getaddrinfo = resolve  # type: ignore[method-assign, assignment]
        door = Door("broker.test", port, None)
        (await door.open()).close()
        known = False
        (await door.open()).close()
        with pytest.raises(OSError, match="no such name"):
            await Door("broker.test", port, None).open()
        server.close()

    asyncio.run(story())


def test_a_pipe_gives_every_byte_once_and_asks_the_kernel_seldom() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        pipe = Pipe(ours, lambda: 0.0)
        with pytest.raises(BlockingIOError):
            pipe.recv(1)
        sent = bytes(range(256)) * 40
        theirs.sendall(sent)
        got = bytearray()
        while len(got) < len(sent):
            got += pipe.recv(1 if len(got) % 3 else 700)
        assert bytes(got) == sent
        assert not pipe.more
        assert pipe.send(b"abc") == 3
        assert pipe.waiting == 3
        assert pipe.flush()
        assert theirs.recv(10) == b"abc"
        theirs.close()
        assert pipe.recv(5) == b""


def test_a_full_pipe_keeps_what_the_kernel_did_not_take() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        pipe = Pipe(ours, lambda: 0.0)
        sent = b"0123456789" * 500_000
        pipe.send(sent)
        assert not pipe.flush()
        got = bytearray()
        while len(got) < len(sent):
            got += theirs.recv(1 << 20)
            pipe.flush()
        assert bytes(got) == sent
        assert pipe.waiting == 0
