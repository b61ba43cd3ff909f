"""Oxen repeats requests in its lists: which row is taken for the echo of which request."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.sandbox.oxen.generations import Generation
from shared.adapters.providers.oxen_schema import REFERENCE_FIELDS
from shared.catalog.load import load_catalog
from shared.domain.errors import ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.ports.providers import Order, Recovery
from tests.memory_service import MemoryService
from tests.unit.providers.exchange import (
    HTML,
    KEY,
    OXEN_OFFER,
    Does,
    a_submission,
    an_order,
    body_of,
    fails,
    oxen,
    says,
    sent_by,
)

NOW = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)
QUEUE = "https://hub.oxen.ai/api/ai/queue"
HISTORY = "https://hub.oxen.ai/api/ai/generations?page_size=200"
NAME = "job_1.1.1"
WEB = ("https://example.com/1.png", "https://example.com/2.png")
OFFERS = [o for model in load_catalog().models for o in model.offers if o.provider == "oxen"]


def row(
    order: Order, *, task_id: str = "1", seconds: float = 0, **changes: object
) -> dict[str, Any]:
    """Return the row that the sandbox shows of an order enqueued `seconds` after it was sent."""
    body = body_of(sent_by(oxen, order))
    generation = Generation(model=body["model"], params=body, number=1, total=1, id=task_id)
    generation.enqueued_at = int((NOW + timedelta(seconds=seconds)).timestamp())
    return generation.queue_row() | changes


def lists(*queue: object, history: Does | None = None) -> Does:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/generations"):
            return (history or says({"generations": []}))(request)
        return says({"generations": list(queue)})(request)

    return answer


def recovered(order: Order, does: Does, *, tells: Does | None = None) -> tuple[TaskId, ...]:
    provider = oxen(does, tells=tells)
    fingerprint = provider.compose(order).fingerprint
    submission = order.submission.sending(NOW, fingerprint=fingerprint)
    return provider.recover(order.offer, submission, name=NAME).task_ids


# --- the request itself


@settings(deadline=None)
@given(data=st.data(), offer=st.sampled_from(OFFERS))
def test_whatever_is_asked_is_recognised_in_its_echo(data: st.DataObject, offer: Offer) -> None:
    fields: dict[str, Any] = {"prompt": data.draw(st.text(min_size=1, max_size=50))}
    for name, rule in offer.rules.items():
        if rule.values:
            fields[name] = data.draw(st.none() | st.sampled_from(rule.values))
        else:
            fields[name] = data.draw(st.none() | st.integers(-(2**62), 2**62))
    references = tuple(data.draw(st.lists(st.sampled_from(WEB), max_size=3)))
    order = an_order(offer, references=references, n=data.draw(st.integers(1, 4)), **fields)

    assert recovered(order, lists(row(order))) == ("1",)


def test_all_generations_of_one_request_are_found_in_the_order_of_the_list() -> None:
    order = an_order(OXEN_OFFER, n=3)

    rows = [row(order, task_id=task_id) for task_id in ("b", "a", "c")]

    assert recovered(order, lists(*rows)) == ("b", "a", "c")


def test_a_generation_in_both_lists_is_one() -> None:
    order = an_order(OXEN_OFFER)
    both = lists(row(order), history=says({"generations": [row(order)]}))

    assert recovered(order, both) == ("1",)


def test_what_is_over_is_found_in_the_history_whatever_became_of_it() -> None:
    order = an_order(OXEN_OFFER, n=2)
    done = row(order, task_id="1", status="succeeded", result_url="https://x.example/a.png")
    failed = row(order, task_id="2", status="failed", error_message="no")

    assert recovered(order, lists(history=says({"generations": [done, failed]}))) == ("1", "2")


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "a fox in watercolor styl"},
        {"prompt": None},
        {"model_name": "bytedance-seedream-4"},
        {"size": "4K"},
        {"size": None},
        {"seed": 8},
        {"seed": "7"},
        {"seed": None},
        {"aspect_ratio": "16:9"},
        {"input_image": [WEB[0]]},
        {"input_image": [WEB[1], WEB[0]]},
        {"input_image": None},
    ],
    ids=repr,
)
def test_a_row_that_differs_in_anything_we_sent_is_no_echo(changes: dict[str, Any]) -> None:
    order = an_order(OXEN_OFFER, references=WEB, resolution="2K", aspect_ratio="1:1", seed=7)

    assert recovered(order, lists(row(order))) == ("1",)
    assert recovered(order, lists(row(order) | changes)) == ()


@pytest.mark.parametrize(
    "more",
    [{"seed": 7}, {"aspect_ratio": "1:1"}, {"input_image": [WEB[0]]}, {"size": "2K"}],
    ids=repr,
)
def test_nor_is_one_that_was_asked_for_more(more: dict[str, Any]) -> None:
    order = an_order(OXEN_OFFER)

    assert recovered(order, lists(row(order) | more)) == ()


@pytest.mark.parametrize("more", [{"seed": None}, {"input_image": None}, {"x": 1}], ids=repr)
def test_what_a_row_says_beyond_a_request_is_no_difference(more: dict[str, Any]) -> None:
    order = an_order(OXEN_OFFER)

    assert recovered(order, lists(row(order) | more)) == ("1",)


@pytest.mark.parametrize("name", REFERENCE_FIELDS)
@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.model)
def test_an_echo_may_call_the_references_by_any_name_they_have_had(name: str, offer: Offer) -> None:
    order = an_order(offer, references=WEB)
    shown = row(order)
    references = shown.pop(offer.references_wire)

    assert recovered(order, lists(shown | {name: references})) == ("1",)
    assert recovered(order, lists(shown | {name: references[:1]})) == ()
    assert recovered(order, lists(shown)) == ()


def test_a_reference_that_was_sent_alone_is_echoed_alone_or_in_a_list() -> None:
    properties = {"prompt": {"type": "string"}, "input_image": {"type": "string"}}
    page = says({"request_schema": {"properties": properties}})
    order = an_order(OXEN_OFFER, references=WEB[:1])

    for shown in (WEB[0], [WEB[0]]):
        assert recovered(order, lists(row(order) | {"input_image": shown}), tells=page) == ("1",)
    assert recovered(order, lists(row(order) | {"input_image": WEB[1]}), tells=page) == ()


@pytest.mark.parametrize(
    ("second", "found"),
    [(list(WEB), True), ([], True), ("", True), (None, True), ([WEB[0]], False), (WEB[0], False)],
    ids=repr,
)
def test_references_under_two_names_must_be_the_same(second: object, *, found: bool) -> None:
    order = an_order(OXEN_OFFER, references=WEB)

    assert bool(recovered(order, lists(row(order) | {"input_images": second}))) is found
    if second:
        first = {"input_image": second, "input_images": list(WEB), "image_input": list(WEB)}
        assert bool(recovered(order, lists(row(order) | first))) is found


def test_what_is_looked_for_is_what_was_sent_not_what_the_catalogue_would_have_sent() -> None:
    """The live schema has another name for the references; the echo shows that."""
    list_of_texts = {"type": "array", "items": {"type": "string"}}
    properties = {"prompt": {"type": "string"}, "input_images": list_of_texts}
    page = says({"request_schema": {"properties": properties}})
    order = an_order(OXEN_OFFER, references=WEB)
    shown = row(order)
    shown["input_images"] = shown.pop("input_image")

    assert recovered(order, lists(shown), tells=page) == ("1",)
    assert recovered(order, lists(shown | {"prompt": "another"}), tells=page) == ()


def test_a_fingerprint_tells_requests_apart_and_hides_them() -> None:
    provider = oxen(lists())
    orders = [
        an_order(OXEN_OFFER, prompt="a fox"),
        an_order(OXEN_OFFER, prompt="a fox "),
        an_order(OXEN_OFFER, prompt="a fox", seed=0),
        an_order(OXEN_OFFER, prompt="a fox", references=WEB[:1]),
    ]

    prints = [provider.compose(order).fingerprint for order in orders]

    assert len(set(prints)) == len(orders)
    assert all(len(text) == 64 and "fox" not in text for text in prints)
    assert provider.compose(an_order(OXEN_OFFER, prompt="a fox", n=4)).fingerprint == prints[0]


# --- the time


@pytest.mark.parametrize(
    ("seconds", "found"),
    [(-3600, False), (-62, False), (-59, True), (0, True), (8, True), (14, True), (3600, False)],
)
def test_only_what_was_enqueued_around_the_time_of_sending_counts(
    seconds: int, *, found: bool
) -> None:
    order = an_order(OXEN_OFFER)

    assert bool(recovered(order, lists(row(order, seconds=seconds)))) is found


@pytest.mark.parametrize("moment", [None, "1767965610", 0, -5, 1e300, float("inf"), [], True])
def test_a_row_without_a_sensible_time_is_left_alone(moment: object) -> None:
    order = an_order(OXEN_OFFER)

    assert recovered(order, lists(row(order, enqueued_at=moment))) == ()


def test_a_request_that_was_never_sent_is_not_looked_for() -> None:
    planned = a_submission(OXEN_OFFER)

    assert oxen(fails(httpx.ConnectError)).recover(OXEN_OFFER, planned, name=NAME) == Recovery()


def test_a_job_that_reached_nobody_never_gets_the_task_of_one_whose_answer_is_under_way() -> None:
    service = MemoryService()
    enqueued: list[dict[str, Any]] = []
    meanwhile: list[Callable[[], object]] = []

    def queue(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return lists(*enqueued)(request)
        if not meanwhile:
            raise httpx.ReadTimeout("lost on the way", request=request)
        body = body_of(request)
        generation = Generation(model=body["model"], params=body, number=1, total=1, id="theirs")
        generation.enqueued_at = int(service.clock.now().timestamp())
        enqueued.append(generation.queue_row())
        meanwhile.pop()()
        return says({"generations": [{"generation_id": "theirs"}]})(request)

    service.providers = {"oxen": oxen(queue)}
    lost = service.submit(provider="oxen")
    service.time.sleep(31)
    meanwhile.append(lambda: service.collect(lost.id))
    other = service.submit(provider="oxen")

    assert service.jobs.get(lost.id).task_ids == ()
    assert other.task_ids == ("theirs",)


# --- lists that cannot be read


def test_the_past_may_be_hidden_from_us() -> None:
    order = an_order(OXEN_OFFER)

    for hidden in (says({"error": "x"}, status=403), says(HTML), fails(httpx.ReadTimeout)):
        assert recovered(order, lists(row(order), history=hidden)) == ("1",)


@pytest.mark.parametrize(
    "does",
    [
        fails(httpx.ReadTimeout),
        says(HTML),
        says(b""),
        says({}),
        says([]),
        says({"generations": None}),
        says({"generations": {"1": {}}}),
        says({"generations": []}, status=500),
        says({"generations": []}, status=401),
    ],
)
def test_without_the_queue_nothing_is_known(does: Does) -> None:
    with pytest.raises(ProviderUnreadable):
        recovered(an_order(OXEN_OFFER), does)


@pytest.mark.parametrize("odd", [7, None, "text", [], {}, {"generation_id": 7}])
def test_rows_that_are_none_hide_no_others(odd: object) -> None:
    order = an_order(OXEN_OFFER)

    assert recovered(order, lists(odd, row(order))) == ("1",)


@pytest.mark.parametrize("task_id", [None, 7, "", ["1"]])
def test_an_echo_without_an_id_is_nothing_to_adopt(task_id: Any) -> None:
    order = an_order(OXEN_OFFER)

    assert recovered(order, lists(row(order) | {"generation_id": task_id})) == ()


def test_both_lists_are_asked_with_the_key() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return lists()(request)

    recovered(an_order(OXEN_OFFER), answer)

    assert [str(request.url) for request in asked] == [QUEUE, HISTORY]
    assert {request.method for request in asked} == {"GET"}
    assert {request.headers["authorization"] for request in asked} == {f"Bearer {KEY}"}
