"""Flash keeps what was synced, loses what was not, and says when it is full."""

from pathlib import Path

import pytest

from firmware_sim.flash import CLAIMS, CLIPS, DirectoryFlash, FlashFull, MemoryFlash, alter


@pytest.mark.promise("F13")
def test_a_power_cut_loses_exactly_what_was_not_synced() -> None:
    flash = MemoryFlash()
    flash.write(CLAIMS, "a", b"1")
    flash.write(CLAIMS, "b", b"1")
    flash.sync()
    flash.write(CLAIMS, "a", b"2")
    flash.write(CLAIMS, "c", b"2")
    flash.erase(CLAIMS, "b")
    flash.cut()
    assert flash.rows(CLAIMS) == {"a": b"1", "b": b"1"}


def test_a_full_flash_refuses_and_keeps_what_it_had() -> None:
    flash = MemoryFlash(capacity=10)
    flash.write(CLAIMS, "a", b"12345678")
    with pytest.raises(FlashFull):
        flash.write(CLAIMS, "b", b"12345678")
    assert flash.rows(CLAIMS) == {"a": b"12345678"}
    assert flash.free_bytes() == 2


@pytest.mark.parametrize("durable", [False, True])
def test_a_directory_keeps_rows_over_a_restart(tmp_path: Path, durable: bool) -> None:
    first = DirectoryFlash(tmp_path, durable=durable)
    first.write(CLAIMS, "alert:a:0", b"row")
    first.write(CLIPS, "f" * 64, b"sound")
    first.write(CLAIMS, "gone", b"x")
    first.erase(CLAIMS, "gone")
    second = DirectoryFlash(tmp_path, durable=durable)
    assert second.rows(CLAIMS) == {"alert:a:0": b"row"}
    assert second.read(CLIPS, "f" * 64) == b"sound"
    assert second.free_bytes() == first.free_bytes()


def test_bit_rot_changes_one_copy_and_no_other() -> None:
    one, other = MemoryFlash(), MemoryFlash()
    for flash in (one, other):
        flash.write(CLIPS, "s", b"abcdef")
    assert alter(one, "s")
    assert one.read(CLIPS, "s") != b"abcdef"
    assert other.read(CLIPS, "s") == b"abcdef"
    assert not alter(one, "unknown")
