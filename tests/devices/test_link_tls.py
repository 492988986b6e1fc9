"""TLS of the link: the right authority and the right name, or no connection."""

import asyncio
import contextlib
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from controller.deploy.broker import RunningBroker, free_port
from devices.link import FaultKind
from devices.link_socket import Door, Tls, tls_context
from tests.support.brokers import Flavour
from tests.support.link_worlds import BrokerWorld, Notes, until


class Authority:
    """A certificate authority of one test."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._build(self._name, self._key.public_key(), days=10, authority=True)
        self.file = directory / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, host: str, *, days: int = 10) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._build(subject, key.public_key(), days=days, host=host)
        cert_file, key_file = self._directory / "server.pem", self._directory / "server.key"
        cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        key_file.chmod(0o644)
        return cert_file, key_file

    def _build(
        self,
        subject: x509.Name,
        public: ec.EllipticCurvePublicKey,
        *,
        days: int,
        authority: bool = False,
        host: str | None = None,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=20))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if host is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _tls_broker(directory: Path, cert_file: Path, key_file: Path) -> RunningBroker:
    port = free_port()
    directory.chmod(0o755)
    conf = directory / "tls.conf"
    conf.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
        f"certfile {cert_file}\nkeyfile {key_file}\n"
    )
    command = ("/usr/sbin/mosquitto", "-c", str(conf))
    broker = RunningBroker(directory, "mosquitto", port, port, command, is_plain=False)
    broker.restart()
    return broker


@pytest.mark.broker
@pytest.mark.promise("F40")
@pytest.mark.parametrize(
    ("trusted", "name", "days", "accepted"),
    [
        ("ours", "broker.test", 10, True),
        ("other", "broker.test", 10, False),
        ("ours", "elsewhere.test", 10, False),
        ("ours", "broker.test", -1, False),
    ],
    ids=["right", "other authority", "other name", "expired"],
)
def test_tls_is_verified(tmp_path: Path, trusted: str, name: str, days: int, accepted: bool) -> None:
    authorities = {which: Authority(tmp_path, which) for which in ("ours", "other")}
    broker = _tls_broker(tmp_path, *authorities["ours"].issue(name, days=days))
    tls = Tls(context=tls_context(str(authorities[trusted].file)), server_name="broker.test")

    async def story() -> None:
        notes = Notes()
        link = BrokerWorld(broker, Flavour(kind="mosquitto", protocol="5")).link("n1", notes, tls=tls)
        link.subscribe([("x", 1)])
        link.start()
        if accepted:
            await until(lambda: link.settled)
            clip = bytes(range(256)) * 800
            await link.publish("x", clip)
            await until(lambda: notes.arrivals)
            assert notes.arrivals[0].payload == clip
        else:
            await until(lambda: notes.faults)
            assert notes.faults[0].kind is FaultKind.CONNECT
            assert isinstance(notes.faults[0].error, ssl.SSLCertVerificationError)
            assert not notes.ups
        await link.stop()

    try:
        asyncio.run(story())
    finally:
        broker.stop()


@pytest.mark.promise("F39")
def test_a_name_that_suddenly_leads_elsewhere_is_stopped_by_the_name_in_the_certificate(
    tmp_path: Path,
) -> None:
    """Both servers have a certificate of our own authority; only one of them is the broker."""
    authority = Authority(tmp_path, "ours")
    contexts = {}
    for name in ("broker.test", "elsewhere.test"):
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(*authority.issue(name))

    async def story() -> None:
        met: list[str] = []
        ports: dict[str, int] = {}
        leads_to: str | None = "broker.test"

        async def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            if leads_to is None:
                raise socket.gaierror("no such name")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", ports[leads_to]))]

        async with contextlib.AsyncExitStack() as servers:
            for name, context in contexts.items():

                def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str = name) -> None:
                    met.append(name)
                    writer.close()

                one = await servers.enter_async_context(
                    await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
                )
                ports[name] = one.sockets[0].getsockname()[1]
            asyncio.get_running_loop().getaddrinfo = resolve  # type: ignore[method-assign, assignment]
            door = Door("broker.test", 8883, Tls(context=tls_context(str(authority.file))))
            (await door.open()).close()
            leads_to = "elsewhere.test"
            with pytest.raises(ssl.SSLCertVerificationError, match="ostname mismatch"):
                (await door.open()).close()
            leads_to = None
            (await door.open()).close()
            await asyncio.sleep(0.05)
            assert set(met) == {"broker.test"}

    asyncio.run(story())
