"""TLS for gRPC: the server's certificate, and the authority that signs the certificates of clients.

The files are looked at in each handshake and read again when they have changed. So a new certificate needs no restart,
and open connections stay.
"""

import logging
import ssl
from pathlib import Path

import grpc

from tenantry.config import Config, ConfigError

log = logging.getLogger(__name__)

_State = tuple[tuple[int, int, int], ...]


class Certificates:
    """The files of a server."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError when one of certificate and key is missing."""
        if not (config.tls_cert and config.tls_key):
            raise ConfigError("TENANTRY_TLS_CERT and TENANTRY_TLS_KEY must be set together")
        self._certificate, self._key = Path(config.tls_cert), Path(config.tls_key)
        self._authority = Path(config.tls_client_ca) if config.tls_client_ca else None
        self._seen: _State = ()
        """The state of the files when they were last read."""

    def credentials(self) -> grpc.ServerCredentials:
        """What gRPC needs for a port. Raises ConfigError when the files cannot be used."""
        try:
            first = self._read()
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"the files of TENANTRY_TLS_… cannot be used: {error}") from None
        return grpc.dynamic_ssl_server_credentials(
            first,
            self._fetch,  # type: ignore[arg-type] # None stands for no change.
            self._authority is not None,
        )

    def _fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """The files if they have changed, and fit together. gRPC calls this in a thread, for each handshake."""
        try:
            return self._read() if self._state() != self._seen else None
        except (OSError, ssl.SSLError) as error:
            # Perhaps only one of the files is there yet.
            log.warning("the changed files of TENANTRY_TLS_… cannot be used yet: %s", error)
            return None

    def _read(self) -> grpc.ServerCertificateConfiguration:
        state = self._state()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # A key with a password would make OpenSSL ask for it on the terminal.
        context.load_cert_chain(self._certificate, self._key, password=lambda: b"")
        if self._authority:
            context.load_verify_locations(self._authority)
        pair = (self._key.read_bytes(), self._certificate.read_bytes())
        self._seen = state
        return grpc.ssl_server_certificate_configuration(
            [pair], self._authority.read_bytes() if self._authority else None
        )

    def _state(self) -> _State:
        files = filter(None, (self._certificate, self._key, self._authority))
        return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in (file.stat() for file in files))
