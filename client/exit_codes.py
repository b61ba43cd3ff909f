"""What every command's exit code means."""

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    JOB_FAILED = 1
    WRONG_USAGE = 2
    UNREACHABLE = 3
    NOT_AUTHORISED = 4
    TIMED_OUT = 5
