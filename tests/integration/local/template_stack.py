"""The template's resources on the local stack.

The functions' code and the custom resources are left out, so that the stack deploys in seconds.
"""

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.emulator.stack import eventually
from tests.template.template import transformed


def without_code() -> dict[str, Any]:
    template = copy.deepcopy(transformed())
    kinds = ("Custom::", "AWS::Lambda::LayerVersion", "AWS::CloudWatch::Alarm")
    left_out = {n for n, each in template["Resources"].items() if each["Type"].startswith(kinds)}
    kept = {n: each for n, each in template["Resources"].items() if n not in left_out}
    for each in kept.values():
        waits_for = each.pop("DependsOn", [])
        waits_for = [waits_for] if isinstance(waits_for, str) else waits_for
        each["DependsOn"] = [name for name in waits_for if name not in left_out]
        if each["Type"] == "AWS::Lambda::Function":
            del each["Properties"]["Layers"]
            each["Properties"]["Code"] = {"ZipFile": "def handler(*_): pass"}
    return {"Resources": kept, **{n: template[n] for n in ("Parameters", "Conditions")}}


class TemplateStack:
    """`client` makes the client of a service, with the credentials of root."""

    def __init__(self, client: Callable[[str], Any], name: str) -> None:
        self.client = client
        self.name = name

    def deploy(self, **parameters: str) -> dict[str, str]:
        """The physical ids of the stack's resources, once it is created."""
        return self._put("create", "CREATE_COMPLETE", parameters)

    def update(self, **parameters: str) -> dict[str, str]:
        """The physical ids of the stack's resources, once it is updated."""
        return self._put("update", "UPDATE_COMPLETE", parameters)

    def _put(self, operation: str, end: str, parameters: Mapping[str, str]) -> dict[str, str]:
        cloudformation, s3 = self.client("cloudformation"), self.client("s3")
        # Too long for a call.
        s3.create_bucket(Bucket="templates")
        s3.put_object(
            Bucket="templates", Key="template.json", Body=json.dumps(without_code()).encode()
        )
        getattr(cloudformation, f"{operation}_stack")(
            StackName=self.name,
            TemplateURL="https://s3.us-east-1.amazonaws.com/templates/template.json",
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )

        def status() -> str:
            found = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
            return "" if found.endswith("_IN_PROGRESS") else str(found)

        ended = eventually(status, f"{self.name} comes to rest", 60)
        assert ended == end, [
            (each["LogicalResourceId"], each.get("ResourceStatusReason"))
            for each in cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
            if "FAILED" in each["ResourceStatus"]
        ]
        found = cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
