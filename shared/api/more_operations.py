"""The routes about uploads, batches, webhooks and deliveries."""

from typing import Final

from shared.api.batch_requests import BatchRequest
from shared.api.openapi_parts import MOMENT
from shared.api.operation import Operation, in_header, in_query, up_to
from shared.api.upload_requests import UploadRequest
from shared.api.webhook_requests import WebhookChangeRequest, WebhookRequest

_HOOK: Final = "/v1/webhooks/{webhook_id}"
_DELIVERY: Final = "/v1/deliveries/{delivery_id}"

UPLOADS: Final = (
    Operation(
        method="post",
        path="/v1/uploads",
        name="openUpload",
        summary="A form to post one file to, and the id by which jobs name it",
        request=UploadRequest,
        example={"content_type": "image/png", "bytes": 70},
        answers={201: "Upload"},
    ),
    Operation(
        method="post",
        path="/v1/batches",
        name="createBatch",
        summary="Start a batch from an uploaded list of requests",
        request=BatchRequest,
        needs="an upload",
        parameters=[
            in_header("Idempotency-Key", "The same key and body start one batch in 24 hours."),
        ],
        answers={202: "Batch"},
        headers=["Location", "Idempotent-Replayed"],
    ),
    Operation(
        method="get",
        path="/v1/batches",
        name="listBatches",
        summary="The newest hundred batches",
        answers={200: "BatchPage"},
    ),
    Operation(
        method="get",
        path="/v1/batches/{batch_id}",
        name="getBatch",
        summary="One batch and how far it is",
        answers={200: "Batch"},
    ),
)
WEBHOOKS: Final = (
    Operation(
        method="post",
        path="/v1/webhooks",
        name="createWebhook",
        summary="Register an endpoint; its secret is shown now and at each rotation",
        request=WebhookRequest,
        example={"url": "https://shop.example/seedhook", "events": ["job.succeeded"]},
        answers={201: "Webhook"},
    ),
    Operation(
        method="get",
        path="/v1/webhooks",
        name="listWebhooks",
        summary="Every endpoint",
        answers={200: "WebhookPage"},
    ),
    Operation(
        method="get",
        path="/v1/webhooks/secret",
        name="getWebhookSecret",
        summary="What signs for addresses that jobs name themselves",
        answers={200: "WebhookSecret"},
    ),
    Operation(
        method="get",
        path=_HOOK,
        name="getWebhook",
        summary="One endpoint and how it fares",
        answers={200: "Webhook"},
    ),
    Operation(
        method="patch",
        path=_HOOK,
        name="changeWebhook",
        summary="Change an endpoint; a field that is not there stays as it is",
        request=WebhookChangeRequest,
        needs="a webhook",
        answers={200: "Webhook"},
    ),
    Operation(
        method="delete",
        path=_HOOK,
        name="removeWebhook",
        summary="Forget an endpoint",
        answers={204: None},
    ),
    Operation(
        method="post",
        path=f"{_HOOK}/rotate",
        name="rotateWebhook",
        summary="A new secret; the one before signs beside it for a day",
        answers={200: "Webhook"},
    ),
    Operation(
        method="post",
        path=f"{_HOOK}/recover",
        name="recoverWebhook",
        summary="Send again what the endpoint has not got since a moment",
        parameters=[
            in_query("since", "From then on; required.", MOMENT),
            in_query("cursor", "Where an earlier call stopped."),
        ],
        answers={200: "Recovery"},
    ),
    Operation(
        method="get",
        path="/v1/deliveries",
        name="listDeliveries",
        summary="The delivery log, newest first",
        parameters=[
            in_query("job", "Of this job."),
            in_query("webhook", "To this endpoint."),
            in_query("status", "In this state.", {"enum": ["pending", "delivered", "failed"]}),
            in_query("limit", "At most so many; 20 unless told.", up_to(100, least=1)),
            in_query("cursor", "The cursor of the page before."),
        ],
        answers={200: "DeliveryPage"},
    ),
    Operation(
        method="get",
        path=_DELIVERY,
        name="getDelivery",
        summary="One delivery with the bytes that were sent",
        answers={200: "Delivery"},
    ),
    Operation(
        method="post",
        path=f"{_DELIVERY}/resend",
        name="resendDelivery",
        summary="Send it once more, with the same id and the same bytes",
        answers={202: "Delivery"},
    ),
)

KEYS: Final = (
    Operation(
        method="get",
        path="/v1/keys",
        name="listKeys",
        summary="Every key with what it has spent; never a secret",
        answers={200: "KeyPage"},
        key="admin",
    ),
    Operation(
        method="delete",
        path="/v1/keys/{key_id}",
        name="revokeKey",
        summary="Revoke a key; it is refused everywhere within a minute",
        answers={204: None},
        key="admin",
    ),
    Operation(
        method="post",
        path="/v1/keys/{key_id}/rotate",
        name="rotateKey",
        summary="A new secret; the one before works beside it for a day",
        answers={200: "Key"},
        key="admin",
    ),
    Operation(
        method="get",
        path="/v1/usage",
        name="showUsage",
        summary="Jobs, images and dollars by day, model, provider, key or tag",
        parameters=[
            in_query("from", "The first day, as 2026-11-01."),
            in_query("to", "The last day."),
            in_query("group_by", "By what.", {"enum": ["day", "model", "provider", "key", "tag"]}),
            in_query("format", "How to write it.", {"enum": ["json", "csv"]}),
        ],
        answers={200: "Usage"},
    ),
)
