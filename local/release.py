"""`python -m local.release STAGE`: the parameters that a deployment of this stage gets.

Those of samconfig.toml, and a name for the release. On its command line SAM takes all parameters or
none, so they are joined here.
"""

import shlex
import sys
import time
import tomllib
from pathlib import Path

_CONFIG = Path("samconfig.toml")


def overrides(config: Path, stage: str, **more: str) -> dict[str, str]:
    """Return the stage's parameters by name; of the others and of empty ones SAM keeps its own."""
    stages = tomllib.loads(config.read_text(encoding="utf-8"))
    if stage not in stages:
        raise SystemExit(f"samconfig.toml has no stage {stage}")
    deploy = stages[stage].get("deploy", {}).get("parameters", {})
    words = shlex.split(deploy.get("parameter_overrides", ""))
    pairs = (word.partition("=") for word in words)
    return {name: value for name, _, value in pairs if value} | more


if __name__ == "__main__":
    _, stage, architecture = sys.argv
    release = f"{time.time():.0f}"
    found = overrides(_CONFIG, stage, Architecture=architecture, Release=release)
    print(*(f"{name}={value}" for name, value in found.items()))
