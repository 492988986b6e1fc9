"""Conflicts and refusals in words: one Vietnamese sentence each, and its English."""

from schedules.calendar import QuietHours, said_en, said_vi
from schedules.collision import Collision, ConflictKind
from schedules.precedence import is_chosen
from schedules.wish import Slot, Trouble

# code: (Vietnamese, English); filled with the title, the moment and the quiet hours
_REFUSALS = {
    "E_QUIET": (
        "Không phát được bài “{title}” lúc {at} vì đang giờ yên tĩnh ({quiet}), hãy chọn giờ khác.",
        "“{title}” is not heard at {at_en}: quiet hours ({quiet}).",
    ),
    "E_EXPIRED": (
        "Không phát bài “{title}” lúc {at} vì bài hết hạn trước khi đọc xong.",
        "“{title}” is not heard at {at_en}: it expires before its end.",
    ),
    "E_EARLY": (
        "Không phát bài “{title}” lúc {at} vì bài chưa đến ngày có hiệu lực.",
        "“{title}” is not heard at {at_en}: it is not yet valid.",
    ),
    "E_LATE": (
        "Không phát bài “{title}” lúc {at} vì đến giờ đó bài chưa được duyệt.",
        "“{title}” is not heard at {at_en}: it was not approved by then.",
    ),
    "E_CAP": (
        "Bài “{title}” không vào được buổi phát lúc {at} vì buổi đã đủ thời lượng.",
        "“{title}” does not fit into the session at {at_en}: it is full.",
    ),
    "E_BORDER": (
        "Bài “{title}” không vào được buổi phát lúc {at} vì phải nhường phần có giờ cố định.",
        "“{title}” does not fit into the session at {at_en} before what has a fixed time.",
    ),
    "E_DOUBLE": (
        "Bài “{title}” đã có trong một buổi khác cùng lúc {at} nên chỉ phát một lần.",
        "“{title}” is already in another session at {at_en}: it is heard once.",
    ),
    "E_NOT_RENDERED": (
        "Bài “{title}” chưa có âm thanh nên chưa xếp lịch được.",
        "“{title}” has no sound yet, so it can't be planned.",
    ),
    "E_NO_SESSION": (
        "Bài “{title}” chờ buổi phát gần nhất nhưng chưa có buổi nào phù hợp.",
        "“{title}” waits for the next session, and there is none for it.",
    ),
    "E_TARGET": (
        "“{title}” có nơi phát không còn trong danh sách địa bàn.",
        "“{title}” names an area that does not exist.",
    ),
    "E_TARGET_EMPTY": (
        "Bài “{title}” không có nơi phát nào thuộc địa bàn này.",
        "“{title}” has no target in this area.",
    ),
}


def trouble_words(trouble: Trouble, quiet: QuietHours) -> tuple[str, str]:
    """Why something is not heard."""
    vi, en = _REFUSALS[trouble.code]
    facts = {
        "title": trouble.title,
        "at": said_vi(trouble.at),
        "at_en": said_en(trouble.at),
        "quiet": str(quiet),
    }
    return vi.format(**facts), en.format(**facts)


def held_words(slot: Slot, place: str, quiet: QuietHours) -> tuple[str, str]:
    """An item approved in quiet hours and heard after them."""
    title, at = slot.wish.title, said_vi(slot.due_at)
    return (
        f"Bài “{title}” được duyệt trong giờ yên tĩnh ({quiet}) nên dời sang {at} tại {place}.",
        f"“{title}” was approved in quiet hours ({quiet}), so it moves to {said_en(slot.due_at)} in {place}.",
    )


def collision_words(c: Collision, place: str, quiet: QuietHours, is_open: bool) -> tuple[str, str]:
    """What two sounds on one ground make of each other; `is_open` while the commune may still choose.

    Where it has chosen, that is said instead.
    """
    one, other = c.slot.wish.title, c.other.wish.title
    at, at_en = said_vi(c.slot.due_at), said_en(c.slot.due_at)
    match c.kind:
        case ConflictKind.MOVED:
            return (
                f"Bài “{one}” dời sang {at} vì trùng giờ với “{other}” tại {place}.",
                f"“{one}” moves to {at_en} because it met “{other}” in {place}.",
            )
        case ConflictKind.PREEMPTS:
            return (
                f"Bài “{one}” lúc {at} sẽ ngắt “{other}” tại {place}.",
                f"“{one}” at {at_en} cuts “{other}” in {place}.",
            )
        case ConflictKind.ASK if is_chosen(c.slot.wish) or is_chosen(c.other.wish):
            return (
                f"Hai bài ưu tiên “{other}” và “{one}” trùng giờ tại {place}: đã chọn “{other}” phát trước, "
                f"“{one}” phát lúc {at}.",
                f"Two priority items meet in {place}: it was chosen that “{other}” goes first "
                f"and “{one}” at {at_en}.",
            )
        case ConflictKind.ASK if is_open:
            return (
                f"Hai bài ưu tiên “{other}” và “{one}” trùng giờ tại {place}, "
                f"nếu xã không chọn thì “{other}” phát trước, “{one}” phát lúc {at}.",
                f"Two priority items meet in {place}: unless the commune chooses, "
                f"“{other}” goes first and “{one}” at {at_en}.",
            )
        case ConflictKind.ASK:
            return (
                f"Hai bài ưu tiên “{other}” và “{one}” trùng giờ tại {place} và xã không chọn, "
                f"nên “{other}” phát trước, “{one}” phát lúc {at}.",
                f"Two priority items met in {place} and nobody chose: "
                f"“{other}” went first and “{one}” at {at_en}.",
            )
        case ConflictKind.UNPLACEABLE:
            why_vi, why_en = _LIMITS.get(c.code or "", ("không còn chỗ", "there is no room left"))
            return (
                f"Bài “{one}” lúc {at} trùng giờ với “{other}” tại {place} và {why_vi.format(quiet=quiet)}, "
                "nên không phát được.",
                f"“{one}” at {at_en} met “{other}” in {place} and {why_en.format(quiet=quiet)}, "
                "so it is not heard.",
            )


_LIMITS = {
    "E_QUIET": ("dời đi thì vào giờ yên tĩnh ({quiet})", "later are quiet hours ({quiet})"),
    "E_EXPIRED": ("dời đi thì bài hết hạn", "later it has expired"),
    "E_BORDER": ("phải nhường phần có giờ cố định", "something with a fixed time must begin"),
    "E_CAP": ("buổi phát đã đủ thời lượng", "the session is full"),
}
