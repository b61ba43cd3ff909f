"""`python -m local.sandbox --port 0 --latency 0.1` prints its URLs in one JSON line and serves.

`--chaos FILE` switches faults on from the start.
"""

import argparse
import contextlib
import json
from pathlib import Path

from local.sandbox.app import create_app
from local.sandbox.faults.plan import NO_FAULTS, Plan, PlanRefused, read_plan
from local.sandbox.server import RunningSandbox, Server, listen, url_of
from local.sandbox.settings import SandboxSettings


def main() -> None:
    parser = argparse.ArgumentParser(prog="local.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=1.0, help="factor on the real times")
    parser.add_argument(
        "--chaos", type=_plan, default=NO_FAULTS, metavar="FILE", help="faults to begin with"
    )
    options = parser.parse_args()

    listener = listen(options.port)
    running = RunningSandbox(base_url=url_of(listener))
    settings = SandboxSettings(base_url=running.base_url, latency=options.latency)
    print(json.dumps(_urls(running)), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        Server(create_app(settings, plan=options.chaos)).run([listener])


def _plan(file: str) -> Plan:
    try:
        return read_plan(Path(file).read_bytes())
    except (OSError, PlanRefused) as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _urls(running: RunningSandbox) -> dict[str, str]:
    return {
        "sandbox_url": running.base_url,
        "apixo_url": running.apixo_url,
        "oxen_url": running.oxen_url,
        "aimlapi_url": running.aimlapi_url,
        "ledger_url": running.ledger_url,
        "faults_url": running.faults_url,
    }


if __name__ == "__main__":
    main()
