"""The wording of the pages, by key and language."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Formatter

LANGUAGES = ("vi", "en")


class Words:
    """One language's sentences: ``words("today.title", day=…)``."""

    def __init__(self, language: str, sentences: Mapping[str, str]) -> None:
        self.language = language
        self._sentences = sentences

    def __call__(self, key: str, **facts: object) -> str:
        return self._sentences[key].format_map(facts)

    def __contains__(self, key: str) -> bool:
        return key in self._sentences

    def known(self, key: str, otherwise: str) -> str:
        """The sentence of a key, or ``otherwise`` where the wording has none."""
        return self._sentences.get(key, otherwise)


@cache
def words(language: str) -> Words:
    """The wording of a language of the table; Vietnamese for any other."""
    chosen = language if language in LANGUAGES else LANGUAGES[0]
    return Words(chosen, sentences(chosen))


def sentences(language: str) -> dict[str, str]:
    """Key and sentence, as they stand in the file."""
    text = resources.files("controller.web").joinpath(f"wording/{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def blanks(sentence: str) -> frozenset[str]:
    """The facts that a sentence asks for."""
    return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name)
