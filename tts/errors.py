"""What can keep a text from becoming a clip.

SpeechError
├── TextUnspeakable    the text holds nothing that can be read aloud
├── RequestRefused     a request to the speech process is not of the agreed form
├── ClipUnreadable     bytes that should be a clip cannot be decoded
├── AudioRefused       an uploaded recording cannot be used
├── HearingAbsent      no recogniser is there to listen back
├── HearingFailed      the recogniser could not say what it heard
├── PackRefused        files are no voice pack that may be used
├── ListeningRefused   a listening test cannot be made or counted
├── NoEngineLeft       every engine of the chain failed, or none is there
└── EngineError        one engine failed; `permanent` says whether the same sentence may be tried again
    ├── EngineAbsent   the engine is not installed on this machine
    ├── SentenceUnfit  this engine cannot speak this sentence, though nothing is wrong with the engine
    └── EngineSlow     the engine did not answer within its deadline
"""


class SpeechError(Exception):
    """Carries a stable code and one sentence in Vietnamese and in English."""

    def __init__(self, *, code: str, vi: str, en: str) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.vi = vi
        self.en = en


class TextUnspeakable(SpeechError):
    """The text holds nothing that can be read aloud."""

    def __init__(self) -> None:
        super().__init__(
            code="E_TEXT_UNSPEAKABLE",
            vi="Văn bản không có chữ nào đọc được thành tiếng.",
            en="The text holds nothing that can be read aloud.",
        )


class RequestRefused(SpeechError):
    """A request to the speech process is not of the agreed form."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            code="E_SPEECH_REQUEST",
            vi="Yêu cầu đọc không đúng khuôn dạng.",
            en=f"The speech request is not of the agreed form: {reason}.",
        )


class ClipUnreadable(SpeechError):
    """Bytes that should be a clip cannot be decoded."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            code="E_CLIP_UNREADABLE",
            vi="Không giải mã được đoạn âm thanh.",
            en=f"The clip cannot be decoded: {reason}.",
        )


class AudioRefused(SpeechError):
    """An uploaded recording cannot be used; made by the functions below."""


def audio_type(reason: str) -> AudioRefused:
    """It is no sound that is taken, or a broken one."""
    return AudioRefused(
        code="E_AUDIO_TYPE",
        vi="Tệp này không phải là âm thanh dùng được (nhận WAV, MP3, FLAC, Ogg, M4A, AMR, WebM).",
        en=f"The file is no usable sound: {reason}.",
    )


def audio_codec(kind: str) -> AudioRefused:
    """It may be a sound, but only ffmpeg could tell."""
    return AudioRefused(
        code="E_AUDIO_CODEC",
        vi=f"Máy này chưa cài ffmpeg nên chưa đọc được tệp {kind.upper()}; hãy gửi WAV hoặc MP3.",
        en=f"Files of kind {kind} need ffmpeg, which is not installed here.",
    )


def audio_size(megabytes: int) -> AudioRefused:
    """Too many bytes."""
    return AudioRefused(
        code="E_AUDIO_SIZE",
        vi=f"Tệp âm thanh lớn quá {megabytes} MB.",
        en=f"The sound file is larger than {megabytes} MB.",
    )


def audio_length(reason: str) -> AudioRefused:
    """Too short, too long, or not of the length that it claims."""
    return AudioRefused(
        code="E_AUDIO_LENGTH",
        vi="Đoạn ghi âm ngắn quá, dài quá hoặc bị hỏng.",
        en=f"The recording is too short, too long or damaged: {reason}.",
    )


def audio_too_long(seconds: float, times: int = 1) -> AudioRefused:
    """More sound than one item may hold, said once or as often as it is wanted."""
    often_vi, often_en = (f" khi phát {times} lần", f" said {times} times") if times > 1 else ("", "")
    return AudioRefused(
        code="E_AUDIO_LENGTH",
        vi=f"Đoạn ghi âm dài quá {seconds / 60:g} phút{often_vi}. Xin cắt ngắn lại.",
        en=f"The recording{often_en} is longer than {seconds:g} s.",
    )


def audio_too_short(seconds: float) -> AudioRefused:
    """A click is no announcement."""
    return AudioRefused(
        code="E_AUDIO_LENGTH",
        vi="Đoạn ghi âm ngắn quá, chưa có câu nào. Xin ghi lại.",
        en=f"The recording is shorter than {seconds:g} s.",
    )


def audio_level(reason: str) -> AudioRefused:
    """Nothing can be heard in it."""
    return AudioRefused(
        code="E_AUDIO_LEVEL",
        vi="Đoạn ghi âm không có tiếng nói nghe được.",
        en=f"No voice can be heard in the recording: {reason}",
    )


class PackRefused(SpeechError):
    """Files are no voice pack that may be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            code="E_VOICE_PACK",
            vi="Không dùng được gói giọng này.",
            en=f"The voice pack cannot be used: {reason}.",
        )


class ListeningRefused(SpeechError):
    """A listening test cannot be made or counted."""

    def __init__(self, *, vi: str, en: str) -> None:
        super().__init__(code="E_LISTENING", vi=vi, en=f"The listening test won't do: {en}.")


class HearingAbsent(SpeechError):
    """No recogniser is there to listen back."""

    def __init__(self) -> None:
        super().__init__(
            code="E_HEARING_ABSENT",
            vi="Máy này chưa cài bộ nghe lại.",
            en="No recogniser is installed here: nobody listened back.",
        )


class HearingFailed(SpeechError):
    """The recogniser could not say what it heard."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            code="E_HEARING_FAILED",
            vi="Bộ nghe lại không làm việc được, bài vẫn như cũ.",
            en=f"The recogniser could not listen: {reason}; the sound stays as it is.",
        )


class NoEngineLeft(SpeechError):
    """Every engine of the chain failed, or none is there; `causes` says why, in order."""

    def __init__(self, causes: tuple[str, ...]) -> None:
        super().__init__(
            code="E_ENGINE_NONE",
            vi="Không bộ đọc nào đọc được câu này.",
            en="No engine could read this sentence: " + ("; ".join(causes) or "none is installed"),
        )
        self.causes = causes


class EngineError(SpeechError):
    """One engine failed; `permanent` means that asking again with the same sentence is useless."""

    def __init__(self, *, code: str, vi: str, en: str, permanent: bool = False) -> None:
        super().__init__(code=code, vi=vi, en=en)
        self.permanent = permanent


class EngineAbsent(EngineError):
    """The engine is not installed on this machine."""

    def __init__(self, engine: str, missing: str) -> None:
        super().__init__(
            code="E_ENGINE_ABSENT",
            vi=f"Máy này chưa cài bộ đọc {engine}.",
            en=f"The engine {engine} is not installed: {missing} is missing",
            permanent=True,
        )


class SentenceUnfit(EngineError):
    """This engine cannot speak this sentence, though nothing is wrong with the engine."""

    def __init__(self, engine: str, reason: str) -> None:
        super().__init__(
            code="E_ENGINE_SENTENCE",
            vi=f"Bộ đọc {engine} không đọc được câu này.",
            en=f"The engine {engine} cannot speak this sentence: {reason}",
            permanent=True,
        )


class EngineSlow(EngineError):
    """The engine did not answer within its deadline."""

    def __init__(self, engine: str, seconds: float) -> None:
        super().__init__(
            code="E_ENGINE_SLOW",
            vi=f"Bộ đọc {engine} không trả lời kịp.",
            en=f"The engine {engine} did not answer within {seconds:g} s",
        )
