"""Walks all 45 Actions through a stock boto3 client. Arguments: endpoint, folder of `iamspec certs --out`."""

import json
import pathlib
import sys

import boto3
from botocore.config import Config

endpoint, certs = sys.argv[1], pathlib.Path(sys.argv[2])
iam = boto3.client("iam", endpoint_url=endpoint, region_name="us-east-1", config=Config(retries={"max_attempts": 1}))
called = []
iam.meta.events.register("before-call.iam", lambda model, **_: called.append(model.name))


def document(action):
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})


def pages(name, key, **arguments):
    return [item for page in iam.get_paginator(name).paginate(**arguments) for item in page[key]]


user = iam.create_user(UserName="walker", Path="/walk/", Tags=[{"Key": "team", "Value": "a b"}])["User"]
assert user["Arn"].endswith(":user/walk/walker"), user
assert iam.get_user(UserName="walker")["User"]["UserId"] == user["UserId"]
iam.update_user(UserName="walker", NewUserName="runner")
assert "runner" in [u["UserName"] for u in pages("list_users", "Users", PathPrefix="/walk/")]

iam.create_group(GroupName="team")
iam.update_group(GroupName="team", NewGroupName="crew")
iam.add_user_to_group(GroupName="crew", UserName="runner")
assert [u["UserName"] for u in iam.get_group(GroupName="crew")["Users"]] == ["runner"]
assert [g["GroupName"] for g in pages("list_groups", "Groups")] == ["crew"]
assert [g["GroupName"] for g in pages("list_groups_for_user", "Groups", UserName="runner")] == ["crew"]

policy = iam.create_policy(PolicyName="reader", PolicyDocument=document("iam:GetUser"), Description="reads")["Policy"]["Arn"]
assert iam.get_policy(PolicyArn=policy)["Policy"]["Description"] == "reads"
iam.create_policy_version(PolicyArn=policy, PolicyDocument=document("iam:ListUsers"), SetAsDefault=True)
version = iam.get_policy_version(PolicyArn=policy, VersionId="v2")["PolicyVersion"]
assert version["Document"]["Statement"]["Action"] == "iam:ListUsers", version
iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
assert [v["VersionId"] for v in pages("list_policy_versions", "Versions", PolicyArn=policy)] == ["v2", "v1"]
iam.delete_policy_version(PolicyArn=policy, VersionId="v2")
iam.attach_user_policy(UserName="runner", PolicyArn=policy)
iam.attach_group_policy(GroupName="crew", PolicyArn=policy)
assert [p["Arn"] for p in pages("list_policies", "Policies", Scope="Local", OnlyAttached=True)] == [policy]
assert [p["PolicyArn"] for p in pages("list_attached_user_policies", "AttachedPolicies", UserName="runner")] == [policy]
assert [p["PolicyArn"] for p in pages("list_attached_group_policies", "AttachedPolicies", GroupName="crew")] == [policy]

iam.put_user_policy(UserName="runner", PolicyName="own", PolicyDocument=document("iam:*"))
assert iam.get_user_policy(UserName="runner", PolicyName="own")["PolicyDocument"]["Statement"]["Action"] == "iam:*"
assert pages("list_user_policies", "PolicyNames", UserName="runner") == ["own"]
iam.put_group_policy(GroupName="crew", PolicyName="shared", PolicyDocument=document("iam:*"))
assert iam.get_group_policy(GroupName="crew", PolicyName="shared")["PolicyDocument"]["Statement"]["Effect"] == "Allow"
assert pages("list_group_policies", "PolicyNames", GroupName="crew") == ["shared"]

key = iam.create_access_key(UserName="runner")["AccessKey"]
own = boto3.client(
    "iam", endpoint_url=endpoint, region_name="us-east-1",
    aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
)
assert own.get_user()["User"]["UserName"] == "runner"
iam.update_access_key(UserName="runner", AccessKeyId=key["AccessKeyId"], Status="Inactive")
assert [k["Status"] for k in pages("list_access_keys", "AccessKeyMetadata", UserName="runner")] == ["Inactive"]

read = lambda name: (certs / f"{name}.pem").read_text()
iam.upload_server_certificate(
    ServerCertificateName="site", CertificateBody=read("leaf"), PrivateKey=read("leaf.key"), CertificateChain=read("leaf.chain"),
)
iam.update_server_certificate(ServerCertificateName="site", NewServerCertificateName="www")
assert iam.get_server_certificate(ServerCertificateName="www")["ServerCertificate"]["CertificateChain"]
assert [c["ServerCertificateName"] for c in pages("list_server_certificates", "ServerCertificateMetadataList")] == ["www"]

iam.delete_server_certificate(ServerCertificateName="www")
iam.delete_access_key(UserName="runner", AccessKeyId=key["AccessKeyId"])
iam.delete_group_policy(GroupName="crew", PolicyName="shared")
iam.delete_user_policy(UserName="runner", PolicyName="own")
iam.detach_group_policy(GroupName="crew", PolicyArn=policy)
iam.detach_user_policy(UserName="runner", PolicyArn=policy)
iam.remove_user_from_group(GroupName="crew", UserName="runner")
iam.delete_policy(PolicyArn=policy)
iam.delete_group(GroupName="crew")
iam.delete_user(UserName="runner")
print(f"{len(set(called))} Actions")
