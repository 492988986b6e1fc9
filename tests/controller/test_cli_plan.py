"""`loa plan explain` on the database of a house that does not run."""

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner

from controller.__main__ import build
from schedules.recurrence import NextSession
from tests.controller.test_web_week import add_morning
from tests.support.doors import QUANG_DIEN, Home, play

RUN = CliRunner()


def test_the_command_says_in_one_sentence_why_each_sound_plays(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await add_morning(house)
        await house.on_air("Lịch gieo cấy", timing=NextSession(), targets=(QUANG_DIEN,))
        await asyncio.sleep(0.5)

    play(tmp_path, story)
    config = tmp_path / "loa.toml"
    config.write_text(f'data_dir = "{tmp_path}"\ntenant = "hue"\n')
    asked = ["plan", "explain", "--config", str(config), "--day", "2026-11-24"]
    said = RUN.invoke(build(), asked)
    assert said.exit_code == 0, said.output
    assert "Lịch gieo cấy: Phát lúc 05:00 thứ Ba 24/11 trong “Buổi phát thanh sáng”" in said.output
    lines = [json.loads(line) for line in RUN.invoke(build(), [*asked, "--json"]).output.splitlines()]
    assert {line["fate"] for line in lines} == {"plays"}
    assert RUN.invoke(build(), [*asked, "--english"]).output.count("in “Buổi phát thanh sáng”") == 1
    nothing = RUN.invoke(build(), [*asked[:-1], "2026-12-24"])
    assert nothing.exit_code == 0
    assert "Không có gì được xếp lịch." in nothing.output
