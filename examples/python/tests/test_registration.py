# SPDX-License-Identifier: MIT OR Apache-2.0
"""Registration and certificates."""
from __future__ import annotations

import datetime
import functools
import time
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tertulia import Refused, make_device, parse_link
from tertulia.wire import frame, number

from .hostile import HELLO, ID, KNOWN, PROTOCOL, RATE_CLOSE, Hostile
from .raw import TRANSPORT, Raw, bare, raw


class Registration(Hostile):
    async def test_bad_names_and_invites_do_not_register(self) -> None:
        async def tried(*names: bytes, invite: bytes | None = parse_link(self.link).invite) -> Raw:
            it = await raw(self.server.address, make_device(self.folder / f"new{time.monotonic_ns()}"))
            self.addCleanup(it.stop)
            it.write(b"\1" + HELLO)
            for name in names:
                it.write(bare(2, number(len(name)) + name + (b"\1" + invite if invite else b"\0")))
            await it.until(lambda: len(it.frames) > len(names) or it.end)
            return it
        for name, wanted in ((b"cleo", "NAME_TAKEN"), (b"x", "NAME_UNUSABLE"), (b"admin", "NAME_UNUSABLE"), (b"!!", "NAME_UNUSABLE"),
                             ("\u202eabc".encode(), "NAME_UNUSABLE"), (b"a" * 41, "NAME_UNUSABLE")):
            it = await tried(name)
            self.check(str(name), Refused(it.frames[1]).name, wanted)
            self.assertEqual(bool(it.frames[1]["proposal"]), wanted == "NAME_TAKEN")
        for name in (b"", b"a" * 257, b"a\1b", b"\xff"):
            self.check(str(name)[:20], await (await tried(name)).ended_with(), PROTOCOL)
        for invite, wanted in ((None, "INVITE_NEEDED"), (ID, "INVITE_UNKNOWN")):
            self.check(wanted, Refused((await tried(b"newcomer", invite=invite)).frames[1]).name, wanted)
        it = await tried(*[b"admin"] * 11)
        self.check("11 tries", await it.ended_with(), RATE_CLOSE)
        it = await raw(self.server.address, make_device(self.folder / "hellotwice"))
        it.write(KNOWN + HELLO)
        self.check("Hello instead of Register", await it.ended_with(), PROTOCOL)
        it = await raw(self.server.address, make_device(self.folder / "early"))
        it.write(KNOWN + frame("ListRooms", req_id=1, after=0) + frame("Register", name="early", invite=parse_link(self.link).invite))
        self.check("a request between Hello and Register", await it.ended_with(), PROTOCOL)
        await self.served()


class Certificates(Hostile):
    def device(self, name: str, key: Any, signer: Any = None, padding: int = 0, copies: int = 1) -> tuple[Path, Path]:
        """Any key in any certificate."""
        folder = self.folder / name
        folder.mkdir()
        owner = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
        past = datetime.datetime(2001, 1, 1)
        build = x509.CertificateBuilder(owner, owner, (signer or key).public_key(), 7, past, past + datetime.timedelta(days=1))
        if padding:
            build = build.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(padding)), False)
        sign = signer or key
        cert = build.sign(sign, None if isinstance(sign, ed25519.Ed25519PrivateKey) else hashes.SHA256())
        (folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                       serialization.NoEncryption()))
        (folder / "pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM) * copies)
        return folder / "key", folder / "pem"

    async def test_only_certificates_as_in_3_1_are_taken(self) -> None:
        ed, p256 = ed25519.Ed25519PrivateKey.generate, functools.partial(ec.generate_private_key, ec.SECP256R1())
        cases = {
            "none": (None, {(TRANSPORT, 0x174)}),
            "RSA": (self.device("rsa", rsa.generate_private_key(65537, 2048)), {(TRANSPORT, 0x174)}),
            "P-384": (self.device("p384", ec.generate_private_key(ec.SECP384R1())), {(TRANSPORT, 0x174), (TRANSPORT, 0x12e)}),
            "two": (self.device("two", ed(), copies=2), {(TRANSPORT, 0x12e)}),
            "large": (self.device("large", ed(), padding=2048), {(TRANSPORT, 0x12e)}),
            "another's key": (self.device("other", ed(), signer=ed()),
                              {(TRANSPORT, code) for code in (0x12a, 0x12b, 0x130, 0x133)}),
            "Ed25519 of 2001": (self.device("ed", ed()), {"fine"}),
            "P-256 of 2001": (self.device("ec", p256()), {"fine"}),
        }
        for name, (device, wanted) in cases.items():
            with self.subTest(name):
                try:
                    it = await raw(self.server.address, device)
                    it.write(KNOWN)
                    await it.until(lambda: it.of_type("Unregistered") or it.end)
                    got = it.end or "fine"
                    it.stop()
                except Exception as error:                          # aioquic may not go on by itself
                    got = repr(error)
                self.check(name, got, wanted)
                await self.served()

    async def test_another_alpn_is_refused(self) -> None:
        it = await raw(self.server.address, make_device(self.folder / "alpn"), alpn_protocols=["tertulia/2"])
        self.check("another ALPN", await it.ended_with(), (TRANSPORT, 0x178))
        await self.served()
