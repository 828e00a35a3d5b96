# SPDX-License-Identifier: MIT OR Apache-2.0
"""Links, the device's key, message ids. Sections 3 and 7 of PROTOCOL.md."""
from __future__ import annotations

import base64
import datetime
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Link(NamedTuple):
    """An address list, the SHA-256 of the server's key (None: by certificate authorities), an invite."""
    addresses: list[tuple[str, int]]
    key: bytes | None
    invite: bytes | None


def _base32(text: str, size: int) -> bytes:
    if not re.fullmatch("[a-z2-7]+", text):
        raise ValueError("not base32")
    raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    if len(raw) != size or base64.b32encode(raw).decode().rstrip("=").lower() != text:
        raise ValueError("not base32 of the right length")
    return raw


def parse_link(text: str) -> Link:
    """Parse `tertulia://HOST:PORT[,...]/KEY[/INVITE]`; ValueError where it is none."""
    match = re.fullmatch(r"tertulia://([^/]+)/([^/]+)(?:/([^/]+))?/?", text.strip())
    if not match or len(text.strip()) > 2048:
        raise ValueError("not a tertulia link")
    addresses = []
    for address in match[1].split(","):
        part = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[a-z0-9.-]+):([0-9]{1,5})", address)
        if not part or not 0 < int(part[2]) < 65536:
            raise ValueError(f"not an address: {address}")
        addresses.append((part[1].strip("[]"), int(part[2])))
    if len(addresses) > 16:
        raise ValueError("too many addresses")
    return Link(addresses, None if match[2] == "ca" else _base32(match[2], 32), _base32(match[3], 16) if match[3] else None)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads: whole or not at all, and synced."""
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def make_device(folder: Path) -> tuple[Path, Path]:
    """The device's key and certificate in a folder, made if need be."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_file, cert_file = folder / "device.key", folder / "device.pem"
    if not key_file.exists():
        pkcs8 = serialization.PrivateFormat.PKCS8
        write_private(key_file, Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()))
    if not cert_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tertulia device")])
        start = datetime.datetime(2020, 1, 1)
        cert = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start,
                                       start + datetime.timedelta(days=36500)).sign(key, None)
        write_private(cert_file, cert.public_bytes(serialization.Encoding.PEM))
    return key_file, cert_file


def uuid7() -> bytes:
    """A message id."""
    raw = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6], raw[8] = raw[6] & 15 | 0x70, raw[8] & 63 | 0x80
    return bytes(raw)
