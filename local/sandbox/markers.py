"""Words in a prompt that ask for what a provider may do on its own accord."""

import re

_ONLY = re.compile(r"\[only (\d{1,2})\]")


def is_refused(prompt: str) -> bool:
    return "[refuse]" in prompt


def images_made(prompt: str, *, asked: int) -> int:
    found = _ONLY.search(prompt)
    return max(1, min(asked, int(found[1]))) if found else asked
