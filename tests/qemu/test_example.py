"""The driver in somebody else's program: lwIP over build/libskiff.a (tests/example), by -kernel."""

import re
import socket
import urllib.request

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.packet import Raw

from skiff import TOP, device_status, nic

EXAMPLE = ['-kernel', TOP / 'build' / 'example.elf']
DRIVER_OK = 4
ADDRESS = r'address ([\d.]+)$'
COUNTS = re.compile(r'hello\nrx (\d+) tx (\d+) checked (\d+) vouched (\d+) partial (\d+) bad (\d+)')


def ping(address, size):
    """Sends one echo request of `size` bytes; its answer's data, or TimeoutError."""
    data = bytes(range(256)) * (size // 256 + 1)
    request = ICMP(id=0x736b, seq=size) / Raw(data[:size])
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.settimeout(10)
        raw.sendto(bytes(request), (address, 0))
        while True:
            reply = IP(raw.recv(65535))
            if reply.src == address and reply[ICMP].type == 0 and reply[ICMP].seq == size:
                return bytes(reply[ICMP].payload) == data[:size]


def page(address):
    """The counters of the page, by name."""
    with urllib.request.urlopen(f'http://{address}/', timeout=10) as answer:
        match = COUNTS.fullmatch(answer.read().decode())
    return dict(zip(('rx', 'tx', 'checked', 'vouched', 'partial', 'bad'), map(int, match.groups())))


@pytest.mark.parametrize('csum', ['on', 'off'])
@pytest.mark.parametrize('variant', ['modern', 'legacy'])
def test_lwip_gets_a_lease_and_answers(attach, machine, variant, csum):
    net = attach('tap')
    guest = machine([nic(net.netdev, variant, rom=None, guest_csum=csum)], arguments=EXAMPLE)
    address = guest.wait_for(ADDRESS)[1]
    assert device_status(guest) & DRIVER_OK
    assert address == net.parts['dnsmasq'].range.split(',')[0]
    assert ping(address, 56) and ping(address, 1472)
    before, after = page(address), page(address)
    assert after['rx'] > before['rx'] and after['tx'] > before['tx']
    assert after['rx'] == sum(after[name] for name in ('checked', 'vouched', 'partial', 'bad'))
    assert after['bad'] == after['vouched'] == 0
    # The kernel leaves the sums of what it sends itself undone, for a guest that agreed to that.
    assert (after['partial'] > before['partial']) == (csum == 'on')
    guest.type('\x1b')
    guest.wait_for(r'^closed$')
    assert device_status(guest) == 0


def test_without_a_device_it_says_so(machine):
    guest = machine([], arguments=EXAMPLE)
    guest.wait_for(r'there is no virtio network device$')
