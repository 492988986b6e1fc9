"""A language model on an OpenAI-compatible server: asked little, believed less, never twice for one press."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from controller.config import Settings
from controller.errors import Problem, SettingsRefused
from tts.breaker import Breaker, Outcome, may_ask, step
from tts.engines.address import Address, address_of

PATH = "/v1/chat/completions"
CONNECT_S, WRITE_S = 3.0, 10.0
LONGEST_QUESTION = 64 * 1024
LONGEST_ANSWER = 64 * 1024
MOST_TOKENS = 2000
CODES = frozenset(
    {
        "E_AID_OFF",
        "E_AID_EMPTY",
        "E_AID_LONG",
        "E_AID_BUSY",
        "E_AID_RESTS",
        "E_AID_REACH",
        "E_AID_SLOW",
        "E_AID_KEY",
        "E_AID_DECLINED",
        "E_AID_ANSWER",
    }
)
"""Why there is no answer; the text stays as it is."""

Facts = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: `rules` are ours, `words` come from people and are never more than data; the answer must
    be JSON that fits `schema`, which is called `name`."""

    name: str
    rules: str
    words: str
    schema: Mapping[str, Any]


def aid_of(settings: Settings) -> "Aid | None":
    """The aid that the settings name, None where they name none; raises SettingsRefused."""
    if not settings.aid_url:
        return None
    try:
        address = address_of(settings.aid_url, PATH)
    except ValueError as refusal:
        raise SettingsRefused("aid_url", f"setting 'aid_url': {refusal} is wanted") from refusal
    if not settings.aid_model:
        raise SettingsRefused("aid_model", "setting 'aid_model': name the model that aid_url is asked for")
    return Aid(
        address,
        model=settings.aid_model,
        key=settings.aid_key.get_secret_value(),
        deadline_s=settings.aid_deadline_s,
        authorities=settings.aid_authorities or None,
    )


class Aid:
    """One question at a time. Nothing is asked again by itself; after three failures in a row it rests."""

    def __init__(
        self,
        address: Address,
        *,
        model: str,
        key: str = "",
        deadline_s: float = 60.0,
        authorities: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self.model = model
        self._key = key
        self._deadline_s = deadline_s
        self._authorities = authorities
        self._clock = clock
        self._breaker = Breaker()
        self._busy = False

    async def ask(self, question: Question, read: Callable[[Facts], T]) -> T:
        """What `read` makes of the answer's members; it raises Problem ``E_AID_ANSWER`` for any wrong shape.

        Problem ``E_AID_BUSY``, ``E_AID_RESTS``, ``E_AID_LONG``, ``E_AID_REACH``, ``E_AID_SLOW``,
        ``E_AID_KEY``, ``E_AID_DECLINED``, ``E_AID_ANSWER``.
        """
        if self._busy:
            raise Problem("E_AID_BUSY")
        if not may_ask(self._breaker, self._clock()):
            raise Problem("E_AID_RESTS")
        sent = json.dumps(self._request(question), ensure_ascii=False).encode()
        if len(sent) > LONGEST_QUESTION:
            raise Problem("E_AID_LONG")
        self._busy = True
        try:
            async with asyncio.timeout(self._deadline_s):
                body = await self._post(sent)
            found = read(_content(body))
        except TimeoutError:
            self._record(Outcome.FAILED)
            raise Problem("E_AID_SLOW") from None
        except Problem as problem:
            # to decline is an answer: the server works
            self._record(Outcome.SPOKE if problem.code == "E_AID_DECLINED" else Outcome.FAILED)
            raise
        finally:
            self._busy = False
        self._record(Outcome.SPOKE)
        return found

    async def _post(self, sent: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            async with (
                # The environment's proxies and netrc are left out: key and text go to the named server alone.
                httpx.AsyncClient(
                    verify=ssl.create_default_context(cafile=self._authorities),
                    timeout=httpx.Timeout(self._deadline_s, connect=CONNECT_S, write=WRITE_S),
                    follow_redirects=False,
                    trust_env=False,
                ) as client,
                client.stream("POST", self.address.url, content=sent, headers=headers) as answer,
            ):
                _check_status(answer.status_code)
                return await _body(answer)
        except httpx.TimeoutException:
            raise Problem("E_AID_SLOW") from None
        except (httpx.TransportError, OSError):
            raise Problem("E_AID_REACH") from None

    def _request(self, question: Question) -> Facts:
        return {
            "model": self.model,
            "messages": [
                {"role": "system", "content": question.rules},
                {"role": "user", "content": question.words},
            ],
            "temperature": 0,
            "max_tokens": MOST_TOKENS,
            "stream": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": question.name, "strict": True, "schema": dict(question.schema)},
            },
        }

    def _record(self, outcome: Outcome) -> None:
        self._breaker = step(self._breaker, outcome, self._clock()).state


def _check_status(status: int) -> None:
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise Problem("E_AID_KEY")
    if status != httpx.codes.OK:
        raise Problem("E_AID_REACH")


async def _body(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > LONGEST_ANSWER:
            raise Problem("E_AID_ANSWER")
    return bytes(body)


def _content(body: bytes) -> Facts:
    """What the model said, out of what the server wrapped it in."""
    match _json(body):
        case {"choices": [{"message": {"refusal": str(refusal)}}, *_]} if refusal:
            raise Problem("E_AID_DECLINED")
        case {"choices": [{"finish_reason": "content_filter"}, *_]}:
            raise Problem("E_AID_DECLINED")
        case {"choices": [{"finish_reason": "length"}, *_]}:
            raise Problem("E_AID_ANSWER")
        case {"choices": [{"message": {"content": str(content)}}, *_]}:
            said = _json(content.encode())
            if isinstance(said, dict):
                return said
    raise Problem("E_AID_ANSWER")


def _json(data: bytes) -> object:
    try:
        return json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Problem("E_AID_ANSWER") from None


def _once(pairs: list[tuple[str, Any]]) -> Facts:
    """Two members of one name: somebody wants one to be read and the other believed."""
    facts = dict(pairs)
    if len(facts) != len(pairs):
        raise ValueError("a name stands twice")
    return facts
