"""The web config file: what is accepted, and every problem of a bad one at once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from inference_exporter.errors import ConfigError
from inference_exporter.exposition.webconfig import TlsConfig, WebConfig, load

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

TLS = """
tls_server_config:
  cert_file: server.pem
  key_file: server.key
"""
GOOD = {
    "empty": "",
    "comment": "# nothing yet\n",
    "empty sections": "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\n",
    "users": f"basic_auth_users:\n  alice: {HASH}\n  bob: {HASH}\n",
    "tls": TLS,
    "tls versions": TLS + "  min_version: TLS13\n  max_version: TLS13\n",
    "client certificates": TLS
    + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n",
    "optional client certificates": TLS
    + '  client_auth_type: "VerifyClientCertIfGiven"\n  client_ca_file: ca.pem\n',
    "no client certificates": TLS + "  client_auth_type: NoClientCert\n",
    "headers": """
http_server_config:
  http2: false
  headers:
    X-Frame-Options: deny
    X-Content-Type-Options: nosniff
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-XSS-Protection: ""
""",
}

BAD = {
    "not yaml": ("a: [", ["is not YAML: "]),
    "a list": ("- a", ["expected a mapping with text keys"]),
    "number as key": ("1: 2", ["expected a mapping with text keys"]),
    "unknown section": ("tls: {}", ["tls: is not a known key here; known are tls_server_config,"]),
    "key twice": (f"basic_auth_users: {{a: {HASH}, a: {HASH}}}", ["the key 'a' is there twice"]),
    "rate limit": ("rate_limit: {burst: 1}", ["rate_limit: is not supported by this exporter;"]),
    "plain password": (
        "basic_auth_users: {a: secret, b: 1}",
        ["basic_auth_users.a: expected a bcrypt hash", "basic_auth_users.b: expected a bcrypt"],
    ),
    "users as a list": ("basic_auth_users: [a]", ["basic_auth_users: expected a mapping"]),
    "half a tls section": (
        "tls_server_config: {min_version: TLS12}",
        ["cert_file: is missing", "key_file: is missing"],
    ),
    "missing files": (
        "tls_server_config: {cert_file: a.pem, key_file: b.pem}",
        ["cert_file: ", "a.pem cannot be read: No such file", "key_file: ", "b.pem cannot be"],
    ),
    "old tls": (
        TLS + "  min_version: TLS10\n",
        ["min_version: expected one of TLS12, TLS13, not 'TLS10'"],
    ),
    "number for text": (TLS + "  min_version: 1.2\n", ["expected text, not 1.2; put it in quotes"]),
    "versions crossed": (
        TLS + "  min_version: TLS13\n  max_version: TLS12\n",
        ["min_version: is above max_version"],
    ),
    "unverified clients": (
        TLS + "  client_auth_type: RequireAnyClientCert\n",
        ["RequireAnyClientCert does not verify; use RequireAndVerifyClientCert"],
    ),
    "unknown client auth": (
        TLS + "  client_auth_type: Maybe\n",
        ["client_auth_type: expected one of NoClientCert, VerifyClientCertIfGiven, Require"],
    ),
    "ca without policy": (
        TLS + "  client_ca_file: ca.pem\n",
        ["client_auth_type: is missing: client_ca_file has no effect without it"],
    ),
    "policy without ca": (
        TLS + "  client_auth_type: RequireAndVerifyClientCert\n",
        ["client_ca_file: is missing: RequireAndVerifyClientCert needs it"],
    ),
    "restrictions we cannot honour": (
        TLS + "  client_allowed_sans: [a]\n  cipher_suites: [b]\n",
        ["client_allowed_sans: is not supported", "cipher_suites: is not supported"],
    ),
    "headers": (
        "http_server_config: {http2: 'no', headers: {Server: x, X-Frame-Options: allow, "
        'Strict-Transport-Security: "a\\nb"}}',
        [
            "http2: expected true or false",
            "headers.Server: is not a known key",
            "headers.X-Frame-Options: expected one of deny, sameorigin, not 'allow'",
            "headers.Strict-Transport-Security: has characters that a header cannot carry",
        ],
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("server.pem", "server.key", "ca.pem"):
        (tmp_path / name).touch()
    return tmp_path


def _load(folder: Path, text: str) -> WebConfig:
    path = folder / "web.yaml"
    path.write_text(text, encoding="utf-8")
    return load(str(path))


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_good_files_are_accepted(folder: Path, text: str) -> None:
    assert isinstance(_load(folder, text), WebConfig)


@pytest.mark.parametrize(("text", "messages"), BAD.values(), ids=BAD.keys())
def test_bad_files_are_refused_with_every_problem(
    folder: Path, text: str, messages: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(folder, text)
    for message in messages:
        assert message in str(caught.value)
    assert all(problem.file == str(folder / "web.yaml") for problem in caught.value.problems)


def test_problems_of_all_sections_come_together(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(folder, "x: 1\nbasic_auth_users: {a: b}\ntls_server_config: {cert: c}\n")
    assert len(caught.value.problems) == 5


def test_values_are_taken_and_paths_are_relative_to_the_file(folder: Path) -> None:
    text = GOOD["client certificates"] + GOOD["users"] + GOOD["headers"]
    assert _load(folder, text) == WebConfig(
        TlsConfig(
            str(folder / "server.pem"),
            str(folder / "server.key"),
            str(folder / "ca.pem"),
            "RequireAndVerifyClientCert",
        ),
        {"alice": HASH, "bob": HASH},
        {
            "X-Frame-Options": "deny",
            "X-Content-Type-Options": "nosniff",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        },
    )


def test_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(str(tmp_path / "missing.yaml"))
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(str(tmp_path / "latin.yaml"))


@pytest.mark.server
@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_promtool_accepts_the_same_files(tmp_path: Path, text: str) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("no promtool here")
    from exposition_certificates import authority, issued

    issued(tmp_path, "server", authority(tmp_path))
    (tmp_path / "web.yaml").write_text(text, encoding="utf-8")
    assert isinstance(load(str(tmp_path / "web.yaml")), WebConfig)
    command = ["promtool", "check", "web-config", str(tmp_path / "web.yaml")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
