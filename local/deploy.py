"""template.yaml onto the engine: code and template into its S3, then CreateStack or UpdateStack.

A stack that is there already (`--data`) is updated: ports, and so addresses in parameters, may be
new. A package's key names its content, so changed sources are changed code, and the engine ends
the workers of every function whose code or environment changed.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.aws import client
from local.engine import REGION
from local.errors import StackError
from local.package import Package, Packages, host_architecture
from local.providers import Connection
from local.template_bridge import (
    CodeLocation,
    CodeLocations,
    declared,
    load_template,
    to_cloudformation,
)

STACK = "seedhook-local"
_BUCKET = "seedhook-local-deployment"
_SECONDS = 120
_POLL = 0.03
_SETTLED_WELL = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
# A stack in one of these never took anyone's jobs and can only be deleted.
_STILLBORN = frozenset({"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    source: Any
    code: CodeLocations
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    def output(self, name: str) -> str:
        if name not in self.outputs:
            raise StackError(f"template.yaml has no output {name}")
        return self.outputs[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployer:
    endpoint_url: str

    def deploy(
        self, *, template: Path, packages: Packages, parameters: Mapping[str, str]
    ) -> Deployment:
        source = load_template(template)
        code = self._upload(packages)
        values = declared(source, parameters)
        return self._deployed(source, code, values)

    def change(self, deployment: Deployment, parameters: Mapping[str, str]) -> Deployment:
        """Deploy the same template again with other values for some of its parameters.

        Under another release: functions behind an alias see new values in a new version alone.
        """
        values = {**deployment.parameters, **parameters}
        if values == deployment.parameters:
            return deployment
        text = f"{deployment.parameters['Release']} {sorted(parameters.items())}"
        release = hashlib.sha256(text.encode()).hexdigest()[:10]
        return self._deployed(deployment.source, deployment.code, {**values, "Release": release})

    def put_keys(self, connections: Iterable[Connection]) -> None:
        ssm = self._client("ssm")
        for connection in connections:
            ssm.put_parameter(
                Name=connection.key_parameter,
                Value=connection.key,
                Type="SecureString",
                Overwrite=True,
            )

    def admin_key(self, name: str) -> str:
        """Return the admin key, which is put there first if there is none."""
        ssm = self._client("ssm")
        with suppress(ssm.exceptions.ParameterAlreadyExists):
            ssm.put_parameter(Name=name, Value=secrets.token_hex(32), Type="SecureString")
        answer = ssm.get_parameter(Name=name, WithDecryption=True)
        key: str = answer["Parameter"]["Value"]
        return key

    def _deployed(self, source: Any, code: CodeLocations, values: Mapping[str, str]) -> Deployment:
        deployable = to_cloudformation(
            deepcopy(source), code=code, parameters=values, region=REGION
        )
        template_url = self._put_template(json.dumps(deployable, default=str))
        try:
            self._create_or_update(template_url, values)
        except ClientError as exc:
            raise StackError(f"the engine refuses template.yaml: {exc}") from exc
        outputs = self._settled_outputs()
        return Deployment(source=source, code=code, parameters=values, outputs=outputs)

    def _client(self, service: str) -> Any:
        return client(service, endpoint_url=self.endpoint_url, region=REGION)

    def _upload(self, packages: Packages) -> CodeLocations:
        s3 = self._client("s3")
        # Objects outlive a state that was not saved, and their bucket with them.
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=_BUCKET)
        for package in packages:
            body = package.path.read_bytes()
            s3.put_object(Bucket=_BUCKET, Key=_location(package).key, Body=body)
        wanted = {_location(package).key for package in packages}
        for old in s3.list_objects_v2(Bucket=_BUCKET).get("Contents", []):
            if old["Key"] not in wanted:
                s3.delete_object(Bucket=_BUCKET, Key=old["Key"])
        own = {function: _location(package) for function, package in packages.own.items()}
        return CodeLocations(common=_location(packages.common), own=own)

    def _put_template(self, body: str) -> str:
        # In a request a template may have 51,200 bytes, in S3 a megabyte.
        self._client("s3").put_object(Bucket=_BUCKET, Key="template.json", Body=body.encode())
        return f"{self.endpoint_url}/{_BUCKET}/template.json"

    def _create_or_update(self, template_url: str, values: Mapping[str, str]) -> None:
        cloudformation = self._client("cloudformation")
        request = {
            "StackName": STACK,
            "TemplateURL": template_url,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in values.items()
            ],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        }
        if self._status() in _STILLBORN:
            cloudformation.delete_stack(StackName=STACK)
            self._wait_until_settled()
        if self._status() is None:
            cloudformation.create_stack(**request)
            return
        try:
            cloudformation.update_stack(**request)
        except ClientError as exc:
            if "No updates are to be performed" not in str(exc):
                raise

    def _status(self) -> str | None:
        stack = self._describe()
        status: str | None = stack["StackStatus"] if stack else None
        return None if status == "DELETE_COMPLETE" else status

    def _describe(self) -> dict[str, Any] | None:
        with suppress(ClientError):
            answer = self._client("cloudformation").describe_stacks(StackName=STACK)
            stack: dict[str, Any] = answer["Stacks"][0]
            return stack
        return None

    def _wait_until_settled(self) -> str | None:
        deadline = time.monotonic() + _SECONDS
        while (status := self._status()) and status.endswith("_IN_PROGRESS"):
            if time.monotonic() > deadline:
                raise StackError(f"the stack is still {status} after {_SECONDS} s")
            time.sleep(_POLL)
        return status

    def _settled_outputs(self) -> dict[str, str]:
        status = self._wait_until_settled()
        if status not in _SETTLED_WELL:
            raise StackError(f"the stack ended as {status}:\n{self._failures()}")
        stack = self._describe() or {}
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    def _failures(self) -> str:
        answer = self._client("cloudformation").describe_stack_events(StackName=STACK)
        return "\n".join(
            f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in reversed(answer["StackEvents"])
            if event["ResourceStatus"].endswith("_FAILED")
        )


def _location(package: Package) -> CodeLocation:
    key = f"package-{package.digest}.zip"
    return CodeLocation(bucket=_BUCKET, key=key, architecture=host_architecture())
