"""The speech process: JSON lines in on stdin, JSON lines out on stdout, clips into a directory."""

import argparse
import json
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Condition, Thread
from typing import BinaryIO, assert_never

from tts.aside import Bystander, trim
from tts.cache import SentenceCache
from tts.chain import Chain
from tts.clip import Clip
from tts.ear import OFF, Ear, find_python
from tts.engines.engine import Style
from tts.errors import RequestRefused, SpeechError
from tts.files import sweep, write_whole
from tts.normalize import normalize
from tts.registry import open_engines, read_settings
from tts.render import render, unheard
from tts.shelf import LIMIT_BYTES
from tts.wire import (
    LONGEST_LINE,
    Demand,
    Horn,
    Listen,
    Render,
    Spell,
    Warm,
    Words,
    failed,
    first,
    id_of,
    is_urgent,
    parse,
    progress,
    ready,
    rendered,
    spelled,
    warmed,
)

DEFAULT_ENGINES = "kokoro_vn,espeak"
# An online engine that has not answered by then is of no use to an author who waits.
DEADLINES_S = {"gtts": 25.0, "http": 35.0, "espeak": 15.0}
_GREETING = "xin chào"
_MEGABYTE = 1024 * 1024
_log = logging.getLogger("loa.speech")

Say = Callable[[Words], None]


class Inbox:
    """Demands that have come in: the reader's thread puts, the speaking thread takes."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: deque[Demand] = deque()
        self._ended = False

    def put(self, demand: Demand) -> None:
        """Append one demand."""
        with self._changed:
            self._waiting.append(demand)
            self._changed.notify()

    def end(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self) -> Demand | None:
        """The next demand, urgent ones first; waits, and gives None once all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            return self._urgent() or (self._waiting.popleft() if self._waiting else None)

    def take_urgent(self) -> Demand | None:
        """An urgent demand if one waits, else None at once."""
        with self._changed:
            return self._urgent()

    def _urgent(self) -> Demand | None:
        for demand in self._waiting:
            if is_urgent(demand):
                self._waiting.remove(demand)
                return demand
        return None


class Speech:
    """Answers demands one after the other; an urgent one goes between two sentences of an ordinary one."""

    def __init__(self, *, chain: Chain, cache: SentenceCache, inbox: Inbox, say: Say) -> None:
        self._chain = chain
        self._cache = cache
        self._inbox = inbox
        self._say = say

    def run(self) -> None:
        """Until the inbox has ended and is empty."""
        while (demand := self._inbox.take()) is not None:
            self.answer(demand)

    def answer(self, demand: Demand) -> None:
        """Exactly one `done` or `error` for each demand; raises BrokenPipeError where nobody listens."""
        try:
            self._say(self._result(demand))
        except BrokenPipeError:
            raise
        except SpeechError as failure:
            self._say(failed(demand.id, failure))
        except Exception as failure:  # noqa: BLE001 - top of the loop: one bad demand must not end the voice
            _log.exception("demand.failed id=%s", demand.id)
            self._say(failed(demand.id, _unforeseen(failure)))

    def _result(self, demand: Demand) -> Words:
        match demand:
            case Render():
                return self._render(demand)
            case Spell(id=demand_id, text=text, lexicon=lexicon, choices=choices):
                normalized = normalize(text, lexicon, choices)
                return spelled(demand_id, normalized.spoken, normalized.guesses)
            case Warm(id=demand_id):
                return warmed(demand_id, self._warm())
            case Horn() | Listen():
                raise RequestRefused("the voice itself is asked for what belongs beside it")
            case _ as never:
                assert_never(never)

    def _render(self, demand: Render) -> Words:
        def on_progress(sentence: int, total: int) -> None:
            self._say(progress(demand.id, sentence, total))
            while not is_urgent(demand) and (urgent := self._inbox.take_urgent()) is not None:
                self.answer(urgent)

        def on_first(clip: Clip) -> None:
            store(clip, demand.first_out or demand.out)
            if demand.first_out is not None:
                trim(demand.first_out)
            self._say(first(demand.id, clip))

        heard_first = on_first if demand.first else unheard
        rendering = render(demand.request, self._chain, self._cache, on_progress, heard_first)
        store(rendering.clip, demand.out)
        return rendered(demand.id, rendering)

    def _warm(self) -> tuple[str, ...]:
        local = tuple(engine for engine in self._chain.engines if not engine.online)
        for engine in local:
            engine.speak(_GREETING, Style.BULLETIN)
        return tuple(engine.name for engine in local)


def store(clip: Clip, directory: Path) -> Path:
    """The clip's file, named by its digest; written whole or not at all, and not twice."""
    path = directory / clip.sha256
    if directory.is_dir():
        sweep(directory)
    if not path.is_file() or path.read_bytes() != clip.data:
        write_whole(path, clip.data)
    return path


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stdin closes and all demands are answered, or nobody reads the answers any more."""
    arguments = _arguments(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    answers = _take_stdout()
    engines = open_engines(
        arguments.engines.split(","), threads=arguments.threads, settings=read_settings(arguments.settings)
    )
    chain = Chain(engines, deadlines_s=DEADLINES_S)
    inbox = Inbox()

    def say(words: Words) -> None:
        answers.write(json.dumps(words, ensure_ascii=False).encode() + b"\n")
        answers.flush()

    cache = SentenceCache(directory=arguments.cache, limit_bytes=arguments.cache_mb * _MEGABYTE)
    speech = Speech(chain=chain, cache=cache, inbox=inbox, say=say)
    aside = Bystander(
        cache=cache,
        identities={engine.name: engine.identity for engine in engines},
        ear=Ear(find_python(arguments.listener)),
        say=say,
    )
    try:
        say(ready())
        aside.start()
        Thread(target=_read, args=(_stdin(), inbox, aside, say), name="speech-inbox", daemon=True).start()
        speech.run()
        aside.stop()
        answers.close()
    except BrokenPipeError:
        _log.info("process.left_alone")
    finally:
        chain.close()
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tts.process", description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="directory of spoken sentences")
    parser.add_argument("--engines", default=DEFAULT_ENGINES, help="names, best first, or module:factory")
    parser.add_argument("--settings", type=Path, help="JSON file with the engines' settings")
    parser.add_argument("--cache-mb", type=int, default=LIMIT_BYTES // _MEGABYTE, help="bound of the cache")
    parser.add_argument("--listener", default=OFF, help="auto, off, or the Python that has the recogniser")
    parser.add_argument("--threads", type=int, default=default_threads(), help="threads of the voice")
    return parser.parse_args(argv)


def default_threads() -> int:
    """Two threads speak faster than life; more would take the machine from the controller."""
    return max(1, min(2, os.cpu_count() or 1))


def _take_stdout() -> BinaryIO:
    """stdout for the protocol alone: whatever else prints there, also in C code, goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _stdin() -> BinaryIO:
    """Its own file, since at exit the interpreter locks sys.stdin, in which the reader may be waiting."""
    return os.fdopen(os.dup(sys.stdin.fileno()), "rb")


def _read(source: BinaryIO, inbox: Inbox, aside: Bystander, say: Say) -> None:
    try:
        while line := source.readline(LONGEST_LINE):
            if not line.strip():
                continue
            _receive(line, inbox, aside, say)
    except BrokenPipeError:
        pass
    finally:
        inbox.end()


def _receive(line: bytes, inbox: Inbox, aside: Bystander, say: Say) -> None:
    try:
        demand = parse(line)
    except RequestRefused as refusal:
        say(failed(id_of(line), refusal))
        return
    if isinstance(demand, Horn | Listen):
        aside.put(demand)
    else:
        inbox.put(demand)


def _unforeseen(failure: Exception) -> SpeechError:
    if isinstance(failure, OSError):
        return SpeechError(
            code="E_SPEECH_STORE",
            vi="Không ghi được đoạn âm thanh vào ổ đĩa.",
            en=f"The clip could not be written: {failure.strerror or failure}.",
        )
    return SpeechError(
        code="E_SPEECH_FAILED",
        vi="Bộ đọc gặp lỗi ngoài dự kiến.",
        en=f"The speech process failed unexpectedly: {type(failure).__name__}.",
    )


if __name__ == "__main__":
    sys.exit(main())
