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
_SEEN: dict[Way, str] = {}


@pytest.fixture(scope="module", autouse=True)
def matrix(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print what was seen, in whatever way the tests are run."""
    yield
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not _SEEN:
        return
    reporter.write_line("")
    for way, seen in _SEEN.items():
        name = f"{way.model:16}{way.provider:9}{way.delivery:10}{way.mode:6}"
        reporter.write_line(f"  {name}{seen}")


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
def test_every_way_to_an_image_works(stack: Stack, api: Api, way: Way) -> None:
    answer = api.post("/v1/jobs", json=way.body)
    assert answer.status_code == 202, answer.text
    job = api.finished(answer.json()["id"])

    assert (job["status"], job["error"]) == ("succeeded", None)
    assert (job["model"], job["provider"], job["delivery"]) == way[:3]
    assert sorted(image["sha256"] for image in job["images"]) == results_of(stack, job)
    assert len(job["images"]) == 2
    for image in job["images"]:
        assert hashlib.sha256(_bytes(stack, image)).hexdigest() == image["sha256"]
    took = sum(1 for _ in job["timeline"])
    _SEEN[way] = f"{job['status']}, {len(job['images'])} images, {took} states"


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
        "apixo": {"estimated_usd": "0.0700", "charged_usd": "0.0700"},
        "oxen": {"estimated_usd": None, "charged_usd": "0.08"},
        "aimlapi": {"estimated_usd": "0.084", "charged_usd": "0.084000000"},
    }


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
