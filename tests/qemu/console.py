"""The serial port of a machine under test: what was written there, when, and what is typed."""

import contextlib
import fcntl
import os
import re
import threading
import time

import network


class Console:
    """The guest's serial port: what it wrote, when, and a way to type."""

    UNFINISHED = r'\r\Z'    # the end of a piece that clean() cannot judge without the next piece

    @staticmethod
    def clean(text):
        """What the tests see of what the guest wrote."""
        return text.replace('\r\n', '\n')

    # OVMF drops the rest of its text when the port does not take a character within some 200 µs. A
    # UART writes one byte at a time, which takes a byte of a pipe, but most of a kilobyte of a
    # socket's buffer. This is what anybody may ask of a pipe.
    BUFFER = 1 << 20

    def __init__(self, path):
        self.path = path                        # QEMU adds .in and .out
        for end in ('in', 'out'):
            os.mkfifo(f'{path}.{end}')
        # Opened both ways, a pipe waits for nobody;
        # and without a writer the screen would be at its end.
        self._keys, self._writer = (open(f'{path}.{end}', 'r+b', buffering=0)
                                    for end in ('in', 'out'))
        self._screen = open(f'{path}.out', 'rb', buffering=0)
        fcntl.fcntl(self._screen, fcntl.F_SETPIPE_SZ, self.BUFFER)
        self._text = ''
        self._pieces = []       # (length of the text after it, when it came)
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def arguments(self):
        return ['-chardev', f'pipe,id=console,path={self.path}']

    def opened(self):
        """QEMU has the console open, or has ended: from now on the pipe ends with QEMU."""
        self._writer.close()

    @property
    def text(self):
        with self._changed:
            return self._text

    def when(self, position):
        """The host's clock (time.monotonic()) at which the character at `position` had come."""
        with self._changed:
            return next(when for length, when in self._pieces if length > position)

    def wait_for(self, regex, timeout, after):
        """The match, or None if it has not come in time or the other end has closed."""
        pattern = re.compile(regex, re.MULTILINE)

        def find():
            match = pattern.search(self._text, after)
            return (match, ) if self._whole(match, regex) or self._ended else None
        with contextlib.suppress(TimeoutError):
            return network.wait_until(find, timeout, regex, self._changed)[0]
        return None

    def _whole(self, match, regex):
        """There is a match, and where it ends with $, the line has really ended."""
        return match and (not regex.endswith('$') or match.end() < len(self._text) or self._ended)

    def type(self, text):
        self._keys.write(text.encode('latin-1'))

    def close(self):
        """After QEMU is gone: reads the rest, then closes."""
        self.opened()
        self._thread.join(10)
        self._keys.close()
        self._screen.close()

    def _receive(self):
        held = ''
        while True:
            piece = self._screen.read(65536)
            text = held + piece.decode('latin-1')
            held = ''.join(re.findall(self.UNFINISHED, text)) if piece else ''
            with self._changed:
                self._text += self.clean(text.removesuffix(held))
                self._pieces.append((len(self._text), time.monotonic()))
                self._ended = not piece
                self._changed.notify_all()
            if not piece:
                return
