"""`python -m local.functions.sam_variables`: deployed functions' variables, for `sam local`.

`sam local` knows only the template: a reference such as `!Ref SubmitQueue` becomes a made-up name.
This prints what the deployed functions were given, as `sam local invoke --env-vars` reads it.
The stack is the one that the shell's AWS configuration leads to.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.stack.settings import STACK_NAME

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        "python -m local.functions.sam_variables",
        description="Prints the environment variables of a deployed stack's functions "
        "for `sam local invoke --env-vars`.",
    )
    parser.add_argument("--stack-name", default=os.environ.get("STACK_NAME", STACK_NAME))
    stack = parser.parse_args(arguments).stack_name
    try:
        session = boto3.Session()
        found = variables(stack, session.client("cloudformation"), session.client("lambda"))
    except (BotoCoreError, ClientError) as error:
        print(f"error: cannot read the stack {stack}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found, indent=2))
    return 0


def variables(
    stack: str, cloudformation: "CloudFormationClient", functions: "LambdaClient"
) -> Mapping[str, Mapping[str, str]]:
    """Variables by the function's logical id, as in the template."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    names = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::Lambda::Function" and "PhysicalResourceId" in each
    }
    return {
        logical_id: functions.get_function_configuration(FunctionName=name)
        .get("Environment", {})
        .get("Variables", {})
        for logical_id, name in sorted(names.items())
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
