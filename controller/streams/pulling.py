"""The octets of one source, whatever it is: an HLS list, an endless stream, or a file."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from controller.streams import playlist
from controller.streams.fetching import Fetcher, FetchFailed
from controller.streams.playlist import Playlist, PlaylistBroken, Segment

LARGEST_SEGMENT = 8 * 1024 * 1024
BEHIND = 3
"""How many pieces before the newest one a live list is entered (RFC 8216, 6.3.3)."""
_LONGEST_STANDSTILL_S = 12.0


async def pull(fetcher: Fetcher, url: str) -> AsyncGenerator[bytes, None]:
    """Raises Problem ``E_URL``, FetchFailed, PlaylistBroken. Ends where the source itself ends."""
    async with fetcher.open(url) as body:
        pieces = aiter(body.pieces)
        head = bytearray()
        while len(head) < 16:
            piece = await anext(pieces, b"")
            if not piece:
                break
            head += piece
        if not playlist.is_playlist(bytes(head)):
            yield bytes(head)
            async for piece in pieces:
                yield piece
            return
        while piece := await anext(pieces, b""):
            head += piece
            if len(head) > playlist.LARGEST:
                raise PlaylistBroken("the playlist is too large")
    first = playlist.read(_text(bytes(head)), body.url)
    at = body.url
    if first.variants:
        first, at = await _list(fetcher, first.variants[0])
        if first.variants:
            raise PlaylistBroken("a list of lists of lists")
    async with contextlib.aclosing(_live(fetcher, first, at)) as pieces_of_list:
        async for piece in pieces_of_list:
            yield piece


async def _live(fetcher: Fetcher, listed: Playlist, at: str) -> AsyncGenerator[bytes, None]:
    """The segments in their order; the list is asked anew until it ends or stands still."""
    loop = asyncio.get_running_loop()
    segments = listed.segments if listed.ended else listed.segments[-BEHIND:]
    done, head, moved_at = -1, None, loop.time()
    while True:
        for segment in segments:
            if segment.number <= done:
                continue
            if segment.head is not None and segment.head != head:
                head = segment.head
                yield (await fetcher.whole(head, LARGEST_SEGMENT))[0]
            async for piece in _segment(fetcher, segment):
                yield piece
            done, moved_at = segment.number, loop.time()
        if listed.ended:
            return
        if loop.time() - moved_at > max(_LONGEST_STANDSTILL_S, 3 * listed.target_s):
            raise FetchFailed("the list stands still")
        await asyncio.sleep(min(listed.target_s / 2, 3.0))
        listed, _ = await _list(fetcher, at)
        segments = listed.segments
        if segments and segments[-1].number < done:
            # the station began to count anew
            done = segments[-1].number - 1


async def _segment(fetcher: Fetcher, segment: Segment) -> AsyncGenerator[bytes, None]:
    taken = 0
    async with fetcher.open(segment.url) as body:
        async for piece in body.pieces:
            taken += len(piece)
            if taken > LARGEST_SEGMENT:
                raise FetchFailed("a piece of the list is too large")
            yield piece


async def _list(fetcher: Fetcher, url: str) -> tuple[Playlist, str]:
    data, at = await fetcher.whole(url, playlist.LARGEST)
    return playlist.read(_text(data), at), at


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise PlaylistBroken("no text") from None
