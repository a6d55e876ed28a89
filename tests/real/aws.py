"""moto, with its checks of signatures on, judges the requests to AWS STS. It issues no web identity tokens: a good
signature is one that it has nothing against, and an action that it does not know."""

import os
import sys
import tempfile
import urllib.request

import boto3

from program import free_port, refused, running
from world import check, end

PORT = free_port()
SERVER = f"http://127.0.0.1:{PORT}"
ENTRY = {"SourceType": "Aws", "AwsRegion": "eu-west-1"}
# What the server says of an action that it does not know, once the signature is good.
GOOD, BAD = "token-service-unwell", "SignatureDoesNotMatch"


def post(path, body=b""):
    request = urllib.request.Request(f"{SERVER}/{path}", body, {"content-type": "text/plain"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def ready():
    return bool(post("moto-api/reset"))


def keys():
    """The keys of a user who may do everything."""
    options = {"endpoint_url": SERVER, "region_name": "eu-west-1", "aws_access_key_id": "x", "aws_secret_access_key": "y"}
    iam = boto3.client("iam", **options)
    iam.create_user(UserName="u")
    everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=everything)
    trust = everything.replace('"Resource":"*"', '"Principal":"*"')
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=everything)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    return {
        "AWS_ENDPOINT_URL_STS": f"{SERVER}/",
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def main(folder):
    user = keys()
    projected = os.path.join(folder, "token")
    with open(projected, "w", encoding="utf-8") as file:
        file.write("a.b.c")
    role = {
        "AWS_ENDPOINT_URL_STS": f"{SERVER}/",
        "AWS_WEB_IDENTITY_TOKEN_FILE": projected,
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r",
    }
    # Roles for tokens are given while nothing is checked: that server wants a signature where AWS takes none.
    check("a role for a cluster's token", lambda: refused(GOOD, ENTRY, role))
    instance = {"AWS_ENDPOINT_URL_STS": f"{SERVER}/", "AWS_EC2_METADATA_SERVICE_ENDPOINT": SERVER}
    check("the metadata service, by sessions", lambda: refused(GOOD, ENTRY, instance))
    post("moto-api/reset-auth", b"0")
    check("keys of the environment", lambda: refused(GOOD, ENTRY, user))
    check("keys for another region", lambda: refused(GOOD, {**ENTRY, "AwsRegion": "us-east-1"}, user))
    check("a wrong key", lambda: refused(BAD, ENTRY, {**user, "AWS_SECRET_ACCESS_KEY": "wrong"}))
    check("keys that nobody has", lambda: refused("InvalidClientTokenId", ENTRY, instance))


with running([os.path.join(os.path.dirname(sys.executable), "moto_server"), "-H", "127.0.0.1", "-p", str(PORT)], ready):
    with tempfile.TemporaryDirectory() as temporary:
        main(temporary)
end()
