"""The voices that the settings name: refused with a sentence, or told to the speech process as they stand."""

import asyncio
import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller import cli
from controller.config import Settings, settle
from controller.deploy.serving import speech
from controller.errors import SettingsRefused
from controller.studio.child import SpeechProcess
from controller.studio.spawn import SpeechSettings
from controller.studio.speech import SpeechDone, SpeechOrder
from controller.studio.voices import abroad, check_voices, dump, engine_settings
from tests.support.doors import AUTHOR, Home, door, play
from tests.tts.test_http_engine import Province, province, wave
from tests.tts.test_packs import files
from tts.engines.engine import Style
from tts.packs import import_pack

SERVER = "https://doc.hue.example/v1"
KEY = "bí mật".encode().hex()
TWO = SpeechOrder(text="Mời bà con họp thôn lúc 7 giờ. Xin cảm ơn.", chime=False)


def wanted(**values: object) -> Settings:
    return settle({"tenant": "hue", **values})


@pytest.mark.parametrize(
    ("values", "key", "said"),
    [
        ({"engines": "kokoro"}, "engines", "no voice is called 'kokoro'"),
        ({"engines": ""}, "engines", "name at least one voice"),
        ({"engines": "http,espeak"}, "http_voice_url", "needs the address of its server"),
        (
            {"engines": "http,espeak", "http_voice_url": "http://doc.hue.example"},
            "http_voice_url",
            "https",
        ),
        (
            {"engines": "http,espeak", "http_voice_url": SERVER, "http_voice_authorities": "/nowhere.pem"},
            "http_voice_authorities",
            "no file /nowhere.pem",
        ),
        ({"engines": "piper/vi,espeak"}, "engines", "no voice pack 'vi'"),
        ({"engines": "kokoro_vn/squeaky"}, "engines", "no timbre is called 'squeaky'.*kokoro_vn/deep"),
        ({"engines": "gtts"}, "engines", "add kokoro_vn or espeak"),
        ({"engines": "gtts,http", "http_voice_url": SERVER}, "engines", "add kokoro_vn or espeak"),
    ],
)
def test_a_wrong_voice_is_refused_with_the_setting_and_what_is_wanted(
    values: dict[str, object], key: str, said: str, tmp_path: Path
) -> None:
    settings = wanted(data_dir=tmp_path, **values)
    with pytest.raises(SettingsRefused, match=said) as refusal:
        check_voices(settings)
    assert refusal.value.key == key
    with pytest.raises(SettingsRefused):
        speech(settings)


def test_the_house_does_not_start_with_a_wrong_voice_and_the_doctor_says_so(tmp_path: Path) -> None:
    file = tmp_path / "loa.toml"
    file.write_text(f'data_dir = "{tmp_path}"\nengines = ["gtts"]\n')
    refused = CliRunner().invoke(cli.app, ["serve", "--config", str(file)])
    assert isinstance(refused.exception, SettingsRefused)
    doctor = CliRunner().invoke(cli.app, ["doctor", "--config", str(file)])
    assert doctor.exit_code == 1
    assert "emergencies never do" in " ".join(doctor.output.split())


def test_what_an_engine_is_told_is_what_the_settings_say(tmp_path: Path) -> None:
    settings = wanted(
        data_dir=tmp_path,
        engines="http,kokoro_vn",
        http_voice_url=SERVER,
        http_voice_key=KEY,
        http_voice_name="nu",
        speech_idle_s=600,
    )
    check_voices(settings)
    assert json.loads(dump(engine_settings(settings))) == {
        "piper": {"packs": str(tmp_path / "voices")},
        "kokoro_vn": {"idle_s": "600"},
        "http": {"base_url": SERVER, "model": "tts-1", "voice": "nu", "key": KEY},
    }
    assert KEY not in repr(settings)
    assert [one.host for one in abroad(settings)] == ["doc.hue.example"]


def test_a_server_on_this_machine_sends_nothing_out_of_the_house() -> None:
    settings = wanted(engines="http", http_voice_url="http://127.0.0.1:9000")
    check_voices(settings)
    assert abroad(settings) == ()


def test_an_imported_pack_is_a_voice_by_its_name(tmp_path: Path) -> None:
    import_pack(files(tmp_path / "in"), tmp_path / "voices", name="vi", licence="CC0-1.0")
    check_voices(wanted(data_dir=tmp_path, engines="piper/vi"))


def run(settings: SpeechSettings, *orders: SpeechOrder) -> list[SpeechDone]:
    async def story() -> list[SpeechDone]:
        process = SpeechProcess(settings, random.Random(1))
        await process.start()
        try:
            async with asyncio.timeout(60):
                return [await process.render(order) for order in orders]
        finally:
            await process.stop()

    return asyncio.run(story())


def test_the_child_speaks_by_the_server_that_the_settings_name_and_nobody_sees_the_key(
    tmp_path: Path,
) -> None:
    with province(Province(body=wave(1.6))) as server:
        house = wanted(
            data_dir=tmp_path,
            engines="http,espeak",
            http_voice_url=f"http://127.0.0.1:{server.port}",
            http_voice_key=KEY,
            http_voice_name="nu",
        )
        settings = SpeechSettings(
            cache_dir=house.speech_cache_dir,
            clips_dir=house.clips_dir,
            engines=house.engines,
            told=dump(engine_settings(house)),
        )
        (done,) = run(settings, TWO)
    assert [one["engine"] for one in done.said] == ["http", "http"]
    assert {headers["Authorization"] for _, headers, _ in server.asked} == {f"Bearer {KEY}"}
    assert {words["voice"] for _, _, words in server.asked} == {"nu"}
    assert KEY not in " ".join(settings.command(3))
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_sentence_that_the_server_can_t_speak_says_who_spoke_it_and_why(tmp_path: Path) -> None:
    with province(Province(status=500)) as server:
        settings = SpeechSettings(
            cache_dir=tmp_path / "speech",
            clips_dir=tmp_path / "clips",
            engines=("http", "tests.support.stub_voice:open_engine"),
            told=json.dumps({"http": {"base_url": f"http://127.0.0.1:{server.port}"}}).encode(),
        )
        (done,) = run(settings, TWO)
    assert [one["engine"] for one in done.said] == ["stub", "stub"]
    assert "500" in done.said[0]["causes"][0]
    assert done.words_a_minute > 400
    assert {one["flaw"] for one in done.findings} == {"too_fast"}


def test_the_cache_keeps_to_its_bound_but_for_what_is_pinned(tmp_path: Path) -> None:
    settings = SpeechSettings(
        cache_dir=tmp_path / "speech",
        clips_dir=tmp_path / "clips",
        engines=("tests.support.stub_voice:open_engine",),
        cache_mb=0,
    )
    siren = SpeechOrder(text="Lũ lên nhanh, lên chỗ cao ngay.", style=Style.EMERGENCY, pin=True, chime=False)
    run(settings, siren, TWO)
    kept = list((tmp_path / "speech").glob("??/*.sentence"))
    assert len(kept) == 1


def test_the_writing_page_says_where_the_text_goes(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            page = (await client.get("/viet-bai")).text
            assert "Chữ của bài sẽ gửi ra ngoài tới translate.google.com" in page
            assert "Tin khẩn cấp thì không bao giờ" in page

    play(tmp_path, story, engines=("gtts", "espeak"))


def test_where_nothing_leaves_the_house_nothing_is_said_of_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            assert "gửi ra ngoài" not in (await client.get("/viet-bai")).text

    play(tmp_path, story)
