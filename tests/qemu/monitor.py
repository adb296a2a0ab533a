"""QEMU's monitor, by QMP."""

import json
import socket
import time


class Monitor:
    """A small QMP client. Nobody waits for an event: those that arrive on the way are dropped."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self._data = b''

    def handshake(self):
        self._message(time.monotonic() + 30)
        self.execute('qmp_capabilities')

    def execute(self, command, timeout=30, **arguments):
        """The command's return value; RuntimeError with QEMU's own words if it refuses."""
        request = {'execute': command, 'arguments': arguments}
        self.ours.sendall(json.dumps(request).encode() + b'\n')
        deadline = time.monotonic() + timeout
        while True:
            message = self._message(deadline)
            if 'return' in message:
                return message['return']
            if 'error' in message:
                raise RuntimeError(f'{command}: {message["error"]["desc"]}')

    def human(self, line):
        return self.execute('human-monitor-command', **{'command-line': line})

    def _message(self, deadline):
        """The next message."""
        while b'\n' not in self._data:
            self.ours.settimeout(max(deadline - time.monotonic(), 0.001))
            piece = self.ours.recv(65536)
            if not piece:
                raise ConnectionError('QEMU closed its monitor')
            self._data += piece
        line, self._data = self._data.split(b'\n', 1)
        return json.loads(line)
