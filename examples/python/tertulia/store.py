# SPDX-License-Identifier: MIT OR Apache-2.0
"""What is on disk: the device, the events, the outbox. Section 10 of PROTOCOL.md."""
from __future__ import annotations

import json
import os
from pathlib import Path

from .device import make_device, write_private
from .wire import Frame


class Store:
    """A folder: the device, `events.jsonl` (from which the cursors follow), `outbox.json`."""
    def __init__(self, folder: Path) -> None:
        self.folder, self.device = folder, make_device(folder)
        self.epoch: bytes | None = None
        self.account: int | None = None
        self.cursors: dict[int, int] = {}
        self.outbox: list[Frame] = json.loads((folder / "outbox.json").read_text()) if (folder / "outbox.json").exists() else []
        self._log = open(os.open(folder / "events.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b")
        self._load()

    def _load(self) -> None:
        whole = 0
        for line in self._log:
            if not line.endswith(b"\n"):                            # torn by a crash: the event comes again
                self._log.truncate(whole)
                break
            whole += len(line)
            self._apply(json.loads(line))

    def _apply(self, record: Frame) -> None:
        if "epoch" in record:
            self.epoch, self.account = bytes.fromhex(record["epoch"]), record["account"]
        else:
            self.cursors[record["room"]] = record["seq"]

    def write(self, record: Frame) -> None:
        """Append an event, or `{"room", "seq"}` where a room begins anew."""
        self._apply(record)
        self._log.write(json.dumps(record, default=bytes.hex).encode() + b"\n")
        self._log.flush()

    def begin(self, epoch: bytes, account: int) -> None:
        """A history begins: what was of another one is forgotten, but for the outbox."""
        if epoch != self.epoch:
            self.cursors.clear()
            self._log.truncate(0)
            self.write({"epoch": epoch.hex(), "account": account})

    def close(self) -> None:
        self._log.close()

    def save_outbox(self) -> None:
        write_private(self.folder / "outbox.json", json.dumps(self.outbox).encode())
