"""Names of files that lie elsewhere: `s3://bucket/key`; no credential stands in them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from augment.core.errors import UsageError

EXTRA = "pip install 'augment-synth[cloud]'"
SCHEMES = ("s3", "gs", "gcs", "az", "abfs", "abfss", "http", "https", "memory")
READ_ONLY = ("http", "https")
CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID, ~/.aws, an instance's role",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login",
    "gcs": "GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login",
    "az": "AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_NAME with az login",
    "abfs": "AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_NAME with az login",
    "abfss": "AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_NAME with az login",
}
SECRET = ("signature", "sig", "token", "password", "secret", "accesskeyid", "credential", "key")
PATTERN = frozenset("*?[")


def is_uri(text: str) -> bool:
    """Whether a source or an output lies elsewhere.

    >>> is_uri("s3://bucket/t.csv"), is_uri("t.csv"), is_uri("sqlite:///t.db")
    (True, False, False)
    """
    return "://" in text and text.partition("://")[0] in SCHEMES


def scheme_of(uri: str) -> str:
    return uri.partition("://")[0]


def require_no_secret(uri: str) -> None:
    """Refuse a password, or a signature, in an address; no message repeats it."""
    scheme = scheme_of(uri)
    try:
        parts = urlsplit(uri.replace("[", "%5B").replace("]", "%5D"))
        found = parts.password is not None or (scheme == "s3" and parts.username is not None)
    except ValueError:
        raise UsageError(f"This {scheme} address cannot be read.") from None
    names = [key.lower().replace("-", "") for key, _ in parse_qsl(parts.query)]
    if found or any(name.endswith(SECRET) for name in names):
        way = CREDENTIALS.get(scheme, "curl … | augment run -")
        raise UsageError(
            f"There is a credential in the {scheme} address, where other programs can read it and "
            f"files keep it. Leave it out and use {way}."
        )


def require_writable(uri: str) -> None:
    """Refuse an output where nothing can be written."""
    if scheme_of(uri) in READ_ONLY:
        raise UsageError(f"{uri}: nothing can be written by {scheme_of(uri)}. Use s3, gs or az.")
    if PATTERN & set(uri):
        raise UsageError(f"{uri}: an output is one name, without *, ? or [.")


def root_of(uri: str) -> str:
    """What stands before the first part with `*`, `?` or `[`.

    >>> root_of("s3://bucket/a/*/t-?.csv"), root_of("s3://bucket/a")
    ('s3://bucket/a', 's3://bucket/a')
    """
    scheme, _, rest = uri.partition("://")
    if scheme in READ_ONLY:  # a `?` begins the query there
        return uri
    plain: list[str] = []
    for part in rest.split("/"):
        if PATTERN & set(part):
            break
        plain.append(part)
    return f"{scheme}://{'/'.join(plain)}".rstrip("/")
