"""TLS, client certificates, users and headers on a running server."""

from __future__ import annotations

import base64
import shutil
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bcrypt
import httpx
import pytest

from exposition_certificates import Pair, authority, encrypted, issued
from exposition_server import connected, read_to_end, running
from inference_exporter.errors import ConfigError
from inference_exporter.exposition.limits import Limits
from inference_exporter.exposition.tls import Renewal, context
from inference_exporter.exposition.webconfig import TlsConfig, WebConfig

LONG = "p" * 80  # bcrypt reads 72 bytes


def _hash(password: str) -> str:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()


USERS = {"alice": _hash("wonder:land"), "bob": _hash(LONG), "zoë": _hash("naïve")}

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    with running(web_config=WebConfig(users=USERS)) as (_, url):
        yield url


@pytest.mark.parametrize(
    ("user", "password"), [("alice", "wonder:land"), ("bob", LONG), ("zoë", "naïve")]
)
def test_users_enter_with_their_password(guarded: str, user: str, password: str) -> None:
    auth = httpx.BasicAuth(user.encode(), password.encode())
    for _ in range(2):  # the second time from memory
        assert httpx.get(guarded, auth=auth).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"alice").decode(),
        "Basic " + base64.b64encode(b"alice:wrong").decode(),
        "Basic " + base64.b64encode(b"alice:").decode(),
        "Basic " + base64.b64encode(b"alice:wonder:land\x00").decode(),
        "Basic " + base64.b64encode(b"nobody:wonder:land").decode(),
        "Basic " + base64.b64encode(b"\xff:x").decode(),
        "Bearer " + base64.b64encode(b"alice:wonder:land").decode(),
    ],
)
def test_others_do_not_enter(guarded: str, header: str | None) -> None:
    answer = httpx.get(guarded, headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.text) == (401, "Unauthorized\n")
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready", "/x"])
def test_every_path_wants_a_password_as_in_all_of_prometheus(guarded: str, path: str) -> None:
    assert httpx.get(f"{guarded}{path}").status_code == 401


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The passwords that bcrypt was asked about."""
    asked: list[bytes] = []
    check = bcrypt.checkpw

    def counting(password: bytes, hashed: bytes) -> bool:
        asked.append(password)
        return check(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    return asked


def test_right_password_is_checked_once_a_wrong_one_every_time(checks: list[bytes]) -> None:
    with running(web_config=WebConfig(users=USERS)) as (_, url):
        for password in ("wonder:land", "wrong") * 3:
            httpx.get(url, auth=("alice", password))
    assert checks.count(b"wonder:land") == 1
    assert checks.count(b"wrong") == 3


def test_who_guesses_passwords_keeps_no_scraper_waiting_and_burns_no_core(
    checks: list[bytes],
) -> None:
    with running(web_config=WebConfig(users=USERS)) as (_, url), ThreadPoolExecutor(8) as guessers:

        def ask(password: str) -> int:
            return httpx.get(f"{url}/-/healthy", auth=("alice", password)).status_code

        assert ask("wonder:land") == 200
        guesses = guessers.map(ask, [f"guess {number}" for number in range(100)])
        assert [ask("wonder:land") for _ in range(20)] == [200] * 20
        assert set(guesses) == {401, 429}
    assert checks.count(b"wonder:land") == 1
    assert len(checks) < 50


def test_unknown_user_costs_a_check_too(monkeypatch: pytest.MonkeyPatch) -> None:
    checks: list[bytes] = []

    def admit_everybody(password: bytes, _: bytes) -> bool:
        checks.append(password)
        return True

    monkeypatch.setattr(bcrypt, "checkpw", admit_everybody)
    with running(web_config=WebConfig(users=USERS)) as (_, url):
        assert httpx.get(url, auth=("nobody", "x")).status_code == 401
    assert checks == [b"x"]


def test_configured_headers_are_on_every_answer() -> None:
    headers = {"X-Frame-Options": "sameorigin", "Strict-Transport-Security": "max-age=1"}
    with running(web_config=WebConfig(headers=headers, users=USERS)) as (_, url):
        for auth in (None, ("alice", "wonder:land")):
            answer = httpx.get(url, auth=auth)
            assert headers.items() <= {k.title(): v for k, v in answer.headers.items()}.items()


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def server_pair(ca: Pair) -> Pair:
    return issued(ca.cert.parent, "server", ca)


def _client(ca: Pair, own: Pair | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(ca.cert))
    if own is not None:
        made.load_cert_chain(own.cert, own.key)
    return made


@needs_openssl
def test_https_is_served(ca: Pair, server_pair: Pair) -> None:
    tls = TlsConfig(str(server_pair.cert), str(server_pair.key))
    with running(web_config=WebConfig(tls)) as (_, url):
        assert url.startswith("https://127.0.0.1:")
        with httpx.Client(verify=_client(ca)) as client:
            assert client.get(f"{url}/-/healthy").status_code == 200
        with connected(url) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert not read_to_end(plain).startswith(b"HTTP/1.1 200")


@needs_openssl
def test_minimum_version_is_kept(ca: Pair, server_pair: Pair) -> None:
    tls = TlsConfig(str(server_pair.cert), str(server_pair.key), min_version="TLS13")
    old = _client(ca)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with running(web_config=WebConfig(tls)) as (_, url):
        with httpx.Client(verify=old) as client, pytest.raises(httpx.ConnectError):
            client.get(url)
        with httpx.Client(verify=_client(ca)) as client:
            assert client.get(url).status_code == 200


@needs_openssl
def test_only_clients_with_a_certificate_of_the_ca_enter(ca: Pair, server_pair: Pair) -> None:
    folder = server_pair.cert.parent
    stranger = issued(folder, "stranger", authority(folder, "other-ca"))
    tls = TlsConfig(
        str(server_pair.cert), str(server_pair.key), str(ca.cert), "RequireAndVerifyClientCert"
    )
    with running(web_config=WebConfig(tls)) as (_, url):
        with httpx.Client(verify=_client(ca, issued(folder, "client", ca))) as client:
            assert client.get(url).status_code == 200
        for own in (None, stranger):
            refused = pytest.raises(httpx.TransportError)
            with httpx.Client(verify=_client(ca, own)) as client, refused:
                client.get(url)


@needs_openssl
def test_client_certificates_may_be_optional(ca: Pair, server_pair: Pair) -> None:
    tls = TlsConfig(
        str(server_pair.cert), str(server_pair.key), str(ca.cert), "VerifyClientCertIfGiven"
    )
    server = running(web_config=WebConfig(tls))
    with server as (_, url), httpx.Client(verify=_client(ca)) as client:
        assert client.get(url).status_code == 200


@needs_openssl
def test_handshake_that_never_comes_is_hung_up_on(server_pair: Pair) -> None:
    tls = TlsConfig(str(server_pair.cert), str(server_pair.key))
    server = running(web_config=WebConfig(tls), limits=Limits(handshake=0.2))
    with server as (_, url), connected(url) as client:
        assert read_to_end(client) == b""


@needs_openssl
def test_encrypted_key_is_refused_without_asking_for_the_password(server_pair: Pair) -> None:
    locked = encrypted(server_pair.key)
    with pytest.raises(ConfigError, match="certificate and key cannot be used"):
        context(TlsConfig(str(server_pair.cert), str(locked)))


@needs_openssl
def test_bad_ca_is_refused(server_pair: Pair) -> None:
    tls = TlsConfig(str(server_pair.cert), str(server_pair.key), str(server_pair.key))
    with pytest.raises(ConfigError, match="CA cannot be used"):
        context(tls)


@needs_openssl
def test_renewed_certificate_is_used_for_new_connections(tmp_path: Path, ca: Pair) -> None:
    live = issued(tmp_path, "live", ca)
    tls = TlsConfig(str(live.cert), str(live.key))
    current = context(tls)
    renewal = Renewal(tls, current)
    first = _presented(current, ca)
    assert not renewal.check()

    later = issued(tmp_path, "later", ca)
    live.cert.write_bytes(later.cert.read_bytes())
    assert not renewal.check(), "the key is still missing"
    assert _presented(current, ca) == first

    live.key.write_bytes(later.key.read_bytes())
    assert renewal.check()
    assert _presented(current, ca) == ssl.PEM_cert_to_DER_cert(later.cert.read_text())
    live.cert.unlink()
    assert not renewal.check()
    assert _presented(current, ca) != first


def _presented(server: ssl.SSLContext, ca: Pair) -> bytes | None:
    """The certificate a client gets to see, by a handshake over a pair of buffers."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = _client(ca).wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, other):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client.getpeercert(binary_form=True)
