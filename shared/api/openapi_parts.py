"""The schemas of what the API answers, as far as programs rely on it."""

from typing import Any, Final

from shared.domain.errors import ErrorCode
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState

type Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer"}
FLAG: Final[Schema] = {"type": "boolean"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
_MONEY: Final[Schema] = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
_ANYTHING: Final[Schema] = {"type": "object"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def listed(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def optional(schema: Schema) -> Schema:
    """Return a schema that null meets too: unknown is null, never zero or empty."""
    return {"anyOf": [schema, {"type": "null"}]}


def thing(**properties: Schema) -> Schema:
    """Return an object that has all of these, and in later versions maybe more."""
    return {"type": "object", "required": [*properties], "properties": properties}


def page_of(name: str) -> Schema:
    page = thing(object={"const": "list"}, data=listed(ref(name)))
    page["properties"]["cursor"] = TEXT | {"description": "Absent on the last page."}
    return page


_COST: Final = thing(
    estimated_usd=optional(_MONEY),
    charged_usd=optional(
        _MONEY | {"description": "The part that is known, while `complete` is false."}
    ),
    complete=FLAG | {"description": "Whether the job is over and all of its charges are known."},
)
_FAULT: Final = thing(
    code={"enum": [*ErrorCode]},
    message=TEXT,
    who={"enum": ["client", "provider", "seedhook"]},
    retryable=FLAG,
)
_ATTEMPT: Final = thing(
    number=NUMBER,
    provider=TEXT,
    delivery=TEXT,
    task_ids=listed(TEXT),
    state={"enum": [*SubmissionState]},
    submitted_at=MOMENT,
    finished_at=optional(MOMENT),
    error=optional(ref("Fault")),
    decision=optional(TEXT),
    key=TEXT | {"description": "The id of the API key that it ran under."},
    charged_usd=optional(_MONEY),
    charge_complete=FLAG,
    submissions=listed(_ANYTHING),
)
_IMAGE: Final = thing(
    index=NUMBER,
    key=TEXT,
    url={"type": "string", "format": "uri"},
    preview_url=optional({"type": "string", "format": "uri"}),
    placeholder=optional(
        TEXT | {"description": "A tiny WebP as a data URI, below 400 characters."}
    ),
    content_type=TEXT,
    bytes=NUMBER,
    width=optional(NUMBER),
    height=optional(NUMBER),
    sha256=TEXT,
    verified=optional(
        FLAG
        | {
            "description": "Whether it could be decoded whole; null until that was tried. False "
            "also for formats that are not decoded here, whose `width` and `height` may be null."
        }
    ),
)
_JOB: Final = thing(
    id={"type": "string", "pattern": "^job_[0-9A-HJKMNP-TV-Z]{26}$"},
    object={"const": "job"},
    status={"enum": [*JobStatus]},
    model=TEXT,
    provider=TEXT,
    delivery=TEXT,
    sandbox=FLAG,
    input=_ANYTHING,
    images=listed(ref("Image")),
    requested_images=NUMBER,
    delivered_images=NUMBER,
    error=optional(ref("Fault")),
    attempts=listed(ref("Attempt")),
    cost=_COST,
    late=FLAG,
    metadata={"type": "object", "additionalProperties": TEXT},
    tags=listed(TEXT),
    version=NUMBER,
    created_at=MOMENT,
    updated_at=MOMENT,
    completed_at=optional(MOMENT),
    timeline=listed(thing(at=MOMENT, status={"enum": [*JobStatus]}, note=optional(TEXT))),
    urls={"type": "object", "additionalProperties": TEXT},
)
_REHEARSAL: Final = thing(
    object={"const": "job"},
    dry_run={"const": True},
    model=TEXT,
    provider=TEXT,
    delivery=TEXT,
    sandbox=FLAG,
    requested_images=NUMBER,
    cost=_COST,
    decision=TEXT,
    route=listed(_ANYTHING),
)
_PROBLEM: Final = thing(
    type=TEXT,
    title=TEXT,
    status=NUMBER,
    detail=TEXT,
    code=TEXT,
    who={"enum": ["client", "provider", "seedhook"]},
    retryable=FLAG,
    errors=listed(thing(pointer=TEXT, code=TEXT, message=TEXT)),
    request_id=TEXT,
)
_OPENAI_ERROR: Final = thing(
    error=thing(message=TEXT, type=TEXT, param=optional(TEXT), code=optional(TEXT))
)
_IMAGES_REPLY: Final = thing(
    created=NUMBER,
    data=listed(
        {
            "type": "object",
            "properties": {"url": TEXT, "b64_json": TEXT, "revised_prompt": optional(TEXT)},
            "anyOf": [{"required": ["url"]}, {"required": ["b64_json"]}],
        }
    ),
    usage=_ANYTHING,
)

ANSWERS: Final[dict[str, Schema]] = {
    "Job": _JOB,
    "Rehearsal": _REHEARSAL,
    "Image": _IMAGE,
    "Attempt": _ATTEMPT,
    "Fault": _FAULT,
    "JobPage": page_of("Job"),
    "Callback": thing(
        object={"const": "callback"}, at=MOMENT, attempt=NUMBER, bytes=NUMBER, body=TEXT
    ),
    "CallbackPage": page_of("Callback"),
    "ImagePage": page_of("Image"),
    "Model": thing(id=TEXT, object={"const": "model"}, aliases=listed(TEXT), providers=_ANYTHING),
    "ModelPage": page_of("Model"),
    "ProviderHealth": thing(name=TEXT, models=listed(_ANYTHING)),
    "ProviderPage": page_of("ProviderHealth"),
    "Upload": thing(id=TEXT, object={"const": "upload"}, url=TEXT, fields=_ANYTHING),
    "Batch": thing(id=TEXT, object={"const": "batch"}, status=TEXT, counts=_ANYTHING),
    "BatchPage": page_of("Batch"),
    "Webhook": thing(id=TEXT, object={"const": "webhook"}, url=TEXT, enabled=FLAG),
    "WebhookPage": page_of("Webhook"),
    "WebhookSecret": thing(object={"const": "webhook_secret"}, key=TEXT, secret=TEXT),
    "Delivery": thing(id=TEXT, object={"const": "delivery"}, status=TEXT, event=TEXT, url=TEXT),
    "DeliveryPage": page_of("Delivery"),
    "Recovery": thing(object={"const": "recovery"}, resent=NUMBER, cursor=optional(TEXT)),
    "KeyPage": thing(object={"const": "list"}, data=listed(_ANYTHING)),
    "Usage": thing(data=listed(_ANYTHING)),
    "Key": thing(id=TEXT, object={"const": "key"}, name=TEXT, tenant=TEXT, key=TEXT),
    "Replayed": thing(replayed=NUMBER, cursor=optional(TEXT)),
    "Health": thing(status={"const": "ok"}),
    "Link": thing(url=TEXT),
    "Received": thing(received={"const": True}),
    "Unknown": thing(code={"const": "not_found"}),
    "Problem": _PROBLEM,
    "OpenAiError": _OPENAI_ERROR,
    "ImagesReply": _IMAGES_REPLY,
    "Document": _ANYTHING,
}
