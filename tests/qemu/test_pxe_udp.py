"""UDP of the PXE API (PXE 2.1, 3.3.5), good and bad, by both conventions, against a scripted
neighbour."""

import socket
import struct

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP

import probe as pxe
from network import wait_until
from peer import BROADCAST, payload

SLOTS = 16      # arch/pcbios/pxe/pxe_impl.h
PORT = 5000


def udp_open(probe):
    return probe.call(pxe.UDP_OPEN, struct.pack('<HL', 0, 0)).status


def udp_write(probe, data, to, port=PORT, source=4000, gateway='0.0.0.0', place=pxe.DATA):
    probe.poke(place, data)
    parameters = (bytes(2) + socket.inet_aton(to) + socket.inet_aton(gateway)
                  + struct.pack('>HH', source, port) + struct.pack('<H', len(data))
                  + pxe.far(place))
    answer = probe.call(pxe.UDP_WRITE, parameters)
    assert answer.data[2:] == parameters[2:]
    return answer.status


def udp_read(probe, address='0.0.0.0', port=0, room=1500):
    """(source, its port, destination, our port, data), or the status that is not 0."""
    probe.poke(pxe.SECOND, bytes([0x77]) * (room + 1))
    answer = probe.call(pxe.UDP_READ, bytes(6) + socket.inet_aton(address) + struct.pack(
        '>HH', 0, port) + struct.pack('<H', room) + pxe.far(pxe.SECOND))
    if answer.status != pxe.SUCCESS:
        assert probe.peek(pxe.SECOND, room + 1) == bytes([0x77]) * (room + 1)
        return answer.status
    source, to = (socket.inet_ntoa(answer.data[at:at + 4]) for at in (2, 6))
    ports = struct.unpack_from('>HH', answer.data, 10)
    length = answer.unpack('H', 14)[0]
    assert length <= room
    data = probe.peek(pxe.SECOND, room + 1)
    assert data[length:] == bytes([0x77]) * (room + 1 - length)
    return source, ports[0], to, ports[1], data[:length]


def udp_wait(probe, **how):
    """The next datagram: it comes when it comes."""
    def read():
        found = udp_read(probe, **how)
        return found if isinstance(found, tuple) else None
    return wait_until(read, 10, 'a datagram')


def written(probe, peer, port=PORT, after=0):
    """The datagram that was written: ARP goes before it, whose answer the next call sees."""
    def find():
        udp_read(probe, port=9)
        return next((p for p in peer.heard[after:] if UDP in p and p[UDP].dport == port), None)
    return wait_until(find, 10, 'the datagram')


@pytest.fixture(name='udp')
def _udp(api):
    probe = api()
    assert udp_open(probe) == pxe.SUCCESS
    return probe


def test_udp_echo(udp, peer):
    """[PXE-09]"""
    for size in (0, 1, 511, 1472):
        data, mark = bytes(i * 7 & 255 for i in range(size)), len(peer.heard)
        assert udp_write(udp, data, peer.ip, source=4000 + size) == pxe.SUCCESS
        packet = written(udp, peer, after=mark)
        assert packet[UDP].sport == 4000 + size and packet[IP].src == peer.guest_ip
        assert payload(packet) == data
        peer.send(peer.datagram(PORT, 4000 + size, data))
        assert udp_wait(udp) == (peer.ip, PORT, peer.guest_ip, 4000 + size, data)
    assert udp_write(udp, bytes(1473), peer.ip) == pxe.FAILURE      # never a fragment


def test_udp_source_port_0_is_2069(udp, peer):
    """[PXE-09]"""
    assert udp_write(udp, b'x', peer.ip, source=0) == pxe.SUCCESS
    assert written(udp, peer)[UDP].sport == 2069
    peer.send(peer.datagram(PORT, 2069, b'y'))
    assert udp_wait(udp, port=2069)[3:] == (2069, b'y')


def test_udp_read_waits_for_nobody_and_cuts(udp, peer):
    """[PXE-09]"""
    assert udp_read(udp) == pxe.FAILURE
    peer.send(peer.datagram(1, 2, b'0123456789'))
    assert udp_wait(udp, room=4) == (peer.ip, 1, peer.guest_ip, 2, b'0123')
    assert udp_read(udp) == pxe.FAILURE                             # the rest is gone
    peer.send(peer.datagram(1, 2, b'0123456789'))
    assert udp_wait(udp, room=0)[4] == b''


def test_udp_read_filters(udp, peer):
    """By our port and our address; in the order of arrival. [PXE-09]"""
    for port, data in ((7001, b'a'), (7002, b'b'), (7001, b'c'), (7003, b'd')):
        peer.send(peer.datagram(PORT, port, data))
    assert udp_wait(udp, port=7003)[3:] == (7003, b'd')
    assert udp_read(udp, port=7004) == pxe.FAILURE
    assert udp_read(udp, address='192.0.2.99', port=7001) == pxe.FAILURE
    assert udp_read(udp, address=peer.guest_ip, port=7001)[3:] == (7001, b'a')
    assert udp_read(udp)[3:] == (7002, b'b')
    assert udp_read(udp)[3:] == (7001, b'c')
    assert udp_read(udp) == pxe.FAILURE


def test_udp_datagrams_for_somebody_else(udp, peer):
    """[PXE-09]"""
    peer.send(peer.datagram(PORT, 7001, b'not ours', dst='192.0.2.51'))
    wrong = peer.datagram(PORT, 7001, b'wrong sum')
    wrong[UDP].chksum = 0x1234
    peer.send(wrong)
    peer.send(peer.datagram(PORT, 7001, b'ours'))
    assert udp_wait(udp, port=7001)[4] == b'ours'
    assert udp_read(udp) == pxe.FAILURE


def test_udp_beyond_the_gateway(udp, peer):
    """Our routes count, whatever stands in the field. [PXE-09]"""
    for gateway in ('0.0.0.0', peer.ip, '255.255.255.255', '10.99.99.99'):
        mark = len(peer.heard)
        assert udp_write(udp, b'x', '198.51.100.7', gateway=gateway) == pxe.SUCCESS
        packet = written(udp, peer, after=mark)
        assert packet.dst == peer.mac and packet[IP].dst == '198.51.100.7'


def test_udp_to_everybody(udp, peer):
    """[PXE-09]"""
    assert udp_write(udp, b'x', '255.255.255.255') == pxe.SUCCESS
    assert written(udp, peer).dst == BROADCAST


def test_udp_answers_arp_and_ping_while_it_is_asked(udp, peer):
    """[PXE-09]"""
    mark = len(peer.heard)
    peer.send(peer.arp())
    peer.send(peer.packet(ICMP(type=8, id=7, seq=1) / b'hello'))

    def answered():
        assert udp_read(udp) == pxe.FAILURE
        heard = list(peer.heard[mark:])
        return any(ARP in p for p in heard) and any(ICMP in p for p in heard)
    wait_until(answered, 10, 'answers')


def test_udp_more_than_is_kept(udp, peer):
    """The newest are kept, the API lives."""
    for number in range(100):
        peer.send(peer.datagram(PORT, 7001, b'%d' % number))
        if number % 8 == 7:
            assert udp_read(udp, port=9) == pxe.FAILURE     # takes them off the device
    kept = []
    while isinstance(found := udp_read(udp), tuple):
        kept.append(int(found[4]))
    assert kept == sorted(kept) and kept[-1] == 99 and len(kept) <= 2 * SLOTS
    peer.send(peer.datagram(PORT, 7001, b'again'))
    assert udp_wait(udp)[4] == b'again'


def test_udp_closed_and_twice_open(api, peer):
    """[PXE-09]"""
    probe = api()
    assert probe.call(pxe.UDP_CLOSE).status == pxe.UDP_CLOSED
    assert udp_write(probe, b'x', peer.ip) == pxe.UDP_CLOSED
    assert udp_read(probe) == pxe.UDP_CLOSED
    for _ in range(2):
        assert udp_open(probe) == pxe.SUCCESS
        assert udp_open(probe) == pxe.UDP_IS_OPEN
        peer.send(peer.datagram(PORT, 7001, b'one'))
        assert udp_wait(probe)[4] == b'one'
        peer.send(peer.datagram(PORT, 7001, b'two'))
        peer.send(peer.datagram(PORT, 7002, b'three'))
        assert udp_wait(probe, port=7002)[4] == b'three'        # behind the other, which is kept
        probe.ok(pxe.UDP_CLOSE)
        assert probe.call(pxe.UDP_CLOSE).status == pxe.UDP_CLOSED
    assert udp_open(probe) == pxe.SUCCESS
    assert udp_write(probe, b'x', peer.ip) == pxe.SUCCESS
    assert payload(written(probe, peer)) == b'x'


def test_udp_when_the_neighbour_does_not_answer(udp, peer):
    """An address where nobody is: the call comes back, and the next one finds who is there."""
    assert udp_write(udp, b'x', '192.0.2.77') in (pxe.SUCCESS, pxe.FAILURE)
    assert udp_write(udp, b'y', peer.ip, port=5001) == pxe.SUCCESS
    assert payload(written(udp, peer, 5001)) == b'y'
