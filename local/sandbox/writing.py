"""The text panel of a drawn result."""

from typing import Final

from PIL import Image, ImageDraw, ImageFont

LINES: Final = 4
CONSIDERED: Final = 600  # characters of a prompt: more than four lines ever hold

type Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write_panel(
    canvas: Image.Image, *, title: str, caption: list[str], ink: int, paper: int
) -> None:
    """Write at the bottom; letters blend from `paper` to `ink`, index by index."""
    unit = min(canvas.width, canvas.height * 3 // 2)
    large, little = ImageFont.load_default(unit / 20), ImageFont.load_default(unit / 36)
    margin, gap = unit // 24, unit // 30
    lines = _wrapped(title, large, canvas.width - 2 * (margin + gap))
    heights = [unit // 15] * len(lines) + [unit // 24] * len(caption)
    top = canvas.height - margin - 2 * gap - sum(heights) - gap // 2
    pen = ImageDraw.Draw(canvas)
    right, bottom = canvas.width - margin, canvas.height - margin
    pen.rounded_rectangle((margin, top, right, bottom), radius=gap, fill=paper)
    x, y = margin + gap, top + gap
    for number, (line, height) in enumerate(zip([*lines, *caption], heights, strict=True)):
        y += gap // 2 if number == len(lines) else 0
        font, fill = (
            (large, ink) if number < len(lines) else (little, paper + (ink - paper) * 3 // 4)
        )
        pen.text((x, y), line, fill, font)
        y += height


def _wrapped(text: str, font: Font, width: int) -> list[str]:
    words = " ".join(text[:CONSIDERED].split()).split(" ")
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    lines = [_fitted(line, font, width) for line in lines if line]
    if len(lines) > LINES or len(text) > CONSIDERED:
        lines = lines[:LINES]
        lines[-1] = _fitted(lines[-1] + " \N{HORIZONTAL ELLIPSIS}", font, width)
    return lines


def _fitted(line: str, font: Font, width: int) -> str:
    """Cut a line that is too long, as a word without spaces is."""
    while len(line) > 1 and font.getlength(line) > width:
        line = line[: -max(2, len(line) // 16)].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    return line
