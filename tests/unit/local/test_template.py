"""What the template promises: what stays, what is watched, who may do what, how it is replaced."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.template_bridge import (
    CodeLocation,
    CodeLocations,
    Template,
    load_template,
    to_cloudformation,
)

PATH = Path("template.yaml")
TEMPLATE = load_template(PATH)
RESOURCES: Template = TEMPLATE["Resources"]
KEPT = {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}
GATEWAY = ("SubmitFunction", "CallbackFunction", "ManageFunction")
HTTP = (*GATEWAY, "OpenAiFunction")
# Actions that know no resources, each with what it is for.
OF_NO_RESOURCE = {
    "xray:PutTraceSegments": "Lambda hands in the function's traces",
    "xray:PutTelemetryRecords": "Lambda tells how many it has handed in",
}


def of_type(*kinds: str) -> dict[str, Any]:
    return {name: one for name, one in RESOURCES.items() if one["Type"] in kinds}


@cache
def deployed(**parameters: str) -> Template:
    defaults = {
        name: str(one["Default"])
        for name, one in TEMPLATE["Parameters"].items()
        if "Default" in one
    }
    common = CodeLocation(bucket="packages", key="package.zip", architecture="arm64")
    code = CodeLocations(common=common, own={})
    return to_cloudformation(
        load_template(PATH), code=code, parameters=defaults | parameters, region="us-east-1"
    )


def statements() -> list[tuple[str, Any]]:
    return [
        (name, statement["Fn::If"][1] if "Fn::If" in statement else statement)
        for name, role in of_type("AWS::IAM::Role").items()
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_jobs_and_images_outlive_the_stack() -> None:
    kept = of_type(*KEPT)

    assert len(kept) == 3
    for name, resource in kept.items():
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
        assert resource["UpdateReplacePolicy"] == "Retain", name


def test_every_role_names_each_resource_but_where_there_is_none_to_name() -> None:
    everywhere = {
        action
        for _, statement in statements()
        if statement["Resource"] == "*"
        for action in statement["Action"]
    }

    assert everywhere == OF_NO_RESOURCE.keys()


@pytest.mark.parametrize(("role", "statement"), statements())
def test_no_role_is_granted_actions_by_a_pattern(role: str, statement: Any) -> None:
    actions = statement["Action"]
    for action in [actions] if isinstance(actions, str) else actions:
        assert "*" not in action, role


def test_every_queue_of_dead_letters_has_an_alarm() -> None:
    watched = str([one["Properties"] for one in of_type("AWS::CloudWatch::Alarm").values()])

    for name in of_type("AWS::SQS::Queue"):
        if name.endswith("DeadLetters"):
            assert f"'{name}', 'QueueName'" in watched, name


def test_the_dashboard_shows_every_function_and_every_queue() -> None:
    body = str(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])

    for name in of_type("AWS::Serverless::Function"):
        assert f"${{{name}}}" in body, name
    for name in of_type("AWS::SQS::Queue"):
        assert f"${{{name}.QueueName}}" in body, name


def test_without_alarms_nothing_of_them_is_deployed() -> None:
    watching = of_type("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard")

    assert {one["Condition"] for one in watching.values()} == {
        "HasAlarms",
        "WatchesErrors",
        "WatchesOpenAiErrors",
        "WatchesSpend",
    }


@pytest.mark.parametrize("name", GATEWAY)
def test_requests_go_to_the_alias_of_the_latest_release(name: str) -> None:
    resources = deployed(Release="aaaaaaaaaa")["Resources"]
    alias = resources[f"{name}Aliaslive"]["Properties"]
    version = alias["FunctionVersion"]["Fn::GetAtt"][0]

    others = deployed(Release="bbbbbbbbbb")["Resources"]

    assert version in resources
    assert version not in others
    uris = [
        str(one["Properties"]["IntegrationUri"])
        for one in resources.values()
        if one["Type"] == "AWS::ApiGatewayV2::Integration"
    ]
    assert not any(f"${{{name}.Arn}}" in uri for uri in uris)
    assert any(f"{name}Aliaslive" in uri for uri in uris)


def test_a_safe_deployment_goes_step_by_step_and_back_on_errors() -> None:
    resources = deployed(SafeDeploys="true")["Resources"]

    for name in HTTP:
        group = resources[f"{name}DeploymentGroup"]["Properties"]
        alarm = f"{name.removesuffix('Function')}Errors"
        assert alarm in str(group["AlarmConfiguration"])
        assert "Canary10Percent5Minutes" in str(group["DeploymentConfigName"])
        update = resources[f"{name}Aliaslive"]["UpdatePolicy"]
        assert "CodeDeployLambdaAliasUpdate" in update


def test_otherwise_a_deployment_takes_place_at_once() -> None:
    kinds = {one["Type"] for one in deployed()["Resources"].values()}

    assert not any(kind.startswith("AWS::CodeDeploy") for kind in kinds)


@pytest.mark.parametrize("path", [".checkov.yaml", ".bandit.yaml"])
def test_what_is_not_looked_for_has_its_reason(path: str) -> None:
    skipped = [line for line in Path(path).read_text().splitlines() if line.startswith("  - ")]

    assert skipped
    assert all("  # " in line for line in skipped)


@pytest.mark.parametrize("name", ["SubmitFunction", "OpenAiFunction", "IntakeFunction"])
def test_whoever_takes_new_jobs_knows_who_is_drained(name: str) -> None:
    variables = RESOURCES[name]["Properties"]["Environment"]["Variables"]

    assert variables["DRAINED_PROVIDERS"] == {"Ref": "DrainedProviders"}
