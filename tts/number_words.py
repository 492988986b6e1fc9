"""The words of which Vietnamese numbers are made."""

# Each row is one value: words that say the same number in different places, or in different company.
_SAME = (
    ("không",), ("một", "mốt"), ("hai",), ("ba",), ("bốn", "tư"), ("năm", "lăm", "nhăm"), ("sáu",),
    ("bảy", "bẩy"), ("tám",), ("chín",), ("mười", "mươi", "chục"), ("trăm",), ("nghìn", "ngàn"), ("triệu",),
    ("tỷ", "tỉ"), ("linh", "lẻ"), ("rưỡi",), ("phẩy",),
)  # fmt: skip
VALUES = {word: row[0] for row in _SAME for word in row}
"""A number word and the one that stands for its value."""
