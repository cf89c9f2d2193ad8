"""The file of `--web.config.file`: TLS, users and headers, in the format all of Prometheus reads.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md

What `promtool check web-config` accepts is accepted here, except a TLS section without certificate
(elsewhere it means plain HTTP) and settings that cannot be honoured: they are refused by name
rather than ignored, because each of them restricts access. `http2` is accepted: clients negotiate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from inference_exporter.errors import ConfigError, Problem

ClientAuth = Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]
TlsVersion = Literal["TLS12", "TLS13"]

_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")

# Values that a header may have; an empty tuple: any. The list is exporter-toolkit's.
_HEADERS: dict[str, tuple[str, ...]] = {
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
    "Content-Security-Policy": (),
}
_CLIENT_AUTH = ("NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
_UNVERIFIED = ("RequestClientCert", "RequireClientCert", "RequireAnyClientCert")
_VERSIONS = ("TLS12", "TLS13")

_SECTIONS = ("tls_server_config", "http_server_config", "basic_auth_users")
_TLS_FILES = ("cert_file", "key_file", "client_ca_file")
_TLS_KEYS = (*_TLS_FILES, "client_auth_type", "min_version", "max_version")
_UNSUPPORTED = {
    "rate_limit": "limit requests in a proxy",
    "cert": "use cert_file",
    "key": "use key_file",
    "client_ca": "use client_ca_file",
    "client_allowed_sans": "issue client certificates from a CA of their own",
    "cipher_suites": "OpenSSL's defaults are used",
    "curve_preferences": "OpenSSL's defaults are used",
    "prefer_server_cipher_suites": "OpenSSL's defaults are used",
}


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """How to serve HTTPS. Paths are resolved against the web config file's folder."""

    cert_file: str
    key_file: str
    client_ca_file: str | None = None
    client_auth_type: ClientAuth = "NoClientCert"
    min_version: TlsVersion = "TLS12"
    max_version: TlsVersion = "TLS13"


@dataclass(frozen=True, slots=True)
class WebConfig:
    """A valid web config file. Without `tls` the server speaks HTTP; without `users`, to all."""

    tls: TlsConfig | None = None
    users: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def load(path: str) -> WebConfig:
    """Read a web config file; raises ConfigError with everything that is wrong with it."""
    reader = _Reader(path)
    config = reader.read()
    if reader.problems:
        raise ConfigError(reader.problems, "promtool check web-config {file}")
    return config


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice; PyYAML would take the last and drop a user's hash."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                message = f"the key {name!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        return super().construct_mapping(node, deep)


class _Reader:
    """Collects problems on its way through the file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def read(self) -> WebConfig:
        document = self._section(self._parse(), "", _SECTIONS)
        return WebConfig(
            self._tls(document.get("tls_server_config")),
            self._users(document.get("basic_auth_users")),
            self._headers(document.get("http_server_config")),
        )

    def _parse(self) -> object:
        try:
            return yaml.load(Path(self.path).read_text(encoding="utf-8"), _Loader)
        except OSError as error:
            self._wrong("", f"cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            self._wrong("", "is not UTF-8 text")
        except yaml.YAMLError as error:
            self._wrong("", f"is not YAML: {' '.join(str(error).split())}")
        return None

    def _wrong(self, key: str, message: str) -> None:
        self.problems.append(Problem(self.path, key, message))

    def _section(self, value: object, key: str, known: tuple[str, ...] = ()) -> dict[str, Any]:
        """A mapping with string keys, of `known` ones where given; null counts as empty."""
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            self._wrong(key, "expected a mapping with text keys")
            return {}
        for name in value if known else ():
            if name not in known:
                self._wrong(f"{key}.{name}".lstrip("."), _unknown(name, known))
        return value

    def _text(self, value: object, key: str, allowed: tuple[str, ...] = ()) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            self._wrong(key, f"expected text, not {value!r}; put it in quotes")
            return None
        if allowed and value not in allowed:
            self._wrong(key, f"expected one of {', '.join(allowed)}, not {value!r}")
            return None
        return value

    def _users(self, value: object) -> dict[str, str]:
        users: dict[str, str] = {}
        for name, hashed in self._section(value, "basic_auth_users").items():
            key = f"basic_auth_users.{name}"
            if not isinstance(hashed, str) or not _BCRYPT.fullmatch(hashed):
                self._wrong(key, "expected a bcrypt hash such as made by `htpasswd -nBC 10 ''`")
            else:
                users[name] = hashed
        return users

    def _headers(self, value: object) -> dict[str, str]:
        section = self._section(value, "http_server_config", ("http2", "headers"))
        if not isinstance(section.get("http2", True), bool):
            self._wrong("http_server_config.http2", "expected true or false")
        headers: dict[str, str] = {}
        key = "http_server_config.headers"
        for name, given in self._section(section.get("headers"), key, tuple(_HEADERS)).items():
            text = self._text(given, f"{key}.{name}", _HEADERS.get(name, ()))
            if text and not _is_header_value(text):
                self._wrong(f"{key}.{name}", "has characters that a header cannot carry")
            elif text:
                headers[name] = text
        return headers

    def _tls(self, value: object) -> TlsConfig | None:
        key = "tls_server_config"
        section = self._section(value, key, _TLS_KEYS)
        if not section:
            return None
        files = {name: self._file(section.get(name), f"{key}.{name}") for name in _TLS_FILES}
        for name in ("cert_file", "key_file"):
            if section.get(name) in (None, ""):
                self._wrong(f"{key}.{name}", "is missing: TLS needs a certificate and its key")
        auth = self._client_auth(section)
        low = self._text(section.get("min_version"), f"{key}.min_version", _VERSIONS) or "TLS12"
        high = self._text(section.get("max_version"), f"{key}.max_version", _VERSIONS) or "TLS13"
        if low > high:
            self._wrong(f"{key}.min_version", "is above max_version")
        return TlsConfig(
            files["cert_file"] or "",
            files["key_file"] or "",
            files["client_ca_file"],
            auth,
            "TLS13" if low == "TLS13" else "TLS12",
            "TLS12" if high == "TLS12" else "TLS13",
        )

    def _file(self, value: object, key: str) -> str | None:
        name = self._text(value, key)
        if not name:
            return None
        path = Path(self.path).parent / name
        try:
            with path.open("rb"):
                return str(path)
        except OSError as error:
            self._wrong(key, f"{path} cannot be read: {error.strerror}")
            return None

    def _client_auth(self, section: Mapping[str, Any]) -> ClientAuth:
        key = "tls_server_config.client_auth_type"
        given = section.get("client_auth_type")
        if given in _UNVERIFIED:
            self._wrong(key, f"{given} does not verify; use RequireAndVerifyClientCert")
            return "NoClientCert"
        kind = self._text(given, key, _CLIENT_AUTH) or "NoClientCert"
        has_ca = bool(section.get("client_ca_file"))
        if has_ca and kind == "NoClientCert":
            self._wrong(key, "is missing: client_ca_file has no effect without it")
        if not has_ca and kind != "NoClientCert":
            self._wrong("tls_server_config.client_ca_file", f"is missing: {kind} needs it")
        return _as_client_auth(kind)


def _as_client_auth(text: str) -> ClientAuth:
    kinds: dict[str, ClientAuth] = {
        "VerifyClientCertIfGiven": "VerifyClientCertIfGiven",
        "RequireAndVerifyClientCert": "RequireAndVerifyClientCert",
    }
    return kinds.get(text, "NoClientCert")


def _unknown(name: str, known: tuple[str, ...]) -> str:
    if name in _UNSUPPORTED:
        return f"is not supported by this exporter; {_UNSUPPORTED[name]}"
    return f"is not a known key here; known are {', '.join(known)}"


def _is_header_value(text: str) -> bool:
    return text.isascii() and text.isprintable()
