"""What each role of the template grants, and what the engine saw of it being used.

A grant is one action of one statement on one of its resources.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from local.aws import client
from local.deploy import STACK
from local.stack import Stack
from local.template_bridge import load_template

_TEMPLATE = Path("template.yaml")
_PUNCTUATION = re.compile(r"\.Arn}|[${}]")


class Grant(NamedTuple):
    role: str  # its name in the template
    action: str
    resource: str  # as the template names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A call of a function, as the engine judged it."""

    role: str
    action: str
    resource: str
    statements: frozenset[int]
    is_allowed: bool


def judged(witness: Path, stack: Stack) -> list[Judged]:
    names = {physical: name for name, physical in _roles(stack).items()}
    lines = map(json.loads, witness.read_text(encoding="utf-8").splitlines())
    return [
        Judged(
            role=names[role],
            action=line["action"],
            resource=line["resource"],
            statements=frozenset(line["statements"]),
            is_allowed=line["decision"] == "Allow",
        )
        for line in lines
        if (role := _role_of(line["principal"])) in names
    ]


def granted() -> set[Grant]:
    return {grant for name in _written() for grant, *_ in _grants(name, _written()[name])}


def used(seen: list[Judged], stack: Stack) -> set[Grant]:
    """Return every grant that let a call through; two that overlap are both used."""
    calls = {(one.role, one.action, one.resource, n) for one in seen for n in one.statements}
    return {
        grant
        for role, physical in _roles(stack).items()
        for grant, number, pattern in _grants(role, _written()[role], _deployed(stack, physical))
        if any(
            (role, grant.action, number) == (who, action, n) and fnmatchcase(resource, pattern)
            for who, action, resource, n in calls
        )
    }


def _grants(
    role: str, written: list[Any], deployed: list[Any] | None = None
) -> Iterator[tuple[Grant, int, str]]:
    """Give each grant with its statement's number and its resource as it was deployed."""
    for number, statement in enumerate(written):
        there = (deployed or written)[number]
        pairs = zip(_list(statement["Resource"]), _list(there["Resource"]), strict=True)
        for resource, pattern in pairs:
            for action in _list(statement["Action"]):
                yield Grant(role, action, _said(resource)), number, pattern


def _written() -> dict[str, list[Any]]:
    resources = load_template(_TEMPLATE)["Resources"]
    return {
        name: [_chosen(one) for one in _statements(resource["Properties"]["Policies"])]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Role"
    }


def _statements(policies: list[Any]) -> list[Any]:
    return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]


def _chosen(statement: Any) -> Any:
    """Take what a condition grants: on one machine every provider has its key."""
    return statement["Fn::If"][1] if "Fn::If" in statement else statement


def _roles(stack: Stack) -> dict[str, str]:
    cloudformation = _client(stack, "cloudformation")
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in resources
        if one["LogicalResourceId"] in _written()
    }


def _deployed(stack: Stack, role: str) -> list[Any]:
    iam = _client(stack, "iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    found = [iam.get_role_policy(RoleName=role, PolicyName=name) for name in names]
    return [one for policy in found for one in policy["PolicyDocument"]["Statement"]]


def _client(stack: Stack, service: str) -> Any:
    return client(service, endpoint_url=stack.aws_endpoint_url, region=stack.region)


def _role_of(principal: str) -> str:
    """Read the name out of a role's ARN, or of a session's under it."""
    kind, _, rest = principal.rpartition(":")[2].partition("/")
    return rest.partition("/")[0] if kind in {"role", "assumed-role"} else ""


def _said(resource: Any) -> str:
    match resource:
        case {"Fn::GetAtt": [name, *_]} | {"Ref": name}:
            return str(name)
        case {"Fn::Sub": text}:
            return _PUNCTUATION.sub("", str(text).rpartition("}:")[2])
        case _:
            return str(resource)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
