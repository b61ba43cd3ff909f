"""The one job that the samples in events/ tell of, in a world where nothing is left to chance."""

from base64 import b64decode
from typing import Final

from tests.memory_service import MemoryService

# Bytes that no version of a drawing library changes: one opaque pixel.
PICTURE: Final = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
DRAWING_SECONDS: Final = 31


class StoryService(MemoryService):
    def __init__(self) -> None:
        super().__init__(OPENAI_WAIT_SECONDS="240")
        self.random_bytes = lambda count: bytes(range(count))
        self.apixo.draw = lambda _: PICTURE
        self.key = self.issue_key(tenant="default", name="sample")
        self.edits_key_id = self.events_key_id = self.key.key.id

    def draw(self) -> None:
        """Let the provider's time pass, and its tasks come to an end."""
        self.time.sleep(DRAWING_SECONDS)
        self.apixo.finish_all()
        self.oxen.finish_all()
