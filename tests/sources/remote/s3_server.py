"""A server that speaks S3, on loopback, as long as its standard input is open: its address is its
first line. What it is asked is written into the file that is named."""

import logging
import os
import sys

import boto3
from moto.server import ThreadedMotoServer

asked = logging.getLogger("werkzeug")
asked.addHandler(logging.FileHandler(sys.argv[1]))
asked.setLevel(logging.INFO)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
address = f"http://{host}:{port}"
os.environ.update(AWS_ENDPOINT_URL=address)
boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="data")
print(address, flush=True)
sys.stdin.read()
server.stop()
