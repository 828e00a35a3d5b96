"""What is on the screen, and when it changes; and keys pressed. By way of libX11, as xdotool and import
take longer than what is measured here."""

import ctypes
import select
import time
import zlib

REPORT_NON_EMPTY = 3
Z_PIXMAP, ALL_PLANES = 2, 0xFFFFFFFFFFFFFFFF


class Image(ctypes.Structure):
    """XImage, as far as it is read here."""

    _fields_ = [(name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")] + [
        ("data", ctypes.c_void_p)] + [(name, ctypes.c_int) for name in (
            "byte_order", "bitmap_unit", "bitmap_bit_order", "bitmap_pad", "depth", "bytes_per_line",
            "bits_per_pixel")]


class Event(ctypes.Union):
    """XEvent: its type, and the room that libX11 wants."""

    _fields_ = [("type", ctypes.c_int), ("pad", ctypes.c_long * 24)]


class Eye:
    """Looks at the whole screen."""

    def __init__(self):
        self.x = ctypes.CDLL("libX11.so.6")
        self.damage = ctypes.CDLL("libXdamage.so.1")
        self.test = ctypes.CDLL("libXtst.so.6")
        pointer, long_, int_ = ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int
        self.x.XOpenDisplay.restype = pointer
        self.x.XDefaultRootWindow.argtypes, self.x.XDefaultRootWindow.restype = [pointer], long_
        self.x.XGetImage.argtypes = [pointer, long_] + [int_] * 2 + [ctypes.c_uint] * 2 + [long_, int_]
        self.x.XGetImage.restype = ctypes.POINTER(Image)
        self.x.XDestroyImage.argtypes = [ctypes.POINTER(Image)]
        for name in ("XFlush", "XPending", "XConnectionNumber"):
            getattr(self.x, name).argtypes = [pointer]
        self.x.XNextEvent.argtypes = [pointer, ctypes.POINTER(Event)]
        self.x.XStringToKeysym.argtypes, self.x.XStringToKeysym.restype = [ctypes.c_char_p], long_
        self.x.XKeysymToKeycode.argtypes = [pointer, long_]
        self.x.XKeysymToKeycode.restype = ctypes.c_ubyte
        self.damage.XDamageQueryExtension.argtypes = [pointer, pointer, pointer]
        self.damage.XDamageCreate.argtypes, self.damage.XDamageCreate.restype = [pointer, long_, int_], long_
        self.damage.XDamageSubtract.argtypes = [pointer, long_, long_, long_]
        self.test.XTestFakeKeyEvent.argtypes = [pointer, ctypes.c_uint, int_, long_]
        self.display = self.x.XOpenDisplay(None)
        if not self.display:
            raise SystemExit("no display: run it by run-figures")
        self.root = self.x.XDefaultRootWindow(self.display)
        first, error = ctypes.c_int(), ctypes.c_int()
        if not self.damage.XDamageQueryExtension(self.display, ctypes.byref(first), ctypes.byref(error)):
            raise SystemExit("the X server tells of no damage")
        self.damage_event = first.value
        self.watch = self.damage.XDamageCreate(self.display, self.root, REPORT_NON_EMPTY)

    # Pixels

    def pixels(self, place):
        """The bytes of (x, y, width, height)."""
        image = self.x.XGetImage(self.display, self.root, *place, ALL_PLANES, Z_PIXMAP)
        seen = ctypes.string_at(image.contents.data, image.contents.bytes_per_line * image.contents.height)
        self.x.XDestroyImage(image)
        return seen

    def print_of(self, place):
        return zlib.crc32(self.pixels(place))

    def ink(self, place):
        """How many pixels there are not of the commonest colour."""
        seen = memoryview(self.pixels(place)).cast("I")
        counts = {}
        for pixel in seen:
            counts[pixel] = counts.get(pixel, 0) + 1
        return sum(counts.values()) - max(counts.values())

    def until(self, what, true, patience=30.0):
        """Looks again and again; the time at which it was so."""
        end = time.monotonic() + patience
        while True:
            if true():
                return time.monotonic()
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain for {what}")
            time.sleep(0.002)

    # Changes

    def changes(self, seconds, act=None):
        """The times at which the screen changed. Calls `act` each time nothing is to be read."""
        seen, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.next_change(min(left, 0.02)):
                seen.append(time.monotonic())
            elif act:
                act()
        return seen

    def next_change(self, patience):
        """Whether the screen changed within that time."""
        if not self.x.XPending(self.display):
            select.select([self.x.XConnectionNumber(self.display)], [], [], patience)
        changed = False
        while self.x.XPending(self.display):
            event = Event()
            self.x.XNextEvent(self.display, ctypes.byref(event))
            changed = changed or event.type == self.damage_event
        if changed:
            self.damage.XDamageSubtract(self.display, self.watch, 0, 0)
            self.x.XFlush(self.display)
        return changed

    def rest(self, still=0.15, patience=10.0):
        """Waits until nothing has changed for a while, but for a cursor that blinks."""
        end = time.monotonic() + patience
        while time.monotonic() < end and self.next_change(still):
            pass

    # Keys

    def press(self, *names):
        """Presses a key, the last one, while the others are held."""
        codes = [self.x.XKeysymToKeycode(self.display, self.x.XStringToKeysym(name.encode()))
                 for name in names]
        for code in codes:
            self.test.XTestFakeKeyEvent(self.display, code, 1, 0)
        for code in reversed(codes):
            self.test.XTestFakeKeyEvent(self.display, code, 0, 0)
        self.x.XFlush(self.display)
