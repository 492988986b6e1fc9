"""A TLS server on 127.0.0.1 in Google's place, failing in the ways Google's does."""

import base64
import io
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import numpy as np
import soundfile
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.stub_voice import StubVoice
from tts.engines.engine import Style


class Proof(StrEnum):
    """What the server shows to prove that it is 127.0.0.1."""

    RIGHT = "right"
    EXPIRED = "expired"
    ANOTHER = "another"


def certificate(directory: Path, proof: Proof = Proof.RIGHT) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, or a false one; and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC) - timedelta(days=9 if proof is Proof.EXPIRED else 0)
    host = "127.0.0.2" if proof is Proof.ANOTHER else "127.0.0.1"
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = directory / "cert.pem", directory / "key.pem"
    certificate_path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_path, key_path


def mp3(sentence: str, seconds: float | None = None) -> bytes:
    """A spoken sentence as Google would send it: 0.2 s a syllable unless told otherwise."""
    wanted = seconds if seconds is not None else 0.2 * len(sentence.split())
    tone = np.resize(StubVoice().speak(sentence, Style.BULLETIN), round(wanted * 24_000))
    target = io.BytesIO()
    soundfile.write(target, tone, 24_000, format="MP3")
    return target.getvalue()


def with_audio(sound: bytes) -> bytes:
    """An answer of the unofficial interface."""
    return b'wrb["wrb.fr","jQ1olc","[\\"' + base64.b64encode(sound) + b'\\"]",null]\n'


def answer(body: bytes, status: str = "200 OK", claimed: int | None = None) -> bytes:
    """An HTTP answer; `claimed` is the length in its head where that is a lie."""
    length = len(body) if claimed is None else claimed
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n".encode() + body


@dataclass(slots=True, kw_only=True)
class FakeGoogle:
    """Answers one connection after the other with `reply`: byte by byte where it `drips`; holds it open
    afterwards where it `holds`; says not even hello where it is `mute`."""

    reply: bytes
    authorities: Path
    drips: bool = False
    mute: bool = False
    holds: bool = False
    origin: str = ""
    greeted: int = 0
    requests: list[bytes] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.greeted += 1
            with connection:
                self._answer(connection, context)

    def _answer(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        connection.settimeout(5)
        if self.mute:
            self.closing.wait(10)
            return
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                self.requests.append(self._request(secured))
                if self.drips:
                    for byte in self.reply:
                        secured.send(bytes([byte]))
                        if self.closing.wait(0.02):
                            return
                else:
                    secured.sendall(self.reply)
                if self.holds:
                    self.closing.wait(10)
        except OSError:
            return  # the client went away, as some of the tests want it to

    @staticmethod
    def _request(secured: ssl.SSLSocket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += secured.recv(4096)
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += secured.recv(4096)
        return body


@contextmanager
def fake_google(
    directory: Path,
    reply: bytes,
    *,
    drips: bool = False,
    holds: bool = False,
    mute: bool = False,
    proof: Proof = Proof.RIGHT,
) -> Iterator[FakeGoogle]:
    """Serve on a free port until the block ends."""
    certificate_path, key_path = certificate(directory, proof)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_path, key_path)
    server = FakeGoogle(reply=reply, authorities=certificate_path, drips=drips, holds=holds, mute=mute)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.origin = f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.serve, args=(listener, context))
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
