"""The voice's other timbres: the same sentence out of a longer throat."""

from collections.abc import Mapping
from dataclasses import dataclass

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm
from tts.resample import resample


@dataclass(frozen=True, slots=True, kw_only=True)
class Timbre:
    """The model's samples are taken to be of this `rate`: a lower one lowers formants and pitch together.

    The model speaks that much faster, so the pace stays.
    """

    name: str = ""
    rate: int = SAMPLE_RATE

    @property
    def haste(self) -> float:
        """How much faster the model must speak."""
        return SAMPLE_RATE / self.rate

    def of(self, pcm: Pcm) -> Pcm:
        """The model's sound, float32 of shape (samples,), in this timbre: shape (samples · haste,)."""
        return resample(pcm, self.rate, SAMPLE_RATE)


OWN = Timbre()
# A man's vocal tract is some 15 % longer than a woman's.
TIMBRES: Mapping[str, Timbre] = {"": OWN, "deep": Timbre(name="deep", rate=20_640)}
"""By the name that follows `kokoro_vn/`."""
