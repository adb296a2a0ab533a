"""What a hostile, lossy or merely odd LAN can do to a download: DHCP.

Every test downloads a file, of which every byte counts (see download.py), or fails by name. Unit
tests have the same rules in more corners; here they hold in a whole machine.
"""

import re
import socket
import threading

import pytest
from scapy.layers.inet import IP, UDP

from download import TRAP, downloads
from peer import ACK, BROADCAST, DISCOVER, NAK, OFFER, REQUEST, tlv
from skiff import DHCP, FAILED, FETCH, assert_good_day


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
        'not used: 1 to another machine or question, 1 without an address, 1 without option 54, '
        '1 out of turn')


def test_lease_is_renewed_in_a_long_download(peer, boot):
    """[DHCP-26] By its server, from our address; and nothing is released at the end."""
    def short(message):
        options = peer.options().replace(tlv((51, bytes((0, 0, 14, 16)))),
                                         tlv((51, bytes((0, 0, 0, 4)))))
        kind = OFFER if message.kind == DISCOVER else ACK
        return [peer.dhcp_answer(message, kind, options, broadcast=kind == OFFER)]
    peer.dhcp = short
    guest = boot(fetch=peer.url())
    conn = peer.accept()
    conn.request()
    body = bytes(range(256)) * 40
    conn.write(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % len(body))
    for renewals, at in enumerate(range(0, len(body), len(body) // 2)):
        peer.until(lambda wanted=renewals + 3: len(peer.messages()) >= wanted, 30, 'a renewal')
        conn.write(body[at:at + len(body) // 2])
    conn.until_acked(conn.sent)
    conn.finish()
    guest.wait_for(FETCH)
    discover, request, *renewals = peer.messages()
    assert (discover.ciaddr, request.ciaddr) == ('0.0.0.0', '0.0.0.0')
    for renewal in renewals:
        packet = renewal.packet
        assert renewal.kind == REQUEST and renewal.ciaddr == peer.guest_ip
        assert (packet.dst, packet[IP].src, packet[IP].dst) == (peer.mac, peer.guest_ip, peer.ip)
        assert renewal.options.keys().isdisjoint({50, 54})
        assert renewal.xid not in (discover.xid, 0)
    assert_good_day(guest)


def test_link_that_falls_while_dhcp_is_waited_for(peer, boot):
    """As when a back end dies."""
    peer.dhcp = lambda message: []
    guest = boot(fetch=peer.url(), deadline='4')
    peer.until(peer.messages, 30, 'a DISCOVER')
    guest.set_link(False)
    match = guest.wait_for(FAILED)
    assert match[1] == 'dhcp'
    assert match[2].endswith('The key ip needs none; the link went down meanwhile')
