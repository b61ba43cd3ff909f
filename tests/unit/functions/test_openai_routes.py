"""OpenAI's image API: its words for images and errors."""

import base64
from typing import Any

import pytest

from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import JobId
from tests.memory_service import NOW, MemoryService
from tests.pictures import a_png
from tests.unit.functions.calling import finish_after, post
from tests.unit.functions.image_calls import EDITS, a_form, edit, generate, job_id_of, jobs_of


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


class TestAnImage:
    def test_images_come_as_links_and_as_data(self, service: MemoryService, key: str) -> None:
        finish_after(service, 3)

        answer = generate(service, key, n=2, size="auto", quality="standard", user="u-7")

        assert answer.status == 200
        assert [*answer.json] == ["created", "data", "usage"]
        assert answer.json["created"] == int(NOW.timestamp()) + 3
        assert [one["url"][:8] for one in answer.json["data"]] == ["https://"] * 2
        assert [base64.b64decode(one["b64_json"]) for one in answer.json["data"]] == [a_png()] * 2
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


class TestErrors:
    @pytest.mark.parametrize(
        ("body", "param"),
        [
            ({"background": "transparent"}, "background"),
            ({"moderation": "strict"}, "moderation"),
            ({"output_compression": 80}, "output_compression"),
            ({"stream": True}, "stream"),
            ({"partial_images": 2}, "partial_images"),
            ({"mask": "data:image/png;base64,"}, "mask"),
            ({"images": ["https://example.com/a.png"]}, "images"),
            ({"size": "1000x1000"}, "size"),
            ({"quality": "ultra"}, "quality"),
            ({"dry_run": True}, "dry_run"),
            ({"promt": None}, "promt"),
            ({"promt": "auto"}, "promt"),
            ({"watermark": "perhaps"}, "watermark"),
            ({"seed": "12345678901234567890"}, "seed"),
            ({"response_format": "png"}, "response_format"),
            ({"model": "dall-e-3"}, "model"),
            ({"n": 11}, "n"),
            ({"n": "two"}, "n"),
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
        error = generate(service, key, size="1000x1000").json["error"]

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
            ([("image", a_png()), ("background", "transparent")], "background"),
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

        answer = generate(service, key)

        assert (answer.status, answer.json["error"]["code"]) == (status, code)
        assert answer.headers["x-should-retry"] == "false"
        assert job_id_of(answer) == answer.json["error"]["job_id"] == job
