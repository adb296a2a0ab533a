"""UNDI of the PXE API (PXE 2.1, 3.4), good and bad, by both conventions, against a scripted
neighbour."""

import itertools
import socket
import struct

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether

import probe as pxe
from network import wait_until
from peer import BROADCAST, payload
from skiff import device_status
from test_pxe_udp import udp_open, udp_write, written

MAC = '52:54:00:12:34:56'
DIRECTED, BROADCASTS, PROMISCUOUS = 1, 2, 4
START, PROCESS, GET_NEXT = 1, 2, 3
OURS, NOT_OURS = 0, 1
DONE, TRANSMITTED, RECEIVED = 0, 2, 3
SLOTS = 16      # arch/pcbios/pxe/pxe_impl.h


def undi_open(probe, packet_filter=DIRECTED | BROADCASTS):
    return probe.call(pxe.UNDI_OPEN, struct.pack('<3H', 0, 0, packet_filter) + bytes(50)).status


def transmit(probe, parts, protocol=0, destination=None, blocks=None):
    """parts: of the frame, the first one is immediate; destination: None is everybody."""
    place, tbd, described = pxe.DATA[0], pxe.SECOND, []
    for part in parts:
        probe.poke((place, pxe.DATA[1]), part)
        described.append((len(part), (place, pxe.DATA[1])))
        place += len(part) + 3
    count = len(parts) - 1 if blocks is None else blocks
    text = struct.pack('<H', described[0][0]) + pxe.far(described[0][1]) + struct.pack('<H', count)
    for length, where in described[1:]:
        text += struct.pack('<BBH', 1, 0, length) + pxe.far(where)
    probe.poke(tbd, text)
    address = (0x0400, tbd[1])
    probe.poke(address, bytes.fromhex((destination or '00:00:00:00:00:00').replace(':', '')))
    parameters = bytes(2) + struct.pack('<BB', protocol, destination is None) + pxe.far(address)
    return probe.call(pxe.UNDI_TRANSMIT, parameters + pxe.far(tbd) + bytes(8)).status


def isr(probe, function):
    answer = probe.ok(pxe.UNDI_ISR, struct.pack('<2H', 0, function) + bytes(14))
    return answer.unpack('6HBB')


def events(probe, first=PROCESS):
    """Those of one round, to its end: TRANSMITTED, or (frame, protocol, kind)."""
    found, function = [], first
    while True:
        event, buffer, length, header, offset, segment, protocol, kind = isr(probe, function)
        function = GET_NEXT
        if event == DONE:
            return found
        if event == TRANSMITTED:
            found.append(TRANSMITTED)
            continue
        assert event == RECEIVED and buffer == length and header == 14
        assert segment == probe.env[1]
        found.append((probe.peek((offset, segment), length), protocol, kind))


def receive(probe, count=1):
    """That many frames, with as many questions as it takes."""
    found = []

    def more():
        found.extend(event for event in events(probe) if event != TRANSMITTED)
        return len(found) >= count
    wait_until(more, 10, f'{count} frames')
    return found


@pytest.fixture(name='undi')
def _undi(api):
    probe = api()
    assert undi_open(probe) == pxe.SUCCESS
    return probe


def arp_question(peer, **more):
    return bytes(Ether(src=MAC, dst=BROADCAST) / ARP(op=1, hwsrc=MAC, psrc=peer.guest_ip,
                                                     pdst=peer.ip, **more))


def test_undi_arp_and_ping_of_the_gateway(undi, peer):
    """[PXE-13] [PXE-14]"""
    assert transmit(undi, [arp_question(peer)]) == pxe.SUCCESS
    frame, protocol, kind = receive(undi)[0]
    assert Ether(frame)[ARP].hwsrc == peer.mac
    assert (protocol, kind) == (2, 0)
    ping = bytes(IP(src=peer.guest_ip, dst=peer.ip, id=7) / ICMP(type=8, id=1, seq=1) / bytes(56))
    assert transmit(undi, [ping], protocol=1, destination=peer.mac) == pxe.SUCCESS
    asked = peer.expect(lambda p: ICMP in p and p[ICMP].type == 8)
    assert asked.dst == peer.mac and asked.src == MAC and bytes(asked[IP])[:len(ping)] == ping
    peer.send(peer.packet(ICMP(type=0, id=1, seq=1) / bytes(56)))
    frame, protocol, kind = receive(undi)[0]
    assert Ether(frame)[ICMP].type == 0 and (protocol, kind) == (1, 0)


def hardware(address):
    return bytes.fromhex(address.replace(':', ''))


def test_undi_header_that_is_built(undi, peer):
    """[PXE-14]"""
    for (protocol, ethertype), destination in itertools.product(
            {1: b'\x08\0', 2: b'\x08\6', 3: b'\x80\x35'}.items(), (None, peer.mac)):
        body = bytes([protocol, destination is None]) * 50
        assert transmit(undi, [body], protocol, destination) == pxe.SUCCESS
        packet = peer.expect(lambda p, body=body: bytes(p)[14:114] == body)
        assert bytes(packet)[:14] == (hardware(destination or BROADCAST) + hardware(MAC)
                                      + ethertype)


def test_undi_frame_in_parts(undi, peer):
    """[PXE-14]"""
    head = hardware(peer.mac) + hardware(MAC) + b'\x88\xb5'
    for number, sizes in enumerate(([1514], [14, 100], [0, 14, 100], [14, *[7] * 8],
                                    [13, 1, 0, 1500], [60, 0, 0])):
        frame = (head + bytes(i * 13 + number & 255 for i in range(1500)))[:sum(sizes)]
        places = list(itertools.accumulate(sizes, initial=0))
        parts = [frame[start:end] for start, end in zip(places, places[1:])]
        assert transmit(undi, parts) == pxe.SUCCESS
        peer.expect(lambda p, frame=frame: bytes(p)[:len(frame)] == frame)
        assert events(undi) == [TRANSMITTED]
        assert events(undi) == []


def test_undi_frame_that_is_none(undi, peer):
    """Nothing of it is sent, and the next one is. [PXE-14]"""
    mark = len(peer.heard)
    for parts, how in (
            ([bytes(1515)], {}), ([bytes(1500)] * 2, {}), ([bytes(13)], {}), ([b''], {}),
            ([bytes(60)], {'protocol': 4}), ([bytes(60)], {'protocol': 255}),
            ([bytes(60)], {'blocks': 9}), ([bytes(60)], {'blocks': 0xffff}),
            ([bytes(1501)], {'protocol': 1})):
        assert transmit(undi, parts, **how) == pxe.UNDI_INVALID_PARAMETER, (len(parts[0]), how)
        assert events(undi) == []
    assert transmit(undi, [arp_question(peer)]) == pxe.SUCCESS
    receive(undi)
    assert len(peer.heard) == mark + 1


def test_undi_isr_as_drivers_ask(undi, peer):
    """START says whether there is anything; without it the same comes. [PXE-13]"""
    assert isr(undi, START)[0] == NOT_OURS
    assert events(undi, PROCESS) == events(undi, GET_NEXT) == []
    for _ in range(2):
        peer.send(peer.arp())
    wait_until(lambda: isr(undi, START)[0] == OURS, 10, 'an event')
    assert len(receive(undi, 2)) == 2
    assert transmit(undi, [arp_question(peer)]) == pxe.SUCCESS
    assert isr(undi, START)[0] == OURS
    assert TRANSMITTED in events(undi, GET_NEXT)
    for function in (0, 4, 5, 0xffff):
        assert undi.call(pxe.UNDI_ISR, struct.pack('<2H', 0, function) + bytes(14)
                         ).status == pxe.UNDI_INVALID_PARAMETER


def frames_of_each_kind(peer, mark):
    """One for us, for everybody, for a group, and for somebody else; (frame, kind)."""
    for number, (to, kind) in enumerate(((MAC, 0), (BROADCAST, 1), ('01:00:5e:00:00:01', 2),
                                         ('02:00:00:00:00:77', 3))):
        yield bytes(Ether(src=peer.mac, dst=to, type=0x88b5)) + bytes([mark, number]) * 30, kind


FILTERS = {DIRECTED: {0, 2}, DIRECTED | BROADCASTS: {0, 1, 2}, PROMISCUOUS: {0, 1, 2, 3},
           DIRECTED | BROADCASTS | PROMISCUOUS: {0, 1, 2, 3}}


def test_undi_filter(api, peer):
    """Of UNDI_OPEN, and of UNDI_SET_PACKET_FILTER. [PXE-12]"""
    probe = api()
    marks = itertools.count()
    for (packet_filter, kinds), opened in itertools.product(FILTERS.items(), (True, False)):
        assert undi_open(probe, packet_filter if opened else 0) == pxe.SUCCESS
        if not opened:
            probe.ok(pxe.UNDI_SET_PACKET_FILTER, bytes([0, 0, packet_filter]))
        sent = list(frames_of_each_kind(peer, next(marks)))
        end = next(frame for frame, _ in frames_of_each_kind(peer, next(marks)))
        for frame, _ in sent:
            peer.send(frame)
        peer.send(end)
        found = []
        while end not in [frame for frame, *_ in found]:
            found += receive(probe)
        assert [(frame, kind) for frame, _, kind in found] == \
            [(frame, kind) for frame, kind in sent if kind in kinds] + [(end, 0)]
        probe.ok(pxe.UNDI_CLOSE)


def test_undi_frames_of_any_length(undi, peer):
    """[PXE-13]"""
    for size in (60, 61, 590, 1513, 1514):
        frame = bytes(Ether(src=peer.mac, dst=MAC, type=0x88b5)).ljust(size, b'\x5a')
        peer.send(frame)
        assert receive(undi)[0][0] == frame


def test_undi_more_than_the_device_holds(undi, peer):
    """All slots are used, more than once, and statistics count. [PXE-12]"""
    undi.ok(pxe.UNDI_CLEAR_STATISTICS)
    frames = [bytes(Ether(src=peer.mac, dst=MAC, type=0x88b5)) + bytes([number]) * 50
              for number in range(2 * SLOTS + SLOTS // 2)]
    found = []
    for first in range(0, len(frames), SLOTS + 4):      # the device has SLOTS, the wire the rest
        sent = frames[first:first + SLOTS + 4]
        for frame in sent:
            peer.send(frame)
        found += [frame for frame, *_ in receive(undi, len(sent))]
    assert found == frames
    assert undi.ok(pxe.UNDI_GET_STATISTICS, bytes(18)).unpack('4L') == (0, len(frames), 0, 0)
    assert transmit(undi, [arp_question(peer)]) == pxe.SUCCESS
    assert undi.ok(pxe.UNDI_GET_STATISTICS, bytes(18)).unpack('L') == (1, )
    undi.ok(pxe.UNDI_CLEAR_STATISTICS)
    assert undi.ok(pxe.UNDI_GET_STATISTICS, bytes(18)).unpack('4L') == (0, 0, 0, 0)


def test_undi_frames_when_it_is_closed(api, peer):
    """[PXE-12]"""
    probe = api()
    refused = {pxe.UNDI_TRANSMIT: 20, pxe.UNDI_ISR: 18, pxe.UNDI_SET_PACKET_FILTER: 3}
    for _ in range(2):
        for opcode, length in refused.items():
            data = bytes(2) + b'\1'.ljust(length - 2, b'\0')
            assert probe.call(opcode, data).status == pxe.UNDI_INVALID_STATE, hex(opcode)
        probe.ok(pxe.UNDI_CLOSE)        # also when it is closed
        assert undi_open(probe) == pxe.SUCCESS
        peer.send(peer.arp())
        receive(probe)
        peer.send(peer.arp())
        probe.ok(pxe.UNDI_CLOSE)
    assert undi_open(probe) == pxe.SUCCESS
    assert transmit(probe, [arp_question(peer)]) == pxe.SUCCESS
    receive(probe)


def test_undi_and_udp_exclude_each_other(api, peer):
    """[PXE-12]"""
    probe = api()
    assert udp_open(probe) == pxe.SUCCESS
    assert undi_open(probe) == pxe.UNDI_INVALID_STATE
    assert transmit(probe, [arp_question(peer)]) == pxe.UNDI_INVALID_STATE
    assert udp_write(probe, b'x', peer.ip) == pxe.SUCCESS
    assert payload(written(probe, peer)) == b'x'
    probe.ok(pxe.UDP_CLOSE)
    assert undi_open(probe) == pxe.SUCCESS
    assert udp_open(probe) == pxe.UNDI_INVALID_STATE
    assert udp_write(probe, b'x', peer.ip) == pxe.UDP_CLOSED
    assert transmit(probe, [arp_question(peer)]) == pxe.SUCCESS
    receive(probe)
    probe.ok(pxe.UNDI_CLOSE)
    assert udp_open(probe) == pxe.SUCCESS
    assert udp_write(probe, b'y', peer.ip, port=5001) == pxe.SUCCESS
    assert payload(written(probe, peer, 5001)) == b'y'


def test_undi_survives_a_reset_and_a_shutdown(undi, peer):
    """[PXE-12] [PXE-16]"""
    undi.ok(pxe.UNDI_RESET_ADAPTER, bytes(52))
    assert device_status(undi.guest) == 15
    assert transmit(undi, [arp_question(peer)]) == pxe.SUCCESS
    receive(undi)
    undi.ok(pxe.UNDI_SHUTDOWN)
    assert device_status(undi.guest) == 0
    assert transmit(undi, [arp_question(peer)]) == pxe.UNDI_INVALID_STATE
    undi.ok(pxe.UNDI_INITIALIZE, bytes(6))
    assert undi_open(undi) == pxe.SUCCESS
    assert transmit(undi, [arp_question(peer)]) == pxe.SUCCESS
    receive(undi)


@pytest.mark.parametrize('variant, device', [('transitional', 0x1000), ('modern', 0x1041)])
def test_undi_who_it_is(variant, device, api):
    """[PXE-12] [PXE-13]"""
    probe = api(variant=variant)
    mac = hardware(MAC)
    io, irq, mtu, kind, length, current, permanent, rom, rx, tx = probe.ok(
        pxe.UNDI_GET_INFORMATION, bytes(50)).unpack('5H16s16s3H')
    assert (io, irq, mtu, kind, length) == (0, 0, 1500, 1, 6)
    assert current == permanent == mac.ljust(16, b'\0')
    assert rom == 0 and rx and tx
    answer = probe.ok(pxe.UNDI_GET_NIC_TYPE, bytes(17))
    assert answer.unpack('BHHBBBBHHH')[:6] == (2, 0x1af4, device, 2, 0, 0)
    assert answer.unpack('HHH', 11) == (3 << 3, 0x1af4, {0x1000: 1, 0x1041: 0x1100}[device])
    name, speed, flags = probe.ok(pxe.UNDI_GET_IFACE_INFO, bytes(42)).unpack('16sLL')
    assert name == b'DIX+802.3'.ljust(16, b'\0') and speed
    assert flags & 0x0b == 0x0b and not flags & 0x10      # an interrupt is not supported [PXE-13]
    group = socket.inet_aton('239.129.2.3')
    answer = probe.ok(pxe.UNDI_GET_MCAST_ADDRESS, bytes(2) + group + bytes([0x77]) * 16)
    assert answer.data[6:] == bytes.fromhex('01005e010203').ljust(16, b'\0')
    probe.ok(pxe.UNDI_SET_STATION_ADDRESS, bytes(2) + mac.ljust(16, b'\0'))
    assert probe.call(pxe.UNDI_SET_STATION_ADDRESS, bytes(18)).status == pxe.UNDI_INVALID_PARAMETER
