"""QEMU's gdb stub as a way to stop a machine at the moment when it writes somewhere."""

import contextlib
import socket

import network


def arguments(directory):
    """QEMU's, of a machine that may be watched."""
    return ['-chardev', f'socket,id=gdb,path={directory}/gdb,server=on,wait=off',
            '-gdb', 'chardev:gdb']


class Watch(network.Part):
    """A watchpoint on size bytes at a linear address, for as long as the with statement lasts. The
    machine stands but for wait()."""

    title = "QEMU's gdb stub"

    def __init__(self, directory, address, size):
        self.path, self.place = directory / 'gdb', f'2,{address:x},{size:x}'
        self._socket, self._data = socket.socket(socket.AF_UNIX), b''

    def start(self):
        self._socket.connect(str(self.path))
        assert self._ask('Z' + self.place) == 'OK'

    def stop(self):
        with contextlib.suppress(OSError):      # QEMU may be gone
            assert self._ask('z' + self.place) == 'OK'
            self._send('D')
        self._socket.close()

    def wait(self, timeout=60):
        """The machine goes on, until it has written there."""
        self._send('c')
        assert 'watch' in (told := self._receive(timeout)), told

    def _ask(self, text):
        self._send(text)
        while (answer := self._receive(10)).startswith('T'):
            pass                        # a word on why it stands
        return answer

    def _send(self, text):
        self._socket.sendall(b'$%s#%02x' % (text.encode(), sum(text.encode()) % 256))

    def _receive(self, timeout):
        """The next packet, acknowledged."""
        self._socket.settimeout(timeout)
        while b'#' not in self._data or len(self._data) < self._data.index(b'#') + 3:
            piece = self._socket.recv(4096)
            if not piece:
                raise ConnectionError('QEMU closed its gdb stub')
            self._data += piece
        packet, _, rest = self._data.partition(b'#')
        self._data = rest[2:]
        self._socket.sendall(b'+')
        return packet.lstrip(b'+$').decode()
