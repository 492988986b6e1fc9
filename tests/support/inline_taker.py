"""A Taker without a process of its own: the real road of tts, at once, for virtual time."""

from dataclasses import asdict
from pathlib import Path

from controller.store.clips import ClipFacts
from controller.store.recordings import Before
from controller.studio.speech import SpeechFailed
from controller.studio.taking import Prepared
from tts.errors import AudioRefused
from tts.files import write_whole
from tts.recording import Airing, take_in


class InlineTaker:
    """Clips go to ``clips_dir`` under their hash, exactly as the intake leaves them there."""

    def __init__(self, clips_dir: Path) -> None:
        self._clips_dir = clips_dir

    async def take_in(self, original: Path, *, repeat: int, chime: bool, clean: bool = True) -> Prepared:
        """The clip of this recording; raises SpeechFailed as the process does."""
        try:
            recording = take_in(original, denoise=clean, airing=Airing(repeat=repeat, chime=chime))
        except AudioRefused as refusal:
            raise SpeechFailed(refusal.code, refusal.vi, refusal.en) from refusal
        clip = recording.clip
        write_whole(self._clips_dir / clip.sha256, clip.data)
        return Prepared(
            clip=ClipFacts(
                sha256=clip.sha256,
                bytes=len(clip.data),
                duration_ms=clip.duration_ms,
                lufs=clip.lufs,
                peak_dbfs=clip.peak_dbfs,
                engine=clip.engine,
                media_type=clip.media_type,
            ),
            before=Before(
                duration_ms=recording.original_ms,
                lufs=recording.original_lufs,
                peak_dbfs=recording.original_peak_dbfs,
                cut_ms=recording.cut_ms,
                findings=tuple(asdict(finding) for finding in recording.findings),
            ),
        )
