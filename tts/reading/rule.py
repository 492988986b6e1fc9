"""What a rule is: a pattern, and how its match is read."""

import re
from collections.abc import Callable
from dataclasses import dataclass

# Stands in the text where an earlier rule has read already; no written text holds it.
READ = "\ue000"
# A word's edges: letters and digits on neither side.
START = r"(?<![^\W_])"
END = r"(?![^\W_])"

Read = Callable[[re.Match[str]], str | None]
Sure = Callable[[re.Match[str]], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`read` gives the words for a match, or None to leave it to later rules; `sure` says how certain
    they are, from 0 (unreadable) to 1 (no doubt).

    Where the pattern has a group `it`, only that group is replaced.
    """

    name: str
    pattern: re.Pattern[str]
    read: Read
    sure: Sure

    def span(self, match: re.Match[str]) -> tuple[int, int]:
        """The part of the text that the reading replaces."""
        return match.span("it") if "it" in self.pattern.groupindex else match.span()


def rule(
    name: str, pattern: str, read: Read, confidence: float | Sure = 0.95, *, any_case: bool = False
) -> Rule:
    """A rule from a pattern's source."""
    flags = re.MULTILINE | (re.IGNORECASE if any_case else 0)
    sure = confidence if callable(confidence) else _always(confidence)
    return Rule(name=name, pattern=re.compile(pattern, flags), read=read, sure=sure)


def _always(confidence: float) -> Sure:
    return lambda match: confidence
