"""One timed download: over what, from which moment to which, and how fast; and many of them in a
table. For the programs beside it."""

import array
import os
import socket
import statistics
import struct
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests' / 'qemu'))

# pylint: disable=wrong-import-position
import passt            # noqa: E402
import servers          # noqa: E402
import tftp_servers     # noqa: E402
from network import Unavailable     # noqa: E402

MIB = 1 << 20
RUNS = int(os.environ.get('RUNS') or 10)
COUNT_RUNS = int(os.environ.get('COUNT_RUNS') or min(RUNS, 5))

# What is measured over: the QEMU tests' flavours; a tap without GUEST_TSO4, so that each frame is
# one segment of at most 1460 bytes; and passt's vhost-user mode, the newest that there is.
FLAVOURS = os.environ.get('FLAVOURS', 'user,tap,tap-1460,passt,vhost').split(',')
PROPERTIES = {'tap-1460': {'guest_tso4': 'off', 'guest_tso6': 'off'}}     # of the device
PASST = 'newest' if (passt.PLACE / 'newest').exists() else 'repaired'

# The payloads: what its name is, and the size. Names are short because they are typed.
LARGE, SMALL, BOOT = ('l', 64 * MIB), ('s', 16 * MIB), ('b', 1 * MIB)


class Failure(Exception):
    """A fetch that did not work; the text says how."""


def attach(flavour, **options):
    """As servers.attach(), with `vhost` and `tap-1460`."""
    if flavour == 'vhost':
        return passt.attach(PASST)
    return servers.attach(flavour.removesuffix('-1460'), **options)


def preallocated(net):
    """The machine's memory is there before it starts: a host that gives it while a file arrives,
    huge page by huge page, may be slower than any guest."""
    arguments = net.arguments

    def present(memory):
        return [word + ',prealloc=on' if word.startswith('memory-backend-') else word
                for word in arguments(memory)] or [
            '-object', f'memory-backend-ram,id=mem,size={memory},prealloc=on',
            '-machine', 'memory-backend=mem']
    net.arguments = present
    return net


class FirstRequest:
    """Tells when a GET first arrives at nginx; out of the way before the response is sent.

    A packet socket on the interface where the server's side of the connection is, with a filter for
    TCP to nginx's port in IP packets of more than 100 bytes: only the request is that large.
    """

    FILTER = ((0x28, 0, 0, 16), (0x25, 0, 6, 100),              # ip[2:2] > 100
              (0x30, 0, 0, 23), (0x15, 0, 4, 6),                # ip[9] == TCP
              (0xb1, 0, 0, 14), (0x48, 0, 0, 16),
              (0x15, 0, 1, servers.HTTP_PORT),      # tcp[2:2] == port
              (0x06, 0, 0, 0x40000), (0x06, 0, 0, 0))
    ETH_P_IP, SO_ATTACH_FILTER, SO_TIMESTAMPNS = 0x0800, 26, 35

    def __init__(self, net):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        code = array.array('B', b''.join(struct.pack('=HBBI', *line) for line in self.FILTER))
        self.socket.setsockopt(socket.SOL_SOCKET, self.SO_ATTACH_FILTER, struct.pack(
            '@HP', len(self.FILTER), code.buffer_info()[0]))
        self.socket.setsockopt(socket.SOL_SOCKET, self.SO_TIMESTAMPNS, 1)
        self.socket.bind(('tap0' if 'tap' in net.parts else 'lo', self.ETH_P_IP))

    def asks(self, packet, name):
        return f'GET /{name} HTTP'.encode() in packet

    def wait(self, name, timeout=60):
        """The moment (time.monotonic()) at which the kernel saw the request for that name."""
        deadline = time.monotonic() + timeout
        with self.socket:
            while True:
                self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
                data, extra, _, _ = self.socket.recvmsg(2048, 64)
                if self.asks(data, name):
                    seconds, nanoseconds = struct.unpack('@qq', extra[0][2])
                    return seconds + nanoseconds / 1e9 - time.time() + time.monotonic()


class FirstRead(FirstRequest):
    """The same for a read request by TFTP."""

    FILTER = ((0x30, 0, 0, 23), (0x15, 0, 4, 17),               # ip[9] == UDP
              (0xb1, 0, 0, 14), (0x48, 0, 0, 16),
              (0x15, 0, 1, 69),                                 # udp[2:2] == 69
              (0x06, 0, 0, 0x40000), (0x06, 0, 0, 0))

    def asks(self, packet, name):
        return f'{name}\0octet\0'.encode() in packet


def wait_end(machine, program, url, timeout=180):
    """The console's match for "all bytes are there"."""
    match = machine.wait_for(program.end(url), timeout)
    if match['bad']:
        raise Failure(f'{program.name}: {match["bad"]}\n{machine.log()}')
    return match


def watched(program, net, payload, look, **options):
    """What look(machine) is when the server sees the GET, and at the end; options: of the
    machine."""
    url, first = net.url(payload[0]), FirstRequest(net)
    with program.machine(net, url, **options) as machine:
        program.begin(machine, url)
        first.wait(payload[0])
        begun = look(machine)
        wait_end(machine, program, url)
        return begun, look(machine)


def fetch_rate(program, network, server, payload, **options):
    """MB/s of one fetch in a fresh machine; network: a context manager that yields an Attachment;
    options: of the machine."""
    name, size = payload
    seen = len(server.requests())
    with network as net:
        url, first = preallocated(net).url(name), FirstRequest(net)
        with program.machine(net, url, **options) as machine:
            program.begin(machine, url)
            begun = first.wait(name)
            match = wait_end(machine, program, url)
            ended = machine.console.when(match.end() - 1)
    server.wait_request(f'/{name}$', seen=seen)
    # A HEAD may go before the GET.
    sent = sum(r.sent for r in server.requests()[seen:] if r.uri == f'/{name}')
    if sent != size:
        raise Failure(f'{program.name}: nginx sent {sent} of {size} bytes')
    return size / 1e6 / (ended - begun)


def tftp_rate(program, root, payload, words=()):
    """The same by TFTP, from atftpd; words: further arguments of it."""
    name, size = payload
    with tftp_servers.serve('atftpd', root, words) as net:
        url, first = f'tftp://{net.host}/{name}', FirstRead(net)
        with program.machine(net, url) as machine:
            program.begin(machine, url)
            begun = first.wait(name)
            match = wait_end(machine, program, url)
            ended = machine.console.when(match.end() - 1)
    return size / 1e6 / (ended - begun)


def rounds(programs, flavours, count):
    """Every program over every flavour, `count` times, interleaved; who is first alternates."""
    for number in range(count):
        for flavour in flavours:
            for program in programs if number % 2 else reversed(programs):
                yield flavour, program


class Values:
    """Values by (quantity, flavour, program), and how to say them."""

    def __init__(self):
        self.values = {}
        self.failures = []

    def measure(self, what, flavour, program, function):
        """Appends what function() returns: {quantity: value}; a failure is kept, not raised."""
        try:
            values = function()
            for quantity, value in values.items():
                self.values.setdefault((quantity, flavour, program.name), []).append(value)
            note = ', '.join(f'{quantity} {value:.4g}' for quantity, value in values.items())
        except (Failure, AssertionError, TimeoutError, Unavailable) as error:
            self.failures.append(f'{what}, {flavour}, {program.name}: {error}')
            note = f'FAILED: {str(error).splitlines()[0]}'
        print(f'  {what} {flavour:5} {program.name:5} {note}', file=sys.stderr, flush=True)

    def middle(self, quantity, flavour, program):
        """The median of a quantity, or None."""
        values = self.values.get((quantity, flavour, program))
        return statistics.median(values) if values else None

    def cell(self, quantity, flavour, program, form):
        values = self.values.get((quantity, flavour, program))
        if not values:
            return '-'
        text = form.format(self.middle(quantity, flavour, program))
        if len(values) > 1:
            text += f' ({form.format(min(values))}..{form.format(max(values))})'
        return text


def aligned(rows):
    """Rows of the same number of cells as text; the first column to the left."""
    rows = list(rows)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return '\n'.join('  '.join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(
        row[1:], widths[1:]))]).rstrip() for row in rows)
