"""The form of one line of a lexicon: as it is shown, as it was typed, and where it leads back to."""

from dataclasses import dataclass

from controller.store.lexicon import Entry, Line
from controller.web.page import Form, inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The form of one line as it is shown; ``was`` is the line that is being changed."""

    was: str = ""
    revision: int = 0
    written: str = ""
    reading: str = ""
    priority: int = 0
    note: str = ""
    sentence: str = ""
    back: str = ""
    sure: bool = False
    ask: bool = False

    def line(self) -> Line:
        return Line(written=self.written, reading=self.reading, priority=self.priority, note=self.note)


def typed_fields(form: Form) -> Fields:
    """What was typed, to be kept or shown again as it was."""
    return Fields(
        was=form.get("was")[:80],
        revision=form.whole("revision", 0),
        written=form.get("written")[:1000],
        reading=form.get("reading")[:1000],
        priority=1 if form.get("priority") else 0,
        note=form.get("note")[:1000],
        sentence=form.get("sentence")[:500],
        back=back_to(form.get("back")[:1000]),
        sure=bool(form.get("sure")),
        ask=bool(form.get("sure")),
    )


def fields_of(entry: Entry, sentence: str, back: str) -> Fields:
    """A line that stands, to be changed."""
    return Fields(
        was=entry.written,
        revision=entry.revision,
        written=entry.written,
        reading=entry.reading,
        priority=entry.priority,
        note=entry.note,
        sentence=sentence[:500],
        back=back,
    )


def back_to(url: str) -> str:
    """Only a sheet of Viết bài is a place to go back to."""
    place = inside(url) if url else ""
    return place if place == "/viet-bai" or place.startswith("/viet-bai/") else ""
