"""A server of one's own that speaks OpenAI's way: `POST …/v1/audio/speech`, trusted no more than needed."""

import hashlib
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from tts.engines.address import address_of
from tts.engines.answer import check_length, distrusted, engine_failure, sound_of
from tts.engines.engine import Pcm, Style
from tts.errors import EngineAbsent, EngineError, EngineSlow

NAME = "http"
CONNECT_S, READ_S = 3.0, 10.0
DEADLINE_S = 30.0
LONGEST_ANSWER = 8 * 1024 * 1024
_SPEED = {Style.BULLETIN: 1.0, Style.EMERGENCY: 0.85}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """`base_url` with or without its `/v1`; `licence` as agreed with whoever runs the server."""

    base_url: str
    key: str = field(default="", repr=False)
    model: str = "tts-1"
    voice: str = "vi"
    licence: str = "as agreed with the server's owner"
    authorities: str | None = None


def open_engine(*, settings: Mapping[str, str], threads: int = 1) -> "HttpVoice":
    """Raises EngineAbsent where the settings name no server that may be asked."""
    known = set(HttpSettings.__dataclass_fields__)
    unknown = sorted(set(settings) - known)
    if unknown:
        raise EngineAbsent(NAME, f"a setting other than {unknown[0]!r}")
    if not settings.get("base_url"):
        raise EngineAbsent(NAME, "its setting base_url")
    return HttpVoice(HttpSettings(**settings))


class HttpVoice:
    """Keeps the Engine interface. On this machine it may also speak emergencies, elsewhere never."""

    name = NAME

    def __init__(
        self,
        settings: HttpSettings,
        *,
        deadline_s: float = DEADLINE_S,
        read_s: float = READ_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        try:
            address = address_of(settings.base_url)
        except ValueError as refusal:
            raise EngineAbsent(NAME, str(refusal)) from refusal
        self._url, self.online = address.url, not address.local
        self.licence = settings.licence
        self._deadline_s = deadline_s
        self._read_s = read_s
        self._clock = clock
        which = "\x1f".join((self._url, settings.model, settings.voice))
        self.identity = f"{NAME}/1/{hashlib.sha256(which.encode()).hexdigest()[:16]}"

    def speak(self, sentence: str, style: Style) -> Pcm:
        """Raises EngineError: offline, distrusted, refused, late, too long, empty, not sound."""
        if self.online and style is Style.EMERGENCY:
            raise engine_failure(
                NAME,
                "E_ENGINE_ONLINE",
                "không dùng cho tin khẩn cấp",
                "it never speaks emergencies",
                permanent=True,
            )
        pcm = sound_of(self._answer(sentence, style), NAME)
        check_length(pcm, sentence, NAME)
        return pcm

    def close(self) -> None:
        """Keeps no connection."""

    def _answer(self, sentence: str, style: Style) -> bytes:
        ends_at = self._clock() + self._deadline_s
        words = {
            "model": self._settings.model,
            "voice": self._settings.voice,
            "input": sentence,
            "response_format": "wav",
            "speed": _SPEED[style],
        }
        headers = {"Accept-Encoding": "identity"}  # a small answer must not unfold into a large one
        if self._settings.key:
            headers["Authorization"] = f"Bearer {self._settings.key}"
        try:
            with (
                # The environment's proxies and netrc are left out: the key goes to the named server alone.
                httpx.Client(
                    verify=ssl.create_default_context(cafile=self._settings.authorities),
                    timeout=httpx.Timeout(self._read_s, connect=CONNECT_S),
                    follow_redirects=False,
                    trust_env=False,
                ) as client,
                client.stream("POST", self._url, json=words, headers=headers) as answer,
            ):
                _check_status(answer)
                return self._body(answer, ends_at)
        except httpx.TimeoutException as failure:
            raise EngineSlow(NAME, self._read_s) from failure
        except httpx.TransportError as failure:
            raise _unreached(failure) from failure

    def _body(self, answer: httpx.Response, ends_at: float) -> bytes:
        """Counted and timed while it comes."""
        body = bytearray()
        for piece in answer.iter_raw():
            body += piece
            if self._clock() > ends_at:
                raise EngineSlow(NAME, self._deadline_s)
            if len(body) > LONGEST_ANSWER:
                raise engine_failure(
                    NAME, "E_ENGINE_ANSWER", "trả về quá nhiều dữ liệu", "its answer is too long"
                )
        if not body:
            raise engine_failure(NAME, "E_ENGINE_EMPTY", "không trả về âm thanh", "its answer holds no sound")
        return bytes(body)


def _check_status(answer: httpx.Response) -> None:
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise engine_failure(
            NAME, "E_ENGINE_QUOTA", "đã hết lượt dùng, hãy thử lại sau", "it asks us to wait (429)"
        )
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise engine_failure(
            NAME, "E_ENGINE_KEY", f"không nhận khóa truy cập (mã {status})", f"it refuses our key ({status})"
        )
    if status != httpx.codes.OK:
        raise engine_failure(NAME, "E_ENGINE_ANSWER", f"trả lời mã {status}", f"it answered {status}")


def _unreached(failure: httpx.TransportError) -> EngineError:
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return distrusted(NAME, failure)
        cause = cause.__cause__ or cause.__context__
    return engine_failure(
        NAME,
        "E_ENGINE_OFFLINE",
        "không kết nối được với máy chủ đọc",
        f"its server cannot be reached ({type(failure).__name__})",
    )
