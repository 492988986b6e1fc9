"""Refusal codes of a node, each with its sentence, and the tree of what a caller can't go on with.

    DeviceError
    ├── FormatError      wire.format    bytes that are not exactly one of our messages
    ├── SizeError        wire.size      bytes beyond the limit of their topic
    ├── UnsignedError    wire.unsigned  bytes that carry no signature at all
    ├── KeyUnreadable    key.unreadable a key that can't be read
    └── WeakKey          key.weak       a public key for which signatures can be made without the private one

The link's own errors stand beside it in ``devices.link``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Code(StrEnum):
    """Why a node refused. The values are the wire's own."""

    SIZE = "E_SIZE"
    FORMAT = "E_FORMAT"
    LOCKED = "E_LOCKED"
    KEY = "E_KEY"
    SIGNATURE = "E_SIGNATURE"
    DELEGATION = "E_DELEGATION"
    TENANT = "E_TENANT"
    TARGET = "E_TARGET"
    FENCED = "E_FENCED"
    REPLAY = "E_REPLAY"
    EXPIRED = "E_EXPIRED"
    EARLY = "E_EARLY"
    CLOCK = "E_CLOCK"
    QUIET = "E_QUIET"
    RATE = "E_RATE"
    CONTENT = "E_CONTENT"
    STORE = "E_STORE"
    ROLLBACK = "E_ROLLBACK"
    STOPPED = "E_STOPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence for people, Vietnamese first."""

    vi: str
    en: str


SENTENCES: dict[Code, Sentence] = {
    Code.SIZE: Sentence(vi="Thông điệp dài quá mức cho phép.", en="The message is longer than allowed."),
    Code.FORMAT: Sentence(vi="Thông điệp không đúng khuôn dạng.", en="The message is not well-formed."),
    Code.LOCKED: Sentence(
        vi="Cụm loa đang bị khóa hoặc có lệnh giữ im lặng.",
        en="The node is locked out or under a silence order.",
    ),
    Code.KEY: Sentence(
        vi="Khóa ký không được biết, đã bị thu hồi hoặc hết hạn.",
        en="The signing key is unknown, revoked or expired.",
    ),
    Code.SIGNATURE: Sentence(vi="Chữ ký không đúng.", en="The signature is not valid."),
    Code.DELEGATION: Sentence(
        vi="Khóa này không được ủy quyền cho việc này.", en="The key is not delegated to do this."
    ),
    Code.TENANT: Sentence(vi="Thông điệp của đơn vị khác.", en="The message belongs to another tenant."),
    Code.TARGET: Sentence(
        vi="Thông điệp không gửi cho cụm loa này.", en="The message is not meant for this node."
    ),
    Code.FENCED: Sentence(
        vi="Máy điều khiển này đã bị thay thế.", en="This controller has been replaced by a newer one."
    ),
    Code.REPLAY: Sentence(vi="Thông điệp cũ được phát lại.", en="An old message was sent again."),
    Code.EXPIRED: Sentence(vi="Đã quá hạn phát.", en="It has expired."),
    Code.EARLY: Sentence(vi="Chưa đến giờ hiệu lực.", en="It is not valid yet."),
    Code.CLOCK: Sentence(
        vi="Đồng hồ của cụm loa chưa chắc chắn.", en="The node is not sure of its own clock."
    ),
    Code.QUIET: Sentence(vi="Đang trong giờ yên tĩnh.", en="It falls within quiet hours."),
    Code.RATE: Sentence(
        vi="Quá nhiều lượt phát trong thời gian ngắn.", en="Too many starts within a short time."
    ),
    Code.CONTENT: Sentence(
        vi="Âm thanh thiếu hoặc không đúng với bản đã ký.",
        en="The sound is missing or is not the one that was signed.",
    ),
    Code.STORE: Sentence(
        vi="Cụm loa không ghi được vào bộ nhớ.", en="The node could not write to its storage."
    ),
    Code.ROLLBACK: Sentence(
        vi="Phiên bản này trái với bản đang giữ.", en="This version contradicts the one already held."
    ),
    Code.STOPPED: Sentence(vi="Đã có lệnh dừng.", en="It was stopped by an order."),
}


class DeviceError(Exception):
    """Root of what this room raises."""

    code: ClassVar[str] = "device"
    permanent: ClassVar[bool] = True


class FormatError(DeviceError):
    """Bytes, or a message, that break a rule of the wire; ``detail`` says which."""

    code = "wire.format"

    def __init__(self, detail: str) -> None:
        # A stranger's octets may be quoted in it, and a receipt carries it on.
        self.detail = "".join(mark if mark.isprintable() else "?" for mark in detail[:200])
        super().__init__(self.detail)


class SizeError(DeviceError):
    """More octets than the topic allows."""

    code = "wire.size"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size} octets, limit {limit}")
        self.size = size
        self.limit = limit


class UnsignedError(DeviceError):
    """Something that was never signed: plain JSON, or an envelope with an empty signature."""

    code = "wire.unsigned"


class KeyUnreadable(DeviceError):
    """Not a key, or not an Ed25519 key."""

    code = "key.unreadable"


class WeakKey(DeviceError):
    """Identity, small order, non-canonical or not on the curve."""

    code = "key.weak"
