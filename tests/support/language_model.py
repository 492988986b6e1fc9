"""A language model for tests: an OpenAI-compatible server on 127.0.0.1 that answers as it is told."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def completion(content: object, **choice: Any) -> bytes:
    """What such a server sends for one choice; `content` becomes JSON unless it is a text already."""
    said = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    message = {"role": "assistant", "content": said, **choice.pop("message", {})}
    whole = {"choices": [{"index": 0, "finish_reason": "stop", "message": message, **choice}]}
    return json.dumps(whole, ensure_ascii=False).encode()


@dataclass(slots=True, kw_only=True)
class Model:
    """Answers every question alike, or `by_task` by the name of its schema; remembers what it was asked."""

    status: int = 200
    body: bytes = b""
    by_task: dict[str, object] = field(default_factory=dict)
    hold_s: float = 0.0
    drip_s: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, question: dict[str, Any]) -> bytes:
        name = question["response_format"]["json_schema"]["name"]
        return completion(self.by_task[name]) if name in self.by_task else self.body


@contextmanager
def language_model(model: Model, tls: tuple[Path, Path] | None = None) -> Iterator[Model]:
    """The model behind a real socket, with a certificate and its key where they are given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.asked.append(question)
            model.sent.append(dict(self.headers))
            model.paths.append(self.path)
            model.closing.wait(model.hold_s)
            body = model.answer(question)
            try:
                self.send_response(model.status)
                for name, value in {"Content-Length": str(len(body)), **model.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                step = 1 if model.drip_s else 65536
                for at in range(0, len(body), step):
                    self.wfile.write(body[at : at + step])
                    if model.drip_s and model.closing.wait(model.drip_s):
                        return
            except OSError:
                return  # whoever asked has had enough, as some of the tests want it to

        do_GET = do_POST

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = False

        def handle_error(self, *about: object) -> None:
            """A client that does not trust the certificate goes away in the middle."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    model.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield model
    finally:
        model.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
