"""A blind listening test made: one page and its sounds to hand out, and a key that stays behind."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module, resources
from pathlib import Path

import numpy as np
import soundfile

from tts.chain import Chain
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Engine, Pcm, Style
from tts.errors import ListeningRefused
from tts.files import write_whole
from tts.horn import horn
from tts.loudness import SILENCE, TARGET_LUFS, lufs, normalise
from tts.mixing import join, silence
from tts.normalize import normalize
from tts.phrases import split
from tts.reading.tables import rows
from tts.trials import Ear, Plan, Voice, draw, to_json

HANDED_OUT = "nghe"
PAGE = "nghe.html"
KEY = "khoa.json"
SOUNDS = "am"
USUAL_SENTENCES = 10
_MARK = "<!-- test -->"

OnSound = Callable[[int, int], None]


def usual_sentences() -> tuple[str, ...]:
    """Sentences that no voice was tuned on, short commands and bulletins in turn."""
    return tuple(row[0] for row in rows("listening"))


def make(
    out: Path,
    engines: Sequence[Engine],
    sentences: Sequence[str],
    *,
    seed: int,
    deadlines_s: Mapping[str, float],
    on_sound: OnSound,
) -> Plan:
    """Write `out`/nghe (page and sounds, to hand out) and `out`/khoa.json (not to hand out); the key.

    The same arguments give the same files. Raises ListeningRefused for a folder in use and for fewer than two
    voices; NoEngineLeft where a voice can't say a sentence: one that is sometimes silent is not compared.
    """
    if out.exists() and any(out.iterdir()):
        raise ListeningRefused(
            vi=f"Thư mục {out.name} đã có tệp. Xin chọn thư mục mới.", en="the folder is not empty"
        )
    voices = [Voice(name=one.name, identity=one.identity, licence=one.licence) for one in engines]
    plan = draw(sentences, voices, seed)
    sounds = _sounds(plan, engines, deadlines_s, on_sound)
    for token in sorted(sounds):  # in an order that gives nothing away
        write_whole(out / HANDED_OUT / SOUNDS / f"{token}.wav", _wave(sounds[token]))
    write_whole(out / HANDED_OUT / PAGE, page_of(plan).encode())
    write_whole(out / KEY, to_json(plan).encode())
    return plan


def page_of(plan: Plan) -> str:
    """The page alone: it knows tokens and words, nothing of voices, sentences or the horn."""
    data = resources.files(import_module("tts")).joinpath("data")
    words = json.loads(data.joinpath("listening_page.json").read_text(encoding="utf-8"))
    told = json.dumps(
        {
            "test": plan.test,
            "trials": [
                [{"clip": token, "sound": f"{SOUNDS}/{token}.wav"} for token in (trial.a, trial.b)]
                for trial in plan.trials
            ],
            "words": words,
        },
        ensure_ascii=False,
    )
    template = data.joinpath("listening_page.html").read_text(encoding="utf-8")
    return template.replace(_MARK, told.replace("<", "\\u003c"))


def _sounds(
    plan: Plan, engines: Sequence[Engine], deadlines_s: Mapping[str, float], on_sound: OnSound
) -> dict[str, Pcm]:
    """Each token's sound; each sentence is spoken once by each voice that needs it."""
    chains = [Chain((engine,), deadlines_s=deadlines_s) for engine in engines]
    wanted = sorted({(sample.sentence, sample.voice) for sample in plan.samples})
    spoken: dict[tuple[int, int], Pcm] = {}
    for number, (sentence, voice) in enumerate(wanted, start=1):
        spoken[sentence, voice] = _spoken(plan.sentences[sentence], chains[voice])
        on_sound(number, len(wanted))
    sounds: dict[str, Pcm] = {}
    for trial in plan.trials:
        samples = [one for one in plan.samples if one.token in (trial.a, trial.b)]
        heard = [spoken[one.sentence, one.voice] for one in samples]
        if samples[0].ear is Ear.HORN:
            heard = [horn(pcm, SAMPLE_RATE) for pcm in heard]
        for one, pcm in zip(samples, levelled(heard), strict=True):
            sounds[one.token] = pcm
    return sounds


def levelled(pcms: Sequence[Pcm]) -> list[Pcm]:
    """All equally loud, at TARGET_LUFS or, where one can't come up to it, as soft as that one: of two voices
    the louder one is liked better, whoever speaks."""
    near = [normalise(pcm, SAMPLE_RATE) for pcm in pcms]
    loudness = [lufs(pcm, SAMPLE_RATE) for pcm in near]
    softest = min(loudness)
    if softest == SILENCE:
        raise ListeningRefused(vi="Một giọng không ra tiếng.", en="one of the voices is silent")
    goal = min(softest, TARGET_LUFS)
    return [
        (pcm * np.float32(10 ** ((goal - loud) / 20))).astype(np.float32)
        for pcm, loud in zip(near, loudness, strict=True)
    ]


def _spoken(sentence: str, chain: Chain) -> Pcm:
    """As a bulletin says it, without chime; phrase by phrase at one level, as the render does."""
    pieces: list[Pcm] = []
    for phrase in split(normalize(sentence).spoken):
        pcm = chain.speak(phrase.text, Style.BULLETIN).pcm
        pieces += [normalise(pcm, SAMPLE_RATE), silence(phrase.pause_ms)]
    if not pieces:
        raise ListeningRefused(vi="Có câu không đọc được.", en="a sentence holds nothing that can be read")
    return join(pieces)


def _wave(pcm: Pcm) -> bytes:
    """Uncompressed, so that no codec decides; without any chunk that could name a program or a time."""
    target = io.BytesIO()
    soundfile.write(target, pcm, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return target.getvalue()
