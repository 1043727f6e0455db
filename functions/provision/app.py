import json
import urllib.request


def handler(event, context):
    print(event)
    if "ResponseURL" in event:
        b = json.dumps(
            dict(
                Status="SUCCESS",
                PhysicalResourceId="relay",
                StackId=event["StackId"],
                RequestId=event["RequestId"],
                LogicalResourceId=event["LogicalResourceId"],
            )
        ).encode()
        urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=b, method="PUT"))
