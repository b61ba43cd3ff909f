"""How large the record of a job may grow: it is one item of a table that takes 400 kB at most.

Whatever can be added to again and again, by time, by a caller or by a provider, is bounded here.
"""

from typing import Final

LARGEST_RECORD: Final = 400 * 1024  # bytes: what DynamoDB takes
MOST_ATTEMPTS: Final = 20
# A step may move the account and the usage of each key, for each of 16 tags, in one transaction of
# at most 100 writes.
MOST_KEYS: Final = 4
# Of a longer timeline the first entries and the latest are kept.
FIRST_ENTRIES: Final = 10
LATEST_ENTRIES: Final = 90
LONGEST_NOTE: Final = 400  # bytes; faults and decisions too
MOST_RESULTS: Final = 10  # images of one attempt: no job asks for more
LONGEST_TASK_ID: Final = 200  # characters
LONGEST_LINK: Final = 8192  # characters
_CUT: Final = "\N{HORIZONTAL ELLIPSIS}".encode()
# Links of finished images stay until the images are stored. No attempt begins while there are more.
MOST_HELD_LINKS: Final = 65_536  # characters


def cut(text: str) -> str:
    """Return a text as far as it is kept."""
    content = text.encode()
    if len(content) <= LONGEST_NOTE:
        return text
    return content[: LONGEST_NOTE - len(_CUT)].decode(errors="ignore") + _CUT.decode()


def thinned[T](entries: tuple[T, ...]) -> tuple[T, ...]:
    """Return the entries of a timeline as far as they are kept."""
    if len(entries) <= FIRST_ENTRIES + LATEST_ENTRIES:
        return entries
    return entries[:FIRST_ENTRIES] + entries[-LATEST_ENTRIES:]
