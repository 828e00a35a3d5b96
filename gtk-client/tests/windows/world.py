"""What a scenario happens in: a folder, a server, windows."""

import json
import os
import shutil
import signal
import subprocess
import time

import screen


class World:
    """A folder, a server and windows; all of it ends with the scenario."""

    def __init__(self, programs, folder, pictures, name):
        self.programs, self.folder, self.pictures, self.name = programs, folder, pictures, name
        self.windows, self.server, self.port = [], None, 0

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start_server(self, data="server", listen="127.0.0.1", more=()):
        """Starts it, on the port of before where there was one."""
        out = open(self.path("server.out"), "w+")
        self.server = subprocess.Popen(
            [os.path.join(self.programs, "tertulia-server"), "--data", self.path(data),
             "--listen", f"{listen}:{self.port}", *more],
            stdout=out, stderr=open(self.path("server.err"), "a"))
        def told():
            out.seek(0)
            return out.read().strip()
        line = screen.wait("the server to listen", told)
        self.port = int(line.rpartition(":")[2])

    def stop_server(self, how=signal.SIGTERM):
        self.server.send_signal(how)
        self.server.wait()

    def type_alone(self, name, *args, lines=()):
        """What the program without a window prints, given each line on its standard input."""
        return subprocess.run(
            [os.path.join(self.programs, "tertulia-cli"), "--profile", self.path(name), *args],
            check=True, capture_output=True, text=True,
            input="".join(f"{line}\n" for line in lines)).stdout

    def owner_link(self, data="server"):
        with open(self.path(data, "owner-invite"), encoding="utf-8") as file:
            return file.read().strip()

    def invite(self, *args):
        return subprocess.run(
            [os.path.join(self.programs, "tertulia-server"), "invite", "--data", self.path("server"), *args],
            check=True, capture_output=True, text=True).stdout.strip()

    def words(self):
        """The server's, as its owner sees them."""
        looked = subprocess.run(
            [os.path.join(self.programs, "tertulia-cli"), "--json", "doctor", f"127.0.0.1:{self.port}"],
            check=True, capture_output=True, text=True).stdout
        return json.loads(looked)["words"]

    def open(self, name, *args, **env):
        window = screen.Window(
            os.path.join(self.programs, "tertulia"), ["--profile", self.path(name), *args],
            self.path(f"{name}-{len(self.windows)}"), env)
        self.windows.append(window)
        return window

    def join(self, name, link, **env):
        """A window that has joined and is up to date."""
        window = self.open(name, link, "--name", name, **env)
        window.sees("You entered the room")
        return window

    def picture(self, name):
        if self.pictures and shutil.which("import"):
            time.sleep(0.6)  # For the eye only: whatever fades has faded.
            subprocess.run(["import", "-silent", "-window", "root",
                            os.path.join(self.pictures, f"{self.name}-{name}.png")], check=True)

    def close(self):
        problems = []
        for window in self.windows:
            try:
                window.close()
            except screen.Failure as failure:
                problems.append(str(failure))
        if self.server and self.server.poll() is None:
            self.stop_server()
        if problems:
            raise screen.Failure("\n".join(problems))
