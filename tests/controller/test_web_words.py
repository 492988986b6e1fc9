"""The wording: both languages say the same things, and every page finds its words."""

import re
from importlib import resources
from pathlib import Path

from controller.web.words import LANGUAGES, blanks, sentences, words

WEB = Path(str(resources.files("controller.web")))
SOURCES = [*WEB.glob("*.py"), *WEB.glob("templates/*.html")]


def test_both_languages_have_the_same_sentences_with_the_same_blanks() -> None:
    vi, en = (sentences(language) for language in LANGUAGES)
    assert vi.keys() == en.keys()
    assert {key for key in vi if blanks(vi[key]) != blanks(en[key])} == set()
    assert [key for key in vi if not vi[key].strip() or not en[key].strip()] == []


def test_every_sentence_that_a_page_asks_for_exists_and_none_is_left_over() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    asked = set(re.findall(r"""["']([a-z]+\.[a-z_0-9]+)["']""", text))
    known = sentences("vi").keys()
    heads = {key.partition(".")[0] for key in known}
    files = (".html", ".css", ".js", ".svg")
    missing = {key for key in asked if key.partition(".")[0] in heads and not key.endswith(files)} - known
    assert missing == set()
    built = set(re.findall(r"""["']([a-z]+\.(?:[a-z]+_)?)(?:["']\s*[+~]|\{)""", text))
    left = {key for key in known if key not in asked and not any(key.startswith(stem) for stem in built)}
    assert left == set()


def test_an_unknown_language_is_vietnamese() -> None:
    assert words("xx").language == "vi"
