"""The frames that pass a NIC of a machine under test."""

import dataclasses
import struct
import threading
import time
from pathlib import Path

import network


@dataclasses.dataclass
class Frame:
    """A frame that passed a NIC, either way."""

    when: float             # host's clock, time.monotonic()
    data: bytes


class Wire:
    """Frames of one NIC as they pass, on the host's clock: what filter-dump writes to a file, read
    as it grows.

    (A filter-mirror would be livelier, but QEMU 7.2 deadlocks now and then when frames pass it both
    ways.) On a tap with vnet_hdr (the default) QEMU dumps the 10 or 12 bytes of virtio header in
    front of each frame, so look for bytes rather than at offsets there.
    """

    LOOK_S = 0.002
    FILE_HEADER, RECORD_HEADER = 24, 16     # of pcap

    def __init__(self, path, number=0):
        self.path, self.number = Path(path), number
        self.frames = []
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def arguments(self):
        return ['-object', f'filter-dump,id=wire{self.number},netdev=net{self.number},'
                           f'file={self.path}']

    def wait(self, condition, timeout=30):
        """The first Frame whose bytes satisfy condition(bytes), or TimeoutError."""
        seen = 0

        def find():
            nonlocal seen
            unseen, seen = self.frames[seen:], len(self.frames)
            return next((frame for frame in unseen if condition(frame.data)), None)
        return network.wait_until(find, timeout, 'such a frame', self._changed)

    def close(self):
        self._stopping.set()
        self._thread.join(10)

    def _follow(self):
        data, header = b'', self.FILE_HEADER
        while not self._stopping.wait(self.LOOK_S) and not self.path.exists():
            pass
        if not self.path.exists():
            return
        with open(self.path, 'rb') as file:
            while True:
                stopping = self._stopping.wait(self.LOOK_S)
                data += file.read()
                if header and len(data) >= header:
                    data, header = data[header:], 0
                if not header:
                    data = self._split(data)
                if stopping:
                    return

    def _split(self, data):
        """Takes whole records off the front; returns the rest."""
        now, place, found = time.monotonic(), 0, []
        while len(data) - place >= self.RECORD_HEADER:
            length = struct.unpack_from('<I', data, place + 8)[0]
            end = place + self.RECORD_HEADER + length
            if end > len(data):
                break
            found.append(Frame(now, data[place + self.RECORD_HEADER:end]))
            place = end
        if found:
            with self._changed:
                self.frames += found
                self._changed.notify_all()
        return data[place:]
