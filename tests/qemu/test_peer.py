"""What a hostile, lossy or merely odd LAN can do to a download, frame by frame:
a scripted peer (peer.py).

Every test downloads a file, of which every byte counts (see fetched), or fails by name. Unit tests
have the same rules in more corners; here they hold in a whole machine.
"""

import hashlib
import random
import re
import socket
import threading

import pytest
from scapy.layers.dns import DNSQR, DNSRR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Padding

from peer import ACK, BROADCAST, DISCOVER, MSS, NAK, OFFER, REQUEST, Peer, ok, payload, tlv
from skiff import DHCP, FAILED, FETCH, assert_good_day, last_counts, nic

BODY = random.Random(20).randbytes(200 << 10)
STRANGER = '02:00:00:00:00:66'
TRAP = '192.0.2.66'


@pytest.fixture(name='peer')
def _peer(part):
    return part(Peer())


@pytest.fixture(name='boot')
def _boot(peer, machine):
    """boot(keys…): a machine that hangs on the peer."""
    def start(arguments=(), **keys):
        return machine([nic(peer.netdev())], fw_cfg=keys, arguments=arguments)
    return start


def fetched(guest, body=BODY):
    """The file arrived, byte for byte."""
    match = guest.wait_for(FETCH)
    assert (int(match[1]), match[2]) == (len(body), hashlib.sha256(body).hexdigest())


def downloads(peer, guest, body=BODY):
    """An ordinary download, with nothing wrong from the handshake on."""
    conn = peer.accept()
    conn.answer(ok(body))
    conn.finish()
    fetched(guest, body)
    return conn


def halfway(peer, boot, body=BODY):
    """A download that has come to its middle: the machine, the connection,
    the rest of the response."""
    guest = boot(fetch=peer.url())
    conn, response = peer.accept(), ok(body)
    conn.answer(response[:len(response) // 2])
    return guest, conn, response[len(response) // 2:]


def go_on(guest, conn, rest, body=BODY):
    """The other half of it."""
    conn.write(rest)
    conn.finish()
    fetched(guest, body)


def heard(peer, mark, condition):
    """How many frames from heard[mark:] satisfy the condition."""
    return sum(map(condition, peer.heard[mark:]))


# --- Ethernet, ARP --------------------------------------------------------------------------------


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


# --- IPv4, ICMP, checksums ------------------------------------------------------------------------


def test_packets_from_impossible_sources(peer, boot):
    """[IP4-05]"""
    guest, conn, rest = halfway(peer, boot)
    mark = len(peer.heard)
    for source in ('127.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '0.0.0.0',
                   peer.guest_ip):
        peer.send(peer.packet(ICMP(type=8, id=2) / b'who am I?', src=source))
        peer.send(peer.datagram(7, 7, b'who am I?', src=source))
    peer.fence()
    assert not heard(peer, mark, lambda p: ICMP in p and (p[ICMP].type == 3 or p[ICMP].id == 2))
    go_on(guest, conn, rest)


def test_bytes_behind_the_total_length_are_no_payload(peer, boot):
    """[IP4-03] [SUM-03]"""
    guest, conn, rest = halfway(peer, boot)
    for at in range(20):
        frame = bytes(conn.segment(data=rest[at:at + 1]))
        peer.send(frame.ljust(60, b'\xbb') if at % 2 else frame + b'\xbb' * 1000)
        conn.sent += 1
    conn.until_acked(conn.sent)
    go_on(guest, conn, rest[20:])
    assert_good_day(guest)


def fragments(frame):
    """The two halves of a frame's IP packet."""
    whole = IP(bytes(frame[IP]))
    data, cut = bytes(whole.payload), 16
    for offset, more, piece in ((0, 'MF', data[:cut]), (cut // 8, 0, data[cut:])):
        header = IP(src=whole.src, dst=whole.dst, id=7, proto=whole.proto, frag=offset, flags=more)
        yield Ether(src=frame.src, dst=frame.dst) / header / piece


def test_fragments_are_dropped_and_counted(peer, boot):
    """[IP4-07]"""
    def in_pieces_first(message):
        answers = peer.lease(message)
        return [*fragments(answers[0]), *answers]
    peer.dhcp = in_pieces_first
    guest, conn, rest = halfway(peer, boot)
    for frame in fragments(conn.segment(data=rest[:MSS])):
        peer.send(frame)
    peer.fence()
    assert conn.acked == conn.sent
    go_on(guest, conn, rest)
    _, bad = last_counts(guest)
    assert bad.pop('bad_ip') == 6 and not any(bad.values()), bad


def test_pings_of_every_size_during_the_download(peer, boot):
    """[ICMP-01]"""
    guest, conn, rest = halfway(peer, boot)
    for size in (0, 1, 2, 17, 1471, 1472):
        data = BODY[:size]
        answer = peer.ping(data)
        assert payload(answer) == data
        assert (answer.dst, answer[IP].src, answer[IP].dst) == (peer.mac, peer.guest_ip, peer.ip)
        summed = answer[ICMP].chksum
        del answer[ICMP].chksum
        assert summed == ICMP(bytes(answer[ICMP])).chksum
        conn.write(rest[:MSS])
        rest = rest[MSS:]
    go_on(guest, conn, rest)
    assert_good_day(guest)


def test_datagram_to_a_closed_port(peer, boot):
    """[ICMP-07]"""
    guest, conn, rest = halfway(peer, boot)
    mark = len(peer.heard)
    late = peer.datagram(53, 40000, b'a late answer')
    peer.send(late)
    error = peer.expect(lambda p: ICMP in p and p[ICMP].type == 3, mark)
    assert error[ICMP].code == 3
    assert bytes(error[ICMP].payload).startswith(bytes(late[IP])[:28])
    for _ in range(200):
        peer.send(late)
    peer.fence()
    assert heard(peer, mark, lambda p: ICMP in p and p[ICMP].type == 3) < 50, 'no limit'
    go_on(guest, conn, rest)
    assert_good_day(guest)


def test_forged_icmp_errors_break_nothing(peer, boot):
    """[ICMP-03] [ICMP-04]"""
    guest = boot(fetch=peer.url())
    conn = peer.syn()
    sent = IP(bytes(conn.syn[IP]))
    for field in ('sport', 'dport', 'seq'):
        quote = sent.copy()
        setattr(quote[TCP], field, getattr(quote[TCP], field) ^ 1)
        peer.send(peer.packet(ICMP(type=3, code=3) / bytes(quote)[:28]))
    peer.fence()
    conn.shake()
    peer.until(lambda: conn.received)
    segment = next(p for p in conn.heard if payload(p))
    # What it sent and is not acknowledged yet: too late, the connection stands.
    for code in (2, 3):
        peer.send(peer.packet(ICMP(type=3, code=code) / bytes(segment[IP])[:28]))
    conn.answer(ok(BODY))
    conn.finish()
    fetched(guest)
    assert_good_day(guest)


def test_segment_whose_checksum_is_rightly_zero(peer, boot):
    """[SUM-06]"""
    body = bytearray(BODY)
    guest, conn, rest = halfway(peer, boot, body)
    # The checksum is what two zero bytes would have to be for it to be 0.
    piece = bytearray(rest[:MSS])
    piece[:2] = bytes(2)
    piece[:2] = Ether(bytes(conn.segment(data=bytes(piece))))[TCP].chksum.to_bytes(2, 'big')
    segment = conn.segment(data=bytes(piece))
    assert Ether(bytes(segment))[TCP].chksum == 0
    at = len(body) - len(rest)
    body[at:at + 2] = piece[:2]
    peer.send(segment)
    conn.sent += MSS
    conn.until_acked(conn.sent)
    go_on(guest, conn, rest[MSS:], bytes(body))
    assert_good_day(guest)


def test_corrupted_segments_are_dropped_and_counted(peer, boot):
    """[SUM-06] [TCP-20]"""
    guest, conn, rest = halfway(peer, boot)
    source, broken = random.Random(6), 0

    def corrupt(off, data):
        """Each kind of damage once: payload, header, a checksum that nobody computed."""
        nonlocal broken
        frame = bytes(conn.segment(off, data))
        for at in (source.randrange(54, len(frame)), 38 + source.randrange(8), len(frame) - 1):
            peer.send(frame[:at] + bytes([frame[at] ^ 1 << source.randrange(8)]) + frame[at + 1:])
        peer.send(frame[:50] + bytes(2) + frame[52:])
        broken += 4

    for _ in range(10):
        off, first, second = conn.sent, rest[:MSS], rest[MSS:2 * MSS]
        corrupt(off + MSS, second)              # ahead of its turn
        conn.send(off + MSS, second)
        corrupt(off + MSS, second)              # over what is held already
        corrupt(off, first)                     # next in order
        peer.fence()
        assert conn.acked == off
        conn.send(off, first)
        conn.sent += 2 * MSS
        conn.until_acked(conn.sent)
        corrupt(off, first)                     # over what is delivered
        rest = rest[2 * MSS:]
    go_on(guest, conn, rest)
    _, bad = last_counts(guest)
    assert bad.pop('bad_tcp') == broken and not any(bad.values()), bad


# --- TCP ------------------------------------------------------------------------------------------


def test_three_boots_differ_in_ports_and_numbers(peer, boot):
    """[UDP-03] [TCP-04] [TCP-05] [SEC-12]"""
    guest = boot(fetch=peer.url(host='boot.example'))
    connections = []
    for number in range(3):
        connections.append(peer.accept())
        connections[-1].request()
        connections[-1].write(ok(BODY)[:50000])
        if number < 2:
            guest.reset()       # in the middle: the next boot must not meet this connection
    connections[-1].write(ok(BODY)[50000:])
    connections[-1].finish()
    fetched(guest)
    discovers = [message for message in peer.messages() if message.kind == DISCOVER]
    queries = peer.queries()
    assert len(discovers) == len(queries) == 3
    assert len({message.xid for message in discovers}) == 3
    assert len({conn.irs for conn in connections}) == 3
    assert len({(query[UDP].sport, query[UDP].payload.id) for query in queries}) == 3
    assert len({query[UDP].sport for query in queries}) > 1      # of few: two may be the same
    assert len({conn.guest_port for conn in connections}) > 1


def test_lost_syns_are_sent_again(peer, boot):
    """[TCP-07]"""
    guest = boot(fetch=peer.url())
    conn = peer.syn()
    peer.until(lambda: len(conn.heard) == 3, timeout=30, what='two more SYNs')
    assert {(p[TCP].seq, str(p[TCP].flags)) for p in conn.heard} == {(conn.irs, 'S')}
    conn.shake()
    conn.answer(ok(BODY))
    conn.finish()
    fetched(guest)
    assert_good_day(guest)


def test_a_peer_that_offers_no_options(peer, boot):
    """[TCP-10] [TCP-11] [TCP-12] [TCP-13] [TCP-16]"""
    path = 'long/' * 150
    guest = boot(fetch=peer.url(path))
    conn = peer.accept(options=[])
    assert path.encode() in conn.request()
    assert dict(conn.syn[TCP].options)['MSS'] == MSS
    assert max(len(payload(p)) for p in conn.heard) <= 536
    response = ok(BODY)
    conn.write(response[:500])
    conn.send(1000, response[1000:2000])        # SACK was not permitted
    peer.fence()
    conn.write(response[500:])
    conn.finish()
    fetched(guest)
    assert {kind for p in conn.heard[1:] for kind, _ in p[TCP].options} <= {'NOP'}
    assert min(p[TCP].window for p in conn.heard) > 0x7fff, 'scaled all the same'


def swallowing(peer, boot, deadline, first):
    """DHCP says 9000, the path is narrower: of the answer only its first bytes arrive,
    in small segments."""
    peer.dhcp = lambda message: [peer.dhcp_answer(message,
                                                  OFFER if message.kind == DISCOVER else ACK,
                                                  peer.options((26, (9000).to_bytes(2, 'big'))))]
    guest = boot(fetch=peer.url(), deadline=deadline)
    conn, response = peer.accept(), ok(BODY)
    assert dict(conn.syn[TCP].options)['MSS'] == 8960
    conn.request()
    conn.write(response[:response.index(b'\r\n\r\n') + 4 + first] if first is not None else b'')
    conn.until_acked(conn.sent)
    return guest, conn, response


@pytest.mark.parametrize('first', [None, 0], ids=['nothing', 'the header alone'])
def test_path_that_swallows_large_segments(first, peer, boot):
    """[TCP-46]"""
    guest, wide, response = swallowing(peer, boot, '8', first)
    narrow = peer.accept()
    assert dict(narrow.syn[TCP].options)['MSS'] == 536
    narrow.answer(response, 536)
    narrow.finish()
    fetched(guest)
    assert wide.reset
    assert re.search(r'^tcp: 192\.0\.2\.1:80 has acknowledged .* up to 9000 bytes .* host_mtu',
                     guest.text, re.M)


def test_path_that_swallows_large_segments_behind_a_small_one(peer, boot):
    """[TCP-46]"""
    guest, _, _ = swallowing(peer, boot, '4', 100)
    match = guest.wait_for(FAILED)
    assert match[1] == 'http' and re.search(r'fell silent after .* up to 9000 bytes are lost',
                                            match[2])


@pytest.mark.parametrize('mss, scale', [(0, 0), (1, 15), (65535, 14)])
def test_a_peer_that_offers_absurd_options(mss, scale, peer, boot):
    """[TCP-08] [TCP-11]"""
    guest = boot(fetch=peer.url('y' * 700))
    conn = peer.accept(options=[('MSS', mss), ('WScale', scale), (254, b'what?'), ('EOL', None),
                                (2, b'')])
    conn.answer(ok(BODY))
    conn.finish()
    fetched(guest)
    sizes = [len(payload(p)) for p in conn.heard]
    assert max(sizes) >= 700 if mss > MSS else 16 <= max(sizes) <= 536
    assert_good_day(guest)


def sack_blocks(conn, packet):
    """The SACK option as offsets of our stream."""
    edges = dict(packet[TCP].options).get('SAck', ())
    edges = [(edge - conn.iss - 1) % (1 << 32) for edge in edges]
    return list(zip(edges[::2], edges[1::2]))


def test_holes_are_reported_newest_first(peer, boot):
    """[TCP-16] [TCP-26]"""
    guest = boot(fetch=peer.url())
    conn, response, size = peer.accept(), ok(BODY), 1000
    start = len(response) - len(BODY)
    conn.answer(response[:start])

    def block(first, last):
        return start + first * size, start + (last + 1) * size

    def report(number):
        """What the ACK says that answers piece `number` at once."""
        mark = len(conn.heard)
        off, end = block(number, number)
        conn.send(off, response[off:end])
        peer.until(lambda: len(conn.heard) > mark)
        return sack_blocks(conn, conn.heard[mark])

    assert report(1) == [block(1, 1)]
    assert report(3) == [block(3, 3), block(1, 1)]
    assert report(5) == [block(5, 5), block(3, 3), block(1, 1)]
    assert report(7) == [block(7, 7), block(5, 5), block(3, 3), block(1, 1)]
    assert report(9) == [block(9, 9), block(7, 7), block(5, 5), block(3, 3)]
    assert report(2) == [block(1, 3), block(9, 9), block(7, 7), block(5, 5)]
    assert conn.acked == start
    assert report(0) == [block(9, 9), block(7, 7), block(5, 5)]
    assert conn.acked == block(0, 3)[1]
    for number in (4, 6, 8):
        conn.send(block(number, number)[0], response[slice(*block(number, number))])
    conn.sent = block(0, 9)[1]
    conn.until_acked(conn.sent)
    assert not sack_blocks(conn, conn.heard[-1])
    go_on(guest, conn, response[conn.sent:])
    assert_good_day(guest)


@pytest.mark.parametrize('iss', [None, 0xffffff00, 0xfffe8000],
                         ids=['', 'wrap', 'wrap in the body'])
def test_segments_of_all_sizes_in_any_order_some_twice(iss, peer, boot):
    """[TCP-19] [TCP-20] [TCP-21]"""
    guest = boot(fetch=peer.url())
    conn, response, source = peer.accept(iss=iss), ok(BODY), random.Random(3)
    conn.request()
    rounds, last = 0, len(response) - 1
    while conn.acked < last:
        pieces, at, end = [], conn.acked, min(conn.edge, conn.acked + 60000, last)
        while at < end:
            size = min(source.choice((1, 2, 100, 536, 1459, MSS, MSS)), end - at)
            back = source.choice((0, 0, 1, min(at, 500)))       # overlaps what came before
            pieces.append((at - min(back, MSS - size), at + size))
            at += size
        pieces += source.sample(pieces, len(pieces) // 4)
        source.shuffle(pieces)
        for first, behind in pieces:
            conn.send(first, response[first:behind])
        peer.fence()
        rounds += 1
        assert rounds < 200, 'no progress'
    conn.send(last - 1000, response[last - 1000:])      # old bytes in front of the last one
    conn.until_acked(last + 1)
    conn.sent = last + 1
    conn.finish()
    fetched(guest)
    _, bad = last_counts(guest)
    bad.pop('no_room')          # more holes than it can remember
    assert not any(bad.values()), bad


def challenged(peer, conn, forged):
    """Sends the forged segment until a challenge ACK comes: they are rationed."""
    for _ in range(2000):
        mark = len(conn.heard)
        peer.send(forged)
        peer.fence()
        if len(conn.heard) > mark:
            tcp = conn.heard[mark][TCP]
            assert (tcp.flags, payload(conn.heard[mark])) == ('A', b'')
            assert tcp.seq == (conn.irs + 1 + len(conn.received)) % (1 << 32)
            assert conn.acked == conn.sent
            return
    pytest.fail('never challenged')


def test_blind_resets_and_syns_are_challenged_and_break_nothing(peer, boot):
    """[TCP-22] [TCP-23] [TCP-24] [TCP-25]"""
    guest, conn, rest = halfway(peer, boot)
    mark = len(conn.heard)
    for off in (conn.sent - 1, conn.sent - 100000, conn.edge, conn.edge + 1000):
        conn.send(off, flags='R')
        conn.send(off, flags='RA')
    conn.send(data=rest[:100], flags='')        # no ACK, so no segment of this connection
    peer.fence()
    assert len(conn.heard) == mark, 'answers to what was out of the window'
    challenged(peer, conn, conn.segment(conn.sent + 1, flags='R'))
    challenged(peer, conn, conn.segment(conn.edge - 1, flags='RA'))
    challenged(peer, conn, conn.segment(flags='S'))
    challenged(peer, conn, conn.segment(conn.sent + 1, flags='SA'))
    challenged(peer, conn, conn.segment(-1, flags='S'))
    challenged(peer, conn, conn.segment(data=rest[:100], ack=conn.irs + 100000))
    mark = len(conn.heard)
    for _ in range(500):
        conn.send(flags='S')
    peer.fence()
    assert len(conn.heard) - mark < 200, 'no ration'
    go_on(guest, conn, rest)
    assert_good_day(guest)


def test_reset_at_the_right_place_ends_it_by_name(peer, boot):
    """[TCP-22]"""
    guest, conn, _ = halfway(peer, boot)
    conn.send(flags='R')
    match = guest.wait_for(FAILED)
    assert match[1] == 'http' and f'broke the connection after {conn.sent} bytes' in match[2]


def test_reset_of_somebody_elses_connection_while_opening(peer, boot):
    """[TCP-02] [TCP-06]"""
    guest = boot(fetch=peer.url())
    conn = peer.syn()
    conn.send(-1, flags='R')                                    # no ACK: may be anybody's
    conn.send(-1, flags='RA', ack=conn.irs)                     # not of this SYN
    conn.send(-1, flags='A', ack=(conn.irs + 4711) % (1 << 32))   # an old connection's challenge
    answer = peer.expect(lambda p: TCP in p and 'R' in p[TCP].flags)
    assert answer[TCP].seq == (conn.irs + 4711) % (1 << 32)
    peer.until(lambda: len([p for p in conn.heard if p[TCP].flags == 'S']) > 1,
               what='the SYN again')
    conn.reset = False
    conn.shake()
    conn.answer(ok(BODY))
    conn.finish()
    fetched(guest)


@pytest.mark.parametrize('reset', [False, True])
def test_blind_syn_before_the_answer(reset, peer, boot):
    """[TCP-03] [TCP-22]"""
    guest = boot(fetch=peer.url())
    conn = peer.syn()
    peer.send(conn.segment(flags='S', seq=12345, ack=0, options=[('MSS', 64)]))
    peer.expect(lambda p: TCP in p and p[TCP].flags == 'SA' and p[TCP].ack == 12346)
    if reset:           # as the server answers that, or the stranger goes on
        peer.send(conn.segment(flags='R', seq=12346, ack=0))
    conn.shake()
    conn.answer(ok(BODY))
    conn.finish()
    fetched(guest)
    assert_good_day(guest)


def test_answer_that_comes_before_the_question(peer, boot):
    """Data on the SYN-ACK is part of the stream, and not an answer. [TCP-39]"""
    guest = boot(fetch=peer.url())
    peer.accept(data=ok(b'trap')).until_acked(len(ok(b'trap')))
    match = guest.wait_for(FAILED)
    assert match[1] == 'http' and 'spoke before it was asked' in match[2]


def test_end_on_the_syn_ack(peer, boot):
    """[TCP-39]"""
    guest = boot(fetch=peer.url())
    peer.accept(flags='SAF').until_acked(1)
    match = guest.wait_for(FAILED)
    assert match[1] == 'http' and 'closed the connection without an answer' in match[2]


def test_end_that_comes_before_the_data_and_with_data(peer, boot):
    """[TCP-38] [HTTP-09]"""
    response = b'HTTP/1.1 200 OK\r\n\r\n' + BODY       # until the connection ends
    guest = boot(fetch=peer.url())
    conn, cut = peer.accept(), len(response) - 3 * MSS
    conn.answer(response[:cut])
    conn.send(len(response) - MSS, response[-MSS:], flags='FA')
    conn.send(len(response), flags='FA')
    conn.send(cut + MSS, response[cut + MSS:-MSS])
    peer.fence()
    assert conn.acked == cut and not conn.fin
    while conn.acked < len(response) + 1:       # what it did not keep is sent again
        at = conn.acked
        conn.send(at, response[at:at + MSS], flags='FA' if at + MSS >= len(response) else 'A')
        conn.until_acked(at + 1)
    conn.sent = len(response) + 1
    conn.finish()
    fetched(guest)
    assert_good_day(guest)


def test_connection_is_closed_before_the_firmware_goes_on(peer, boot):
    """[TCP-44]"""
    guest = boot(fetch=peer.url())
    conn = peer.accept()
    conn.answer(ok(BODY))
    peer.until(lambda: conn.fin, what='a FIN')
    assert 'fetch:' not in guest.text          # our ACK of it is waited for
    conn.send(flags='FA')
    fetched(guest)
    assert not conn.reset
    assert_good_day(guest)


def test_connection_is_reset_after_a_failure(peer, boot):
    """[TCP-44] [HTTP-07]"""
    guest, place = boot(fetch=peer.url()), 0
    for _ in range(5):          # the device is stopped right after it: a race, if anything
        conn = peer.accept()
        conn.request()
        conn.send(data=b'HTTP/1.1 403 No\r\nContent-Length: 1000000\r\n\r\n' + bytes(1000))
        match = guest.wait_for(FAILED, after=place)
        assert match[1] == 'http' and '403 No' in match[2]
        peer.until(lambda conn=conn: conn.fin or conn.reset, 2, 'FIN or RST')
        place = match.end()
        guest.reset()


# --- DHCP -----------------------------------------------------------------------------------------


def test_what_discover_and_request_say(peer, boot):
    """[DHCP-01] [DHCP-02] [DHCP-06] [DHCP-07] [DHCP-08] [DHCP-09] [DHCP-10] [DHCP-11] [DHCP-12]
    [DHCP-18]"""
    uuid = '00112233-4455-6677-8899-aabbccddeeff'
    guest = boot(['-uuid', uuid], fetch=peer.url())
    downloads(peer, guest)
    discover, request = peer.messages()
    mac = bytes.fromhex(peer.guest_mac.replace(':', ''))
    for message in (discover, request):
        packet = message.packet
        assert packet.dst == BROADCAST
        assert (packet[IP].src, packet[IP].dst) == ('0.0.0.0', '255.255.255.255')
        assert (packet[UDP].sport, packet[UDP].dport) == (68, 67)
        assert (message.op, message.htype, message.hlen, message.hops) == (1, 1, 6, 0)
        assert (message.ciaddr, message.yiaddr, message.siaddr, message.giaddr) == ('0.0.0.0',) * 4
        assert message.chaddr == mac.ljust(16, b'\0') and message.cookie == bytes((99, 130, 83, 99))
        assert len(message.data) >= 300 and not any(message.after_end)
        assert message.flags == 0
    assert discover.xid == request.xid and discover.xid not in (0, 1)
    assert (discover.kind, request.kind) == (DISCOVER, REQUEST)
    assert discover.options.keys().isdisjoint({50, 54})
    assert request.options.pop(50) == socket.inet_aton(peer.guest_ip)
    assert request.options.pop(54) == socket.inet_aton(peer.ip)
    del discover.options[53], request.options[53]
    assert discover.options == request.options          # 55, 57, 60, 61, 77, 93, 94, 97
    says = discover.options
    assert {1, 3, 6, 12, 15, 26, 28, 43, 54, 60, 66, 67, 119, 121, 150, *range(128, 136),
            *range(208, 212)} <= set(says[55]) and 42 not in says[55]
    assert 576 <= int.from_bytes(says[57], 'big') <= 1500
    assert re.fullmatch(rb'PXEClient:Arch:00000:UNDI:\d{6}', says[60])
    assert says[61] == b'\x01' + mac
    assert says[77] == b'skiff'
    assert says[93] == bytes(2)                         # BIOS
    assert len(says[94]) == 3 and says[94][0] == 1
    assert says[97] == b'\0' + bytes.fromhex('33221100 5544 7766 8899 aabbccddeeff')
    assert_good_day(guest)


def test_silent_dhcp_server_is_asked_again(peer, boot):
    """[DHCP-03]"""
    peer.dhcp = lambda message: peer.lease(message) if message.secs else []
    guest = boot(fetch=peer.url())
    downloads(peer, guest)
    first, second, _ = peer.messages()
    assert first.secs == 0 and second.secs >= 2
    assert second.options == first.options
    assert_good_day(guest)


def test_dhcp_answers_to_others_are_ignored(peer, boot):
    """[DHCP-05] [DHCP-29]"""
    def crowd(message):
        answers = peer.lease(message)
        if message.kind == DISCOVER:
            wrong = [{'xid': message.xid ^ 1}, {'op': 1}, {'cookie': bytes(4)}, {'htype': 6},
                     {'chaddr': b'\2\0\0\0\0\x66'}, {'yiaddr': '0.0.0.0'}, {'yiaddr': '127.0.0.1'},
                     {'yiaddr': '224.0.0.1'}, {'yiaddr': '255.255.255.255'}]
            answers[:0] = [peer.dhcp_answer(message, OFFER, broadcast=True,
                                            **{'yiaddr': TRAP, **fields})
                           for fields in wrong]
            for kind in (ACK, NAK):         # nobody has asked for anything yet
                answers.insert(0, peer.dhcp_answer(message, kind, broadcast=True, yiaddr=TRAP))
        else:
            answers.insert(0, peer.dhcp_answer(message, NAK, xid=message.xid ^ 1))
            answers.insert(0, peer.dhcp_answer(message, ACK, yiaddr=TRAP, xid=message.xid ^ 1))
        return answers
    peer.dhcp = crowd
    guest = boot(fetch=peer.url())
    downloads(peer, guest)
    assert guest.wait_for(DHCP)[1] == peer.guest_ip
    discover, request = peer.messages()
    assert (discover.kind, request.kind) == (DISCOVER, REQUEST)
    assert request.options[50] == socket.inet_aton(peer.guest_ip)


@pytest.mark.parametrize('overload', [1, 2, 3])
def test_options_in_the_fields_for_names_and_in_pieces(overload, peer, boot):
    """[DHCP-14] [DHCP-15] [DHCP-30]"""
    url = peer.url('split/over/every/place').encode()
    here = socket.inet_aton(peer.ip)
    parts = [tlv((67, url[:11]), (67, b''), (67, url[11:12]))]
    fields = {'file': b'not-an-option.0', 'sname': b'not options'}
    places = [name for bit, name in ((1, 'file'), (2, 'sname')) if overload & bit]
    for number, name in enumerate(places):      # RFC 3396: `file` before `sname`
        cut = 12 + number * 5, None if number + 1 == len(places) else 17
        fields[name] = tlv((67, url[slice(*cut)]), ((3, here), (6, here))[number]) + b'\xff'

    def answer(message):
        options = tlv((54, here), (51, bytes((0, 0, 14, 16))), (1, b'\xff\xff'),
                      (52, bytes([overload])), (1, b'\xff\0')) + parts[0]
        return [peer.dhcp_answer(message, OFFER if message.kind == DISCOVER else ACK, options,
                                 **fields)]
    peer.dhcp = answer
    guest = boot()
    conn = peer.accept()
    assert conn.request().startswith(b'GET /split/over/every/place HTTP/1.1\r\n')
    conn.write(b'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    guest.wait_for(FAILED)
    lease = guest.wait_for(DHCP)
    assert (lease[1], lease[2], lease[3]) == (peer.guest_ip, '24', peer.ip)
    assert lease[4] == (peer.ip if overload == 3 else None)


def test_refused_lease_is_asked_for_anew(peer, boot):
    """[DHCP-19]"""
    def refuse_first(message):
        if message.kind == REQUEST and len(peer.messages()) < 3:
            return [peer.dhcp_answer(message, NAK, broadcast=True, yiaddr='0.0.0.0')]
        return peer.lease(message)
    peer.dhcp = refuse_first
    guest = boot(fetch=peer.url())
    downloads(peer, guest)
    assert [message.kind for message in peer.messages()] == [DISCOVER, REQUEST] * 2
    assert_good_day(guest)


def test_server_that_refuses_all_it_offers(peer, boot):
    """[DHCP-19]"""
    def refuse(message):
        if message.kind == REQUEST:
            return [peer.dhcp_answer(message, NAK, broadcast=True, yiaddr='0.0.0.0')]
        return peer.lease(message)
    peer.dhcp = refuse
    guest = boot(fetch=peer.url())
    match = guest.wait_for(FAILED, timeout=60)
    assert match[1] == 'dhcp'
    refused = [message.kind for message in peer.messages()].count(REQUEST)
    assert 1 < refused <= 4
    assert f'refused {refused} requests' in match[2]


def test_server_that_thinks_before_it_offers_a_url(peer, boot):
    """[DHCP-20] Another one is quicker, and has nothing to boot:
    ISC's pings an address for a second first."""
    late = threading.Event()

    def second(message):
        late.wait(1.3)
        options = peer.options((67, peer.url('late').encode()))
        peer.send(peer.dhcp_answer(message, OFFER, options, broadcast=True))

    def two(message):
        if message.kind == DISCOVER:
            threading.Thread(target=second, args=[message], daemon=True).start()
            options = peer.options().replace(socket.inet_aton(peer.ip), socket.inet_aton(TRAP), 1)
            return [peer.dhcp_answer(message, OFFER, options, broadcast=True)]
        return [peer.dhcp_answer(message, ACK)]     # the boot file comes from the offer
    peer.dhcp = two
    guest = boot()
    conn = peer.accept()
    assert conn.request().startswith(b'GET /late HTTP/1.1\r\n')
    conn.write(b'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    guest.wait_for(FAILED)
    assert [message.kind for message in peer.messages()] == [DISCOVER, REQUEST]
    assert peer.messages()[1].options[54] == socket.inet_aton(peer.ip)


def test_offers_of_no_use_are_told_apart(peer, boot):
    """[DHCP-05] [DHCP-21] [DHCP-29]"""
    def useless(message):
        nameless = tlv((51, bytes((0, 0, 14, 16))), (1, bytes((255, 255, 255, 0))))
        return [peer.dhcp_answer(message, OFFER, nameless, broadcast=True),
                peer.dhcp_answer(message, OFFER, broadcast=True, yiaddr='0.0.0.0'),
                peer.dhcp_answer(message, OFFER, broadcast=True, xid=message.xid ^ 1),
                peer.dhcp_answer(message, ACK, broadcast=True)]
    peer.dhcp = useless
    guest = boot(fetch=peer.url(), deadline='2')
    match = guest.wait_for(FAILED)
    assert match[1] == 'dhcp'
    assert match[2].startswith('no DHCP answer within 2 s; ')
    assert match[2].endswith(
        "not used: 1 to another machine or question, 1 without an address (a proxy's?), "
        '1 without option 54, 1 out of turn')


def test_link_that_falls_while_dhcp_is_waited_for(peer, boot):
    """As when a back end dies."""
    peer.dhcp = lambda message: []
    guest = boot(fetch=peer.url(), deadline='4')
    peer.until(peer.messages, 30, 'a DISCOVER')
    guest.set_link(False)
    match = guest.wait_for(FAILED)
    assert match[1] == 'dhcp'
    assert match[2].endswith('The key ip needs none; the link went down meanwhile')


# --- DNS ------------------------------------------------------------------------------------------


def test_forged_dns_answers_are_ignored(peer, boot):
    """[DNS-01] [UDP-02]"""
    def crowd(query):
        name = query[DNSQR].qname
        forged = [peer.dns_answer(query, (name, TRAP), **fields)
                  for fields in ({'id': query.id ^ 1}, {'qr': 0}, {'qd': None})]
        forged.append(peer.dns_answer(query, (b'other.example.', TRAP),
                                      qd=DNSQR(qname=b'other.example.')))
        for layer, field, value in ((UDP, 'sport', 54), (UDP, 'dport', query.sport ^ 1),
                                    (IP, 'src', TRAP)):
            frame = peer.dns_answer(query, (name, TRAP))
            setattr(frame[layer], field, value)
            forged.append(frame)
        return [*forged, *peer.resolve(query)]
    peer.dns = crowd
    peer.addresses.add(TRAP)
    guest = boot(fetch=peer.url(host='boot.example'))
    assert downloads(peer, guest).ip == peer.ip
    assert guest.wait_for(r'^dns: boot\.example 192\.0\.2\.1, ')


def test_chain_of_names_in_any_order_and_with_a_missing_end(peer, boot):
    """[DNS-06] [DNS-07] [SUM-04]"""
    def alias(owner, target):
        return DNSRR(rrname=owner, type='CNAME', rdata=target)

    def chain(query):
        if query[DNSQR].qname.lower() == b'boot.example.':
            answer = peer.dns_answer(
                query, alias('two.example', 'three.example'), ('other.example', TRAP),
                DNSRR(rrname='boot.example', type='A', rclass='CH', rdata=TRAP),
                alias('one.example', 'two.example'), alias('boot.example', 'one.example'))
        else:
            answer = peer.dns_answer(query, ('boot.example', TRAP), (query[DNSQR].qname, peer.ip))
        answer[UDP].chksum = 0          # the sender computed none
        return [answer]
    peer.dns = chain
    peer.addresses.add(TRAP)
    guest = boot(fetch=peer.url(host='boot.example'))
    assert downloads(peer, guest).ip == peer.ip
    assert [query[DNSQR].qname for query in peer.queries()] == [b'boot.example.', b'three.example.']
    assert_good_day(guest)


def test_names_that_lead_in_a_circle(peer, boot):
    """[DNS-06]"""
    peer.dns = lambda query: [peer.dns_answer(
        query, DNSRR(rrname='a.example', type='CNAME', rdata='b.example'),
        DNSRR(rrname='b.example', type='CNAME', rdata='a.example'))]
    guest = boot(fetch=peer.url(host='a.example'))
    assert guest.wait_for(FAILED)[1] == 'dns'


def test_name_server_of_the_last_century_and_in_trouble(peer, boot):
    """[DNS-02] [DNS-04] [DNS-12] Asked with EDNS it sees an error, then it fails,
    then it cuts its answer."""
    def odd(query):
        asked = len(peer.queries())
        if query['DNS'].arcount:
            return [peer.dns_answer(query, rcode=1)]
        if asked == 2:
            return [peer.dns_answer(query, rcode=2)]
        return [peer.dns_answer(query, (query[DNSQR].qname, peer.ip), (query[DNSQR].qname, TRAP),
                                tc=1)]
    peer.dns = odd
    guest = boot(fetch=peer.url(host='boot.example'))
    assert downloads(peer, guest).ip == peer.ip
    queries = [query['DNS'] for query in peer.queries()]
    assert [query.arcount for query in queries] == [1, 0, 0]
    assert queries[0].ar.type == 41 and queries[0].ar.rclass == 1232
    assert_good_day(guest)


def test_name_in_the_last_domain_of_the_search_list(peer, boot):
    """[DNS-10] Option 119 in two pieces and compressed, then option 15."""
    def lease(message):
        options = peer.options((119, b'\3one\7example\0\3t'), (15, b'last.example'),
                               (119, b'wo\xc0\4'))
        return [peer.dhcp_answer(message, OFFER if message.kind == DISCOVER else ACK, options,
                                 broadcast=True)]

    def last(query):
        if query[DNSQR].qname.lower() == b'boot.last.example.':
            return peer.resolve(query)
        return [peer.dns_answer(query, rcode=3)]
    peer.dhcp, peer.dns = lease, last
    guest = boot(fetch=peer.url(host='boot'))
    downloads(peer, guest)
    assert [query[DNSQR].qname for query in peer.queries()] == [
        b'boot.one.example.', b'boot.two.example.', b'boot.last.example.']
    assert_good_day(guest)


# --- HTTP -----------------------------------------------------------------------------------------


def test_header_byte_by_byte(peer, boot):
    """[HTTP-04] [HTTP-05]"""
    header = (b'HTTP/1.1 200\nSERVER: odd\r\nX-Folded: one\r\n\ttwo\r\n three\r\n'
              b'cOnTeNt-LeNgTh:\t  %d \t\r\n\r\n' % len(BODY))
    guest = boot(fetch=peer.url())
    conn = peer.accept()
    conn.answer(header, size=1)
    conn.write(BODY)
    conn.finish()
    fetched(guest)
    assert_good_day(guest)


def test_interim_answers_are_skipped(peer, boot):
    """[HTTP-06]"""
    interim = (b'HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\nContent-Length: 7\r\n\r\n'
               b'HTTP/1.1 100 Continue\r\n\r\n')
    guest = boot(fetch=peer.url())
    conn = peer.accept()
    request = conn.answer(interim + ok(BODY))
    conn.finish()
    fetched(guest)
    assert b'expect' not in request.lower()
    assert_good_day(guest)


@pytest.mark.parametrize('size', [MSS, 7])
def test_chunks_with_all_that_may_stand_beside_them(size, peer, boot):
    """[HTTP-11]"""
    body, source, stream, at = BODY[:MSS * size], random.Random(11), b'', 0
    while at < len(body):
        length = source.choice((1, 15, 16, 1000, 5000))
        piece = body[at:at + length]
        length = f'{len(piece):X}'.encode().rjust(source.choice((1, 8)), b'0')
        extension = source.choice((b'', b';name', b';name=value', b' ; x="a;b\\"c"',
                                   b';x=' + b'y' * 300))
        stream += length + extension + b'\r\n' + piece + b'\r\n'
        at += len(piece)
    response = (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Digest\r\n\r\n' +
                stream +
                b'0;last\r\nDigest: of a kind\r\nContent-Length: 1\r\n\r\n')
    guest = boot(fetch=peer.url())
    conn = peer.accept()
    conn.answer(response, size)
    conn.finish()
    fetched(guest, body)
    assert_good_day(guest)
