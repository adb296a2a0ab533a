"""PXE servers that a test plays: what they are asked, byte by byte, and what they may do to a boot.

Where a file is named, it is a URL of the same neighbour, who hears what is asked for. Real servers
are in test_pxe.py.
"""

import socket
import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

import pxe
from peer import ACK, BROADCAST, DISCOVER, OFFER, REQUEST, tlv
from pxe import SERVER_IP
from skiff import FAILED, nic

SERVER = socket.inet_aton(SERVER_IP)


@pytest.fixture(name='peer')
def _peer(part):
    return part(pxe.Peer())


@pytest.fixture(name='boot')
def _boot(peer, machine):
    return lambda **keys: machine([nic(peer.netdev())], fw_cfg=keys)


def item(kind, text):
    return struct.pack('>HB', kind, len(text)) + text


def asks_for(peer, path):
    """The guest asks the neighbour for this path, and is told that there is none."""
    conn = peer.accept()
    assert conn.request().startswith(b'GET /%s HTTP/1.1\r\n' % path)
    conn.write(b'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')


def proxy_with(peer, *options):
    """A proxy that offers these."""
    peer.proxy = lambda message: [peer.pxe_answer(message, OFFER, *options)] \
        if message.kind == DISCOVER else []


def silent_proxy(peer):
    """A proxy that only says that it is there."""
    proxy_with(peer)


def item_of(message):
    """Type and layer of the boot item in a question: option 43 has it, and nothing else."""
    code, length, kind, layer, end = struct.unpack('>BBHHB', message.options[43])
    assert (code, length, end) == (71, 4, 255)
    return kind, layer


def test_what_a_proxy_is_asked(peer, boot):
    """[DHCP-07] [DHCP-22] On its port 4011, from our address and port 68, to which it answers."""
    silent_proxy(peer)
    peer.pxe = lambda message: [peer.pxe_answer(message, ACK, (67, peer.url('proxy').encode()),
                                                port=4011)]
    guest = boot()
    asks_for(peer, b'proxy')
    guest.wait_for(rf'^boot file: \S+ \(proxy DHCP server {SERVER_IP}: option 67\)$')
    discover, request = peer.messages()
    (_, question), = peer.asked
    packet = question.packet
    assert (packet.dst, packet[IP].dst, packet[IP].src) == (peer.mac, SERVER_IP, peer.guest_ip)
    assert (packet[UDP].sport, packet[UDP].dport) == (68, 4011)
    assert (question.op, question.htype, question.hlen, question.kind) == (1, 1, 6, REQUEST)
    assert (question.ciaddr, question.yiaddr) == (peer.guest_ip, '0.0.0.0')
    assert question.xid not in (0, discover.xid) and question.flags == 0
    assert question.options.keys().isdisjoint({43, 50, 54})
    del question.options[53], discover.options[53]
    assert question.options == discover.options         # 55, 57, 60, 61, 77, 93, 94, 97
    assert request.options[54] == socket.inet_aton(peer.ip)


def test_a_proxy_that_is_slow_is_asked_again_and_not_for_ever(peer, boot):
    """[DHCP-22] After 1, 2, 3 s; the end of it is no failure, but nobody says what to boot then."""
    silent_proxy(peer)
    guest = boot()
    match = guest.wait_for(FAILED, timeout=60)
    assert (match[1], match[2].split(';')[0]) == ('config', 'nobody says what to boot')
    assert f'pxe: {SERVER_IP} does not answer on UDP port 4011\n' in guest.text
    times = [when for when, _ in peer.asked]
    assert len(times) == 4
    assert len({message.xid for _, message in peer.asked}) == 1
    pauses = [later - earlier for earlier, later in zip(times, times[1:])]
    assert all(pause > seconds - 0.2 for pause, seconds in zip(pauses, (1, 2, 3)))


def test_a_proxy_whose_first_question_is_lost(peer, boot):
    """[DHCP-22]"""
    silent_proxy(peer)
    peer.pxe = lambda message: [peer.pxe_answer(message, ACK, (67, peer.url('late').encode()))] \
        if len(peer.asked) == 2 else []
    boot()
    asks_for(peer, b'late')


def test_a_proxy_is_not_asked_where_all_is_said(peer, boot):
    """[DHCP-20] [DHCP-21] And no time is spent on it."""
    peer.proxy = lambda message: [
        peer.pxe_answer(message, OFFER, (67, peer.url('offered').encode()))]
    guest = boot()
    asks_for(peer, b'offered')
    assert not peer.asked and 'waiting up to' not in guest.text


def menu(*items, prompt=b'\0', control=3, servers=b'', more=()):
    """An option 43."""
    return 43, tlv((6, bytes([control])), *([(8, servers)] if servers else []),
                   (9, b''.join(item(*x) for x in items)), (10, prompt), *more) + b'\xff'


def boot_server(peer, path):
    """The PXE server is a boot server, too, and repeats the item."""
    peer.pxe = lambda message: [peer.pxe_answer(
        message, ACK, (43, message.options[43]), (67, peer.url(path).encode()), port=4011)]


def test_a_listed_boot_server_is_asked_alone(peer, boot):
    """[DHCP-23] [DHCP-24]"""
    proxy_with(peer, menu((0x8123, b'one'), servers=struct.pack('>HB', 0x8123, 1) + SERVER))
    boot_server(peer, 'listed')
    guest = boot()
    asks_for(peer, b'listed')
    (_, question), = peer.asked
    assert question.packet[IP].dst == SERVER_IP and question.packet[UDP].dport == 4011
    assert item_of(question) == (0x8123, 0)
    guest.wait_for(rf'^boot file: \S+ \(boot server {SERVER_IP}: option 67\)$')


@pytest.mark.parametrize('control, ways', [
    (0, ['multicast', 'broadcast']), (1, ['multicast']), (2, ['broadcast'])])
def test_boot_servers_are_looked_for_as_control_allows(control, ways, peer, boot):
    """[DHCP-24] What looks like REBINDING to a DHCP server is acknowledged by it, in vain."""
    group = '239.255.1.2'
    proxy_with(peer, menu((7, b'one'), control=control, more=[(7, socket.inet_aton(group))]))

    def answer(message):
        rebound = peer.dhcp_answer(message, ACK, peer.options((67, peer.url('no').encode())))
        if len(peer.asked) < len(ways):
            return [rebound]
        return [rebound, peer.pxe_answer(message, ACK, (43, message.options[43]),
                                         (67, peer.url('found').encode()))]
    peer.pxe = answer
    boot()
    asks_for(peer, b'found')
    heard = [(m.packet[Ether].dst, m.packet[IP].dst, m.packet[UDP].dport) for _, m in peer.asked]
    of = {'multicast': ('01:00:5e:7f:01:02', group, 4011),
          'broadcast': (BROADCAST, '255.255.255.255', 67)}
    assert heard == [of[way] for way in ways]
    assert {item_of(message) for _, message in peer.asked} == {(7, 0)}


def test_only_listed_boot_servers_are_believed(peer, boot):
    """[DHCP-24] Bit 2; an answer for another type is none either."""
    listed = struct.pack('>HB', 7, 1) + socket.inet_aton('192.0.2.99')
    proxy_with(peer, menu((7, b'one'), control=4, servers=listed))
    boot_server(peer, 'forged')
    guest = boot(deadline='3')
    match = guest.wait_for(FAILED)
    assert match[2] == (f'no boot server of type 7 answers, which the PXE server {SERVER_IP} '
                        'leads to')
    assert not peer.queries() and peer.asked


def test_bit_3_and_a_file_pass_over_the_menu(peer, boot):
    """[DHCP-23]"""
    proxy_with(peer, menu((7, b'one'), (8, b'two'), control=8, prompt=b'\xffx'),
               (67, peer.url('direct').encode()))
    guest = boot()
    asks_for(peer, b'direct')
    assert 'pxe: ' not in guest.text and not peer.asked


def test_a_menu_of_hostile_bytes(peer, boot):
    """[SEC-10] Neither terminal nor line are the server's."""
    proxy_with(peer, menu((7, b'\x1b[31m\x07 \xe4\n'), (8, b'x' * 200), control=1,
                          prompt=b'\x02\x1b]0;t\x07', more=[(7, socket.inet_aton('224.0.1.2'))]))
    boot_server(peer, 'menu')
    guest = boot()
    guest.wait_for(r'^pxe: \?\]0;t\?$')
    guest.wait_for(r'^pxe: 1: \?\[31m\? \?\?$')
    guest.wait_for(r'^pxe: 2: x{70}$')
    asks_for(peer, b'menu')


def test_a_menu_without_class_is_none(peer, boot):
    """[DHCP-23] Option 43 of a server that does not say PXEClient is somebody else's."""
    peer.dhcp = lambda message: [peer.dhcp_answer(
        message, OFFER if message.kind == DISCOVER else ACK,
        peer.options(menu((7, b'one')), (67, peer.url('mine').encode())))]
    guest = boot()
    asks_for(peer, b'mine')
    assert 'pxe: ' not in guest.text


def test_a_menu_of_the_dhcp_server_itself(peer, boot):
    """[DHCP-23] Options split as RFC 3396 has it. [DHCP-15]"""
    code, option = menu((7, b'one'), (0, b'local'), prompt=b'\0', control=3,
                        servers=struct.pack('>HB', 7, 1) + SERVER)
    parts = [(code, option[:5]), (60, b'PXECl'), (code, option[5:6]), (code, option[6:]),
             (60, b'ient')]
    peer.dhcp = lambda message: [peer.dhcp_answer(
        message, OFFER if message.kind == DISCOVER else ACK, peer.options(*parts))]
    boot_server(peer, 'split')
    guest = boot()
    asks_for(peer, b'split')
    assert guest.wait_for(FAILED)[1] == 'http'
