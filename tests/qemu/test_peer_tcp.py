"""What a hostile, lossy or merely odd LAN can do to a download: TCP.

Every test downloads a file, of which every byte counts (see download.py), or fails by name. Unit
tests have the same rules in more corners; here they hold in a whole machine.
"""

import random
import re

import pytest
from scapy.layers.inet import TCP, UDP

from download import BODY, fetched, go_on, halfway
from peer import ACK, DISCOVER, MSS, OFFER, ok, payload
from skiff import FAILED, assert_good_day, last_counts


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


@pytest.mark.parametrize('every', [2, 3])
def test_of_a_window_with_many_holes_only_those_are_sent_again(every, peer, boot):
    """[TCP-20]"""
    guest = boot(fetch=peer.url())
    conn, response = peer.accept(), ok(BODY)
    conn.answer(response[:len(response) - len(BODY)])
    pieces = range(conn.sent, min(conn.edge, len(response)) - MSS, MSS)
    lost = pieces[::every]
    assert len(lost) > 40
    for off in [off for off in pieces if off not in lost] + list(lost):
        mark = len(conn.heard)
        conn.send(off, response[off:off + MSS])
        peer.until(lambda mark=mark: len(conn.heard) > mark, what='an ACK for each')
    conn.sent = pieces[-1] + MSS
    conn.until_acked(conn.sent)
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
    bad.pop('no_room')          # more ACKs at once than there are buffers
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
