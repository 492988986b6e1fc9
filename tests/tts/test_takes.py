"""Opus in takes: what is joined from packets sounds as if it had been encoded in one go."""

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.clip import SAMPLE_RATE, decode
from tts.engines.engine import Pcm
from tts.formats import Format, encode
from tts.ogg import ENDS, SERIAL, Page, packets_of, stream_of
from tts.opus import LEAD, PACKET, joined, take


def voice(seconds: float, seed: int) -> Pcm:
    """A buzz with formants that moves like speech: hard on a codec, and each seed another."""
    draw = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 120 + 60 * draw.random() + 30 * np.sin(2 * np.pi * 1.3 * time_s + draw.random())
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    buzz = sum(np.sin(number * phase) / number for number in range(1, 25))
    shape = np.clip(np.sin(2 * np.pi * 3 * time_s), 0, 1) ** 0.5
    return np.asarray(0.1 * shape * buzz, dtype=np.float32)


def takes() -> list[Pcm]:
    return [
        take(voice(0.7 + 0.31 * number, number), pause) for number, pause in enumerate((120, 250, 450, 250))
    ]


def noise_db(heard: Pcm, wanted: Pcm) -> float:
    """The power of what differs, below that of what is wanted."""
    return float(10 * np.log10(np.square(heard - wanted).sum() / np.square(wanted).sum()))


@pytest.mark.parametrize("form", [Format.OPUS, Format.OPUS_THIN])
def test_joined_takes_sound_like_one_encoding(form: Format) -> None:
    pieces = takes()
    whole = np.concatenate(pieces)
    one, _ = decode(encode(whole, form))
    parts, rate = decode(joined([encode(piece, form) for piece in pieces], [len(piece) for piece in pieces]))
    assert rate == SAMPLE_RATE
    assert len(parts) == len(whole)
    assert noise_db(parts, whole) < noise_db(one, whole) + 0.5
    at = 0
    for piece in pieces:
        start = slice(at + LEAD, at + LEAD + round(0.1 * SAMPLE_RATE))
        assert noise_db(parts[start], whole[start]) < noise_db(one[start], whole[start]) + 2.0
        silence = slice(at + LEAD // 4, at + LEAD - LEAD // 4)
        assert np.abs(parts[silence]).max() < 0.01
        at += len(piece)


def test_one_take_alone_is_what_the_encoder_made_of_it() -> None:
    (piece, *_) = takes()
    alone, _ = decode(joined([encode(piece)], [len(piece)]))
    assert np.array_equal(alone, decode(encode(piece))[0])


def test_joining_again_gives_the_same_bytes() -> None:
    pieces = takes()
    streams, lengths = [encode(piece) for piece in pieces], [len(piece) for piece in pieces]
    assert joined(streams, lengths) == joined(streams, lengths)


def test_a_node_can_tell_the_length_without_decoding() -> None:
    pieces = takes()
    data = joined([encode(piece) for piece in pieces], [len(piece) for piece in pieces])
    assert soundfile.info(io.BytesIO(data)).frames == sum(len(piece) for piece in pieces)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3 * PACKET), st.integers(0, 600))
def test_a_take_is_whole_packets_with_its_pause_never_shortened(samples: int, pause_ms: int) -> None:
    sound = np.full(samples, 0.5, dtype=np.float32)
    piece = take(sound, pause_ms)
    assert len(piece) % PACKET == 0
    assert np.array_equal(piece[LEAD : LEAD + samples], sound)
    assert not piece[:LEAD].any()
    pause = len(piece) - samples
    assert max(LEAD + PACKET, pause_ms * SAMPLE_RATE // 1000) <= pause
    assert pause < max(LEAD + PACKET, pause_ms * SAMPLE_RATE // 1000 + 1) + PACKET


def test_nothing_to_join_is_refused() -> None:
    with pytest.raises(ValueError, match="no take"):
        joined([], [])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=700), min_size=1, max_size=60))
def test_packets_come_out_of_pages_as_they_went_in(packets: list[bytes]) -> None:
    pages = [Page(packets=(packet,), granule=number) for number, packet in enumerate(packets)]
    stream = stream_of(pages)
    assert packets_of(stream) == tuple(packets)
    assert stream[:4] == b"OggS"
    assert struct.unpack_from("<I", stream, 14) == (SERIAL,)


def test_a_page_says_no_to_more_than_it_holds() -> None:
    with pytest.raises(ValueError, match="too much"):
        stream_of([Page(packets=(b"x" * 70_000,), granule=0, flags=ENDS)])
