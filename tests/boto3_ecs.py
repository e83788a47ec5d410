"""A stock boto3 client on `iamspec serve --dialect ecs`, signing with the namespace's key. Argument: endpoint, ending in /iam."""

import json
import sys

import boto3
from botocore.config import Config

iam = boto3.client("iam", endpoint_url=sys.argv[1], region_name="us-east-1", config=Config(retries={"max_attempts": 1}))
allow = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}})

user = iam.create_user(UserName="Walker", Tags=[{"Key": "Department", "Value": "Finance"}])["User"]
assert (user["Arn"], user["Path"]) == ("urn:ecs:iam::ns1:user/Walker", "/"), user
assert iam.get_user(UserName="walker")["User"]["UserId"] == user["UserId"]
assert [u["UserName"] for page in iam.get_paginator("list_users").paginate() for u in page["Users"]] == ["Walker"]

iam.put_user_policy(UserName="Walker", PolicyName="own", PolicyDocument=allow)
assert iam.get_user_policy(UserName="Walker", PolicyName="own")["PolicyDocument"] == json.loads(allow)
policy = iam.create_policy(PolicyName="shared", PolicyDocument=allow)["Policy"]["Arn"]
assert iam.get_policy_version(PolicyArn=policy, VersionId="v1")["PolicyVersion"]["Document"] == json.loads(allow)
iam.delete_policy(PolicyArn=policy)
iam.delete_user_policy(UserName="Walker", PolicyName="own")

iam.delete_user(UserName="Walker")
try:
    iam.get_user(UserName="Walker")
    raise SystemExit("the deleted user is still there")
except iam.exceptions.NoSuchEntityException as gone:
    print(gone.response["ResponseMetadata"]["HTTPStatusCode"], gone.response["Error"]["Code"])
