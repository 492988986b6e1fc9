"""The outside parts of a controller that really runs: its link to the broker and its speech process."""

import logging
import random
from collections.abc import Callable

from controller.config import Settings
from controller.studio.child import SpeechProcess
from controller.studio.spawn import SpeechSettings
from controller.studio.voices import check_voices, dump, engine_settings
from devices.link import Backoff, Ears, Link, LinkFault, LinkSettings, RoundTrip
from devices.link_paho import PahoLink

CLIENT = "loa-controller"
_log = logging.getLogger("loa.link")


def paho_link(settings: Settings) -> Callable[[Ears], Link]:
    """The controller's own link: it comes back within seconds, and is left when it no longer delivers."""

    def make(ears: Ears) -> Link:
        link = LinkSettings(
            host=settings.broker_host,
            port=settings.broker_port,
            client_id=CLIENT,
            username=settings.broker_username or None,
            password=settings.broker_password.get_secret_value() or None,
            protocol=settings.broker_protocol,
            # thousands of nodes spread their return, the one controller does not have to
            backoff=Backoff(first_s=1.0, base_s=0.5, cap_s=10.0),
            round_trip=RoundTrip(topic=f"loa/1/echo/{CLIENT}"),
            ack_by_hand=True,
        )
        return PahoLink(link, ears, random.SystemRandom(), complain)

    return make


def speech(settings: Settings) -> SpeechProcess:
    """The supervised speech child; raises SettingsRefused for voices that can't be."""
    check_voices(settings)
    return SpeechProcess(
        SpeechSettings(
            cache_dir=settings.speech_cache_dir,
            clips_dir=settings.clips_dir,
            engines=settings.engines,
            threads=settings.speech_threads,
            deadline_s=settings.speech_deadline_s,
            told=dump(engine_settings(settings)),
            cache_mb=settings.speech_cache_mb,
            listener=settings.speech_listener,
        ),
        random.SystemRandom(),
        lambda reason: _log.warning("speech.restarted reason=%s", reason),
    )


def complain(fault: LinkFault) -> None:
    """One line for each complaint of the link."""
    _log.warning("link.faulted kind=%s detail=%s", fault.kind, fault.detail, exc_info=fault.error)
