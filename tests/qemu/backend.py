"""tests/backend in the lab: a vhost-user back end that breaks rules, between QEMU and a tap.

    with backend.attach(['needs-csum,tcp'], profile='honest') as net, \\
            Machine([Nic(net.netdev)], net=net, fw_cfg={'fetch': net.url('4m')}) as machine: …
    net.backend.faults()            what it did wrong
    net.backend.frames()            what the guest saw and sent

The peer behind the tap is the kernel of the namespace, with dnsmasq, as for the flavour 'tap'.
"""

import contextlib
import dataclasses
import fcntl
import re
import socket
import struct

import network
import servers
from vm import SKIFF_ROM

BACKEND = SKIFF_ROM.parent / 'backend'
PROFILES = ('honest', 'passt-early', 'passt-early-capture', 'passt-2025-05', 'passt-repaired',
            'passt-repaired-capture')

SIOCGIFFLAGS, IFF_RUNNING = 0x8913, 0x40

FAULT = re.compile(r'^fault: rule (\d+) match (\d+): (rx|tx|reset)(?: \d+ (.*?))?: ([^ ]*)$',
                   re.MULTILINE)
SUMMARY = re.compile(r'^rule (\d+): (\d+) of (\d+): (.*)$', re.MULTILINE)


def is_running(interface):
    """Whether the kernel has noticed the carrier: until then it drops what is sent there."""
    request = struct.pack('16sh14x', interface.encode(), 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, SIOCGIFFLAGS, request)
    return struct.unpack_from('16xh', answer)[0] & IFF_RUNNING


class Backend(servers.Server):
    """The program, with --fault for each of `faults` and further options as its own words."""

    title = 'back end'

    def __init__(self, faults=(), profile='honest', tap='tap0', options=(), capture=False):
        super().__init__()
        self.socket, self.pcap = self.dir / 'socket', self.dir / 'pcap'
        self.tap, self.profile = tap, profile
        self.options = [str(word) for word in options]
        for fault in faults:
            self.options += ['--fault', fault]
        if capture:
            self.options += ['--pcap', str(self.pcap)]
        self.recorded = b''

    def command(self):
        return [str(BACKEND), '--socket', str(self.socket), '--tap', self.tap, '--profile',
                self.profile, *self.options]

    def start(self):
        if not BACKEND.exists():
            raise network.Unavailable(
                f'{BACKEND} is not built (make {BACKEND.relative_to(BACKEND.parents[1])})')
        super().start()

    def ready(self):
        return 'backend: ready' in self.log() and is_running(self.tap)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(5)            # what it recorded is complete then
        self.recorded = self._recorded()
        super().stop()

    def _recorded(self):
        with contextlib.suppress(FileNotFoundError):
            return self.pcap.read_bytes()
        return self.recorded

    def faults(self):
        """Those it has told of so far: (rule, match, 'rx' or 'tx', the frame in words)."""
        return [(int(m[1]), int(m[2]), m[3], m[4]) for m in FAULT.finditer(self.log())]

    def summary(self):
        """After stop(): (times carried out, times met) of each rule, by its text."""
        return {m[4]: (int(m[2]), int(m[3])) for m in SUMMARY.finditer(self.log())}

    def frames(self):
        """What was recorded so far (capture=True)."""
        return list(frames(self._recorded()))


@dataclasses.dataclass
class Frame:
    """A frame as the guest saw or sent it."""

    received: bool
    data: bytes
    header: dict            # the virtio header's fields by name, and used_id, used_len


def frames(data):
    """The frames of a pcapng file as the back end writes it."""
    place = 0
    while place + 12 <= len(data):
        kind, length = struct.unpack_from('<II', data, place)
        body, place = data[place + 8:place + length - 4], place + length
        if kind != 6 or place > len(data):
            continue
        size = struct.unpack_from('<I', body, 12)[0]
        found = dict(_options(body[20 + (size + 3) // 4 * 4:]))
        header = dict(word.split('=') for word in found[1].decode().split())
        yield Frame(found[2][0] == 1, body[20:20 + size], {k: int(v) for k, v in header.items()})


def _options(data):
    place = 0
    while True:
        code, length = struct.unpack_from('<HH', data, place)
        if code == 0:
            return
        yield code, data[place + 4:place + 4 + length]
        place += 4 + (length + 3) // 4 * 4


@dataclasses.dataclass
class Attachment(servers.Attachment):
    """As the lab's; the machine's memory is shared with the back end."""

    backend: Backend = None
    name: str = 'vu'

    def arguments(self, memory):
        return ['-object', f'memory-backend-memfd,id=mem,size={memory},share=on',
                '-machine', 'memory-backend=mem',
                '-chardev', f'socket,id={self.name},path={self.backend.socket}']


@contextlib.contextmanager
def attach(faults=(), profile='honest', mtu=None, dnsmasq=(), options=(), capture=False):
    """Sets up tap, dnsmasq and back end; yields the Attachment. mtu: as servers.attach() has it for
    tap."""
    host = network.TAP_ADDRESS.split('/', maxsplit=1)[0]
    more = [*dnsmasq, *([f'dhcp-option=26,{mtu}'] if mtu not in (None, 1500) else [])]
    with network.Tap(mtu=mtu or 1500) as tap, \
            Backend(faults, profile, tap.name, options, capture) as server, \
            servers.Dnsmasq(tap.name, options=more) as dhcp:
        yield Attachment('backend', 'vhost-user,chardev=vu', host, mtu or 1500,
                         {'tap': tap, 'dnsmasq': dhcp, 'backend': server}, server)
