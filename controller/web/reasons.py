"""Why a node or the plan said no, in words."""

from devices.errors import SENTENCES, Code


def refusal_words(code: str, *, vi: bool) -> str:
    """The sentence of a refusal code; empty for a code that nobody has given one."""
    if code not in tuple(Code):
        return ""
    sentence = SENTENCES[Code(code)]
    return sentence.vi if vi else sentence.en
