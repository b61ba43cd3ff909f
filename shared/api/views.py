"""What readers get to see: jobs with links, models with their schemas."""

from collections.abc import Callable
from typing import Any

from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.domain.offers import FieldRule, Model, Offer
from shared.domain.public import image_document, job_document, money

type LinkSigner = Callable[[StoredImage], str]


def job_view(job: Job, *, base_url: str, sign: LinkSigner) -> dict[str, Any]:
    """Return the job with links signed now; they are never stored."""
    images = [
        image_document(image) | {"url": sign(image), "preview_url": None} for image in job.images
    ]
    return job_document(job) | {"images": images, "urls": job_urls(job, base_url)}


def job_urls(job: Job, base_url: str) -> dict[str, str]:
    own = f"{base_url}/v1/jobs/{job.id}"
    return {
        "self": own,
        "cancel": f"{own}/cancel",
        "retry": f"{own}/retry",
        "images": f"{own}/images",
        "console": f"{base_url}/#/jobs/{job.id}",
    }


def file_name(job: Job, image: StoredImage) -> str:
    return f"{job.id}-{image.index}.{image.key.rpartition('.')[2]}"


def model_view(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "title": model.title,
        "aliases": list(model.aliases),
        "providers": {offer.provider: _offer_view(offer) for offer in model.offers},
    }


def _offer_view(offer: Offer) -> dict[str, Any]:
    price = offer.price
    return {
        "provider_model": offer.provider_model,
        "deliveries": list(offer.deliveries),
        "images_per_submission": offer.images_per_submission,
        "price": None
        if price is None
        else {
            "usd_per_image": money(price.usd_per_image),
            "as_of": price.as_of,
            "source": price.source,
        },
        "schema": offer_schema(offer),
    }


def offer_schema(offer: Offer) -> dict[str, Any]:
    """Return a JSON Schema of what a request for this pair may hold."""
    properties: dict[str, Any] = {
        "prompt": {"type": "string", "minLength": 1, "maxLength": offer.max_prompt},
        "images": {
            "type": "array",
            "items": {"type": "string"},
            "maxItems": offer.max_references,
        },
        "n": {"type": "integer", "minimum": 1, "maximum": offer.max_images, "default": 1},
    }
    properties |= {name: _rule_schema(rule) for name, rule in offer.rules.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["prompt"],
        "properties": properties,
        "additionalProperties": False,
    }


def _rule_schema(rule: FieldRule) -> dict[str, Any]:
    if rule.integer:
        return {"type": "integer"}
    if rule.boolean:
        return {"type": "boolean"}
    schema: dict[str, Any] = {"type": "string", "enum": list(rule.values)}
    if rule.pixels:
        size = {
            "type": "string",
            "pattern": r"^[1-9][0-9]{1,4}[xX*][1-9][0-9]{1,4}$",
            "description": f"{rule.pixels.min_pixels} to {rule.pixels.max_pixels} pixels, sides "
            f"at most {rule.pixels.max_ratio} to 1",
        }
        schema = {"anyOf": [schema, size]}
    return schema | ({"default": rule.default} if rule.default else {})
