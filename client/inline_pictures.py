"""Pictures in the terminal itself, where it can: kitty's protocol and iTerm2's.

Sources: sw.kovidgoyal.net/kitty/graphics-protocol, iterm2.com/documentation-images.html.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Final

_COLUMNS: Final = 40
_CHUNK: Final = 4096  # of base64, the most that kitty takes at once
_PNG: Final = b"\x89PNG\r\n\x1a\n"

type Draw = Callable[[bytes], str | None]


def drawer_of(environ: Mapping[str, str]) -> Draw | None:
    """Return how this terminal is shown a picture, or None. Multiplexers hide what is behind."""
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if term.startswith(("screen", "tmux")) or "TMUX" in environ:
        return None
    if term == "xterm-kitty" or "KITTY_WINDOW_ID" in environ or program == "ghostty":
        return kitty
    if program in {"iTerm.app", "WezTerm"} or environ.get("LC_TERMINAL") == "iTerm2":
        return iterm
    return None


def kitty(picture: bytes) -> str | None:
    """Return the picture for kitty, which decodes PNG and nothing else; None for the rest."""
    if not picture.startswith(_PNG):
        return None
    return "".join(_kitty_parts(b64encode(picture).decode())) + "\n"


def iterm(picture: bytes) -> str | None:
    text = b64encode(picture).decode()
    how = f"inline=1;size={len(picture)};width={_COLUMNS};preserveAspectRatio=1"
    return f"\x1b]1337;File={how}:{text}\a\n"


def _kitty_parts(text: str) -> Iterator[str]:
    for start in range(0, len(text), _CHUNK):
        more = int(start + _CHUNK < len(text))
        how = f"a=T,f=100,c={_COLUMNS},m={more}" if start == 0 else f"m={more}"
        yield f"\x1b_G{how};{text[start : start + _CHUNK]}\x1b\\"
