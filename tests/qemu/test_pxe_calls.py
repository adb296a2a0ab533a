"""What is left of the PXE API's calls (PXE 2.1, 3): those that there are not, and Preboot's. What
does them is tests/nbp; UDP and UNDI are in test_pxe_udp.py and test_pxe_undi.py."""

import itertools
import struct

from scapy.layers.l2 import Ether

import probe as pxe
from peer import ACK, DISCOVER, payload
from skiff import device_status


KNOWN = {value for name, value in vars(pxe).items()
         if isinstance(value, int) and name.split('_')[0] in ('START', 'UNDI', 'STOP', 'UDP',
                                                              'UNLOAD', 'GET')
         and name not in ('UDP_CLOSED', 'UDP_IS_OPEN', 'UNDI_INVALID_PARAMETER',
                          'UNDI_INVALID_STATE')}
TFTP = {pxe.TFTP_OPEN, pxe.TFTP_CLOSE, pxe.TFTP_READ, pxe.TFTP_READ_FILE, pxe.TFTP_GET_FSIZE}


def test_unknown_opcodes(api):
    """[PXE-15] E6h is how some programs look for iPXE's file API."""
    probe = api()
    data = bytes(range(64))
    opcodes = {*range(0x100), 0x100, 0x133, 0x1000, 0x7171, 0x8000, 0xfffe} - KNOWN - TFTP
    for opcode, convention in itertools.product(sorted(opcodes), ('bang', 'env')):
        answer = probe.call(opcode, data, convention)
        assert answer.status == pxe.UNSUPPORTED, hex(opcode)
        assert answer.data[2:] == data[2:], hex(opcode)


# --- preboot --------------------------------------------------------------------------------------

def cached(kind, size=0, where=(0, 0)):
    return struct.pack('<3H', 0, kind, size) + pxe.far(where) + b'\xbb\xbb'


def test_packets_of_dhcp_as_they_were(api, peer):
    """[PXE-08]"""
    answers = []
    lease = peer.lease

    def dhcp(message):
        frames = lease(message)
        answers.extend(payload(frame) for frame in map(Ether, map(bytes, frames)))
        return frames
    peer.dhcp = dhcp
    probe = api()
    discover = next(m for m in peer.messages() if m.kind == DISCOVER)
    expected = {1: discover.data, 2: answers[-1], 3: answers[-1]}
    assert answers[-1][242] == ACK
    for kind, packet in expected.items():
        answer = probe.ok(pxe.GET_CACHED_INFO, cached(kind))
        size, offset, segment, limit = answer.unpack('4H', 4)
        assert limit == 0xbbbb                          # older programs have no such member
        assert len(packet) <= size <= 1260
        assert segment == probe.env[1]
        data = probe.peek((offset, segment), size)
        assert data[:len(packet)] == packet and not any(data[len(packet):])
        for room in (1, 236, len(packet) - 1, len(packet), len(packet) + 1, 1260, 4000):
            probe.poke(pxe.DATA, bytes([0x77]) * 1400)
            answer = probe.ok(pxe.GET_CACHED_INFO, cached(kind, room, pxe.DATA))
            size = answer.unpack('H', 4)[0]
            assert answer.unpack('HH', 6) == pxe.DATA and answer.data[10:] == b'\xbb\xbb'
            copied = min(room, len(packet))
            assert copied <= size <= min(room, 1260)
            data = probe.peek(pxe.DATA, 1400)
            assert data[:copied] == packet[:copied]
            assert not any(data[copied:size]) and set(data[size:]) == {0x77}
        # The size that was returned first is one that a program may come back with.
        again = probe.ok(pxe.GET_CACHED_INFO, cached(kind, 1260, pxe.DATA))
        assert probe.peek(pxe.DATA, again.unpack('H', 4)[0])[:len(packet)] == packet


def test_packets_that_there_are_not(api):
    """[PXE-08]"""
    probe = api()
    for kind, size in itertools.product((0, 4, 5, 0xff, 0x100, 0x102, 0xffff), (0, 1260)):
        answer = probe.call(pxe.GET_CACHED_INFO, cached(kind, size, pxe.DATA))
        assert answer.status != pxe.SUCCESS, kind
        assert answer.data[2:] == cached(kind, size, pxe.DATA)[2:]


def test_undi_is_started_already(api):
    """[PXE-12]"""
    probe = api()
    probe.ok(pxe.START_UNDI, bytes(16))
    probe.ok(pxe.UNDI_STARTUP)
    assert device_status(probe.guest) == 0
    for _ in range(2):
        probe.ok(pxe.UNDI_INITIALIZE, bytes(22))
        assert device_status(probe.guest) == 15
    for _ in range(2):
        probe.ok(pxe.UNDI_SHUTDOWN)
        assert device_status(probe.guest) == 0
