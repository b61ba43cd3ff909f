"""The function URL of the template: who may call it, what bounds it, how it is left out."""

from collections.abc import Iterator
from typing import Any

from tests.unit.local.test_template import RESOURCES, TEMPLATE, deployed

SWITCH = "HasOpenAiUrl"


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == kind}


def variables(function: str) -> dict[str, Any]:
    given: dict[str, Any] = RESOURCES[function]["Properties"]["Environment"]["Variables"]
    return given


def statements(role: str) -> list[Any]:
    policies = RESOURCES[role]["Properties"]["Policies"]
    return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]


def test_anyone_may_call_the_url_and_nothing_but_the_url() -> None:
    resources = deployed()["Resources"]
    alias = {"Ref": "OpenAiFunctionAliaslive"}
    permissions = [
        one
        for one in of_type(resources, "AWS::Lambda::Permission").values()
        if one["FunctionName"] == alias
    ]

    assert sorted(permissions, key=lambda one: str(one["Action"])) == [
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": alias,
            "Principal": "*",
            "InvokedViaFunctionUrl": True,
        },
        {
            "Action": "lambda:InvokeFunctionUrl",
            "FunctionName": alias,
            "Principal": "*",
            "FunctionUrlAuthType": "NONE",
        },
    ]


def test_the_url_calls_the_alias_and_sends_whole_answers() -> None:
    (url,) = of_type(deployed()["Resources"], "AWS::Lambda::Url").values()

    assert url == {
        "TargetFunctionArn": {"Ref": "OpenAiFunctionAliaslive"},
        "AuthType": "NONE",
        "InvokeMode": "BUFFERED",
    }


def test_the_output_is_a_base_url() -> None:
    output = TEMPLATE["Outputs"]["OpenAiUrl"]

    # FunctionUrl ends in a slash.
    assert output["Value"] == {"Fn::Sub": "${OpenAiFunctionUrl.FunctionUrl}v1"}
    assert output["Condition"] == SWITCH


def test_the_wait_ends_well_before_the_function_does() -> None:
    wait = TEMPLATE["Parameters"]["OpenAiWaitSeconds"]

    assert (wait["MinValue"], wait["Default"], wait["MaxValue"]) == (0, 240, 840)
    assert RESOURCES["OpenAiFunction"]["Properties"]["Timeout"] - wait["MaxValue"] >= 60


def test_it_knows_what_submit_knows_but_for_how_long_it_waits() -> None:
    ours, submits = variables("OpenAiFunction"), variables("SubmitFunction")

    assert ours.keys() ^ submits.keys() == {"OPENAI_WAIT_SECONDS", "ANSWER_SECONDS"}
    assert all(ours[name] == submits[name] for name in ours.keys() & submits.keys())


def test_it_may_do_what_submit_may() -> None:
    *ours, own_logs = statements("OpenAiRole")
    *submits, _ = statements("SubmitRole")

    assert ours == submits
    assert own_logs["Resource"] == {"Fn::GetAtt": ["OpenAiLogs", "Arn"]}


def test_without_a_number_nothing_is_reserved_for_it() -> None:
    reserved = deployed()["Resources"]["OpenAiFunction"]["Properties"]
    number = {"Ref": "OpenAiConcurrency"}

    assert reserved["ReservedConcurrentExecutions"] == {
        "Fn::If": ["HasOpenAiConcurrency", number, {"Ref": "AWS::NoValue"}]
    }
    empty, zero = ({"Fn::Equals": [number, text]} for text in ("", "0"))
    condition = TEMPLATE["Conditions"]["HasOpenAiConcurrency"]
    assert condition == {"Fn::Not": [{"Fn::Or": [empty, zero]}]}


def test_without_a_wait_nothing_of_it_is_deployed() -> None:
    template = deployed(SafeDeploys="true", Alarms="on")
    switched = {SWITCH, "WatchesOpenAiErrors"}
    resources: dict[str, Any] = template["Resources"]
    ours = {name for name, one in resources.items() if one.get("Condition") in switched}

    assert {name for name in resources if name.startswith("OpenAi")} == ours
    for name, one in (resources | template["Outputs"]).items():
        if one.get("Condition") not in switched:
            assert ours.isdisjoint(named_in(one)), name


def named_in(value: Any) -> Iterator[str]:
    """Yield the resources that a value names, but for those that need the switch."""
    match value:
        case {"Fn::If": [switch, _, otherwise]} if switch == SWITCH:
            yield from named_in(otherwise)
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
            yield name
        case {"Fn::Sub": text}:
            yield from named_in(text[1:] if isinstance(text, list) else [])
            template = text[0] if isinstance(text, list) else text
            yield from (part.partition("}")[0].partition(".")[0] for part in template.split("${"))
        case dict():
            for part in value.values():
                yield from named_in(part)
        case list():
            for part in value:
                yield from named_in(part)
        case _:
            pass
