# SPDX-License-Identifier: MIT OR Apache-2.0
"""The real programs: a server on a folder, tertulia-cli on a profile."""
from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path

from tertulia import Frame

PATIENCE = 60.0
BUILT = Path(__file__).parents[3] / "target/debug"
SERVER = os.environ.get("TERTULIA_SERVER", str(BUILT / "tertulia-server"))
CLI = os.environ.get("TERTULIA_CLI", str(BUILT / "tertulia-cli"))


class Server:
    """The real server on a folder; it can be killed and started again on the same port."""
    def __init__(self, folder: Path) -> None:
        self.folder, self.listen = folder, "127.0.0.1:0"
        self.log = open(folder.with_suffix(".log"), "ab")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [SERVER, "--data", str(self.folder), "--listen", self.listen, "--nearby", "off"],
            stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on udp "), line
        self.listen = line.split()[-1]

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.listen.rsplit(":", 1)
        return host, int(port)

    def invite(self, role: str = "member", uses: int = 1000) -> str:
        return subprocess.run([SERVER, "invite", "--data", str(self.folder), "--role", role,
                               "--uses", str(uses)], check=True, capture_output=True, text=True).stdout.strip()

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.alive():
            self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class Cli:
    """A profile of tertulia-cli."""
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, command: str, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen([CLI, command, "--profile", str(self.folder), "--json", *words],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    async def run(self, command: str, *words: str) -> list[Frame]:
        """Run to the end; its lines."""
        process = self.start(command, *words)
        out, err = await asyncio.to_thread(process.communicate)
        if process.returncode:
            raise AssertionError(f"tertulia-cli {command} {words}: {process.returncode} {err}")
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]
