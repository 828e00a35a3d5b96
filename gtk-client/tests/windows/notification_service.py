"""A desktop's notification service. usage: notification_service.py LOG [plain] [reply] [sound] [badge]

Writes each call as a line of JSON to LOG: the application's words, or the number of what it takes
back. A line `NUMBER` on standard input is a person's click on that notification, `NUMBER TEXT` a reply
written into it. A plain service shows texts as they are, not as markup; the other words are what it can
besides. With `badge` the numbers on programs' icons are written down too.
"""

import json
import sys

from gi.repository import Gio, GLib

CAN = ["body", "actions"] + ([] if "plain" in sys.argv[2:] else ["body-markup"])
CAN += [word for option, word in (("reply", "inline-reply"), ("sound", "sound")) if option in sys.argv[2:]]
NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
INTERFACE = """
<node><interface name="org.freedesktop.Notifications">
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation">
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/></method>
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
  <signal name="NotificationReplied"><arg type="u"/><arg type="s"/></signal>
  <signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
</interface></node>"""


class Service:
    def __init__(self, log):
        self.log, self.last, self.bus = log, 0, None

    def tell(self, **line):
        self.log.write(json.dumps(line) + "\n")
        self.log.flush()

    def acquired(self, bus, _name):
        self.bus = bus
        interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
        bus.register_object(PATH, interface, self.called, None, None)
        if "badge" in sys.argv[2:]:
            bus.signal_subscribe(None, "com.canonical.Unity.LauncherEntry", "Update", None, None,
                                 Gio.DBusSignalFlags.NONE, self.badged)

    def badged(self, _bus, _sender, _path, _interface, _signal, parameters):
        entry, values = parameters.unpack()
        self.tell(badge=values["count"] if values["count-visible"] else 0, entry=entry)

    def called(self, _bus, _sender, _path, _interface, method, parameters, invocation):
        if method == "GetCapabilities":
            answer = GLib.Variant("(as)", (CAN,))
        elif method == "GetServerInformation":
            answer = GLib.Variant("(ssss)", ("a person's desk", "tests", "1", "1.2"))
        elif method == "Notify":
            _app, replaces, _icon, title, text, actions, hints, _timeout = parameters.unpack()
            self.last = max(self.last, replaces) if replaces else self.last + 1
            number = replaces or self.last
            self.tell(shown=number, title=title, text=text, actions=actions[::2],
                      sound=hints.get("sound-name"))
            answer = GLib.Variant("(u)", (number,))
        else:
            (number,) = parameters.unpack()
            self.close(number, 3)
            answer = None
        invocation.return_value(answer)

    def close(self, number, reason):
        self.tell(gone=number)
        self.bus.emit_signal(None, PATH, NAME, "NotificationClosed", GLib.Variant("(uu)", (number, reason)))

    def clicked(self, channel, condition):
        line = channel.readline()
        if not line:
            return False
        number, _, text = line.strip().partition(" ")
        number = int(number)
        signal, word = ("NotificationReplied", text) if text else ("ActionInvoked", "default")
        self.bus.emit_signal(None, PATH, NAME, signal, GLib.Variant("(us)", (number, word)))
        # What was clicked goes.
        self.close(number, 2)
        return True


def main():
    with open(sys.argv[1], "a", encoding="utf-8") as log:
        service, loop = Service(log), GLib.MainLoop()
        Gio.bus_own_name(Gio.BusType.SESSION, NAME, Gio.BusNameOwnerFlags.NONE,
                         service.acquired, lambda *_: service.tell(ready=True), None)
        GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN, service.clicked)
        loop.run()


if __name__ == "__main__":
    main()
