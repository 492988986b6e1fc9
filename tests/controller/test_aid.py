"""The writing aid: asked once, believed little, and nothing is taken over by itself."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.config import settle
from controller.dispatch.announcements.aiding import hints_of, proposal_of, seconds_of
from controller.dispatch.announcements.precheck import Kind
from controller.errors import Problem, SettingsRefused
from controller.studio.aid import LONGEST_ANSWER, Aid, Question, aid_of
from tests.support.aid import KEY, NEW, OLD
from tests.support.language_model import Model, completion, language_model
from tests.tts.fake_google import Proof, certificate
from tts.breaker import FIRST_REST_S
from tts.engines.address import address_of

QUESTION = Question(name="shorten", rules="Rút gọn.", words=OLD, schema={"type": "object"})


def ask(
    model: Model, *, times: int = 1, aid: Callable[[Model], Aid] | None = None
) -> list[dict[str, Any] | str]:
    """What came of asking so many times: the answer, or the code of the problem."""

    async def live() -> list[dict[str, Any] | str]:
        asked = (aid or usual)(model)
        found: list[dict[str, Any] | str] = []
        for _ in range(times):
            try:
                found.append(await asked.ask(QUESTION, lambda facts: facts))
            except Problem as problem:
                found.append(problem.code)
        return found

    with language_model(model):
        return asyncio.run(live())


def usual(model: Model, **changes: Any) -> Aid:
    facts = {"model": "qwen", "key": KEY, "deadline_s": 5.0, **changes}
    return Aid(address_of(model.base, "/v1/chat/completions"), **facts)


# ── One question ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_question_goes_out_once_with_schema_key_and_no_more() -> None:
    model = Model(body=completion({"text": NEW}))
    assert ask(model) == [{"text": NEW}]
    (question,), (headers,) = model.asked, model.sent
    assert model.paths == ["/v1/chat/completions"]
    assert question["model"] == "qwen"
    assert question["stream"] is False
    assert question["response_format"]["json_schema"]["strict"] is True
    assert question["messages"][1] == {"role": "user", "content": OLD}
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in json.dumps(question)


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (Model(status=500), "E_AID_REACH"),
        (Model(status=404), "E_AID_REACH"),
        (Model(status=429), "E_AID_REACH"),
        (Model(status=302, headers={"Location": "http://127.0.0.1:1/"}), "E_AID_REACH"),
        (Model(status=307, headers={"Location": "/v1/chat/completions"}), "E_AID_REACH"),
        (Model(status=401), "E_AID_KEY"),
        (Model(status=403), "E_AID_KEY"),
        (Model(body=b""), "E_AID_ANSWER"),
        (Model(body=b"<html>"), "E_AID_ANSWER"),
        (Model(body=b"\xff\xfe"), "E_AID_ANSWER"),
        (Model(body=b"[" * 60_000), "E_AID_ANSWER"),
        (Model(body=b'{"choices": []}'), "E_AID_ANSWER"),
        (Model(body=b'{"choices": [{"message": {"content": null}}]}'), "E_AID_ANSWER"),
        (Model(body=completion("Đây là bản rút gọn: …")), "E_AID_ANSWER"),
        (Model(body=completion('```json\n{"text": "x"}\n```')), "E_AID_ANSWER"),
        (Model(body=completion('{"text": "a", "text": "b"}')), "E_AID_ANSWER"),
        (Model(body=completion('["text"]')), "E_AID_ANSWER"),
        (Model(body=completion({"text": "bị cắt"}, finish_reason="length")), "E_AID_ANSWER"),
        (Model(body=completion({"text": "x" * LONGEST_ANSWER})), "E_AID_ANSWER"),
        (Model(body=completion("{}", message={"refusal": "Tôi không làm được."})), "E_AID_DECLINED"),
        (Model(body=completion("{}", finish_reason="content_filter")), "E_AID_DECLINED"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_whatever_else_comes_is_said_and_not_asked_again(model: Model, code: str) -> None:
    assert ask(model) == [code]
    assert len(model.asked) == 1


def test_an_answer_that_does_not_come_or_drips_is_waited_for_so_long_and_no_longer() -> None:
    for model in (Model(hold_s=30), Model(body=completion({"text": NEW}), drip_s=0.5)):
        # long enough that the question itself arrives on a busy machine too
        assert ask(model, aid=lambda model: usual(model, deadline_s=3.0)) == ["E_AID_SLOW"]
        assert len(model.asked) == 1


def test_nobody_there_is_said() -> None:
    with language_model(Model()) as gone:
        address = address_of(gone.base, "/v1/chat/completions")

    async def live() -> None:
        with pytest.raises(Problem, match="E_AID_REACH"):
            await Aid(address, model="m").ask(QUESTION, lambda facts: facts)

    asyncio.run(live())


@pytest.mark.parametrize("proof", list(Proof))
def test_only_a_server_that_proves_who_it_is_is_told_anything(tmp_path: Path, proof: Proof) -> None:
    model, pair = Model(body=completion({"text": NEW})), certificate(tmp_path, proof)

    async def live(authorities: str | None) -> str:
        aid = Aid(
            address_of(f"https://127.0.0.1:{model.port}", "/v1/chat/completions"),
            model="m",
            key=KEY,
            authorities=authorities,
        )
        try:
            await aid.ask(QUESTION, lambda facts: facts)
        except Problem as problem:
            return problem.code
        return "answered"

    with language_model(model, pair):
        found = asyncio.run(live(str(pair[0])))
        assert found == ("answered" if proof is Proof.RIGHT else "E_AID_REACH")
        asked = len(model.asked)
        assert asked == (proof is Proof.RIGHT)
        assert asyncio.run(live(None)) == "E_AID_REACH"
        assert len(model.asked) == asked


def test_the_proxy_of_the_environment_gets_neither_key_nor_text(monkeypatch: pytest.MonkeyPatch) -> None:
    model, proxy = Model(body=completion({"text": NEW})), Model(body=completion({"text": "từ xa"}))
    with language_model(proxy):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.base)
        assert ask(model) == [{"text": NEW}]
        assert proxy.asked == []


def test_after_three_failures_it_rests_and_is_asked_once_more_later() -> None:
    now = [0.0]
    model = Model(status=500)

    async def live(aid: Aid) -> list[str]:
        found = []
        for _ in range(5):
            try:
                await aid.ask(QUESTION, lambda facts: facts)
            except Problem as problem:
                found.append(problem.code)
        now[0] += FIRST_REST_S + 1
        model.status, model.body = 200, completion({"text": NEW})
        await aid.ask(QUESTION, lambda facts: facts)
        return found

    with language_model(model):
        found = asyncio.run(live(usual(model, clock=lambda: now[0])))
    assert found == ["E_AID_REACH"] * 3 + ["E_AID_RESTS"] * 2
    assert len(model.asked) == 4


def test_an_answer_that_its_reader_throws_away_counts_as_a_failure() -> None:
    model = Model(body=completion({"text": 5}))

    async def live(aid: Aid) -> list[str]:
        found = []
        for _ in range(4):
            try:
                await aid.ask(QUESTION, lambda facts: proposal_of(facts, OLD))
            except Problem as problem:
                found.append(problem.code)
        return found

    with language_model(model):
        assert asyncio.run(live(usual(model))) == ["E_AID_ANSWER"] * 3 + ["E_AID_RESTS"]


def test_two_people_do_not_ask_at_once() -> None:
    model = Model(body=completion({"text": NEW}), hold_s=0.3)

    async def live(aid: Aid) -> list[object]:
        return await asyncio.gather(
            *(aid.ask(QUESTION, lambda facts: facts) for _ in range(3)), return_exceptions=True
        )

    with language_model(model):
        first, *others = asyncio.run(live(usual(model)))
    assert first == {"text": NEW}
    assert [getattr(one, "code", "") for one in others] == ["E_AID_BUSY"] * 2
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"aid_url": "http://ai.hue.gov.vn", "aid_model": "m"}, "aid_url"),
        ({"aid_url": "https://ten:mk@ai.hue.gov.vn", "aid_model": "m"}, "aid_url"),
        ({"aid_url": "ai.hue.gov.vn", "aid_model": "m"}, "aid_url"),
        ({"aid_url": "https://ai.hue.gov.vn"}, "aid_model"),
    ],
)
def test_a_server_that_may_not_be_asked_is_refused_at_the_start(values: dict[str, str], key: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        aid_of(settle(values))
    assert refused.value.key == key


def test_it_is_off_unless_a_server_is_named_and_says_whether_text_leaves() -> None:
    assert aid_of(settle({})) is None
    near = aid_of(settle({"aid_url": "http://127.0.0.1:8081/v1", "aid_model": "m"}))
    far = aid_of(settle({"aid_url": "https://ai.hue.gov.vn/v1/", "aid_model": "m"}))
    assert near is not None
    assert far is not None
    assert near.address.local
    assert (far.address.local, far.address.host) == (False, "ai.hue.gov.vn")
    assert far.address.url == "https://ai.hue.gov.vn/v1/chat/completions"


# ── What is believed ──────────────────────────────────────────────────────────────────────────────────────


def test_a_proposal_names_what_it_made_up_and_what_it_left_out() -> None:
    made_up = proposal_of({"text": "Mời bà con thôn Khuông Phò, Phò Nam họp lúc 8h30 ngày 25/11."}, OLD)
    assert made_up.strange == ("8", "Nam")
    assert "7" in made_up.lost
    assert "350" in made_up.lost
    good = proposal_of({"text": NEW}, OLD)
    assert good.strange == ()
    assert good.lost == ("15", "350")
    assert 3 < good.seconds < 20


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"text": 5},
        {"text": ""},
        {"text": " … "},
        {"text": "x" * 2001},
        {"text": NEW, "approve": True},
        {"text": "Mời họp \u202e hôm nay"},
        {"text": "Mời\x00họp"},
        {"bản": NEW},
    ],
)
def test_a_proposal_of_any_other_shape_is_thrown_away(facts: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="E_AID_ANSWER"):
        proposal_of(facts, OLD)


def test_a_hint_must_quote_the_text() -> None:
    hints = hints_of(
        {
            "hints": [
                {"kind": "past_date", "quote": "ngày  25/11/2026"},
                {"kind": "advertising", "quote": "mua ngay kẻo hết"},
                {"kind": "past_date", "quote": "ngày 25/11/2026"},
                {"kind": "urgent", "quote": ""},
            ]
        },
        OLD,
    )
    assert [(one.kind, one.written) for one in hints] == [
        (Kind.PAST_DATE, "ngày 25/11/2026"),
        (Kind.URGENT, ""),
    ]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"hints": {}},
        {"hints": ["x"]},
        {"hints": [{"kind": "approve", "quote": ""}]},
        {"hints": [{"kind": "duplicate", "quote": ""}]},
        {"hints": [{"kind": "urgent"}]},
        {"hints": [{"kind": "urgent", "quote": "", "do": "air"}]},
        {"hints": [{"kind": "urgent", "quote": "x" * 121}]},
        {"hints": [{"kind": ["urgent"], "quote": "x"}]},
        {"hints": [{"kind": "urgent", "quote": ""}] * 11},
    ],
)
def test_hints_of_any_other_shape_are_thrown_away(facts: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="E_AID_ANSWER"):
        hints_of(facts, OLD)


def test_the_length_is_that_of_what_is_spoken() -> None:
    assert seconds_of("Họp.") < seconds_of("Họp lúc 7h30 ngày 25/11/2026.")
    assert 55 <= seconds_of("Kính mời bà con đến họp tại nhà văn hóa thôn. " * 16) <= 75
