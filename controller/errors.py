"""What the controller answers when it can't do what was asked: one table of problems.

Problem           carries a stable code, an HTTP status and one sentence in each language (RFC 9457)
SettingsRefused   a setting is unknown or impossible; the process does not start
StoreFault        the database is not what this version expects; the process does not start
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the table: status and sentences; ``{name}`` is filled from the problem's facts."""

    status: int
    vi: str
    en: str


PROBLEMS: dict[str, Kind] = {
    "E_BODY": Kind(
        status=400,
        vi="Nội dung gửi lên không đọc được.",
        en="The body of the request can't be read.",
    ),
    "E_HOST": Kind(
        status=400,
        vi="Địa chỉ máy chủ trong yêu cầu không đúng.",
        en="The request names a host that this server does not serve.",
    ),
    "E_IDEMPOTENCY_KEY": Kind(
        status=400,
        vi="Yêu cầu này phải kèm mã chống gửi trùng (Idempotency-Key).",
        en="This request needs an Idempotency-Key header.",
    ),
    "E_SESSION": Kind(
        status=401,
        vi="Phiên làm việc đã hết. Mời đăng nhập lại.",
        en="The session has ended. Please log in again.",
    ),
    "E_LOGIN": Kind(
        status=401,
        vi="Tên đăng nhập hoặc mật khẩu không đúng.",
        en="The user name or the password is wrong.",
    ),
    "E_RIGHT": Kind(
        status=403,
        vi="Tài khoản này không có quyền làm việc đó ở địa bàn này.",
        en="This account may not do that in this area.",
    ),
    "E_ORIGIN": Kind(
        status=403,
        vi="Yêu cầu không đến từ trang của hệ thống này. Hãy tải lại trang rồi thử lại.",
        en="The request does not come from a page of this system. Reload the page and try again.",
    ),
    "E_SECOND_PERSON": Kind(
        status=403,
        vi="Việc này phải do người thứ hai xác nhận, không phải chính người đã lập.",
        en="A second person must confirm this, not the one who made it.",
    ),
    "E_NOT_FOUND": Kind(
        status=404,
        vi="Không tìm thấy.",
        en="Not found.",
    ),
    "E_METHOD": Kind(
        status=405,
        vi="Địa chỉ này không nhận cách gọi đó.",
        en="This address does not take that method.",
    ),
    "E_CORRECTION": Kind(
        status=422,
        vi="Bài đính chính phải giữ câu mở đầu, phát ưu tiên trên đúng các cụm loa đã phát bài sai.",
        en="A correction keeps its opening and goes to exactly the nodes that played the wrong item.",
    ),
    "E_CHANGED": Kind(
        status=409,
        vi="Nội dung đã thay đổi kể từ lúc xem. Hãy xem lại rồi quyết định.",
        en="The content has changed since it was looked at. Look again, then decide.",
    ),
    "E_IDEMPOTENCY": Kind(
        status=409,
        vi="Mã chống gửi trùng này đã dùng cho một yêu cầu khác.",
        en="This idempotency key was used for another request.",
    ),
    "E_STATE": Kind(
        status=409,
        vi="Việc này không còn làm được ở trạng thái hiện tại.",
        en="This can't be done in the present state.",
    ),
    "E_NOT_READY": Kind(
        status=409,
        vi="Bản đọc chưa xong. Xin đợi trong giây lát.",
        en="The reading is not ready yet. Please wait a moment.",
    ),
    "E_QUOTA": Kind(
        status=409,
        vi="Địa bàn này đã giữ {most} bản thu, không nhận thêm được. Xin báo quản trị viên.",
        en="This area keeps {most} recordings already; no more are taken.",
    ),
    "E_TARGET_CHANGED": Kind(
        status=409,
        vi="Nơi phát đã thay đổi kể từ lúc xem trước. Hãy xem lại rồi phát.",
        en="The targets have changed since the preview. Look again, then send.",
    ),
    "E_STALE": Kind(
        status=412,
        vi="Người khác vừa sửa nội dung này. Phần ông/bà gõ vẫn còn; hãy tải lại rồi so sánh.",
        en="Somebody else has changed this meanwhile. Reload and compare.",
    ),
    "E_TOO_LARGE": Kind(
        status=413,
        vi="Nội dung gửi lên quá lớn.",
        en="The request is too large.",
    ),
    "E_MEDIA_TYPE": Kind(
        status=415,
        vi="Loại nội dung gửi lên không được nhận ở đây.",
        en="This kind of content is not taken here.",
    ),
    "E_RANGE": Kind(
        status=416,
        vi="Khoảng dữ liệu yêu cầu nằm ngoài tệp.",
        en="The requested range lies outside the file.",
    ),
    "E_FIELD": Kind(
        status=422,
        vi="Một ô nhập chưa đúng.",
        en="A field is not right.",
    ),
    "E_TEXT": Kind(
        status=422,
        vi="Văn bản có ký tự không dùng được.",
        en="The text holds characters that can't be used.",
    ),
    "E_TIME": Kind(
        status=422,
        vi="Thời gian không đúng.",
        en="The time is not right.",
    ),
    "E_TARGET_EMPTY": Kind(
        status=422,
        vi="Chưa chọn nơi phát, hoặc nơi đã chọn không có cụm loa nào.",
        en="No place was chosen, or the chosen place has no loudspeakers.",
    ),
    "E_URL": Kind(
        status=422,
        vi="Địa chỉ này không được phép lấy tiếng. Chỉ nhận địa chỉ https của đài đã khai trong cấu hình.",
        en="This address is not taken ({why}).",
    ),
    "E_SOURCE": Kind(
        status=422,
        vi="Chưa có nguồn tiếp âm nào ở địa bàn này.",
        en="This area has no relay source yet.",
    ),
    "E_LIVE_CLASS": Kind(
        status=422,
        vi="Tin thông thường của cấp trên do xã chọn giờ phát. Muốn nói ngay, hãy chọn loại ưu tiên.",
        en="A commune chooses when a normal item from above is played; to speak at once choose priority.",
    ),
    "E_FFMPEG": Kind(
        status=503,
        vi="Máy chủ chưa cài ffmpeg nên chưa phát trực tiếp và tiếp âm được. Xin báo kỹ thuật.",
        en="ffmpeg is not installed on this server; live and relay need it.",
    ),
    "E_ON_AIR": Kind(
        status=409,
        vi="{name} đang phát ở địa bàn này đến {until}. Hãy kết thúc buổi đó trước.",
        en="{name} is on air there until {until}. End that first.",
    ),
    "E_QUIET": Kind(
        status=422,
        vi="Đang hoặc sắp đến giờ yên tĩnh ({quiet}). Không phát trực tiếp được; nếu có thiên tai, "
        "hãy dùng trang Khẩn cấp.",
        en="Quiet hours ({quiet}) have begun or would begin before the end; only an emergency passes them.",
    ),
    "E_TYPED_NAME": Kind(
        status=422,
        vi="Tên địa bàn gõ vào chưa khớp.",
        en="The typed name of the place does not match.",
    ),
    "E_PASSWORD_WEAK": Kind(
        status=422,
        vi="Mật khẩu quá yếu: cần ít nhất 12 ký tự, không dễ đoán và không giống tên đăng nhập.",
        en="The password is too weak: at least 12 characters, hard to guess, unlike the user name.",
    ),
    "E_LEXICON_LINE": Kind(
        status=422,
        vi="Cần đúng hai cột: cách viết và cách đọc.",
        en="Exactly two columns are wanted: what is written and how it is read.",
    ),
    "E_LEXICON_EMPTY": Kind(
        status=422,
        vi="Chưa có cách viết nào.",
        en="Nothing is written there.",
    ),
    "E_LEXICON_LONG": Kind(
        status=422,
        vi="Quá dài: cách viết tối đa 80, cách đọc tối đa 300, ghi chú tối đa 200 ký tự.",
        en="Too long: at most 80 characters written, 300 read, 200 of a note.",
    ),
    "E_LEXICON_SILENT": Kind(
        status=422,
        vi="Cách đọc không có chữ nào.",
        en="The reading has no word.",
    ),
    "E_LEXICON_HIDDEN": Kind(
        status=422,
        vi="Có ký tự ẩn, xin xóa chỗ đó và gõ lại.",
        en="There is a hidden character; delete it and type again.",
    ),
    "E_LEXICON_CHANGED": Kind(
        status=422,
        vi="Cách đọc phải viết thành chữ như khi nói.",
        en="A reading is written in words as they are spoken.",
    ),
    "E_LEXICON_NUMBER": Kind(
        status=422,
        vi="Số này thường đọc là “{usual}”, ở đây lại đọc là “{reading}”. Nếu đúng ý, xin đánh dấu xác nhận.",
        en="This number is usually read “{usual}”, here “{reading}”. If it is meant so, confirm it.",
    ),
    "E_LEXICON_EXISTS": Kind(
        status=409,
        vi="“{written}” đã có trong từ điển. Hãy sửa mục đó.",
        en="“{written}” stands in the lexicon already. Change that line.",
    ),
    "E_LEXICON_FULL": Kind(
        status=409,
        vi="Từ điển chỉ chứa được {most} mục.",
        en="A lexicon holds {most} lines at most.",
    ),
    "E_LEXICON_LINES": Kind(
        status=422,
        vi="Có {count} dòng sai, chưa ghi dòng nào. {first_vi}",
        en="{count} lines are wrong and none was taken in: {first_en}.",
    ),
    "E_REFUSED": Kind(
        status=422,
        vi="Yêu cầu không được nhận.",
        en="The request was refused.",
    ),
    "E_TOO_MANY": Kind(
        status=429,
        vi="Thử quá nhiều lần. Xin đợi {retry_after} giây rồi thử lại.",
        en="Too many attempts. Please wait {retry_after} seconds and try again.",
    ),
    "E_INTERNAL": Kind(
        status=500,
        vi="Hệ thống gặp lỗi. Việc vừa làm chưa được ghi nhận; xin thử lại.",
        en="The system met a fault. What was asked for was not done; please try again.",
    ),
    "E_SPEECH": Kind(
        status=503,
        vi="Bộ đọc tạm thời không làm việc. Bài vẫn được giữ; hệ thống đang tự thử lại.",
        en="Speech is not working at the moment. The item is kept; the system is trying again.",
    ),
    "E_DISK": Kind(
        status=507,
        vi="Ổ đĩa của máy chủ đã đầy: việc vừa làm chưa được ghi. Khẩn cấp và dừng vẫn dùng được. "
        "Xin báo kỹ thuật.",
        en="The server's disk is full: this was not saved. Emergencies and stops still work.",
    ),
    "E_STORAGE": Kind(
        status=507,
        vi="Máy chủ hết chỗ giữ bản thu. Bài vẫn còn nguyên; xin báo quản trị viên.",
        en="There is no room left for recordings on this server. The item is as it was.",
    ),
    "E_AID_OFF": Kind(
        status=409,
        vi="Trợ giúp soạn bài chưa được bật ở máy chủ này.",
        en="The writing aid is not switched on at this server.",
    ),
    "E_AID_LONG": Kind(
        status=422,
        vi="Văn bản dài quá, trợ giúp không nhận. Xin cắt bớt rồi thử lại.",
        en="The text is too long for the writing aid.",
    ),
    "E_AID_EMPTY": Kind(
        status=422,
        vi="Chưa có nội dung để rút gọn.",
        en="There is no text to shorten.",
    ),
    "E_AID_DECLINED": Kind(
        status=422,
        vi="Trợ giúp không nhận văn bản này. Bài vẫn như cũ.",
        en="The writing aid declines this text. Nothing has changed.",
    ),
    "E_AID_ANSWER": Kind(
        status=502,
        vi="Trợ giúp trả lời không đúng khuôn nên đã bỏ câu trả lời đó. Bài vẫn như cũ.",
        en="The writing aid's answer had the wrong form and was thrown away. Nothing has changed.",
    ),
    "E_AID_REACH": Kind(
        status=502,
        vi="Không hỏi được trợ giúp: máy chủ của nó không trả lời hoặc báo lỗi. Bài vẫn như cũ.",
        en="The writing aid's server can't be reached or reports a fault. Nothing has changed.",
    ),
    "E_AID_KEY": Kind(
        status=502,
        vi="Máy chủ trợ giúp không nhận khóa truy cập. Xin báo kỹ thuật.",
        en="The writing aid's server refuses our key. Please tell the technician.",
    ),
    "E_AID_SLOW": Kind(
        status=504,
        vi="Trợ giúp không trả lời kịp. Bài vẫn như cũ.",
        en="The writing aid did not answer in time. Nothing has changed.",
    ),
    "E_AID_BUSY": Kind(
        status=503,
        vi="Trợ giúp đang làm cho người khác. Xin thử lại sau ít phút.",
        en="The writing aid is busy with somebody else's text. Please try again in a minute.",
    ),
    "E_AID_RESTS": Kind(
        status=503,
        vi="Trợ giúp vừa hỏng nhiều lần nên được nghỉ ít phút. Xin viết tiếp như thường.",
        en="The writing aid has failed several times and rests for some minutes.",
    ),
    "E_BUSY": Kind(
        status=503,
        vi="Hệ thống đang bận. Xin thử lại sau {retry_after} giây.",
        en="The system is busy. Please try again in {retry_after} seconds.",
    ),
}


class Problem(Exception):
    """What was asked for can't be done; ``code`` is stable, the sentences are for people.

    A code of the table brings its status and sentences; a leaf's own refusal brings its sentences along
    (``vi``, ``en``) and is a 422 unless ``status`` says otherwise. ``facts`` fill the sentences and go out as
    extra members.
    """

    def __init__(
        self,
        code: str,
        *,
        field: str | None = None,
        status: int | None = None,
        vi: str | None = None,
        en: str | None = None,
        **facts: object,
    ) -> None:
        kind = PROBLEMS.get(code, PROBLEMS["E_REFUSED"])
        self.code = code
        self.status = kind.status if status is None else status
        self.vi = kind.vi.format_map(facts) if vi is None else vi
        self.en = kind.en.format_map(facts) if en is None else en
        self.field = field
        self.extra = facts
        super().__init__(f"{code}: {self.en}")


class SettingsRefused(Exception):
    """A setting is unknown or impossible, so the process does not start; ``key`` names it."""

    def __init__(self, key: str, en: str) -> None:
        super().__init__(en)
        self.key = key


class StoreFault(Exception):
    """The database is not what this version expects."""
