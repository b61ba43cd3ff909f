"""`python -m local.sandbox --port 0 --latency 0.1` prints its URLs in one JSON line and serves."""

import argparse
import contextlib
import json

from local.sandbox.app import create_app
from local.sandbox.server import RunningSandbox, Server, listen, url_of
from local.sandbox.settings import SandboxSettings


def main() -> None:
    parser = argparse.ArgumentParser(prog="local.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=1.0, help="factor on the real times")
    options = parser.parse_args()

    listener = listen(options.port)
    running = RunningSandbox(base_url=url_of(listener))
    settings = SandboxSettings(base_url=running.base_url, latency=options.latency)
    print(json.dumps(_urls(running)), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        Server(create_app(settings)).run([listener])


def _urls(running: RunningSandbox) -> dict[str, str]:
    return {
        "sandbox_url": running.base_url,
        "apixo_url": running.apixo_url,
        "oxen_url": running.oxen_url,
        "aimlapi_url": running.aimlapi_url,
        "ledger_url": running.ledger_url,
    }


if __name__ == "__main__":
    main()
