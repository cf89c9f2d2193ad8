"""The web config's TLS section as an `ssl.SSLContext` that follows renewed certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

from inference_exporter.errors import ConfigError, Problem
from inference_exporter.exposition.webconfig import TlsConfig

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENTS = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


def context(tls: TlsConfig) -> ssl.SSLContext:
    """Make the context; raises ConfigError for files that are no certificate, key or CA."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = _VERSIONS[tls.min_version]
    made.maximum_version = _VERSIONS[tls.max_version]
    made.options |= ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(["http/1.1"])
    try:
        made.load_cert_chain(tls.cert_file, tls.key_file, _no_password)
    except OSError as error:  # ssl.SSLError is one
        message = f"certificate and key cannot be used: {error.strerror or error}"
        raise ConfigError(
            [Problem(tls.cert_file, "", message)], "the same command again"
        ) from error
    if tls.client_ca_file is not None:
        try:
            made.load_verify_locations(tls.client_ca_file)
        except OSError as error:
            message = f"CA cannot be used: {error.strerror or error}"
            raise ConfigError(
                [Problem(tls.client_ca_file, "", message)], "the same command again"
            ) from error
        made.verify_mode = _CLIENTS[tls.client_auth_type]
    return made


def _no_password() -> str:
    """Answer for OpenSSL, which would ask on the terminal for the password of an encrypted key."""
    return ""


class Renewal:
    """Loads certificate and key again when their files have changed.

    New connections get the new certificate. While only one of the two files is in place they do
    not fit together, and the old pair stays in use.
    """

    def __init__(self, tls: TlsConfig, current: ssl.SSLContext) -> None:
        self._tls = tls
        self._context = current
        self._seen = self._look()

    def check(self) -> bool:
        """Look at the files; True if a new certificate was loaded."""
        now = self._look()
        if now == self._seen:
            return False
        try:
            context(self._tls)  # a trial: a half-loaded pair would break the live context
            self._context.load_cert_chain(self._tls.cert_file, self._tls.key_file, _no_password)
        except (ConfigError, OSError):
            return False
        self._seen = now
        return True

    def _look(self) -> tuple[object, ...]:
        try:
            stats = [Path(name).stat() for name in (self._tls.cert_file, self._tls.key_file)]
        except OSError:
            return ()
        return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in stats)
