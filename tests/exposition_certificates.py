"""Certificates for the TLS tests, made by the openssl command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    cert: Path
    key: Path


def authority(folder: Path, name: str = "ca") -> Pair:
    """A self-signed CA."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    _openssl("req", "-x509", *_new_key(pair), "-out", str(pair.cert), "-subj", f"/CN={name}")
    return pair


def issued(folder: Path, name: str, issuer: Pair) -> Pair:
    """A certificate for 127.0.0.1, good for servers and clients."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    request = folder / f"{name}.csr"
    extensions = folder / f"{name}.ext"
    extensions.write_text("subjectAltName=IP:127.0.0.1\n")
    _openssl("req", *_new_key(pair), "-out", str(request), "-subj", f"/CN={name}")
    signed_by = ["-CA", str(issuer.cert), "-CAkey", str(issuer.key), "-CAcreateserial"]
    files = ["-in", str(request), "-out", str(pair.cert), "-extfile", str(extensions)]
    _openssl("x509", "-req", *signed_by, *files, "-days", "1")
    return pair


def encrypted(key: Path) -> Path:
    """The same key behind a password."""
    locked = key.with_suffix(".locked")
    _openssl("pkey", "-in", str(key), "-aes256", "-passout", "pass:secret", "-out", str(locked))
    return locked


def _new_key(pair: Pair) -> list[str]:
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    return [*curve, "-keyout", str(pair.key)]


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
