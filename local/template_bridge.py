"""The project's own template.yaml, made digestible for the engine before CreateStack.

Bridges:

* The engine runs no SAM transform: it is run here, by the library that AWS runs.
* `AWS::ApiGatewayV2::Api` with a `Body` gives an API without routes and CREATE_COMPLETE: the body
  is taken apart into Integration and Route resources.
* The engine speaks plain HTTP on loopback: statements that demand `aws:SecureTransport` are left
  out of resource policies, or nothing would be allowed once policies are enforced.
* Code lies on this machine: every function's CodeUri becomes its package in the engine's S3, and
  its architecture becomes this machine's.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws import session
from local.errors import StackError

Template = dict[str, Any]

_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_CORS = "x-amazon-apigateway-cors"
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", _ANY})


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLocation:
    bucket: str
    key: str
    architecture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLocations:
    """Where the functions' code lies; `own` names those that do not share the common one."""

    common: CodeLocation
    own: Mapping[str, CodeLocation]


def load_template(path: Path) -> Template:
    """Read YAML with CloudFormation's short tags (`!Ref`, `!Sub`, …)."""
    # Imported where used: it costs a third of a second, which `--help` need not pay.
    from samtranslator.yaml_helper import yaml_parse

    template: Template = yaml_parse(path.read_text(encoding="utf-8"))
    return template


def declared(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """Keep the values whose parameters the template has, so that it can grow and shrink."""
    return {name: values[name] for name in template.get("Parameters", {}) if name in values}


def to_cloudformation(
    template: Template, *, code: CodeLocations, parameters: Mapping[str, str], region: str
) -> Template:
    transformed = _transform(_with_code(template, code), parameters, region)
    resources = dict(transformed["Resources"])
    for logical_id, resource in transformed["Resources"].items():
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in resource["Properties"]:
            resources |= _expanded_api(logical_id, resource)
    return {**transformed, "Resources": dict(_over_plain_http(resources))}


def _over_plain_http(resources: Mapping[str, Template]) -> Iterator[tuple[str, Template]]:
    for logical_id, resource in resources.items():
        document = resource.get("Properties", {}).get("PolicyDocument")
        if not document:
            yield logical_id, resource
            continue
        said = document["Statement"]
        kept = [one for one in said if "aws:SecureTransport" not in str(one.get("Condition"))]
        if kept:
            properties = {
                **resource["Properties"],
                "PolicyDocument": {**document, "Statement": kept},
            }
            yield logical_id, {**resource, "Properties": properties}


def _with_code(template: Template, code: CodeLocations) -> Template:
    resources = {
        name: _at_home(resource, code.own.get(name, code.common))
        if resource["Type"] == "AWS::Serverless::Function"
        else resource
        for name, resource in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def _at_home(function: Template, code: CodeLocation) -> Template:
    at_home = {
        "CodeUri": {"Bucket": code.bucket, "Key": code.key},
        "Architectures": [code.architecture],
    }
    return {**function, "Properties": {**function.get("Properties", {}), **at_home}}


def _transform(template: Template, parameters: Mapping[str, str], region: str) -> Template:
    # As slow as the loader above.
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    translator = Translator({}, Parser(), boto_session=session(region))
    try:
        transformed: Template = translator.translate(template, dict(parameters))
    except InvalidDocumentException as exc:
        causes = "\n".join(cause.message for cause in exc.causes)
        raise StackError(f"template.yaml is not valid SAM:\n{causes}") from exc
    return transformed


def _expanded_api(api_id: str, api: Template) -> dict[str, Template]:
    properties = dict(api["Properties"])
    body = properties.pop("Body")
    properties |= {"Name": properties.get("Name", api_id), "ProtocolType": "HTTP"}
    if _CORS in body:
        # The engine stores the property as it comes and reads it in the body's spelling.
        properties["CorsConfiguration"] = body[_CORS]
    expanded: dict[str, Template] = {api_id: {**api, "Properties": properties}}
    for route_key, operation in _operations(body):
        expanded |= _route(api_id, route_key, operation)
    return expanded


def _operations(body: Template) -> Iterator[tuple[str, Template]]:
    for path, item in body.get("paths", {}).items():
        for method, operation in item.items():
            if method not in _METHODS:
                raise StackError(f"{path}: the local stack cannot read {method!r} in an API's path")
            if operation.get("security"):
                raise StackError(f"{path}: the local stack has no API Gateway authorizers")
            verb = "ANY" if method == _ANY else method.upper()
            yield ("$default" if path == "$default" else f"{verb} {path}"), operation


def _route(api_id: str, route_key: str, operation: Template) -> dict[str, Template]:
    name = api_id + hashlib.sha256(route_key.encode()).hexdigest()[:12]
    integration = operation[_INTEGRATION]
    optional = {"TimeoutInMillis": integration.get("timeoutInMillis")}
    return {
        f"{name}Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": api_id},
                "IntegrationType": integration["type"].upper(),
                "IntegrationUri": integration["uri"],
                "IntegrationMethod": integration.get("httpMethod", "POST"),
                "PayloadFormatVersion": integration.get("payloadFormatVersion", "2.0"),
                **{key: value for key, value in optional.items() if value is not None},
            },
        },
        f"{name}Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": api_id},
                "RouteKey": route_key,
                "Target": {"Fn::Sub": f"integrations/${{{name}Integration}}"},
            },
        },
    }
