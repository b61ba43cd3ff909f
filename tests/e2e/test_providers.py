"""Every way of contract section 5, on the local stack, against the strict sandbox.

The rows come from the catalogue: a new pair, delivery or mode is tested as soon as it is there.
`pytest tests/e2e -k providers` prints the matrix.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3
import httpx
import pytest

from local.stack import Stack
from shared.catalog.load import load_catalog
from tests.e2e.api import Api
from tests.e2e.matrix import MATRIX
from tests.pictures import a_png

pytestmark = pytest.mark.engine

SKETCH = f"data:image/png;base64,{base64.b64encode(a_png(64, 48)).decode()}"


class Way(NamedTuple):
    model: str
    provider: str
    delivery: str
    mode: str

    @property
    def body(self) -> dict[str, Any]:
        body = {
            "model": self.model,
            "provider": self.provider,
            "delivery": self.delivery,
            "prompt": f"{self.mode} of {self.model} at {self.provider} by {self.delivery}",
            "n": 2,
        }
        return body | ({"images": [SKETCH]} if self.mode == "edit" else {})


WAYS = [
    Way(model.id, offer.provider, delivery, mode)
    for model in load_catalog().models
    for offer in model.offers
    for delivery in offer.deliveries
    for mode in ("text", "edit")
]


@pytest.fixture(scope="module")
def submitted(stack: Stack) -> Iterator[dict[Way, str]]:
    """Submit them all at once: they take their time side by side."""
    with Api(base_url=stack.api_url, key=stack.api_key) as api:
        yield {way: api.submit(**way.body)["id"] for way in WAYS}


def results_of(stack: Stack, job: dict[str, Any]) -> list[str]:
    """Return the checksums of what the sandbox says it made for this prompt."""
    ledger = httpx.get(f"{stack.sandbox_url}/ledger", trust_env=False).json()
    rows = ledger[job["provider"]]
    mine = [row for row in rows if prompt_of(row) == job["input"]["prompt"]]
    return sorted(result["sha256"] for row in mine for result in row["results"])


def prompt_of(row: dict[str, Any]) -> object:
    request = row["request"]
    return request.get("input", request).get("prompt")


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_every_way_to_an_image_works(
    request: pytest.FixtureRequest, stack: Stack, api: Api, submitted: dict[Way, str], way: Way
) -> None:
    job = api.finished(submitted[way])

    assert (job["status"], job["error"]) == ("succeeded", None)
    assert (job["model"], job["provider"], job["delivery"]) == way[:3]
    assert sorted(image["sha256"] for image in job["images"]) == results_of(stack, job)
    assert len(job["images"]) == 2
    for image in job["images"]:
        assert hashlib.sha256(_bytes(stack, image)).hexdigest() == image["sha256"]
    row = f"{way.model:16}{way.provider:9}{way.delivery:10}{way.mode:6}{job['status']}, 2 images"
    request.config.stash.setdefault(MATRIX, []).append(row)


@pytest.mark.parametrize(
    "alias",
    [alias for model in load_catalog().models for alias in (model.id, *model.aliases)],
)
def test_every_id_of_a_model_at_its_providers_is_understood(api: Api, alias: str) -> None:
    job = api.submit(model=alias, prompt=f"by the name of {alias}")

    assert job["model"] in {model.id for model in load_catalog().models}


def test_a_forced_failover_goes_to_the_next_provider(api: Api) -> None:
    answer = api.post(
        "/v1/jobs",
        json={"model": "seedream-4.5", "prompt": "twice", "provider": ["apixo", "oxen"]},
        headers={"x-seedhook-force-failover": "1"},
    )
    job = api.finished(answer.json()["id"])

    assert (job["status"], job["provider"]) == ("succeeded", "oxen")
    assert [attempt["provider"] for attempt in job["attempts"]] == ["apixo", "oxen"]


def test_real_cost_comes_from_the_provider_where_it_tells(api: Api) -> None:
    told = {
        provider: api.finished(
            api.submit(provider=provider, prompt=f"the cost at {provider}", n=2)["id"]
        )["cost"]
        for provider in ("apixo", "oxen", "aimlapi")
    }

    assert told == {
        "apixo": {"estimated_usd": "0.0700", "charged_usd": "0.0700", "complete": True},
        "oxen": {"estimated_usd": None, "charged_usd": "0.08", "complete": True},
        "aimlapi": {"estimated_usd": "0.084", "charged_usd": "0.084", "complete": True},
    }


def test_the_health_of_every_provider_is_told(api: Api) -> None:
    found = api.get("/v1/providers").json()["data"]

    assert [one["name"] for one in found] == ["apixo", "oxen", "aimlapi"]
    assert {model["breaker"] for one in found for model in one["models"]} == {"closed"}


def _bytes(stack: Stack, image: dict[str, Any]) -> bytes:
    s3 = boto3.client(
        "s3",
        endpoint_url=stack.aws_endpoint_url,
        region_name=stack.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    content: bytes = s3.get_object(Bucket=stack.media_bucket, Key=image["key"])["Body"].read()
    return content
