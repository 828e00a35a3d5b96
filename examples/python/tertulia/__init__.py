# SPDX-License-Identifier: MIT OR Apache-2.0
"""A client for Tertulia (`tertulia/1`, minor version 0), written from PROTOCOL.md over aioquic.

`Client` keeps a folder (key, events, outbox), reconnects, goes on where it was, and sends every message exactly once.
Frames are dicts: `{"type": "Posted", "room": 1, "seq": 2, ...}`.
"""
from .client import Client
from .device import Link, make_device, parse_link, uuid7
from .wire import Closed, Frame, Malformed, Refused

__all__ = ["Client", "Closed", "Frame", "Link", "Malformed", "Refused", "make_device", "parse_link", "uuid7"]
