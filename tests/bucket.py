"""An object store on this machine, as S3 has it: a server on loopback, and the environment that names it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

ABSENT = find_spec("s3fs") is None or find_spec("moto") is None
REASON = "needs the extra store, and moto"


@contextmanager
def served(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the address of a new bucket; the environment has what opens it."""
    import fsspec
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "who",
        "AWS_SECRET_ACCESS_KEY": "not-to-be-shown",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        patch.setenv(name, value)
    try:
        bucket = f"photos-{secrets.token_hex(4)}"
        fsspec.filesystem("s3", skip_instance_cache=True).mkdir(bucket)
        yield f"s3://{bucket}"
    finally:
        server.stop()
