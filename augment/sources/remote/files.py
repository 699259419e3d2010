"""Listing, fetching and sending files that lie elsewhere."""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from augment.core.errors import AugmentError, BadInput, MissingExtra, OutOfResources
from augment.sources.remote.patience import QUESTION_SECONDS, limit_rounds, patience
from augment.sources.remote.uri import (
    CREDENTIALS,
    EXTRA,
    PATTERN,
    READ_ONLY,
    require_no_secret,
    root_of,
    scheme_of,
)
from augment.sources.silence import HINT, answered

REFUSED = ("PermissionError", "NoCredentialsError", "CredentialRetrievalError", "HttpError",
           "ClientAuthenticationError", "DefaultCredentialsError", "RefreshError",
           "PartialCredentialsError", "InvalidAccessKeyId")  # fmt: skip
MALFORMED = ("ValueError", "ParamValidationError")
NO_ACCOUNT = ("account", "connection_string", "credential")  # stand in what adlfs says
SILENT = ("TimeoutError", "FSTimeoutError", "ReadTimeoutError", "ServiceResponseTimeoutError",
          "ConnectTimeoutError", "ServiceRequestTimeoutError")  # fmt: skip
UNREACHED = ("EndpointConnectionError", "ClientConnectorError", "ServiceRequestError",
             "ConnectionError", "ClientConnectorDNSError", "ClientConnectionError",
             "ConnectionRefusedError", "ClientPayloadError", "ServiceResponseError")  # fmt: skip
T = TypeVar("T")

LIBRARIES = ("fsspec", "s3fs", "gcsfs", "adlfs", "botocore", "azure", "google", "asyncio")


@dataclass(frozen=True)
class Remote:
    """What lies at an address: a file, or all below a prefix, or what a pattern names."""

    uri: str
    system: Any  # an fsspec file system
    path: str  # as the file system calls it

    @property
    def root(self) -> str:
        """The address below which `names` lie: of a single file, where it lies."""
        return root_of(self.uri)

    def names(self) -> list[str]:
        """The files, by their paths below `root`; "" is the file itself. Sorted."""
        base = self.system._strip_protocol(self.root)
        if self._is_pattern():
            if "://" in self.root:  # which a pattern for buckets has not
                self._kind(base)  # is answered in time, or tells that nobody answers
            found = [each for each in self.system.glob(self.path) if self.system.isfile(each)]
        elif scheme_of(self.uri) in READ_ONLY or self.is_file():
            return [""]
        else:
            found = self.system.find(self.path)
        return sorted(posixpath.relpath(name, base) for name in found if not name.endswith("/"))

    def require_names(self) -> list[str]:
        """The same. Raises `BadInput` where there is none."""
        found = self.names()
        if not found:
            raise _nothing(self.uri)
        return found

    def _is_pattern(self) -> bool:
        return scheme_of(self.uri) not in READ_ONLY and bool(PATTERN & set(self.uri))

    def at(self, name: str) -> str:
        """The file system's path of a file by its name."""
        base = self.path if not self._is_pattern() else self.system._strip_protocol(self.root)
        return f"{base.rstrip('/')}/{name}" if name else base

    def exists(self) -> bool:
        return self._kind(self.path) is not None

    def is_file(self) -> bool:
        """fsspec's `isfile` takes every failure for a no, and so asks a silent server again."""
        return self._kind(self.path) == "file"

    def _kind(self, path: str) -> str | None:
        """Whether a file or a directory is there; None for nothing."""
        try:
            return str(self._answered(lambda: self.system.info(path))["type"])
        except FileNotFoundError:
            return None

    def _answered(self, question: Callable[[], T]) -> T:
        return answered(self.uri, question, QUESTION_SECONDS)

    def read(self, name: str) -> bytes | None:
        """A small file's bytes; None where there is none."""
        try:
            return self._answered(lambda: bytes(self.system.cat_file(self.at(name))))
        except FileNotFoundError:
            return None

    def send(self, local: Path, name: str) -> None:
        """Put a file there; it is seen once all of it is."""
        self.system.makedirs(posixpath.dirname(self.at(name)), exist_ok=True)
        self.system.put_file(str(local), self.at(name))

    def remove(self, name: str) -> None:
        self._answered(lambda: self.system.rm_file(self.at(name)))


@contextmanager
def remote(uri: str) -> Iterator[Remote]:
    """What lies at `uri`. Errors of the libraries are told by their kind alone: their words may
    hold credentials. Raises `MissingExtra` without the library, `UsageError` for a secret in the
    address, `BadInput` where nothing is there or it cannot be reached."""
    require_no_secret(uri)
    with _unlogged():
        try:
            import fsspec

            scheme = scheme_of(uri)
            system, path = fsspec.core.url_to_fs(uri, **patience(scheme))
            limit_rounds(scheme, system)
            system.invalidate_cache()
        except ImportError:
            raise MissingExtra(
                f"{scheme_of(uri)}:// needs a library that is not here: {EXTRA}"
            ) from None
        except Exception as error:
            raise _told(error, uri) from None
        try:
            yield Remote(uri, system, path)
        except (AugmentError, MemoryError):
            raise
        except Exception as error:
            raise _told(error, uri) from None


@contextmanager
def _unlogged() -> Iterator[None]:
    """Without what the libraries log: stacks and addresses, for errors that are told here."""
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _nothing(uri: str) -> BadInput:
    return BadInput("there is nothing of this name.", where=uri, hint="Is it spelt right?")


def _refused(uri: str) -> BadInput:
    way = CREDENTIALS.get(scheme_of(uri))
    hint = f"Credentials come from {way}." if way else "Try: curl … | augment run -"
    return BadInput("access is refused.", where=uri, hint=hint)


def _malformed(error: BaseException, uri: str) -> BadInput:
    """What a library found to be no endpoint, account or address; its words are only looked at."""
    words = str(error).lower()
    if "endpoint" in words:
        return BadInput(
            "the endpoint is no address.",
            where=uri,
            hint="Write AWS_ENDPOINT_URL as https://HOST:PORT, or unset it.",
        )
    if any(word in words for word in NO_ACCOUNT):
        way = CREDENTIALS.get(scheme_of(uri), "the usual places")
        return BadInput(
            "no account is known to reach it by.", where=uri, hint=f"It comes from {way}."
        )
    return BadInput(
        "this is no address of a file or a folder.",
        where=uri,
        hint=f"Write it as {scheme_of(uri)}://BUCKET/PATH, as the store names them.",
    )


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error of aiohttp, gcsfs or Azure tells of, if it does; gcsfs makes a
    plain OSError of 403."""
    if type(error) is OSError and str(error).startswith("Forbidden: "):
        return 403
    for name in ("status", "code", "status_code"):
        found = getattr(error, name, None)
        if isinstance(found, int | str) and str(found).isdecimal():
            return int(found)
    return None


def _told(error: BaseException, uri: str) -> AugmentError:
    kinds = {
        each.__name__
        for cause in (error, error.__cause__, error.__context__)
        if cause is not None
        for each in type(cause).__mro__
    }
    if "FileNotFoundError" in kinds:
        return _nothing(uri)
    if kinds & set(SILENT):
        return BadInput("there is no answer.", where=uri, hint=HINT)
    if kinds & set(UNREACHED):
        return BadInput(
            "it cannot be reached.",
            where=uri,
            hint="Is there a network, and are the name and the endpoint right?",
        )
    status = _status(error)
    if status in (401, 403) or (status is None and kinds & set(REFUSED)):
        return _refused(uri)
    if status is not None and status >= 400:
        return BadInput(
            f"the server answers with HTTP {status}.", where=uri, hint="Try again later."
        )
    if kinds & set(MALFORMED):
        return _malformed(error, uri)
    if getattr(error, "errno", None) == 28:
        return OutOfResources(f"{uri}: the disk on which it is staged is full.")
    return BadInput(f"it cannot be read or written ({type(error).__name__}).", where=uri)
