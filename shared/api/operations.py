"""Every route of the API, in the words of its documentation.

A test holds this list to the routes of the functions, and the examples to what they answer.
"""

from typing import Final

from shared.api.key_requests import KeyRequest
from shared.api.more_operations import KEYS, UPLOADS, WEBHOOKS
from shared.api.openai_requests import ImageRequest
from shared.api.openapi_parts import MOMENT
from shared.api.operation import Operation, in_header, in_query, up_to
from shared.api.requests import JobRequest, ReplayRequest
from shared.domain.status import JobStatus

_FOX: Final = {"model": "seedream-4.5", "prompt": "a fox in watercolor", "n": 2, "size": "2K"}
_JOB: Final = "/v1/jobs/{job_id}"

JOBS: Final = (
    Operation(
        method="post",
        path="/v1/jobs",
        name="createJob",
        summary="Submit a job: 202 with the job, 200 when it was waited for or only rehearsed",
        request=JobRequest,
        example=_FOX | {"metadata": {"order": "7"}, "retention": {"media_days": 30}},
        parameters=[
            in_header("Idempotency-Key", "The same key and body make one job in 24 hours."),
            in_header("Prefer", "wait=N: answer when the job is over, after 25 s at most."),
        ],
        answers={200: "Job|Rehearsal", 202: "Job"},
        headers=["Location", "Idempotent-Replayed", "Preference-Applied"],
        refusals={410: "The job that this Idempotency-Key made has been deleted"},
    ),
    Operation(
        method="get",
        path="/v1/jobs",
        name="listJobs",
        summary="Jobs, newest first; a page may be short, only a missing cursor is the end",
        parameters=[
            in_query("status", "In this state.", {"enum": [*JobStatus]}),
            in_query("model", "Of this model, by any of its names."),
            in_query("provider", "At this provider now or last."),
            in_query("tag", "With this tag."),
            in_query("batch", "Of this batch."),
            in_query("since", "Created then or later.", MOMENT),
            in_query("until", "Created before.", MOMENT),
            in_query("limit", "At most so many; 20 unless told.", up_to(100, least=1)),
            in_query("cursor", "The cursor of the page before."),
        ],
        answers={200: "JobPage"},
    ),
    Operation(
        method="get",
        path=_JOB,
        name="getJob",
        summary="One job, when asked so as soon as it changes",
        parameters=[in_query("wait", "Seconds to wait for a change.", up_to(25))],
        answers={200: "Job"},
    ),
    Operation(
        method="delete",
        path=_JOB,
        name="deleteJob",
        summary="Remove the record and every object of a finished job",
        answers={204: None},
    ),
    Operation(
        method="post",
        path=f"{_JOB}/cancel",
        name="cancelJob",
        summary="Call a job off; in any state, any number of times",
        answers={200: "Job"},
    ),
    Operation(
        method="post",
        path=f"{_JOB}/retry",
        name="retryJob",
        summary="Try a failed or expired job again, on the account of the caller's key",
        answers={202: "Job"},
    ),
    Operation(
        method="get",
        path=f"{_JOB}/images",
        name="listImages",
        summary="The images of a job, with links signed now",
        answers={200: "ImagePage"},
    ),
    Operation(
        method="get",
        path=f"{_JOB}/images/{{index}}",
        name="getImage",
        summary="A link to one image, signed at this moment",
        parameters=[in_query("preview", "1: to its preview.", {"enum": [0, 1]})],
        answers={302: "Link"},
        headers=["Location"],
    ),
    Operation(
        method="get",
        path=f"{_JOB}/callbacks",
        name="listCallbacks",
        summary="What providers sent about a job, as it came: the newest twenty",
        answers={200: "CallbackPage"},
    ),
)
_IMAGE_PARAMETERS: Final = [
    in_header("Idempotency-Key", "The same key and body make one job in 24 hours."),
]
_IMAGE_HEADERS: Final = [
    "X-Seedhook-Job-Id",
    "X-Seedhook-Size",
    "X-Seedhook-B64",
    "X-Should-Retry",
    "Idempotent-Replayed",
]
OPENAI: Final = (
    Operation(
        method="post",
        path="/v1/images/generations",
        name="generateImages",
        summary="OpenAI's images.generate, answered when the job is over",
        request=ImageRequest,
        example={"model": "seedream-4.5", "prompt": "a fox in watercolor"},
        answers={200: "ImagesReply"},
        error="OpenAiError",
        parameters=_IMAGE_PARAMETERS,
        headers=_IMAGE_HEADERS,
    ),
    Operation(
        method="post",
        path="/v1/images/edits",
        name="editImages",
        summary="OpenAI's images.edit, with 1 to 14 image files",
        request=ImageRequest,
        is_form=True,
        answers={200: "ImagesReply"},
        error="OpenAiError",
        parameters=_IMAGE_PARAMETERS,
        headers=_IMAGE_HEADERS,
    ),
)
REST: Final = (
    Operation(
        method="get",
        path="/v1/models",
        name="listModels",
        summary="Models with a JSON Schema and the price at each provider",
        answers={200: "ModelPage"},
    ),
    Operation(
        method="get",
        path="/v1/models/{model_id}",
        name="getModel",
        summary="One model, by any of its names",
        answers={200: "Model"},
    ),
    Operation(
        method="get",
        path="/v1/providers",
        name="listProviders",
        summary="Providers, and how well they work",
        answers={200: "ProviderPage"},
    ),
    Operation(
        method="post",
        path="/v1/keys",
        name="createKey",
        summary="Make an API key; it is shown this once",
        request=KeyRequest,
        example={"name": "the web shop", "tenant": "shop"},
        answers={201: "Key"},
        key="admin",
    ),
    Operation(
        method="post",
        path="/v1/callbacks/replay",
        name="replayCallbacks",
        summary="Take up kept callbacks of providers once more",
        request=ReplayRequest,
        example={},
        answers={200: "Replayed"},
        key="admin",
    ),
    Operation(
        method="post",
        path="/v1/callbacks/{provider}/{job_id}/{attempt}/{token}",
        name="receiveCallback",
        summary="Where providers call back; the path itself is the proof",
        answers={200: "Received"},
        error="Unknown",
        key=None,
    ),
    Operation(
        method="get",
        path="/",
        name="getConsole",
        summary="The console, a page for people",
        answers={200: None},
        key=None,
    ),
    Operation(
        method="get",
        path="/console/{name}",
        name="getConsoleFile",
        summary="A file of the console",
        answers={200: None},
        key=None,
    ),
    Operation(
        method="get",
        path="/v1/health",
        name="getHealth",
        summary="Whether the API answers",
        answers={200: "Health"},
        key=None,
    ),
    Operation(
        method="get",
        path="/v1/openapi.json",
        name="getOpenApi",
        summary="This document",
        answers={200: "Document"},
        key=None,
    ),
)

OPERATIONS: Final = (*JOBS, *OPENAI, *UPLOADS, *WEBHOOKS, *KEYS, *REST)
