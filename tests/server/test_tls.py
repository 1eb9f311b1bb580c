"""TLS: who gets in with which certificate, and that new files count without a restart."""

import datetime
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tenantry.config import Config, ConfigError
from tenantry.tls import Certificates
from tenantry.v1.organizations_pb2 import ListOrganizationsRequest
from tenantry.v1.organizations_pb2_grpc import OrganizationServiceStub
from tests.conftest import TEMPLATE
from tests.support import command, server
from tests.support.postgres import Cluster, in_one_version

SECRET = "x" * 32


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test's own."""

    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """Certificate and key of a server on 127.0.0.1, or of a client, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = _certificate(name, key, self.name, self.key, names)
        return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(extension, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def authority(name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    return Authority(name, key, _certificate(name, key, name, key, constraints))


@dataclass
class Files:
    """The files of a server; `write` replaces those of the server's certificate."""

    folder: Path
    clients: Authority

    def write(self, issuer: Authority) -> None:
        certificate, key = issuer.issue("server")
        (self.folder / "tls.crt").write_bytes(certificate)
        (self.folder / "tls.key").write_bytes(key)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "TENANTRY_TLS_CERT": str(self.folder / "tls.crt"),
            "TENANTRY_TLS_KEY": str(self.folder / "tls.key"),
            "TENANTRY_TLS_CLIENT_CA": str(self.folder / "clients.crt"),
        }


@pytest.fixture
def files(tmp_path: Path) -> Files:
    found = Files(tmp_path, authority("clients"))
    (tmp_path / "clients.crt").write_bytes(found.clients.pem)
    return found


@pytest.fixture
def conninfo(cluster: Cluster) -> Iterator[str]:
    cluster.create_database("secure", TEMPLATE)
    yield cluster.conninfo("secure", "tenantry_server")
    cluster.drop_database("secure")


def call(address: str, roots: Authority, own: tuple[bytes, bytes] | None) -> None:
    """Makes a call on a connection of its own. Raises grpc.RpcError."""
    certificate, key = own or (None, None)
    credentials = grpc.ssl_channel_credentials(roots.pem, key, certificate)
    with grpc.secure_channel(address, credentials, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        OrganizationServiceStub(channel).ListOrganizations(
            ListOrganizationsRequest(), metadata=server.bearer(server.service_token()), timeout=10
        )


def refused(address: str, roots: Authority, own: tuple[bytes, bytes] | None) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as raised:
        call(address, roots, own)
    code: grpc.StatusCode = raised.value.code()
    return code


@in_one_version
def test_certificates_open_the_door_and_new_ones_count_at_once(conninfo: str, files: Files) -> None:
    old, new = authority("old"), authority("new")
    client, stranger = files.clients.issue("client"), authority("strangers").issue("client")
    files.write(old)
    with server.fork(DATABASE_URL=conninfo, TENANTRY_JWT_SECRET=server.SECRET, **files.settings) as process:
        call(process.address, old, client)
        assert refused(process.address, old, None) == grpc.StatusCode.UNAVAILABLE
        assert refused(process.address, old, stranger) == grpc.StatusCode.UNAVAILABLE
        assert refused(process.address, new, client) == grpc.StatusCode.UNAVAILABLE
        with server.client(process.address, server.service_token()) as plain, pytest.raises(grpc.RpcError):
            plain.organizations.ListOrganizations(ListOrganizationsRequest(), timeout=5)

        # Half of a renewal changes nothing.
        (files.folder / "tls.crt").write_bytes(new.issue("server")[0])
        call(process.address, old, client)
        files.write(new)
        call(process.address, new, client)
        assert refused(process.address, old, client) == grpc.StatusCode.UNAVAILABLE


def config(**settings: str | tuple[str, ...]) -> Config:
    return Config("postgresql:///x", **{"jwt_secret": SECRET, **settings})  # type: ignore[arg-type]


@pytest.mark.parametrize("listen", ["0.0.0.0:50051", "[::]:50051", "10.1.2.3:1", "db.example.com:1"])
def test_plain_text_on_an_open_address_must_be_allowed(listen: str) -> None:
    with pytest.raises(ConfigError, match="TENANTRY_ALLOW=plaintext"):
        config(listen=listen)
    config(listen=listen, allow=("plaintext",))
    config(listen=listen, tls_cert="a", tls_key="b")


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"])
def test_plain_text_on_loopback_is_allowed(listen: str) -> None:
    config(listen=listen)


def test_a_short_secret_must_be_allowed() -> None:
    with pytest.raises(ConfigError, match="32 bytes"):
        config(jwt_secret="short")
    config(jwt_secret="short", allow=("short-secret",))


def test_an_unknown_risk_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="plain-text"):
        config(allow=("plain-text",))


@pytest.mark.parametrize(
    "given", [{"tls_cert": "a"}, {"tls_key": "a"}, {"tls_client_ca": "a"}, {"tls_cert": "a", "tls_key": "b"}]
)
def test_files_that_are_missing_are_named(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="TENANTRY_TLS_"):
        Certificates(config(**given)).credentials()


def test_a_key_of_another_certificate_is_refused(files: Files) -> None:
    issuer = authority("any")
    files.write(issuer)
    (files.folder / "tls.key").write_bytes(issuer.issue("other")[1])
    with pytest.raises(ConfigError, match="cannot be used"):
        Certificates(
            config(tls_cert=files.settings["TENANTRY_TLS_CERT"], tls_key=files.settings["TENANTRY_TLS_KEY"])
        ).credentials()


@in_one_version
@pytest.mark.usefixtures("conninfo")
def test_a_superuser_must_be_allowed(cluster: Cluster) -> None:
    own = cluster.conninfo("secure")
    ended = command.run("serve", DATABASE_URL=own, TENANTRY_JWT_SECRET=SECRET)
    assert ended.returncode == 1
    assert "TENANTRY_ALLOW=superuser" in ended.stderr
    with server.fork(DATABASE_URL=own, TENANTRY_JWT_SECRET=server.SECRET, TENANTRY_ALLOW="superuser") as process:
        assert process.address
