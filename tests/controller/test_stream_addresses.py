"""S57: which addresses are pulled from. What is refused is refused before anything is connected to."""

import asyncio

import pytest

from controller.errors import Problem
from controller.streams.address import Allowed, check, locate
from controller.streams.fetching import Fetcher, FetchFailed
from tests.support.stations import Station, answers, on_air

pytestmark = pytest.mark.promise("S57")
STATIONS = Allowed(hosts=("vov.vn", "*.vov.vn"), own=("127.0.0.1:8000", "encoder.lan:8000"))
FORGED = (
    "http://127.0.0.1/live",
    "https://127.0.0.1/live",
    "https://127.0.0.1:8001/live",
    "http://127.0.0.1:8000@evil.example/live",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/live",
    "https://[::ffff:10.0.0.1]/live",
    "https://2130706433/live",
    "https://0x7f000001/live",
    "https://127.1/live",
    "https://localhost/live",
    "file:///etc/passwd",
    "gopher://vov.vn/live",
    "ftp://vov.vn/live",
    "//vov.vn/live",
    "vov.vn/live",
    "http://vov.vn/live",
    "https://user:word@vov.vn/live",
    "https://vov.vn.evil.example/live",
    "https://evilvov.vn/live",
    "https://evil.example\\@vov.vn/live",
    "https://vov.vn/li ve",
    "https://vov.vn/\r\nHost: evil",
    "https://vov.vn:99999/live",
    "https://vov。vn/live",
    "",
)


@pytest.mark.parametrize("url", FORGED)
def test_a_forged_address_is_refused_by_its_looks(url: str) -> None:
    with pytest.raises(Problem) as refusal:
        check(url, STATIONS)
    assert (refusal.value.code, refusal.value.status) == ("E_URL", 422)


def test_a_station_of_the_list_and_a_machine_of_the_own_network_are_taken() -> None:
    assert check("https://str.vov.vn/vov1/live.m3u8?x=1", STATIONS).path == "/vov1/live.m3u8?x=1"
    assert check("https://vov.vn/", STATIONS).authority == "vov.vn"
    assert check("http://encoder.lan:8000/xa", STATIONS).own


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
        "2002:7f00:1::", "224.0.0.1", "255.255.255.255", "240.0.0.1", "not a number",
    ],
)  # fmt: skip
def test_a_good_name_that_leads_into_a_closed_network_is_refused(number: str) -> None:
    async def resolve(host: str, port: int) -> tuple[str, ...]:
        return ("8.8.8.8", number)

    with pytest.raises(Problem, match="E_URL"):
        asyncio.run(locate(check("https://vov.vn/live", STATIONS), resolve))


def test_the_own_network_is_open_to_its_own_machines_but_never_to_the_metadata_service() -> None:
    async def lan(host: str, port: int) -> tuple[str, ...]:
        return ("192.168.1.9",)

    async def cloud(host: str, port: int) -> tuple[str, ...]:
        return ("169.254.169.254",)

    place = check("http://encoder.lan:8000/xa", STATIONS)
    assert asyncio.run(locate(place, lan)) == "192.168.1.9"
    with pytest.raises(Problem, match="E_URL"):
        asyncio.run(locate(place, cloud))


def test_a_name_is_looked_up_once_and_the_connection_goes_to_what_was_found() -> None:
    """DNS rebinding: the second answer would be another machine; nobody asks for it."""

    async def story() -> None:
        station, trap = Station(answers("200 OK", b"sound")), Station(answers("200 OK", b"trap"))
        async with on_air(station, trap):
            looked: list[str] = []

            async def resolve(host: str, port: int) -> tuple[str, ...]:
                looked.append(host)
                return ("127.0.0.1",) if len(looked) == 1 else ("127.0.0.2",)

            name = f"radio.lan:{station.port}"
            fetcher = Fetcher(Allowed(own=(name,)), resolve)
            try:
                assert await fetcher.whole(f"http://{name}/live", 100) == (b"sound", f"http://{name}/live")
            finally:
                await fetcher.close()
            assert looked == ["radio.lan"]
            assert f"Host: {name}" in station.heads[0] or f"host: {name}" in station.heads[0].lower()

    asyncio.run(story())


@pytest.mark.parametrize("where", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://127.0.0.1:{trap}/x"])
def test_a_redirect_out_of_the_host_is_not_followed(where: str) -> None:
    async def story() -> None:
        trap = Station(answers("200 OK", b"secret"))
        async with on_air(trap):
            station = Station(answers("302 Found", b"", f"Location: {where.format(trap=trap.port)}"))
            async with on_air(station):
                fetcher = Fetcher(Allowed(own=(station.own, trap.own)))
                try:
                    with pytest.raises(Problem, match="E_URL"):
                        await fetcher.whole(station.url(), 100)
                finally:
                    await fetcher.close()
                assert (station.connections, trap.connections) == (1, 0)

    asyncio.run(story())


def test_a_refused_address_costs_no_connection() -> None:
    async def story() -> None:
        station = Station(answers("200 OK", b"secret"))
        async with on_air(station):
            fetcher = Fetcher(Allowed(hosts=("vov.vn",)))
            try:
                for url in (station.url(), *FORGED):
                    with pytest.raises(Problem, match="E_URL"):
                        await fetcher.whole(url, 100)
            finally:
                await fetcher.close()
            assert station.connections == 0

    asyncio.run(story())


def test_an_answer_without_end_is_left_at_its_bound() -> None:
    async def endless(writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(4096))
            await writer.drain()

    async def story() -> None:
        station = Station(endless)
        async with on_air(station):
            fetcher = Fetcher(Allowed(own=(station.own,)))
            try:
                with pytest.raises(FetchFailed, match="too large"):
                    await fetcher.whole(station.url(), 100_000)
            finally:
                await fetcher.close()

    asyncio.run(story())
