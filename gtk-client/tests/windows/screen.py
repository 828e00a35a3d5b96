"""A person with assistive technology: sees and uses what a window tells over AT-SPI."""

import os
import subprocess
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

PATIENCE = 20.0
PRESS = ("click", "press", "activate", "toggle")


class Failure(AssertionError):
    """The window did not do what the scenario says."""


def wait(what, look):
    """The first true value of look(), asked until PATIENCE is over."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            seen = look()
        except GLib.Error:  # It went away while we looked.
            seen = None
        if seen:
            return seen
        if time.monotonic() > end:
            raise Failure(f"waited in vain for {what}")
        time.sleep(0.05)


class Window:
    """A running `tertulia`. Leave it by close() or by waiting for its end."""

    def __init__(self, program, args, folder, env=None):
        self.name = os.path.basename(folder)
        self.stderr = open(f"{folder}.err", "w+")
        self.process = subprocess.Popen(
            [program, *args], stderr=self.stderr, stdin=subprocess.DEVNULL,
            env={**os.environ, "XDG_CONFIG_HOME": f"{folder}.config", **(env or {})})
        self.pid = self.process.pid

    # What is there

    def nodes(self):
        desktop = Atspi.get_desktop(0)
        desktop.clear_cache()
        for at in range(desktop.get_child_count()):
            application = desktop.get_child_at_index(at)
            try:
                mine = application and application.get_process_id() == self.pid
            except GLib.Error:
                continue
            if mine:
                yield from walk(application)

    def find(self, text, editable=False, pressable=False):
        """Something on screen of this name, whole before part, or holding this text."""
        part = None
        for node in self.nodes():
            if editable and "EditableText" not in Atspi.Accessible.get_interfaces(node):
                continue
            if pressable and not (actions(node) and is_on(node, Atspi.StateType.SENSITIVE)):
                continue
            words = [node.get_name() or "", content(node)]
            if text in words:
                return node
            if part is None and any(text in word for word in words):
                part = node
        return part

    def sees(self, text):
        return wait(f"{text!r} in {self.name}'s window", lambda: self.find(text))

    def fits(self, width):
        """Nothing in it is wider than the screen, `width` pixels."""
        for node in self.nodes():
            asked = size(node)[0]
            assert asked <= width, f"{node.get_name()!r} is {asked} px wide"

    def sees_no_more(self, text):
        wait(f"{text!r} to go from {self.name}'s window", lambda: not self.find(text))

    def count(self, text):
        """How many labels say exactly this."""
        return sum(node.get_name() == text for node in self.nodes() if node.get_role_name() == "label")

    def focused(self):
        return wait("the focus", lambda: next(
            (node for node in self.nodes() if is_on(node, Atspi.StateType.FOCUSED)), None))

    # What a person does

    def press(self, name):
        node = wait(f"{name!r} to press", lambda: self.find(name, pressable=True))
        if "menu" in node.get_role_name():
            # What is pressed while its menu still opens is not heard.
            time.sleep(0.2)
        Atspi.Action.do_action(node, actions(node)[0])

    def press_beside(self, name, text):
        """Presses the button of this name in the row that says this text. GTK adds the row's title."""
        def beside():
            row = self.find(text)
            while row is not None and row.get_role_name() != "list item":
                row = row.get_parent()
            nodes = walk(row) if row is not None else ()
            named = (node for node in nodes if f"{node.get_name()} ".startswith(f"{name} "))
            return next((node for node in named if actions(node)), None)
        node = wait(f"{name!r} beside {text!r}", beside)
        Atspi.Action.do_action(node, actions(node)[0])

    def press_in(self, title, name):
        """Presses the button of this name in the window with this title."""
        def there():
            frames = [node for node in self.nodes() if node.get_name() == title
                      and node.get_role_name() in ("frame", "dialog", "window")]
            nodes = (node for frame in frames for node in walk(frame))
            return next((node for node in nodes if node.get_name() == name and actions(node)), None)
        node = wait(f"{name!r} in the window {title!r}", there)
        Atspi.Action.do_action(node, actions(node)[0])

    def scroll_up_to(self, text):
        """Turns the wheel over the messages until this text is there."""
        def there():
            xdotool("mousemove", "640", "400", "click", "--repeat", "150", "--delay", "4", "4")
            return self.find(text)
        wait(f"{text!r} further up", there)

    def scroll_down_to(self, text):
        """The same the other way, to a label that says exactly this."""
        def there():
            xdotool("mousemove", "640", "400", "click", "--repeat", "150", "--delay", "4", "5")
            return self.count(text)
        wait(f"{text!r} further down", there)

    def point_at(self, text, across=1 / 2):
        """Moves the pointer to this part of what says this."""
        box = self.sees(text).get_component_iface().get_extents(Atspi.CoordType.WINDOW)
        origin = xdotool("getactivewindow", "getwindowgeometry", "--shell")
        left, top = (int(line.split("=")[1]) for line in origin.splitlines() if line[:2] in ("X=", "Y="))
        xdotool("mousemove", str(left + box.x + int(box.width * across)), str(top + box.y + box.height // 2))

    def write(self, into, text):
        """Puts a text into an entry, in place of what is there."""
        node = wait(f"{into!r} to write in", lambda: self.find(into, editable=True))
        Atspi.EditableText.set_text_contents(node, text)
        wait("the text to be there", lambda: content(node) == text)

    def key(self, *keys):
        """Presses keys in this window, which gets the focus before."""
        windows = wait("a window on the screen", lambda: xdotool(
            "search", "--onlyvisible", "--pid", str(self.pid)).split())
        xdotool("windowactivate", "--sync", windows[-1])
        wait("the window to be active", lambda: any(
            is_on(node, Atspi.StateType.ACTIVE) for node in self.nodes()))
        xdotool("key", "--clearmodifiers", *keys)

    def say(self, text, kept=False):
        """Sends a text; `kept`: it is refused and stays where it was written."""
        self.write("Message", text)
        self.press("Send")
        # A button pressed over accessibility acts a moment later.
        def taken():
            entry = self.find("Message", editable=True)
            return entry is None or content(entry) != text
        if not kept:
            wait("the text to be taken", lambda: self.process.poll() is not None or taken())

    # Its end

    def ends(self):
        """Its exit status, once it has ended by itself."""
        wait(f"{self.name}'s window to end", lambda: self.process.poll() is not None)
        return self.process.returncode

    def close(self):
        if self.stderr.closed:
            return
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.stderr.seek(0)
        said = self.stderr.read()
        self.stderr.close()
        for word in ("-WARNING **", "-CRITICAL **", "panicked"):
            if word in said:
                raise Failure(f"{self.name}'s window complained:\n{said}")


def size(node):
    """The node's width and height in pixels; (1, 1) of what has none by nature.

    Never asked for with its place: GTK looks for that in the node's window, and complains of a
    node that has just left its window."""
    component = node.get_component_iface()
    if not component:
        return 1, 1
    box = component.get_size()
    return max(box.x, 0), max(box.y, 0)


def walk(node):
    """Every node that has a size, in tree order; what goes away while we look is left out."""
    try:
        if 0 in size(node):
            return
        children = [node.get_child_at_index(at) for at in range(node.get_child_count())]
    except GLib.Error:
        return
    yield node
    for child in children:
        if child is not None:
            yield from walk(child)


def content(node):
    if "Text" not in Atspi.Accessible.get_interfaces(node):
        return ""
    length = Atspi.Text.get_character_count(node)
    return Atspi.Text.get_text(node, 0, length) if length else ""


def actions(node):
    """The numbers of those of its actions that press it."""
    if "Action" not in Atspi.Accessible.get_interfaces(node):
        return []
    try:
        count = Atspi.Action.get_n_actions(node)
        return [at for at in range(count) if Atspi.Action.get_action_name(node, at) in PRESS]
    except GLib.Error:  # What is insensitive names none.
        return []


def is_on(node, state):
    return Atspi.Accessible.get_state_set(node).contains(state)


def xdotool(*args):
    return subprocess.run(["xdotool", *args], capture_output=True, text=True, check=False).stdout
