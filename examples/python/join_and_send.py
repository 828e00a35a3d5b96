# SPDX-License-Identifier: MIT OR Apache-2.0
"""Join a Tertulia server, say something, listen a while. Prints JSON lines.

    python join_and_send.py LINK --name NAME [--room lobby] [--text TEXT] [--follow N] [--folder DIR]
"""
from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from tertulia import Client, Closed, Frame, Refused


def show(item: Frame) -> None:
    """Print a frame as a line; bytes as hex."""
    print(json.dumps(item, default=bytes.hex, ensure_ascii=False), flush=True)


async def follow(client: Client, room: int, count: int) -> None:
    """Print what comes, until `count` events of the room are shown; mark the last one read."""
    if count == 0:
        return
    last = 0
    async for item in client.events():
        show(item)
        if item.get("room") == room and "seq" in item:
            count, last = count - 1, item["seq"]
        if count <= 0:
            await client.mark_read(room, last)
            return


async def talk(options: argparse.Namespace) -> None:
    """What the command line asks for."""
    async with Client(options.folder, options.link, options.name) as client:
        room = (await client.enter(options.room))["room"]
        follower = asyncio.create_task(follow(client, room, options.follow))
        if options.text:
            client.typing(room)
            show(await client.send(room, options.text))
        await follower


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Join a Tertulia server, send, follow.")
    parser.add_argument("link", metavar="LINK", help="tertulia://...")
    parser.add_argument("--name", required=True, help="your name as others see it")
    parser.add_argument("--room", default="lobby", help="a public room, or one of yours")
    parser.add_argument("--text", help="a message")
    parser.add_argument("--follow", type=int, default=0, metavar="N", help="end after so many events of the room")
    parser.add_argument("--folder", type=Path, default=Path("tertulia-device"), help="where key, events and outbox are kept")
    return parser.parse_args()


def main() -> int:
    """0, or 1 with a word on standard error."""
    try:
        asyncio.run(talk(arguments()))
        return 0
    except (Refused, Closed, ValueError) as error:
        print(f"join_and_send: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
