"""Google's online voice by the gTTS package: opt-in, never for emergencies, trusted in nothing.

gTTS itself sends without verifying the server, waits for ever and calls zero bytes a success. So it only
cuts the text and words the requests; sending, verifying, timing and judging are done here.
"""

import base64
import binascii
import re
import time
from collections.abc import Callable

import numpy as np
import requests
import urllib3
from gtts import gTTS

from tts.engines.answer import check_length, distrusted, sound_of
from tts.engines.engine import Pcm, Style
from tts.errors import EngineError, EngineSlow, SentenceUnfit

NAME = "gtts"
ORIGIN = "https://translate.google.com"
CONNECT_S, READ_S = 3.0, 5.0
DEADLINE_S = 20.0
_LEAST_WAIT_S = 0.05
_LONGEST_ANSWER = 4 * 1024 * 1024
_AUDIO = re.compile(r'jQ1olc","\[\\"([A-Za-z0-9+/=_-]*)\\"]')


def open_engine(*, threads: int = 1) -> "GoogleVoice":
    """Needs no network yet; the first sentence says whether there is one."""
    return GoogleVoice()


class GoogleVoice:
    """Keeps the Engine interface. `origin` and `authorities` (a CA file) let a test stand in for Google."""

    name = NAME
    identity = f"{NAME}/1/vi"
    licence = "Google's terms of service; unofficial interface"
    online = True

    def __init__(
        self,
        *,
        origin: str = ORIGIN,
        authorities: str | None = None,
        deadline_s: float = DEADLINE_S,
        read_s: float = READ_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._origin = origin
        self._verify: bool | str = authorities or True
        self._deadline_s = deadline_s
        self._read_s = read_s
        self._clock = clock

    def speak(self, sentence: str, style: Style) -> Pcm:
        """Raises EngineError: offline, distrusted, refused, late, empty, cut short, not sound."""
        if style is Style.EMERGENCY:
            raise _failed(
                "E_ENGINE_ONLINE", "không dùng cho tin khẩn cấp", "it never speaks emergencies", True
            )
        ends_at = self._clock() + self._deadline_s
        pieces = []
        with requests.Session() as session:
            for request in _requests(sentence):
                if self._clock() > ends_at:
                    raise EngineSlow(NAME, self._deadline_s)
                url = str(request.url).replace(ORIGIN, self._origin, 1)
                request.prepare_url(url, None)
                pieces.append(sound_of(_audio(self._answer(session, request, url, ends_at)), NAME))
        pcm = np.concatenate(pieces)
        check_length(pcm, sentence, NAME)
        return pcm

    def close(self) -> None:
        """Keeps no connection."""

    def _answer(
        self, session: requests.Session, request: requests.PreparedRequest, url: str, ends_at: float
    ) -> bytes:
        settings = session.merge_environment_settings(url, {}, True, None, None)
        left_s = max(_LEAST_WAIT_S, ends_at - self._clock())
        try:
            with session.send(
                request,
                verify=self._verify,
                timeout=(min(CONNECT_S, left_s), min(self._read_s, left_s)),
                proxies=settings["proxies"],
                stream=True,
                allow_redirects=False,
            ) as answer:
                _check_status(answer)
                return self._body(answer, ends_at)
        except requests.exceptions.SSLError as failure:
            raise distrusted(NAME, failure) from failure
        except requests.exceptions.Timeout as failure:
            raise EngineSlow(NAME, self._read_s) from failure
        except urllib3.exceptions.ReadTimeoutError as failure:
            raise EngineSlow(NAME, self._read_s) from failure
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as failure:
            raise _offline(failure) from failure

    def _body(self, answer: requests.Response, ends_at: float) -> bytes:
        """Counted and timed while it comes: a server that drips must not hold the author."""
        body = bytearray()
        # Not iter_content: that waits until a whole piece is there, which a dripping server never fills.
        while piece := answer.raw.read1(8192, decode_content=True):
            body += piece
            if self._clock() > ends_at:
                raise EngineSlow(NAME, self._deadline_s)
            if len(body) > _LONGEST_ANSWER:
                raise _failed("E_ENGINE_ANSWER", "trả về quá nhiều dữ liệu", "its answer is too long")
        return bytes(body)


def _requests(sentence: str) -> list[requests.PreparedRequest]:
    try:
        # gTTS has no public way to its requests; the release is pinned and a test holds this call.
        return list(gTTS(sentence, lang="vi", lang_check=False)._prepare_requests())
    except AssertionError as refusal:
        raise SentenceUnfit(NAME, "nothing is left to speak") from refusal


def _check_status(answer: requests.Response) -> None:
    if answer.status_code == requests.codes.too_many_requests:
        raise _failed("E_ENGINE_QUOTA", "đã hết lượt dùng, hãy thử lại sau", "it asks us to wait (429)")
    if answer.status_code != requests.codes.ok:
        raise _failed(
            "E_ENGINE_ANSWER", f"trả lời mã {answer.status_code}", f"it answered {answer.status_code}"
        )


def _audio(body: bytes) -> bytes:
    """The MP3 within the answer; a page of a captive portal has none."""
    found = _AUDIO.search(body.decode("utf-8", errors="replace"))
    if found is None or not found[1]:
        raise _failed("E_ENGINE_EMPTY", "không trả về âm thanh", "its answer holds no sound")
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error as refusal:
        raise _failed("E_ENGINE_ANSWER", "trả về dữ liệu hỏng", "its sound is not base64") from refusal


def _offline(failure: Exception) -> EngineError:
    return EngineError(
        code="E_ENGINE_OFFLINE",
        vi="Không có mạng Internet nên không dùng được bộ đọc gTTS.",
        en=f"gTTS needs the Internet, which cannot be reached ({type(failure).__name__})",
    )


def _failed(code: str, vi: str, en: str, permanent: bool = False) -> EngineError:
    return EngineError(code=code, vi=f"Bộ đọc gTTS {vi}.", en=f"gTTS: {en}", permanent=permanent)
