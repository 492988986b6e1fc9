"""A bulletin's takes made one clip: levelled together, encoded one by one, and only what is new."""

import logging
from collections.abc import Sequence

import soundfile

from tts.cache import SentenceCache, take_key
from tts.clip import SAMPLE_RATE, Clip, clip_of
from tts.engines.engine import Pcm
from tts.formats import FORMATS, Format, encode
from tts.loudness import SILENCE, TARGET_LUFS, lufs, raised
from tts.mixing import join
from tts.opus import joined

# Sentences come at the target each; a whole so near to it stays as it is, its takes as they were encoded.
# Beyond (a chime, many pauses) all takes get one gain in steps, so that an edit seldom changes all of them.
NEAR_ENOUGH_LU = 0.5
GAIN_STEP_DB = 0.5
_log = logging.getLogger("loa.speech")


class TakeEncoder:
    """Encodes takes (see tts/opus.py) for one clip; `pin` keeps them in the cache whatever their age."""

    def __init__(self, *, wanted: Format, cache: SentenceCache, pin: bool = False) -> None:
        self._wanted = wanted
        self._cache = cache
        self._pin = pin
        self._at_hand: dict[str, bytes] = {}
        # Another release of the library may give other bytes.
        self._name = f"{wanted.value}/{soundfile.__version__}/{soundfile.__libsndfile_version__}"

    def prepare(self, pcm: Pcm) -> None:
        """Encode this take beforehand, where its form can be joined from takes."""
        if self._by_takes:
            self._encoded(pcm)

    def clip(self, takes: Sequence[Pcm], engine: str) -> Clip:
        """One take after the other at TARGET_LUFS as near as GAIN_STEP_DB allows, as a clip.

        The takes come at TARGET_LUFS each.
        """
        whole = join(takes)
        loudness = lufs(whole, SAMPLE_RATE)
        gain_db = _gain_db(loudness)
        if gain_db:
            takes = [raised(pcm, SAMPLE_RATE, gain_db) for pcm in takes]
            whole = join(takes)
            loudness = lufs(whole, SAMPLE_RATE)
        if self._by_takes:
            data = joined([self._encoded(pcm) for pcm in takes], [len(pcm) for pcm in takes])
        else:
            data = encode(whole, self._wanted)
        media_type = FORMATS[self._wanted].media_type
        return clip_of(data, whole, media_type=media_type, engine=engine, loudness=loudness)

    @property
    def _by_takes(self) -> bool:
        return FORMATS[self._wanted].subtype == "OPUS"

    def _encoded(self, pcm: Pcm) -> bytes:
        key = take_key(self._name, pcm)
        stream = self._at_hand.get(key) or self._cache.find_take(key)
        known = stream is not None
        if stream is None:
            stream = encode(pcm, self._wanted)
        if key not in self._at_hand:
            self._at_hand[key] = stream
            self._keep(key, stream, known=known)
        return stream

    def _keep(self, key: str, stream: bytes, *, known: bool) -> None:
        try:
            if not known:
                self._cache.keep_take(key, stream)
            if self._pin:
                self._cache.pin(key)
        except OSError as failure:  # a full disk must not silence a bulletin that can still be spoken
            _log.warning("take.not_kept reason=%s", failure)


def _gain_db(loudness: float) -> float:
    if loudness == SILENCE or abs(loudness - TARGET_LUFS) <= NEAR_ENOUGH_LU:
        return 0.0
    return round((TARGET_LUFS - loudness) / GAIN_STEP_DB) * GAIN_STEP_DB
