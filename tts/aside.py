"""Beside the voice, on a thread of its own: previews through the horn, and listening back."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from tts.cache import SentenceCache, sentence_key
from tts.clip import SAMPLE_RATE, decode
from tts.ear import Ear
from tts.errors import HearingFailed, SpeechError
from tts.files import sweep, write_whole
from tts.formats import encode
from tts.heard import Heard, compare
from tts.horn import horn
from tts.resample import resample
from tts.wire import Aside, Horn, Listen, Words, failed, listened, previewed

IDLE_S = 120.0
LARGEST_FOLDER = 64 * 1024 * 1024
_STOP_S = 3.0
_log = logging.getLogger("loa.speech")


class Bystander:
    """Answers demands that nobody's voice has to wait for, one after the other.

    `identities`: the engines' identities by their names, under which the cache holds what they spoke.
    """

    def __init__(
        self,
        *,
        cache: SentenceCache,
        identities: Mapping[str, str],
        ear: Ear,
        say: Callable[[Words], None],
        idle_s: float = IDLE_S,
    ) -> None:
        self._cache = cache
        self._identities = dict(identities)
        self._ear = ear
        self._say = say
        self._idle_s = idle_s
        self._waiting: SimpleQueue[Aside | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="speech-aside", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def put(self, demand: Aside) -> None:
        """Append one demand."""
        self._waiting.put(demand)

    def stop(self) -> None:
        """The recogniser ends now; what waits for it is answered with its failure."""
        self._waiting.put(None)
        self._ear.close()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        try:
            while True:
                try:
                    demand = self._waiting.get(timeout=self._idle_s)
                except Empty:
                    self._ear.rest()
                    continue
                if demand is None:
                    return
                self._answer(demand)
        except BrokenPipeError:
            _log.info("aside.left_alone")
        finally:
            self._ear.rest()

    def _answer(self, demand: Aside) -> None:
        try:
            self._say(self._result(demand))
        except BrokenPipeError:
            raise
        except SpeechError as failure:
            self._say(failed(demand.id, failure))
        except Exception as failure:  # noqa: BLE001 - top of the loop: one bad demand must not end the others
            _log.exception("aside.failed id=%s", demand.id)
            self._say(failed(demand.id, _unforeseen(failure)))

    def _result(self, demand: Aside) -> Words:
        match demand:
            case Horn(id=demand_id, clip=clip, out=out):
                preview(clip, out)
                return previewed(demand_id)
            case Listen(id=demand_id):
                return listened(demand_id, self._listen(demand))

    def _listen(self, demand: Listen) -> Heard:
        return compare([(sentence, self._heard(demand, sentence, by)) for sentence, by in demand.said])

    def _heard(self, demand: Listen, sentence: str, engine: str) -> str:
        key = sentence_key(self._identities.get(engine, engine), demand.style, sentence)
        known = self._cache.find_heard(key)
        if known is not None:
            return known
        pcm = self._cache.find(key)
        if pcm is None:
            raise HearingFailed("a sentence is no longer in the cache")
        heard = self._ear.hear(pcm)
        try:
            self._cache.keep_heard(key, heard)
        except OSError as failure:
            _log.warning("heard.not_kept reason=%s", failure)
        return heard


def preview(clip: Path, out: Path) -> None:
    """The file `out` is the clip as heard at the pole; raises ClipUnreadable, OSError."""
    pcm, rate = decode(clip.read_bytes())
    data = encode(horn(resample(pcm, rate, SAMPLE_RATE), SAMPLE_RATE))
    out.parent.mkdir(parents=True, exist_ok=True)
    sweep(out.parent)
    write_whole(out, data)
    trim(out.parent)


def trim(folder: Path, limit_bytes: int = LARGEST_FOLDER) -> None:
    """Remove the oldest files of a folder of previews beyond the limit; the newest always stays."""
    entries = sorted((path for path in folder.iterdir() if path.is_file()), key=_written_at, reverse=True)
    total = 0
    for place, path in enumerate(entries):
        total += path.stat().st_size
        if place and total > limit_bytes:
            path.unlink(missing_ok=True)


def _written_at(path: Path) -> int:
    return path.stat().st_mtime_ns


def _unforeseen(failure: Exception) -> SpeechError:
    return SpeechError(
        code="E_SPEECH_ASIDE",
        vi="Chưa làm được bản nghe thử này.",
        en=f"This could not be made beside the voice: {type(failure).__name__}.",
    )
