import io
from dataclasses import replace

from PIL import Image

from local.sandbox.drawing import Sketch, draw
from local.sandbox.references import Reference
from local.sandbox.sizes import Size

SKETCH = Sketch(
    size=Size(2048, 2048),
    image_format="png",
    prompt="a fox in watercolour style",
    provider="APIXO",
    model="seedream-4-5",
    task_id="task",
    number=1,
    total=2,
)


def test_the_same_task_is_drawn_the_same_to_the_byte() -> None:
    assert draw(SKETCH) == draw(SKETCH)


def test_tasks_images_and_prompts_differ_in_their_pictures() -> None:
    others = [
        replace(SKETCH, task_id="other"),
        replace(SKETCH, number=2),
        replace(SKETCH, prompt="an owl"),
    ]

    assert len({draw(sketch) for sketch in [SKETCH, *others]}) == 4


def test_a_4k_picture_stays_small_enough_to_store() -> None:
    data = draw(replace(SKETCH, size=Size(4096, 4096)))

    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.size == (4096, 4096)
    assert len(data) < 400_000


def test_any_prompt_and_any_shape_can_be_drawn() -> None:
    for prompt in ("\0\n\t", "\N{GRINNING FACE}" * 5000, "x" * 5000, "word " * 1000):
        for size in (Size(16384, 1024), Size(500, 7500)):
            assert draw(replace(SKETCH, prompt=prompt, size=size))


def test_a_reference_is_seen_in_the_picture() -> None:
    red = Reference(size=Size(64, 64), tile=Image.new("RGB", (64, 64), (250, 10, 10)))
    data = draw(replace(SKETCH, references=(red, Reference())))

    with Image.open(io.BytesIO(data)) as image:
        colours = image.convert("RGB").getcolors(maxcolors=256) or []
    assert (250, 10, 10) in {colour for _, colour in colours}
