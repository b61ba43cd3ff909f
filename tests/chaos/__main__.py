"""`make chaos`: jobs through the real stack while its workers are killed and its providers fail.

Only the functions' workers are killed hard (SIGKILL). The whole stack is stopped with SIGTERM and
started again on the same data: the embedded AWS keeps its tables over SIGTERM alone, where the
real one needs no such care.
"""

import argparse
import secrets
import shutil
import sys

from rich.console import Console

from tests.chaos.folder import make_folder
from tests.chaos.programs import ProgramFailed
from tests.chaos.run import Options
from tests.chaos.story import tell
from tests.chaos.view import verdict, view


def main() -> int:
    options = _options()
    console = Console(highlight=False)
    console.print(f"seed {options.seed}: {options.jobs} jobs, {options.minutes} minutes as a rule")
    folder = make_folder()
    try:
        with view(console) as changed:
            run = tell(options, folder=folder, changed=changed)
    except ProgramFailed as exc:
        console.print(f"seed {options.seed}: {exc}; its logs are in {folder}")
        return 1
    verdict(run, console)
    if run.broken:
        console.print(f"tables and logs are in {folder}", soft_wrap=True)
        return 1
    shutil.rmtree(folder)
    return 0


def _options() -> Options:
    parser = argparse.ArgumentParser(
        prog="make chaos", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    usual = Options()
    parser.add_argument("--jobs", type=int, default=usual.jobs)
    parser.add_argument("--minutes", type=float, default=usual.minutes)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    given = parser.parse_args()
    return Options(jobs=given.jobs, seed=given.seed, minutes=given.minutes)


if __name__ == "__main__":
    sys.exit(main())
