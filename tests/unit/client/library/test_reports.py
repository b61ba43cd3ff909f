"""Models, providers, usage and batches as values, from the real API in memory."""

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from client.seedhook import Seedhook
from tests.unit.client.in_memory import transport_of
from tests.unit.client.library.played import URL, answer, playing
from tests.unit.functions.front_door import FrontDoor


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


@pytest.fixture
def client(door: FrontDoor) -> Seedhook:
    key = door.make_key(tenant="default")["key"]
    return Seedhook(URL, key, transport=transport_of(door))


def test_a_job_goes_from_admitted_to_removed(client: Seedhook, door: FrontDoor) -> None:
    job = client.submit("a fox", provider="apixo", tags=["spring"], metadata={"order": "1042"})
    door.finish_all()

    over = client.wait(job.id)
    client.delete(job.id)

    assert (over.status, over.requested_images, over.delivered_images) == ("succeeded", 1, 1)
    assert over.cost.charged_usd == Decimal("0.035")
    assert (over.tags, over.metadata["order"]) == (("spring",), "1042")
    assert [attempt.provider for attempt in over.attempts] == ["apixo"]
    assert [moment.status for moment in over.timeline][-1] == "succeeded"
    assert over.images[0].sha256
    assert list(client.list()) == []


def test_a_job_is_priced_without_being_made(client: Seedhook) -> None:
    told = client.rehearse("a fox", n=2, provider="apixo")

    assert (told.provider, told.cost.estimated_usd) == ("apixo", Decimal("0.07"))
    assert list(client.list()) == []


def test_a_job_is_called_off(client: Seedhook) -> None:
    job = client.submit("a fox", provider="apixo")

    assert client.cancel(job.id).status == "cancelled"


def test_models_are_told_with_their_providers(client: Seedhook) -> None:
    models = {model.id: model for model in client.models()}

    offer = models["seedream-4.5"].providers["apixo"]
    assert offer.usd_per_image == Decimal("0.035")
    assert offer.schema["properties"]["n"]
    assert client.model("seedream-4.5") == models["seedream-4.5"]


def test_providers_are_told_with_how_they_fare(client: Seedhook) -> None:
    providers = {provider.name: provider for provider in client.providers()}

    assert providers.keys() == {"apixo", "oxen", "aimlapi"}
    assert providers["apixo"].open_models == ()


def test_usage_is_told_by_group(client: Seedhook, door: FrontDoor) -> None:
    client.submit("a fox", provider="apixo")
    door.finish_all()

    (row,) = client.usage(group_by="provider")

    assert (row.group, row.jobs, row.images) == ("apixo", 1, 1)
    assert row.spent_usd == Decimal("0.035")


def test_a_batch_is_started_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("prompt\na fox\n")
    form = {"id": "upload:1", "url": "https://uploads.example/", "fields": {}}
    batch = {"id": "batch_1", "status": "reading", "counts": {"accepted": 0}}
    client, api = playing(
        answer(form, 201), httpx.Response(204), answer(batch, 202), answer({"data": [batch]})
    )

    started = client.start_batch(tmp_path / "list.csv", max_usd="5", max_in_flight=2)

    assert (started.id, started.is_over, started.lines) == ("batch_1", False, None)
    expected = {"upload": "upload:1", "max_usd": "5", "max_in_flight": 2}
    assert api.bodies_of(api.asked[2]) == expected
    assert client.batches() == (started,)
