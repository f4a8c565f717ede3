"""The process: see the package."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import boto3  # pyright: ignore[reportMissingImports]  # fetched for this alone
from moto.server import ThreadedMotoServer  # pyright: ignore[reportMissingImports]

from tests.storage.bucket import BUCKET

port = int(sys.argv[1])
ThreadedMotoServer("127.0.0.1", port).start()


def client(service: str, key: str, secret: str) -> Any:
    address = {"endpoint_url": f"http://127.0.0.1:{port}", "region_name": "us-east-1"}
    return boto3.client(service, aws_access_key_id=key, aws_secret_access_key=secret, **address)


anyone = client("iam", "any", "thing")
anyone.create_user(UserName="blog")
made = anyone.create_access_key(UserName="blog")["AccessKey"]
allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
anyone.put_user_policy(UserName="blog", PolicyName="files", PolicyDocument=document)
client("s3", made["AccessKeyId"], made["SecretAccessKey"]).create_bucket(Bucket=BUCKET)
keys = {"s3_access_key_id": made["AccessKeyId"], "s3_secret_access_key": made["SecretAccessKey"]}
Path("keys.tmp").write_text(json.dumps(keys))
Path("keys.tmp").rename("keys.json")
threading.Event().wait()
