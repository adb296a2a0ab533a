"""What a hostile, lossy or merely odd LAN can do to a download: Ethernet and ARP.

Every test downloads a file, of which every byte counts (see download.py), or fails by name. Unit
tests have the same rules in more corners; here they hold in a whole machine.
"""

from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Padding

from download import BODY, STRANGER, TRAP, fetched, go_on, halfway, heard
from peer import BROADCAST, MSS, ok
from skiff import assert_good_day


def test_short_frames_are_padded_with_zeros_and_not_with_old_bytes(peer, boot):
    """[ETH-01]"""
    guest, conn, rest = halfway(peer, boot)
    for _ in range(100):        # more than there can be transmit buffers
        peer.ping(b'\xaa' * 1472)
    peer.send(peer.arp())
    go_on(guest, conn, rest)
    assert_good_day(guest)
    assert min(len(frame.original) for frame in peer.heard) == 60
    pads = [frame[Padding].load for frame in peer.heard if Padding in frame]
    assert pads and not any(b''.join(pads))
    # passt drops packets behind which there is a pad, so TCP makes its own frames long enough.
    assert not [frame for frame in peer.heard if TCP in frame and Padding in frame]


def test_right_address_in_a_frame_for_somebody_else(peer, boot):
    """[ETH-02]"""
    guest, conn, rest = halfway(peer, boot)
    mark = len(peer.heard)
    for mac in (STRANGER, '01:00:5e:00:00:01', '33:33:00:00:00:01'):
        echo = peer.packet(ICMP(type=8, id=2) / b'not for you')
        reset = conn.segment(flags='R')
        for frame in (echo, reset):
            frame[Ether].dst = mac
            peer.send(frame)
    peer.fence()
    assert not heard(peer, mark, lambda p: ICMP in p and p[ICMP].id == 2)
    go_on(guest, conn, rest)
    assert_good_day(guest)


def test_a_frame_to_everybody_resets_nothing_and_gets_no_answer(peer, boot):
    """[ETH-04] [ICMP-02] [ICMP-06]"""
    guest, conn, rest = halfway(peer, boot)
    mark = len(peer.heard)
    for frame in (conn.segment(flags='R'), conn.segment(data=b'x'),
                  peer.datagram(7, 7, b'anybody?'),
                  peer.packet(ICMP(type=8, id=2) / b'all of you'),
                  peer.packet(ICMP(type=8, id=2) / b'all of you', dst='192.0.2.255')):
        frame[Ether].dst = BROADCAST
        peer.send(frame)
    peer.fence()
    assert not heard(peer, mark, lambda p: ICMP in p and (p[ICMP].type == 3 or p[ICMP].id == 2))
    assert not heard(peer, mark, lambda p: TCP in p)
    go_on(guest, conn, rest)
    assert_good_day(guest)


def test_arp_request_in_the_middle_of_the_download(peer, boot):
    """[ARP-02]"""
    guest, conn, rest = halfway(peer, boot)
    mark = len(peer.heard)
    peer.send(peer.arp(hwsrc=STRANGER, psrc=TRAP))
    conn.write(rest[:MSS])
    answer = peer.expect(lambda p: ARP in p and p[ARP].op == 2, mark)
    assert (answer.dst, answer[ARP].hwdst, answer[ARP].pdst) == (STRANGER, STRANGER, TRAP)
    assert answer[ARP].hwsrc == answer.src and answer[ARP].psrc == peer.guest_ip
    go_on(guest, conn, rest[MSS:])
    assert_good_day(guest)


def test_arp_from_senders_that_cannot_be(peer, boot):
    """[ARP-08]"""
    guest, conn, rest = halfway(peer, boot)
    mark = len(peer.heard)
    for mac in ('01:00:5e:00:00:01', BROADCAST, '00:00:00:00:00:00', peer.guest_mac):
        for op in (1, 2):
            peer.send(peer.arp(op=op, hwsrc=mac))               # "the gateway is there"
    for address in ('255.255.255.255', '192.0.2.255'):
        peer.send(peer.arp(hwsrc=STRANGER, psrc=address))
    peer.fence()
    assert not heard(peer, mark, lambda p: ARP in p and p[ARP].op == 2)
    peer.send(peer.arp(hwsrc=STRANGER, psrc='0.0.0.0'))         # RFC 5227: a probe, to be answered
    probe = peer.expect(lambda p: ARP in p and p[ARP].op == 2, mark)
    assert (probe.dst, probe[ARP].psrc, probe[ARP].pdst) == (STRANGER, peer.guest_ip, '0.0.0.0')
    go_on(guest, conn, rest)
    assert {p.dst for p in peer.heard[mark:] if IP in p} == {peer.mac}


def test_strangers_push_nobody_out_of_the_arp_cache(peer, boot):
    """[ARP-03] [ARP-06]"""
    guest, conn, rest = halfway(peer, boot)
    mark = len(peer.heard)
    for number in range(300):
        for op in (1, 2):
            peer.send(peer.arp(op=op, hwsrc=f'02:00:00:00:{number // 200:02x}:{number % 200:02x}',
                               psrc=f'192.0.2.{2 + number % 40}'))
    go_on(guest, conn, rest)
    assert {p.dst for p in peer.heard[mark:] if IP in p} == {peer.mac}
    assert not heard(peer, mark, lambda p: ARP in p and p[ARP].op == 1), 'it had to ask again'


def test_server_that_moves_to_another_mac(peer, boot):
    """[ARP-07]"""
    guest = boot(fetch=peer.url())
    conn = peer.syn()
    peer.mac = STRANGER         # from here on frames to the old one go nowhere
    conn.shake(timeout=30)
    conn.answer(ok(BODY))
    conn.finish()
    fetched(guest)
    assert_good_day(guest)
