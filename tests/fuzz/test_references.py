"""References as nobody should write them: taken and sent as promised, or refused by pointer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from shared.domain.errors import ErrorCode
from shared.domain.ids import JobId
from tests.fuzz.calling import Api, Tally
from tests.fuzz.letters import FOX, mutated
from tests.fuzz.naughty import NAUGHTY
from tests.memory_service import MemoryService
from tests.pictures import a_png

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OBJECTS = (f"uploads/ours/{ULID}", f"uploads/theirs/{ULID}", "edits/a b+%20.png", "edits/text")
UNPAID = {ErrorCode.SOURCE_GONE, ErrorCode.INVALID_INPUT}


@dataclass(slots=True)
class Desk:
    """A service with something to refer to, whose references are all answered and sent."""

    service: MemoryService = field(default_factory=MemoryService)
    tally: Tally = field(default_factory=Tally)
    api: Api = field(init=False)
    key: str = field(init=False)
    earlier: JobId = field(init=False)
    data: str = field(init=False)  # of an upload that came with a request
    theirs: str = field(init=False)

    def __post_init__(self) -> None:
        self.api = Api(self.service, self.tally)
        issued = self.service.issue_key(tenant="ours", name="fuzz")
        self.key = issued.text
        self.service.edits_key_id = issued.key.id
        put = self.service.references.put
        self.data = put(a_png(), content_type="image/png", tenant="ours")
        self.theirs = put(a_png(6, 8), content_type="image/png", tenant="theirs")
        for key in OBJECTS:
            content = b"no image" if key == "edits/text" else a_png()
            self.service.references.place(key, content)
        self.earlier = self.service.submit(key=issued.key).id
        self.service.apixo.finish_all()
        self.service.collect(self.earlier)

    def forms(self) -> tuple[str, ...]:
        """Every one of them is right."""
        return (
            f"upload:{ULID}",
            f"upload:{self.data}",
            f"job:{self.earlier}/0",
            *(f"s3://uploads/{key}" for key in OBJECTS if "theirs" not in key),
            "s3://uploads/edits/a b+%20.png?versionId=v1",
        )

    def post(self, reference: str) -> bool:
        """Tell whether it was taken; then it is sent too, or fails unpaid."""
        body = json.dumps(FOX | {"provider": "apixo", "images": [reference]})
        tasks = len(self.service.apixo.tasks)
        answer = self.api("POST", "/v1/jobs", key=self.key, body=body)
        if answer.status != 202:
            pointers = [error["pointer"] for error in answer.json["errors"]]
            assert pointers == ["/images/0"], answer.body
            return False
        assert answer.json["input"]["images"] == [reference]
        self.service.deliver_messages()
        job = self.service.jobs.get(JobId(answer.json["id"]))
        failed = job.error is not None and job.error.code in UNPAID
        assert failed != (len(self.service.apixo.tasks) > tasks), job
        return True


def odd(forms: tuple[str, ...], rng: Random, count: int) -> Iterator[str]:
    for text in NAUGHTY:
        yield from (f"{form}{text}" for form in forms)
        yield from (f"{start}{text}" for start in ("upload:", "job:", "s3://", "s3://uploads/"))
        yield from (f"s3://uploads/{folder}/{text}" for folder in ("edits", "uploads/ours", text))
    for _ in range(count):
        yield mutated(rng.choice(forms).encode(), rng).decode(errors="replace")


def test_every_right_reference_is_taken() -> None:
    desk = Desk()

    assert all(desk.post(form) for form in desk.forms())


def test_no_reference_reads_what_is_anothers() -> None:
    desk = Desk()

    assert not desk.post(f"s3://uploads/uploads/theirs/{ULID}")
    assert not desk.post(f"upload:{desk.theirs}")
    assert not desk.post(f"s3://uploads/references/theirs/{desk.theirs}")


def test_every_odd_reference_is_taken_and_sent_or_refused_by_pointer() -> None:
    desk = Desk()
    forms = desk.forms()
    rng = Random(20)  # noqa: S311  # to be thrown again

    taken = [desk.post(text) for text in odd(forms, rng, 1_000)]

    assert desk.tally.server_errors == desk.tally.exceptions == 0
    assert 500 < sum(taken) < len(taken)
