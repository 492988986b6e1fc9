"""Pages as a person without JavaScript uses them: read a form, fill it, send it, follow."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import httpx


class FormReader(HTMLParser):
    """Every form of a page with what a browser would send of it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "form":
            self.forms.append((facts.get("action") or "", []))
        elif not self.forms or "name" not in facts:
            return
        elif tag == "input":
            kind = facts.get("type", "text")
            if kind not in ("radio", "checkbox") or "checked" in facts:
                self.forms[-1][1].append((str(facts["name"]), facts.get("value") or ""))
        elif tag == "textarea":
            self.forms[-1][1].append((str(facts["name"]), ""))
            self._text = str(facts["name"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            pairs = self.forms[-1][1]
            pairs[-1] = (self._text, pairs[-1][1] + data)


async def form_token(client: httpx.AsyncClient) -> str:
    """The form token of this login."""
    found = re.search(r'name="token" value="([0-9a-f]+)"', (await client.get("/")).text)
    assert found is not None
    return found[1]


async def fill(client: httpx.AsyncClient, page: httpx.Response, action: str, **typed: Any) -> httpx.Response:
    """Send the form of ``page`` that goes to ``action``, with these fields typed over, and follow."""
    reader = FormReader()
    reader.feed(page.text)
    pairs = next(pairs for target, pairs in reader.forms if target == action)
    sent: list[tuple[str, str]] = [(name, value) for name, value in pairs if name not in typed]
    for name, value in typed.items():
        sent += [(name, one) for one in (value if isinstance(value, list) else [value])]
    body = urlencode(sent)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await client.post(action, content=body, headers=headers, follow_redirects=True)


def looked_at(page: httpx.Response) -> dict[str, str]:
    """The tick that step 3 asks for where something looks stale or said twice; nothing where it does not."""
    found = re.search(r'name="acknowledged" value="([0-9a-f]+)"', page.text)
    return {"acknowledged": found[1]} if found else {}
