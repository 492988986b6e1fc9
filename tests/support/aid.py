"""The texts of the writing aid's tests."""

KEY = "khóa-bí-mật".encode().hex()
OLD = (
    "Thực hiện Kế hoạch số 15/KH-UBND, kính mời bà con thôn Khuông Phò đến họp lúc 7h30 ngày 25/11/2026 tại "
    "nhà văn hóa thôn để bàn việc làm đường bê tông dài 350 m."
)
NEW = "Kính mời bà con thôn Khuông Phò họp lúc 7 giờ 30 ngày 25/11 tại nhà văn hóa thôn."
