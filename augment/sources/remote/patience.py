"""How long a server may be silent before it is given up.

A transfer that goes on is never cut off, however slow: the limits are for one wait for the next
bytes. Libraries ask again, some in two layers, so that their own limits add up to a quarter of an
hour. Here tries and waits of one question come to at most 100 seconds.
"""

from __future__ import annotations

import os
from typing import Any

from augment.sources.remote.uri import READ_ONLY

QUESTION_SECONDS = 100  # for all tries of one question
SILENT_SECONDS = 30  # of the web, which is asked once
STORE_SECONDS = 15  # of a try, of which there are 4 to 6
S3_TRIES = {"total_max_attempts": 3}  # of botocore, for answers such as "slow down" as well
S3_ROUNDS = 2  # of s3fs, each with all tries of botocore
GCS_SECONDS = 10  # of each of the 6 tries of gcsfs, which lie up to half a minute apart together


def patience(scheme: str) -> dict[str, Any]:
    """The options of fsspec's file system for a scheme."""
    if scheme == "s3":
        waits = {"connect_timeout": STORE_SECONDS, "read_timeout": STORE_SECONDS}
        own = os.environ.get("AWS_MAX_ATTEMPTS") or os.environ.get("AWS_RETRY_MODE")
        return {"config_kwargs": waits if own else {**waits, "retries": S3_TRIES}}
    if scheme in ("gs", "gcs"):
        return {"session_kwargs": {"timeout": _per_wait(GCS_SECONDS)}}
    if scheme in ("az", "abfs", "abfss"):
        return {"connection_timeout": STORE_SECONDS, "read_timeout": STORE_SECONDS}
    if scheme in READ_ONLY:
        return {"client_kwargs": {"timeout": _per_wait(SILENT_SECONDS)}}
    return {}


def limit_rounds(scheme: str, system: Any) -> None:
    """The same for what s3fs takes by no option."""
    if scheme == "s3":
        system.retries = S3_ROUNDS


def _per_wait(seconds: float) -> Any:
    """aiohttp's own limit is five minutes for a whole file, which cuts a long one off."""
    import aiohttp

    return aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds)
