"""OpenAI's image API: its words, and that whoever posts again pays once."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import JobId
from shared.domain.job import Job
from tests.http_events import Answer
from tests.memory_service import NOW, MemoryService
from tests.pictures import a_png
from tests.unit.functions.calling import deliver, finish_after, post

FOX = {"model": "seedream-4.5", "prompt": "a fox in watercolor"}
GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


def generate(
    service: MemoryService, key: str, *, count: int = 0, came_ago: float = 0, **body: Any
) -> Answer:
    headers = {"x-stainless-retry-count": str(count)}
    return post(service, GENERATIONS, FOX | body, key=key, headers=headers, came_ago=came_ago)


def a_form(parts: list[tuple[str, str | bytes]]) -> tuple[bytes, dict[str, str]]:
    """Files are bytes. Return the body and the headers it goes with."""
    body = b""
    for name, content in parts:
        file = '; filename="a.png"\r\nContent-Type: image/png' if isinstance(content, bytes) else ""
        head = f'--cut\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        data = content if isinstance(content, bytes) else content.encode()
        body += head.encode() + data + b"\r\n"
    return body + b"--cut--\r\n", {"content-type": "multipart/form-data; boundary=cut"}


def edit(
    service: MemoryService,
    key: str,
    *parts: tuple[str, str | bytes],
    more: Mapping[str, str] | None = None,
) -> Answer:
    given = [("model", "seedream-4.5"), ("prompt", "make it night"), *parts]
    body, headers = a_form(given)
    return post(service, EDITS, body, key=key, headers={**headers, **(more or {})})


def jobs_of(service: MemoryService) -> tuple[Job, ...]:
    return service.jobs.newest("default", limit=100, cursor=None).jobs


def job_id_of(answer: Answer) -> str:
    return answer.headers["x-seedhook-job-id"]


class TestAnImage:
    def test_images_come_as_links(self, service: MemoryService, key: str) -> None:
        finish_after(service, 3)

        answer = generate(service, key, n=2, size="auto", quality="standard", user="u-7")

        assert answer.status == 200
        assert [*answer.json] == ["created", "data", "usage"]
        assert answer.json["created"] == int(NOW.timestamp()) + 3
        assert [one["url"][:8] for one in answer.json["data"]] == ["https://"] * 2
        assert answer.json["usage"]["charged_usd"] == "0.0700"
        (job,) = jobs_of(service)
        assert job_id_of(answer) == job.id
        assert (job.input.n, job.input.size, job.metadata) == (2, None, {"user": "u-7"})

    def test_images_come_as_data(self, service: MemoryService, key: str) -> None:
        finish_after(service, 1)

        answer = generate(service, key, response_format="b64_json")

        (one,) = answer.json["data"]
        assert base64.b64decode(one["b64_json"]) == a_png()
        assert "url" not in one
        assert "x-seedhook-b64" not in answer.headers

    def test_data_for_which_there_is_no_room_comes_as_a_link(
        self, service: MemoryService, key: str
    ) -> None:
        large = a_png() + bytes(3_000_000)  # what follows a picture's end does it no harm
        service.apixo.draw = _largest_first(large)
        finish_after(service, 1)

        answer = generate(service, key, response_format="b64_json", n=3)

        assert [sorted(one) for one in answer.json["data"]] == [
            ["b64_json", "revised_prompt"],
            ["revised_prompt", "url"],
            ["b64_json", "revised_prompt"],
        ]
        assert answer.headers["x-seedhook-b64"] == "too-large"
        assert len(answer.body) <= 5 * 1024 * 1024

    @pytest.mark.parametrize("name", ["image", "image[]"])
    def test_files_become_references(self, service: MemoryService, key: str, name: str) -> None:
        finish_after(service, 1)

        files = [(name, a_png()), (name, a_png(4, 4))]

        answer = edit(service, key, *files, ("n", "2"), ("seed", "-7"))

        (job,) = jobs_of(service)
        assert answer.status == 200
        assert (job.input.n, job.input.seed, job.input.prompt) == (2, -7, "make it night")
        assert len(job.input.images) == 2
        objects = service.references.objects.values()
        stored = {content for versions in objects for content in versions.values()}
        assert stored == {a_png(), a_png(4, 4)}


def _largest_first(large: bytes) -> Any:
    drawn: list[bytes] = []

    def draw(_: str) -> bytes:
        drawn.append(b"")
        return a_png() if len(drawn) == 3 else large

    return draw


class TestWhoPostsAgain:
    def test_a_job_that_takes_longer_asks_the_client_to_come_again(
        self, service: MemoryService, key: str
    ) -> None:
        answer = generate(service, key)

        assert (answer.status, answer.headers["x-should-retry"]) == (409, "true")
        assert (service.clock.now() - NOW).total_seconds() == pytest.approx(25, abs=0.1)
        error = answer.json["error"]
        assert [*error] == ["message", "type", "param", "code", "job_id"]
        assert error["job_id"] == job_id_of(answer) == jobs_of(service)[0].id

    def test_who_comes_again_gets_the_same_job_and_pays_once(
        self, service: MemoryService, key: str
    ) -> None:
        first = generate(service, key)
        second = generate(service, key, count=1)
        deliver(service)

        third = generate(service, key, count=2)

        assert (second.status, third.status) == (409, 200)
        assert {job_id_of(answer) for answer in (first, second, third)} == {jobs_of(service)[0].id}
        assert len(service.apixo.tasks) == 1

    def test_a_new_call_makes_a_job_whatever_was_asked_before(
        self, service: MemoryService, key: str
    ) -> None:
        finish_after(service, 1)

        one, other = generate(service, key), generate(service, key)

        assert job_id_of(one) != job_id_of(other)
        assert len(jobs_of(service)) == 2

    def test_who_comes_again_joins_the_latest_job(self, service: MemoryService, key: str) -> None:
        generate(service, key)
        latest = generate(service, key)

        assert job_id_of(generate(service, key, count=1)) == job_id_of(latest)

    def test_a_first_post_that_never_came_is_made_up_for_by_the_second(
        self, service: MemoryService, key: str
    ) -> None:
        again, once_more = generate(service, key, count=1), generate(service, key, count=2)

        assert job_id_of(again) == job_id_of(once_more)
        assert len(jobs_of(service)) == 1

    def test_a_post_that_its_own_repetition_overtook_joins_it(
        self, service: MemoryService, key: str
    ) -> None:
        repetition = generate(service, key, count=1)

        late = generate(service, key, came_ago=26)

        assert job_id_of(late) == job_id_of(repetition)
        assert len(service.apixo.tasks) == 1

    def test_after_ten_minutes_it_is_another_request(
        self, service: MemoryService, key: str
    ) -> None:
        generate(service, key)
        service.time.sleep(600)

        generate(service, key, count=1)

        assert len(jobs_of(service)) == 2

    def test_another_body_or_another_key_is_another_request(
        self, service: MemoryService, key: str
    ) -> None:
        other = service.issue_key(tenant="default", name="other").text
        generate(service, key)

        generate(service, key, count=1, seed=1)
        generate(service, other, count=1)

        assert len(jobs_of(service)) == 3

    def test_an_edit_is_known_again_by_its_files(self, service: MemoryService, key: str) -> None:
        again = {"x-stainless-retry-count": "1"}
        first = edit(service, key, ("image", a_png()))

        same = edit(service, key, ("image", a_png()), more=again)
        other = edit(service, key, ("image", a_png(4, 4)), more=again)

        assert job_id_of(same) == job_id_of(first)
        assert job_id_of(other) != job_id_of(first)


class TestErrors:
    @pytest.mark.parametrize(
        ("body", "param"),
        [
            ({"background": "transparent"}, "background"),
            ({"moderation": "low"}, "moderation"),
            ({"style": "vivid"}, "style"),
            ({"stream": True}, "stream"),
            ({"partial_images": 2}, "partial_images"),
            ({"mask": "data:image/png;base64,"}, "mask"),
            ({"images": ["https://example.com/a.png"]}, "images"),
            ({"size": "1024x1024"}, "size"),
            ({"quality": "hd"}, "quality"),
            ({"response_format": "png"}, "response_format"),
            ({"model": "dall-e-3"}, "model"),
            ({"n": 11}, "n"),
            ({"n": "2"}, "n"),
            ({"prompt": ""}, "prompt"),
        ],
    )
    def test_what_cannot_be_done_is_refused_by_name(
        self, service: MemoryService, key: str, body: dict[str, Any], param: str
    ) -> None:
        answer = generate(service, key, **body)

        assert answer.status == 400
        assert answer.headers["content-type"] == "application/json"
        error = answer.json["error"]
        assert (error["type"], error["param"]) == ("invalid_request_error", param)
        assert param in error["message"]
        assert jobs_of(service) == ()

    def test_a_size_that_is_too_small_names_those_there_are(
        self, service: MemoryService, key: str
    ) -> None:
        error = generate(service, key, size="1024x1024").json["error"]

        assert "allowed are 3686400 to 16777216" in error["message"]

    @pytest.mark.parametrize(
        ("parts", "param"),
        [
            ([("mask", b"x"), ("image", a_png())], "mask"),
            ([("image", b"no picture")], "image"),
            ([("image", "as text")], "image"),
            ([], "image"),
            ([("image", a_png()), ("n", "two")], "n"),
            ([("image", a_png()), ("n", "1"), ("n", "2")], "n"),
            ([("image", a_png())] * 15, "image"),
            ([("image", a_png()), ("input_fidelity", "high")], "input_fidelity"),
        ],
    )
    def test_a_form_is_refused_by_the_name_of_its_field(
        self,
        service: MemoryService,
        key: str,
        parts: list[tuple[str, str | bytes]],
        param: str,
    ) -> None:
        answer = edit(service, key, *parts)

        assert (answer.status, answer.json["error"]["param"]) == (400, param)
        assert jobs_of(service) == ()

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"", "multipart/form-data; boundary=cut"),
            (b"{}", "application/json"),
            (b"--cut--", "multipart/form-data"),
            (b"--cut--", "multipart/form-data; boundary="),
            (b"--other\r\n\r\n--cut--", "multipart/form-data; boundary=cut"),
            (b"--cut\r\nno header\r\n\r\nx\r\n--cut--", "multipart/form-data; boundary=cut"),
            (a_form([("image", a_png())])[0][:-10], "multipart/form-data; boundary=cut"),
        ],
    )
    def test_what_is_no_whole_form_is_refused(
        self, service: MemoryService, key: str, body: bytes, kind: str
    ) -> None:
        answer = post(service, EDITS, body, key=key, headers={"content-type": kind})

        assert answer.status == 400
        assert answer.json["error"]["message"]

    def test_a_form_whose_last_file_is_cut_short_is_not_done_without_it(
        self, service: MemoryService, key: str
    ) -> None:
        parts: list[tuple[str, str | bytes]] = [("model", "seedream-4.5"), ("prompt", "night")]
        body, headers = a_form([*parts, ("image", a_png()), ("image", a_png(4, 4))])

        answer = post(service, EDITS, body[:-30], key=key, headers=headers)

        assert answer.status == 400
        assert jobs_of(service) == ()

    def test_a_wrong_key_is_told_as_openai_tells_it(self, service: MemoryService) -> None:
        answer = generate(service, "sk-nobody")

        assert answer.status == 401
        assert answer.json["error"]["code"] == "invalid_api_key"

    def test_a_body_that_is_too_large_is_told_in_the_same_shape(
        self, service: MemoryService, key: str
    ) -> None:
        answer = edit(service, key, ("image", bytes(4 * 1024 * 1024)))

        assert (answer.status, answer.json["error"]["code"]) == (413, "body_too_large")

    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            (ErrorCode.CONTENT_POLICY, 400, "content_policy_violation"),
            (ErrorCode.PROVIDER_REJECTED, 424, "provider_rejected"),
        ],
    )
    def test_a_job_without_images_is_an_error_that_need_not_be_tried_again(
        self, service: MemoryService, key: str, fault: ErrorCode, status: int, code: str
    ) -> None:
        service.accesses = {"apixo": service.accesses["apixo"]}
        job = JobId(job_id_of(generate(service, key)))
        (task,) = service.apixo.tasks
        service.apixo.fail(task, Fault(code=fault, message="no"))
        service.collect(job)

        answer = generate(service, key, count=1)

        assert (answer.status, answer.json["error"]["code"]) == (status, code)
        assert answer.headers["x-should-retry"] == "false"
        assert job_id_of(answer) == answer.json["error"]["job_id"] == job
