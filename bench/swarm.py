"""The baseline's child process: N bare paho clients and the plain publisher on one loop, asked by lines."""

import argparse
import asyncio
import base64
import gc
import sys
import time
from typing import Any

from bench.child import obey
from bench.link_baseline import raw_verifier, swarm


async def run(host: str, port: int, clients: int) -> None:
    async with swarm(host, port, clients=clients) as bare:

        async def answer(order: dict[str, Any]) -> dict[str, Any]:
            if order["do"] == "settle":
                gc.collect()
                gc.freeze()
                return {}
            jws = order["jws"].encode()
            verify = raw_verifier(base64.urlsafe_b64decode(order["public"])) if order["verify"] else None
            began_s = time.process_time()
            fanout = await bare.round(jws, verify)
            return {"seconds": fanout.seconds, "cpu_s": time.process_time() - began_s}

        await obey(answer)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("clients", type=int)
    options = parser.parse_args(arguments)
    asyncio.run(run(options.host, options.port, options.clients))


if __name__ == "__main__":
    main(sys.argv[1:])
