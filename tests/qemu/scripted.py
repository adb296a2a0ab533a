"""What a test plays itself in the test network: TCP servers, floods and neighbours, in Python."""

import contextlib
import queue
import shutil
import socket
import tempfile
import threading
import time
import traceback
from pathlib import Path

from network import Part


class ScriptedServer(Part):
    """A TCP server whose behaviour is a Python function: handler(connection, request).

    connection is a connected socket with Nagle's algorithm off; request is the HTTP header that
    arrived on it (b'' if the client closed first), or None for a server made with read=False, which
    is handed the connection untouched. The connection is closed when the handler returns. A handler
    that wants to hold the connection open waits on server.stopping (a threading.Event).
    """

    def __init__(self, handler, port=0, address='0.0.0.0', read=True, backlog=16):
        self.handler, self.read = handler, read
        self.stopping = threading.Event()
        self.requests = []
        self.errors = []            # of connections: the guest, or stop(), has closed them
        self.failures = []          # of the handler: stop() raises
        self._threads = []
        self._open = set()
        self._listener = socket.create_server((address, port), backlog=backlog)
        self.port = self._listener.getsockname()[1]
        self.title = f'scripted server on port {self.port}'

    def start(self):
        self._spawn(self._accept)

    def stop(self):
        self.stopping.set()
        for sock in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)
        self._listener.close()
        assert not self.failures, '\n'.join(self.failures)

    def log(self):
        return '\n'.join([*(repr(r) for r in self.requests), *self.errors, *self.failures])

    def _spawn(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            self._spawn(self._serve, connection)

    def _serve(self, connection):
        try:
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                request = read_header(connection) if self.read else None
                self.requests.append(request)
                self.handler(connection, request)
        except OSError as error:        # normal, but worth a line
            self.errors.append(repr(error))
        except Exception:               # pylint: disable=broad-except
            self.failures.append(traceback.format_exc())
        finally:
            self._open.discard(connection)


def read_header(connection):
    """What arrives up to and with the first empty line, or until the peer closes."""
    data = b''
    while b'\r\n\r\n' not in data:
        piece = connection.recv(4096)
        if not piece:
            break
        data += piece
    return data


class Flood(Part):
    """Broadcasts a datagram to an address and port every millisecond until it is stopped."""

    DATA = b'\xff' * 1000

    title = 'flood'

    def __init__(self, address):
        self.address, self.sent = address, 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join(10)
        self._socket.close()

    def log(self):
        return f'{self.sent} datagrams'

    def _run(self):
        while not self._stopping.wait(0.001):
            self._socket.sendto(self.DATA, self.address)
            self.sent += 1


class Dgram(Part):
    """The far end of a `-netdev dgram`: whole Ethernet frames, one per call, for scripted peers.

    Frames that the guest sends are queued as (time.monotonic(), bytes); nothing is lost or
    reordered on the way (unix datagrams).
    """

    title = 'dgram peer'

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix='skiff-', dir='/tmp'))
        self.frames = queue.Queue()
        self.sent = self.received = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._receive, daemon=True)

    def start(self):
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, 1 << 20)
        self._socket.bind(str(self.dir / 'far'))
        self._thread.start()

    def stop(self):
        if self._thread.is_alive():
            self._socket.shutdown(socket.SHUT_RDWR)
            self._thread.join(10)
        self._socket.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def log(self):
        return f'{self.received} frames from the guest, {self.sent} to it'

    def netdev(self):
        return (f'dgram,local.type=unix,local.path={self.dir}/near,'
                f'remote.type=unix,remote.path={self.dir}/far')

    def send(self, frame):
        """One frame to the guest; anything bytes() takes, such as a scapy packet."""
        self._socket.sendto(bytes(frame), str(self.dir / 'near'))
        self.sent += 1

    def recv(self, timeout=10):
        """The next frame from the guest, or None after timeout seconds."""
        with contextlib.suppress(queue.Empty):
            return self.frames.get(timeout=timeout)[1]
        return None

    def _receive(self):
        while True:
            try:
                frame = self._socket.recv(1 << 17)
            except OSError:
                return
            if not frame:
                return
            self.received += 1
            self.frames.put((time.monotonic(), frame))
