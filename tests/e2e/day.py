"""A day of a deployment: whatever callers, operators, providers and receivers do, once.

What is secret in it is a canary, so that whoever reads what was written can look for it.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import boto3
import httpx

from local.sandbox.server import running_sandbox
from local.stack import Stack, StackOptions, running_stack
from tests.e2e.api import Api
from tests.e2e.bus import BusQueue, listen
from tests.e2e.keys import admin, caller
from tests.e2e.receiver import Receiver, receiving
from tests.patience import PATIENCE_SECONDS
from tests.pictures import a_png

PROVIDER_KEY: Final = "provider-key-canary"
PROMPT: Final = "prompt-canary of a fox"
HOOK: Final = "/hook-canary"
PICTURE: Final = a_png(64, 48)
DATA: Final = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"


@dataclass(slots=True, kw_only=True)
class Day:
    stack: Stack
    witness: Path
    receiver: Receiver
    provider_url: str
    ear: BusQueue
    secrets: set[str] = field(
        default_factory=lambda: {PROVIDER_KEY, "prompt-canary", "hook-canary"}
    )
    problems: list[str] = field(default_factory=list)
    callback_answers: list[str] = field(default_factory=list)

    def aws(self, name: Any) -> Any:
        return boto3.client(
            name,
            endpoint_url=self.stack.aws_endpoint_url,
            region_name=self.stack.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def watch_problems(self, api: Api) -> None:
        """Keep what callers were told when something was wrong."""

        def keep(answer: httpx.Response) -> None:
            if answer.is_error:
                self.problems.append(answer.read().decode())

        api.event_hooks = {"response": [keep]}

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, what
            time.sleep(0.2)

    def lines(self) -> Iterator[str]:
        """Yield every line that a function has written."""
        logs = self.aws("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            pages = logs.get_paginator("filter_log_events")
            for page in pages.paginate(logGroupName=group["logGroupName"]):
                for event in page["events"]:
                    yield from event["message"].splitlines()

    def documents(self) -> list[dict[str, Any]]:
        """Return the lines that are JSON: of the logger, and metrics."""
        return [json.loads(line) for line in self.lines() if line.startswith("{")]


@contextmanager
def a_day(folder: Path) -> Iterator[Day]:
    witness = folder / "witness.jsonl"
    with receiving() as receiver, running_sandbox(latency=0) as provider:
        environ = {
            "APIXO_API_KEY": PROVIDER_KEY,
            "APIXO_BASE_URL": provider.apixo_url,
            "SEEDHOOK_MAX_IN_FLIGHT": "apixo=9,oxen=9,aimlapi=9",
            "SEEDHOOK_LOG_LEVEL": "DEBUG",
            "SEEDHOOK_PRICES": "oxen/seedream-4.5=0.03",
        }
        options = StackOptions(
            port=0,
            latency=0,
            strict=True,
            environ=environ,
            witness=witness,
            allow_loopback=(receiver.place,),
        )
        with running_stack(options) as stack:
            ear = listen(
                engine_url=stack.aws_endpoint_url,
                region=stack.region,
                event_bus=stack.event_bus,
            )
            day = Day(
                stack=stack,
                witness=witness,
                receiver=receiver,
                provider_url=provider.base_url,
                ear=ear,
            )
            day.secrets |= {stack.api_key, stack.admin_key}
            yield day


def play(day: Day) -> None:
    with (
        Api(base_url=day.stack.api_url, key=day.stack.api_key) as api,
        caller(day.stack, budget_usd="9", rate=50, max_in_flight=20) as (limited, key),
    ):
        day.secrets.add(key["key"])
        day.watch_problems(api)
        day.watch_problems(limited)
        hooks = _hooks(day, api)
        _jobs(day, api, limited)
        _edits(day, api)
        _batches(day, limited)
        _lifecycle(day, api)
        _reading(day, api)
        _waiting(day)
        _operating(day, api, hooks)
        _sent_later(day, api)
        _lost_answer(day, api)
        _wrong(day, api)


def _hooks(day: Day, api: Api) -> list[str]:
    day.receiver.statuses[HOOK] = [500]
    day.receiver.statuses["/gone"] = [410]
    made = [api.post("/v1/webhooks", json={"url": day.receiver.url(p)}) for p in (HOOK, "/gone")]
    rotated = api.post(f"/v1/webhooks/{made[0].json()['id']}/rotate").json()
    day.secrets |= {one.json()["secret"] for one in made} | {rotated["secret"]}
    day.secrets.add(api.get("/v1/webhooks/secret").json()["secret"])
    return [one.json()["id"] for one in made]


def _jobs(day: Day, api: Api, limited: Api) -> None:
    upload = _uploaded(day, api, PICTURE, "image/png")
    own = {"webhook_url": day.receiver.url(f"{HOOK}/own")}
    limited.finished(limited.submit(provider="apixo", prompt=PROMPT, **own)["id"])
    earlier = api.finished(api.submit(provider="apixo", prompt=PROMPT, images=[upload])["id"])
    jobs = [
        api.submit(provider="oxen", prompt=PROMPT, images=[DATA]),
        api.submit(provider="oxen", prompt=PROMPT, delivery="stream"),
        api.submit(provider="aimlapi", prompt=PROMPT),
        api.submit(provider="oxen", prompt=PROMPT, delivery="sync", retention={"media_days": 7}),
        api.submit(provider="oxen", prompt=PROMPT, retention={"media_days": 7}),
        limited.submit(provider="apixo", prompt=f"[refuse] {PROMPT}"),
        # Several requests, so dispatch sends them and reads the references.
        limited.submit(provider="oxen", prompt=PROMPT, n=6, images=[upload]),
        api.submit(provider="oxen", prompt=PROMPT, n=6, images=[DATA, f"job:{earlier['id']}/0"]),
        api.submit(provider="apixo", prompt=PROMPT, images=[f"job:{earlier['id']}/0"]),
    ]
    for job in jobs:
        api.finished(job["id"])


def _uploaded(day: Day, api: Api, content: bytes, content_type: str) -> str:
    """Upload through a form, as a stranger would, and return what it is named by."""
    wanted = {"content_type": content_type, "bytes": len(content)}
    form = api.post("/v1/uploads", json=wanted).json()
    with httpx.Client(trust_env=False) as stranger:
        stranger.post(form["url"], data=form["fields"], files={"file": content})
    day.secrets |= {value for name, value in form["fields"].items() if "ignature" in name}
    return str(form["id"])


def _edits(day: Day, api: Api) -> None:
    s3, bucket = day.aws("s3"), day.stack.uploads_bucket
    s3.put_object(Bucket=bucket, Key="edits/a/cat.png", Body=PICTURE, Metadata={"prompt": PROMPT})
    s3.put_object(Bucket=bucket, Key="edits/b/cat.png", Body=PICTURE)
    sidecar = json.dumps({"prompt": PROMPT}).encode()
    s3.put_object(Bucket=bucket, Key="edits/b/cat.png.json", Body=sidecar)
    s3.put_object(Bucket=bucket, Key="edits/c/cat.png", Body=b"x", Metadata={"prompt": PROMPT})
    wish = {"model": "seedream-4.5", "prompt": PROMPT, "images": [f"s3://{bucket}/edits/a/cat.png"]}
    with_data = {"model": "seedream-4.5", "prompt": PROMPT, "images": [DATA]}
    for detail in (wish, with_data, {"model": "nonsense", "prompt": PROMPT}):
        entry = {
            "EventBusName": day.stack.event_bus,
            "Source": "my.shop",
            "DetailType": "job.requested",
            "Detail": json.dumps(detail),
        }
        day.aws("events").put_events(Entries=[entry])
    for name in ("edits/a/cat.png/job.json", "edits/b/cat.png/job.json"):
        day.until(lambda name=name: _is_there(day, day.stack.media_bucket, name), name)  # type: ignore[misc]  # bound at once
    error = "edits/c/cat.png.error.json"
    day.until(lambda: _is_there(day, bucket, error), error)
    from_upload = api.submit(
        provider="oxen", prompt=PROMPT, n=6, images=[f"s3://{bucket}/edits/a/cat.png"]
    )
    api.finished(from_upload["id"])
    placed = s3.get_object(Bucket=day.stack.media_bucket, Key="edits/b/cat.png/job.json")
    job = json.load(placed["Body"])
    assert api.delete(f"/v1/jobs/{job['id']}").status_code == 204


def _batches(day: Day, api: Api) -> None:
    s3, bucket = day.aws("s3"), day.stack.uploads_bucket
    rows = [{"model": "seedream-4.5", "prompt": PROMPT, "custom_id": n} for n in (1, 2)]
    content = "\n".join(map(json.dumps, rows)).encode()
    s3.put_object(Bucket=bucket, Key="batches/day.jsonl", Body=content)
    s3.put_object(Bucket=bucket, Key="batches/empty.csv", Body=b"")
    other = json.dumps({"model": "seedream-4.5", "prompt": PROMPT}).encode()  # or it were the same
    form = _uploaded(day, api, other, "application/jsonl")
    assert api.post("/v1/batches", json={"upload": form}).status_code == 202
    for where, name in (
        (day.stack.media_bucket, "batches/day.report.jsonl"),
        (bucket, "batches/empty.csv.error.json"),
    ):
        day.until(lambda at=(where, name): _is_there(day, *at), name)  # type: ignore[misc]  # bound at once
    day.until(lambda: _are_complete(api), "a batch goes on")


def _are_complete(api: Api) -> bool:
    batches = api.get("/v1/batches").json()["data"]
    return len(batches) == 2 and all(one["status"] == "completed" for one in batches)


def _lifecycle(day: Day, api: Api) -> None:
    refused = api.finished(api.submit(provider="apixo", prompt=f"[refuse] {PROMPT}")["id"])
    api.post(f"/v1/jobs/{refused['id']}/retry")
    api.finished(refused["id"])
    cancelled = api.submit(provider="oxen", prompt=PROMPT)
    api.post(f"/v1/jobs/{cancelled['id']}/cancel")
    done = api.finished(api.submit(provider="apixo", prompt=PROMPT)["id"])
    with admin(day.stack) as operator:
        operator.post("/v1/callbacks/replay", json={})
    _deleted_before_its_callback(day, api)
    assert api.delete(f"/v1/jobs/{done['id']}").status_code == 204


def _deleted_before_its_callback(day: Day, api: Api) -> None:
    """Kept unseen, and removed by collect: nothing of it stays."""
    with _suffering(day, "callback-delayed", seconds=3):
        job = api.submit(provider="apixo", prompt=f"{PROMPT}, gone by then")
        api.post(f"/v1/jobs/{job['id']}/cancel")
        assert api.delete(f"/v1/jobs/{job['id']}").status_code == 204
        _wait_for_callback(day)


def _wait_for_callback(day: Day) -> None:
    def is_called_back() -> bool:
        rows = httpx.get(f"{day.provider_url}/ledger", trust_env=False).json()["apixo"]
        return any(row["callbacks"] and "gone by then" in str(row["request"]) for row in rows)

    day.until(is_called_back, "nobody called back")


@contextmanager
def _suffering(day: Day, fault: str, **details: Any) -> Iterator[None]:
    url = f"{day.provider_url}/faults"
    plan = {"apixo": [{"fault": fault} | details]}
    httpx.put(url, json=plan, trust_env=False).raise_for_status()
    yield
    httpx.delete(url, trust_env=False).raise_for_status()


def _sent_later(day: Day, api: Api) -> None:
    """Not taken at first: the watch has it sent once more."""
    with _suffering(day, "submit-rate-limited"):
        job = api.submit(provider="apixo", prompt=PROMPT)
    api.finished(job["id"])


def _lost_answer(day: Day, api: Api) -> None:
    """Accepted, and nobody knows: the job waits longer than the day."""
    with _suffering(day, "answer-dropped"):
        api.submit(provider="apixo", prompt=PROMPT)


def _reading(day: Day, api: Api) -> None:
    job = api.looked_at(api.get("/v1/jobs").json()["data"][-1])
    for path in ("", "/images", "/images/0", "/images/0?preview=1"):
        answer = api.get(f"/v1/jobs/{job['id']}{path}")
        query = parse_qsl(urlsplit(answer.headers.get("location", "")).query)
        day.secrets |= {value for name, value in query if "ignature" in name}
    for path in ("0", "0?preview=1"):
        link = api.get(f"/v1/jobs/{job['id']}/images/{path}").headers["location"]
        httpx.get(link, trust_env=False).raise_for_status()
    for path in ("models", "providers", "usage", "batches", "deliveries", "health"):
        assert api.get(f"/v1/{path}").status_code == 200
    body = {"model": "seedream-4.5", "prompt": PROMPT, "response_format": "b64_json"}
    assert api.post("/v1/images/generations", json=body).status_code == 200


def _waiting(day: Day) -> None:
    """Posts to the function URL: an edit, and a generation of several requests."""
    fields = {"model": "seedream-4.5", "prompt": PROMPT, "response_format": "b64_json"}
    with Api(base_url=day.stack.openai_url, key=day.stack.api_key) as patient:
        day.watch_problems(patient)
        edited = patient.post("/images/edits", data=fields, files={"image": PICTURE})
        several = patient.post("/images/generations", json=fields | {"n": 6})
        patient.post("/images/generations", json=fields | {"model": PROMPT})
    assert (edited.status_code, several.status_code) == (200, 200)


def _operating(day: Day, api: Api, hooks: list[str]) -> None:
    day.receiver.wait(HOOK, 20)
    (delivery, *_) = api.get("/v1/deliveries").json()["data"]
    api.post(f"/v1/deliveries/{delivery['id']}/resend")
    api.patch(f"/v1/webhooks/{hooks[1]}", json={"enabled": True})
    api.post(f"/v1/webhooks/{hooks[1]}/recover", params={"since": delivery["created_at"]})
    with admin(day.stack) as operator:
        (key, *_) = operator.get("/v1/keys").json()["data"]
        operator.post(f"/v1/keys/{key['id']}/rotate")
        operator.delete(f"/v1/keys/{key['id']}")
    api.delete(f"/v1/webhooks/{hooks[1]}")


def _wrong(day: Day, api: Api) -> None:
    """Requests that are refused, and a callback that is forged: each told in words."""
    job = api.get("/v1/jobs").json()["data"][0]
    token = "k1.9999999999." + "token-canary".ljust(43, "A")
    day.secrets.add("token-canary")
    answer = api.post(f"/v1/callbacks/apixo/{job['id']}/1/{token}", json={"prompt": PROMPT})
    day.callback_answers.append(answer.text)
    api.post("/v1/jobs", json={"model": PROMPT, "prompt": PROMPT})
    api.post("/v1/jobs", content=f'{{"prompt": "{PROMPT}')
    api.post("/v1/jobs", json={"model": "seedream-4.5", "prompt": PROMPT, "images": ["x"]})
    api.post("/v1/webhooks", json={"url": f"http://10.0.0.1{HOOK}"})
    api.get("/v1/jobs/job_nothing")


def _is_there(day: Day, bucket: str, key: str) -> bool:
    found = day.aws("s3").list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    return any(one["Key"] == key for one in found)
