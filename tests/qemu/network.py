"""The test network: waits, tools, parts that start and stop, and the interfaces of one namespace.

Everything here runs inside the namespace that `tests/qemu/enter` makes, as its root, so no address
or port can collide with the host's and no frame can leave. Each part is a small class with start()
and stop() that is also a context manager; each that has something to tell about a failed test
registers itself in LOGGED, from where conftest.py takes it. Processes are in servers.py, what a
test plays itself in scripted.py.
"""

import contextlib
import ctypes
import hashlib
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

TAP_ADDRESS = '192.0.2.1/24'
POLL_S = 0.005      # between two looks at what nobody announces

LOGGED = []     # everything with .title, .closed and .log(), newest last; conftest.py reads it


class Unavailable(Exception):
    """This host cannot provide what was asked for; the text says what is missing."""


def wait_until(condition, timeout, what, changed=None):
    """condition()'s first true value; TimeoutError naming `what` after timeout seconds.

    changed: a threading.Condition, held when condition() is asked and notified when its answer may
    have become another; without one it is asked again and again.
    """
    __tracebackhide__ = True
    deadline = time.monotonic() + timeout
    pause, changed = (None, changed) if changed else (POLL_S, threading.Condition())
    with changed:
        while not (value := condition()):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f'{what}: not within {timeout} s')
            changed.wait(min(left, pause or left))
        return value


def tool(name):
    """The path of a program, which Debian may keep in sbin."""
    path = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin:/usr/local/sbin')
    if not path:
        raise Unavailable(f'{name} is not installed (make deps installs it)')
    return path


def ip(*words):
    """Runs ip(8); its complaint becomes the exception's text."""
    done = subprocess.run([tool('ip'), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f'ip {" ".join(words)}: {done.stderr.strip()}')


def leave_network():
    """This process, and whatever it starts from now on,
    moves to a fresh network with nothing but loopback."""
    clone_newnet = 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(clone_newnet):
        raise Unavailable(f'unshare: {os.strerror(ctypes.get_errno())}')
    ip('link', 'set', 'lo', 'up')


def make_file(path, size, seed=0):
    """Writes `size` reproducible pseudo-random bytes; returns their SHA-256 in hex."""
    source, digest, chunk = random.Random(seed), hashlib.sha256(), 1 << 20
    with open(path, 'wb') as file:
        for offset in range(0, size, chunk):
            data = source.randbytes(min(chunk, size - offset))
            digest.update(data)
            file.write(data)
    return digest.hexdigest()


class Part:
    """Something that starts, stops, and can say afterwards what it did."""

    title = 'part'
    closed = False

    def start(self):
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def log(self):
        return ''

    def __enter__(self):
        LOGGED.append(self)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            self.closed = True


def forget_closed():
    """Drops what earlier tests left in LOGGED."""
    LOGGED[:] = [part for part in LOGGED if not part.closed]


class Tap(Part):
    """A tap interface of the namespace. netdev() gives QEMU's side of it.

    Without ipv6 the kernel sends nothing of its own into the guest; with it the link-local address
    is there at once, since nobody else can have it. queues: pairs of them, for mq=on.
    """

    def __init__(self, name='tap0', mtu=1500, address=TAP_ADDRESS, ipv6=False, queues=1):
        self.name, self.mtu, self.address, self.ipv6 = name, mtu, address, ipv6
        self.queues = queues
        self.title = f'tap {name}'

    def start(self):
        if not os.access('/dev/net/tun', os.R_OK | os.W_OK):
            raise Unavailable('/dev/net/tun cannot be opened by this user, so there is no tap')
        ip('tuntap', 'add', 'dev', self.name, 'mode', 'tap', *['multi_queue'] * (self.queues > 1))
        key, value = ('accept_dad', '0') if self.ipv6 else ('disable_ipv6', '1')
        Path(f'/proc/sys/net/ipv6/conf/{self.name}/{key}').write_text(value)
        ip('link', 'set', self.name, 'mtu', str(self.mtu))
        if self.address:
            ip('address', 'add', self.address, 'dev', self.name)
        ip('link', 'set', self.name, 'up')

    def stop(self):
        with contextlib.suppress(Unavailable):
            ip('link', 'delete', self.name)

    def netdev(self, **options):
        """options: vnet_hdr='off', sndbuf=… as QEMU's -netdev tap takes them."""
        if self.queues > 1:
            options['queues'] = self.queues
        more = ''.join(f',{key}={value}' for key, value in options.items())
        return f'tap,ifname={self.name},script=no,downscript=no{more}'


class Resolver(Part):
    """What /etc/resolv.conf says within our mount namespace: for libslirp,
    which asks whom its host asks."""

    title = 'resolv.conf'

    def __init__(self, address):
        self.address = address
        self.place = Path('/etc/resolv.conf').resolve()

    def start(self):
        if not self.place.exists():
            raise Unavailable(f'there is no {self.place} to put another one over')
        with tempfile.NamedTemporaryFile('w', prefix='skiff-', dir='/tmp') as file:
            file.write(f'nameserver {self.address}\n')
            file.flush()
            subprocess.run([tool('mount'), '--bind', file.name, self.place], check=True)

    def stop(self):
        subprocess.run([tool('umount'), self.place], check=False, stderr=subprocess.DEVNULL)
