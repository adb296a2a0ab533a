"""What a hostile, lossy or merely odd LAN can do to a download: DNS.

Every test downloads a file, of which every byte counts (see download.py), or fails by name. Unit
tests have the same rules in more corners; here they hold in a whole machine.
"""

from scapy.layers.dns import DNSQR, DNSRR
from scapy.layers.inet import IP, UDP

from download import TRAP, downloads
from peer import ACK, DISCOVER, OFFER
from skiff import FAILED, assert_good_day


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
