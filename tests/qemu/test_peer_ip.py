"""What a hostile, lossy or merely odd LAN can do to a download: IPv4, ICMP and checksums.

Every test downloads a file, of which every byte counts (see download.py), or fails by name. Unit
tests have the same rules in more corners; here they hold in a whole machine.
"""

import random

from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import Ether

from download import BODY, fetched, go_on, halfway, heard
from peer import MSS, ok, payload
from skiff import assert_good_day, last_counts


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
