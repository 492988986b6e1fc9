"""Which tracks of an entry a node plays: those of its languages, one after the other, each once."""

from collections.abc import Iterable

from devices.messages import ClipHash, Entry, Track


def chosen(tracks: Iterable[Track], languages: Iterable[str]) -> tuple[Track, ...]:
    """In the order of the node's languages; empty where no track speaks any of them.

    A language is a range of RFC 4647 (basic filtering): ``hmn`` also takes ``hmn-Latn``, never ``mww``. Of
    several tracks in its range the first that is listed and not taken yet.
    """
    left = list(tracks)
    found: list[Track] = []
    for language in languages:
        track = next((one for one in left if speaks(one.language, language)), None)
        if track is not None:
            left.remove(track)
            found.append(track)
    return tuple(found)


def speaks(tag: str, wanted: str) -> bool:
    """Whether a track with that tag is in that language."""
    tag, wanted = tag.lower(), wanted.lower()
    return tag == wanted or tag.startswith(f"{wanted}-")


def heard(entry: Entry, languages: Iterable[str]) -> tuple[ClipHash, ...]:
    """The clips of an entry as a node with these languages plays them; never empty."""
    return tuple(track.clip for track in chosen(entry.tracks or (), languages)) or (entry.clip,)
