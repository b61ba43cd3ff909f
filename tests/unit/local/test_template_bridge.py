from pathlib import Path
from typing import Any

import pytest

from local.errors import StackError
from local.template_bridge import (
    CodeLocation,
    CodeLocations,
    Template,
    declared,
    load_template,
    to_cloudformation,
)

SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String}
Globals:
  Function: {Runtime: python3.13, Architectures: [arm64], CodeUri: functions}
Resources:
  HttpApi:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: ["https://app.example"]}
  ReadFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: functions.read.handler
      Environment: {Variables: {STAGE: !Ref Stage}}
      Events:
        One: {Type: HttpApi, Properties: {ApiId: !Ref HttpApi, Method: get, Path: "/v1/jobs/{id}"}}
        Any: {Type: HttpApi, Properties: {ApiId: !Ref HttpApi, Method: ANY, Path: /v1/jobs}}
        Rest: {Type: HttpApi, Properties: {ApiId: !Ref HttpApi}}
  WriteFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: functions.write.handler
      Environment: {Variables: {STAGE: !Ref Stage}}
  Strict:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: media
      PolicyDocument:
        Statement:
          - {Effect: Deny, Action: s3:*, Condition: {Bool: {aws:SecureTransport: "false"}}}
  Mixed:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: uploads
      PolicyDocument:
        Statement:
          - {Effect: Deny, Action: s3:*, Condition: {Bool: {aws:SecureTransport: "false"}}}
          - {Effect: Deny, Action: s3:DeleteBucket}
"""
CODE = CodeLocations(
    common=CodeLocation(bucket="packages", key="package-1.zip", architecture="x86_64"),
    own={
        "WriteFunction": CodeLocation(bucket="packages", key="package-2.zip", architecture="x86_64")
    },
)


@pytest.fixture
def template(tmp_path: Path) -> Template:
    path = tmp_path / "template.yaml"
    path.write_text(SAM)
    return load_template(path)


@pytest.fixture
def deployed(template: Template) -> Template:
    return to_cloudformation(template, code=CODE, parameters={"Stage": "local"}, region="us-east-1")


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def test_every_path_and_method_of_the_api_becomes_a_route(deployed: Template) -> None:
    routes = of_type(deployed, "AWS::ApiGatewayV2::Route").values()

    assert {route["RouteKey"] for route in routes} == {
        "GET /v1/jobs/{id}",
        "ANY /v1/jobs",
        "$default",
    }
    assert all(route["ApiId"] == {"Ref": "HttpApi"} for route in routes)


def test_every_route_targets_an_integration_that_invokes_its_function(deployed: Template) -> None:
    integrations = of_type(deployed, "AWS::ApiGatewayV2::Integration")

    for route in of_type(deployed, "AWS::ApiGatewayV2::Route").values():
        target = route["Target"]["Fn::Sub"].removeprefix("integrations/${").removesuffix("}")
        assert integrations[target]["IntegrationType"] == "AWS_PROXY"
        assert integrations[target]["PayloadFormatVersion"] == "2.0"
        assert "${ReadFunction.Arn}" in integrations[target]["IntegrationUri"]["Fn::Sub"]


def test_the_api_keeps_its_stage_and_cross_origin_rules_but_no_body(deployed: Template) -> None:
    api = of_type(deployed, "AWS::ApiGatewayV2::Api")["HttpApi"]

    assert "Body" not in api
    assert api["ProtocolType"] == "HTTP"
    assert api["CorsConfiguration"] == {"allowOrigins": ["https://app.example"]}
    assert len(of_type(deployed, "AWS::ApiGatewayV2::Stage")) == 1


def test_every_function_runs_its_package_on_this_machines_architecture(deployed: Template) -> None:
    functions = of_type(deployed, "AWS::Lambda::Function")

    assert {name: function["Code"] for name, function in functions.items()} == {
        "ReadFunction": {"S3Bucket": "packages", "S3Key": "package-1.zip"},
        "WriteFunction": {"S3Bucket": "packages", "S3Key": "package-2.zip"},
    }
    assert all(function["Architectures"] == ["x86_64"] for function in functions.values())


def test_no_policy_demands_tls_of_an_engine_that_has_none(deployed: Template) -> None:
    policies = of_type(deployed, "AWS::S3::BucketPolicy")

    assert set(policies) == {"Mixed"}
    statements = policies["Mixed"]["PolicyDocument"]["Statement"]
    assert [one["Action"] for one in statements] == ["s3:DeleteBucket"]


def test_short_tags_are_read_as_cloudformation_reads_them(template: Template) -> None:
    variables = template["Resources"]["ReadFunction"]["Properties"]["Environment"]["Variables"]

    assert variables == {"STAGE": {"Ref": "Stage"}}


def test_only_parameters_that_the_template_declares_are_passed(template: Template) -> None:
    assert declared(template, {"Stage": "local", "AimlapiBaseUrl": "x"}) == {"Stage": "local"}


def test_a_route_behind_an_authorizer_is_refused_instead_of_left_open(template: Template) -> None:
    template["Resources"]["HttpApi"]["Properties"]["Auth"] = {
        "DefaultAuthorizer": "Keys",
        "Authorizers": {
            "Keys": {
                "IdentitySource": "$request.header.Authorization",
                "JwtConfiguration": {"issuer": "https://issuer.example", "audience": ["us"]},
            }
        },
    }

    with pytest.raises(StackError, match="no API Gateway authorizers"):
        to_cloudformation(template, code=CODE, parameters={}, region="us-east-1")


def test_a_template_that_sam_refuses_is_refused_with_its_reason(template: Template) -> None:
    del template["Resources"]["WriteFunction"]["Properties"]["Handler"]

    with pytest.raises(StackError, match="WriteFunction"):
        to_cloudformation(template, code=CODE, parameters={}, region="us-east-1")
