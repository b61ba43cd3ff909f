"""The documents' tables agree with the template."""

from pathlib import Path

import pytest

from local.template_bridge import load_template
from shared.domain.retention import MEDIA_DAYS
from tests.docs.documents import Document

TEMPLATE = load_template(Path("template.yaml"))
DEPLOY = Document(Path("docs/deploy.md"))
ARCHITECTURE = Document(Path("docs/architecture.md"))


def test_the_deployment_page_tells_every_parameter_an_operator_sets() -> None:
    told = {name for name, _ in DEPLOY.table("parameter")}
    local = {
        name
        for name, parameter in TEMPLATE["Parameters"].items()
        if parameter.get("Description", "").startswith("Local run only")
    }

    assert told == TEMPLATE["Parameters"].keys() - local
    assert local <= set(DEPLOY.code_spans)


def test_every_function_is_told_with_its_timeout_and_memory() -> None:
    told = {name: (timeout, memory) for name, _, timeout, memory in ARCHITECTURE.table("function")}
    usual = TEMPLATE["Globals"]["Function"]["MemorySize"]

    assert told == {
        name.removesuffix("Function").lower(): (
            str(resource["Properties"]["Timeout"]),
            str(resource["Properties"].get("MemorySize", usual)),
        )
        for name, resource in TEMPLATE["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


@pytest.mark.parametrize("queue", ["DispatchQueue", "CollectQueue", "DeliverQueue", "PreviewQueue"])
def test_a_queue_hides_a_message_for_as_long_as_is_told(queue: str) -> None:
    seconds = TEMPLATE["Resources"][queue]["Properties"]["VisibilityTimeout"]
    function = TEMPLATE["Resources"][queue.replace("Queue", "Function")]["Properties"]

    assert f"`{queue}` {seconds} s" in " ".join(ARCHITECTURE.text.split())
    assert seconds == 6 * function["Timeout"]


def test_every_bridge_is_named_by_the_module_that_builds_it() -> None:
    for bridge, _, module in ARCHITECTURE.table("bridge"):
        assert Path(module).exists(), bridge


def test_every_decision_is_numbered_and_told_in_three_parts() -> None:
    files = sorted(Path("docs/adr").glob("*.md"))

    for number, path in enumerate(files, start=1):
        text = path.read_text()
        assert path.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number:04}: ")
        parts = [line for line in text.splitlines() if line.startswith("## ")]
        assert parts == ["## Context", "## Decision", "## Consequence"]


def test_for_every_time_that_images_may_be_kept_the_bucket_has_a_rule() -> None:
    bucket = TEMPLATE["Resources"]["MediaBucket"]["Properties"]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    tagged = [rule for rule in rules if "TagFilters" in rule]
    days = {(rule["TagFilters"][0]["Value"], rule["ExpirationInDays"]) for rule in tagged}

    assert days == {(str(number), number) for number in MEDIA_DAYS}
    assert not any("Prefix" in rule for rule in tagged)  # of previews and placed copies as well
