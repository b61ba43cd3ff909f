import pytest

from tests.memory_service import MemoryService


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()
