"""Condition keys that every service knows, with their types.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

_STRINGS = (
    *("AssumedRoot", "CalledViaFirst", "CalledViaLast", "Ec2InstanceSourcePrivateIPv4"),
    *("Ec2InstanceSourceVpc", "FederatedProvider", "PrincipalAccount", "PrincipalOrgID"),
    *("PrincipalServiceName", "PrincipalTag/${TagKey}", "PrincipalType", "Referer"),
    *("RequestedRegion", "RequestTag/${TagKey}", "ResourceAccount", "ResourceOrgID"),
    *("ResourceTag/${TagKey}", "SourceAccount", "SourceIdentity", "SourceOrgID", "SourceVpc"),
    *("SourceVpce", "UserAgent", "userid", "username", "VpceAccount", "VpceOrgID"),
)
_LISTS = (
    *("CalledVia", "PrincipalOrgPaths", "PrincipalServiceNamesList", "ResourceOrgPaths"),
    *("SourceOrgPaths", "TagKeys", "VpceOrgPaths"),
)
_OTHERS = {
    "ARN": ("ChatbotSourceArn", "PrincipalArn", "SourceArn", "SourceVpcArn"),
    "Bool": ("MultiFactorAuthPresent", "PrincipalIsAWSService", "SecureTransport", "ViaAWSService"),
    "Date": ("CurrentTime", "EpochTime", "TokenIssueTime"),
    "IPAddress": ("SourceIp", "VpcSourceIp"),
    "Numeric": ("MultiFactorAuthAge",),
}

GLOBAL_KEYS = {
    f"aws:{name}": kind
    for kind, names in {"String": _STRINGS, "ArrayOfString": _LISTS, **_OTHERS}.items()
    for name in names
} | {"lambda:SourceFunctionArn": "ARN"}
