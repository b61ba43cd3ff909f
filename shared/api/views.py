"""What readers get to see: jobs with links, models with their schemas."""

from typing import Any, Protocol

from shared.api.schemas import offer_schema
from shared.domain.image import StoredImage, preview_key
from shared.domain.job import Job
from shared.domain.offers import Model, Offer, Price
from shared.domain.public import image_document, job_document, money


class LinkSigner(Protocol):
    def __call__(self, key: str, *, filename: str) -> str: ...


def job_view(job: Job, *, base_url: str, sign: LinkSigner) -> dict[str, Any]:
    """Return the job with links signed now; they are never stored."""
    images = [_image_view(job, image, sign) for image in job.images]
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


def dry_run_view(job: Job) -> dict[str, Any]:
    """Return what would become of a request; nothing of it has an address."""
    return {
        "object": "job",
        "dry_run": True,
        "model": job.model,
        "provider": job.provider,
        "delivery": job.delivery,
        "sandbox": job.sandbox,
        "requested_images": job.input.n,
        "cost": {
            "estimated_usd": money(job.estimated_usd),
            "charged_usd": None,
            "complete": False,
        },
        "decision": job.decision,
        "route": [
            {
                "provider": leg.provider,
                "delivery": leg.delivery,
                "sandbox": leg.sandbox,
                "estimated_usd": money(leg.estimated_usd),
            }
            for leg in job.route
        ],
        "metadata": dict(job.metadata),
        "tags": list(job.tags),
    }


def images_view(job: Job, *, base_url: str, sign: LinkSigner) -> dict[str, Any]:
    return {"object": "list", "data": job_view(job, base_url=base_url, sign=sign)["images"]}


def image_link(job: Job, image: StoredImage, sign: LinkSigner) -> str:
    return sign(image.key, filename=f"{job.id}-{image.index}.{image.key.rpartition('.')[2]}")


def preview_link(job: Job, image: StoredImage, sign: LinkSigner) -> str | None:
    """Return a link to the preview, if there is one."""
    if not image.has_preview:
        return None
    key = preview_key(job.id, attempt=image.attempt, position=image.position)
    return sign(key, filename=f"{job.id}-{image.index}-preview.webp")


def _image_view(job: Job, image: StoredImage, sign: LinkSigner) -> dict[str, Any]:
    return image_document(image) | {
        "url": image_link(job, image, sign),
        "preview_url": preview_link(job, image, sign),
        "placeholder": image.placeholder,
    }


def model_view(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "title": model.title,
        "aliases": list(model.aliases),
        "providers": {offer.provider: _offer_view(offer) for offer in model.offers},
    }


def _offer_view(offer: Offer) -> dict[str, Any]:
    return {
        "provider_model": offer.provider_model,
        "provider_aliases": list(offer.provider_aliases),
        "deliveries": list(offer.deliveries),
        "images_per_submission": offer.images_per_submission,
        "images_per_request": {name: offer.per_submission(name) for name in offer.deliveries},
        "price": _price_view(offer.price),
        "timing": [_timing_view(offer, resolution) for resolution in _resolutions(offer)],
        "wire": {
            "prompt": "prompt",
            "images": offer.references_wire,
            "n": offer.count_wire,
            **{name: rule.wire for name, rule in offer.rules.items()},
        },
        "filled": {wire: list(values) for wire, values in offer.filled.items()},
        "schema": offer_schema(offer),
    }


def _price_view(price: Price | None) -> dict[str, Any] | None:
    if price is None:
        return None
    return {
        "usd_per_image": money(price.usd_per_image),
        "as_of": price.as_of,
        "source": price.source,
    }


def _resolutions(offer: Offer) -> tuple[str | None, ...]:
    rule = offer.rules.get("resolution")
    return rule.values if rule else (None,)


def _timing_view(offer: Offer, resolution: str | None) -> dict[str, Any]:
    """Return how long an image takes and when it is asked about; a call that waits is not."""
    pacing = offer.pacing_by_resolution.get(resolution or "", offer.pacing)
    is_asked = "poll" in offer.deliveries
    return {
        "resolution": resolution,
        "typical_seconds": list(pacing.typical) if pacing.typical else None,
        "first_poll_seconds": pacing.first_poll if is_asked else None,
        "poll_interval_seconds": pacing.interval if is_asked else None,
    }
