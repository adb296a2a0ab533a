"""What servers of every age, and wires of every kind, can do to a download by TFTP.

Every test downloads a file, of which every byte counts, or fails by name. Unit tests have the same
rules in more corners (test_tftp*.c, test_fetch_tftp.c); here they hold in a whole machine.
"""

import hashlib
import random
import re
import struct

import pytest
from scapy.layers.inet import UDP

from conftest import MIB
from network import wait_until
from skiff import FAILED, FETCH, TFTP, assert_good_day, nic
from tftp_peer import ACK, DATA, OACK, RRQ, TftpPeer

BODY = random.Random(69).randbytes(300_001)


@pytest.fixture(name='tap')
def _tap(attach):
    return attach('tap')


@pytest.fixture(name='serve')
def _serve(part):
    return lambda body=BODY, **habits: part(TftpPeer({'x': body}, **habits))


@pytest.fixture(name='start')
def _start(tap, machine):
    def run(server, name='x', **keys):
        return machine([nic(tap.netdev)], fw_cfg={'fetch': server.url(tap, name), **keys})
    return run


def whole(guest, server, body=BODY, timeout=90):
    """The file arrived, byte for byte.

    Its server may not know, where the machine has too much to do: the device is reset 10 ms after
    the last ACK at the latest.
    """
    match = guest.wait_for(FETCH, timeout=timeout)
    assert (int(match[1]), match[2]) == (len(body), hashlib.sha256(body).hexdigest())
    assert guest.wait_for(TFTP)[2] == str(len(body))
    # A request that was sent again begins another transfer, which is told that it is unknown.
    assert not [error for error in server.errors if error[0] != 5]
    assert not server.failures, server.failures
    assert_good_day(guest)


def asked(server):
    """The different requests, in their order: a machine that has to wait asks again."""
    return [options for number, (_, options) in enumerate(server.requests)
            if options not in [before for _, before in server.requests[:number]]]


def fails(guest, rung, sentence):
    match = guest.wait_for(FAILED)
    assert match[1] == rung and re.search(sentence, match[2]), guest.log()


def numbers(packet):
    return struct.unpack_from('>HH', packet)


# --- options --------------------------------------------------------------------------------------


def test_request_says_what_we_can(serve, start):
    """[TFTP-01] [TFTP-04] [TFTP-08]"""
    server = serve(windowsize=64)
    whole(start(server), server)
    assert asked(server) == [['tsize', '0', 'blksize', '1468', 'windowsize', '16']]
    assert {name for name, _ in server.requests} == {'x'}
    assert len(BODY) // 1468 < server.blocks < 2 * len(BODY) // 1468


@pytest.mark.parametrize('habits', [
    {'windowsize': 1}, {'windowsize': 2}, {'windowsize': 16}, {'blksize': 8},
    {'blksize': 1000, 'tsize': None}, {'blksize': None, 'tsize': None},
    {'blksize': None, 'windowsize': 4}, {'tsize': 0}], ids=str)
def test_server_takes_less(habits, serve, start):
    """[TFTP-06] [TFTP-14]"""
    body = BODY[:30_000]
    server = serve(body, **habits)
    whole(start(server), server, body)


@pytest.mark.parametrize('code', [0, 4, 8])
def test_server_that_errs_over_options_is_asked_without(code, serve, start):
    """[TFTP-07]"""
    server = serve(options_error=code)
    whole(start(server), server)
    assert asked(server) == [['tsize', '0', 'blksize', '1468', 'windowsize', '16'], []]


@pytest.mark.parametrize('oack', [
    b'blksize\x001469\0', b'blksize\x007\0', b'blksize\x0067004\0', b'windowsize\x0017\0',
    b'timeout\x001\0', b'multicast\x00224.1.1.1,1758,1\0', b'tsize\x0099999999999999999999\0',
    b'blksize\x001468', b'blksize\0', b'\0\0'], ids=repr)
def test_answer_that_breaks_the_rules(oack, serve, start):
    """[TFTP-05] [TFTP-19] [SEC-05] It is told so, and asked without options."""
    server = serve(oack=struct.pack('>H', OACK) + oack)
    guest = start(server)
    guest.wait_for(FETCH)
    assert {code for code, _ in server.errors} == {8} and asked(server)[1:] == [[]]
    server.errors.clear()
    whole(guest, server)


@pytest.mark.parametrize('size', [0, 1, 511, 512, 1467, 1468, 1469, 16 * 1468, 32 * 1468 + 1])
def test_lengths_about_a_block_s(size, serve, start):
    """[TFTP-11]"""
    server = serve(BODY[:size], windowsize=16)
    whole(start(server), server, BODY[:size])


# --- wires ----------------------------------------------------------------------------------------


@pytest.mark.parametrize('windowsize', [None, 16])
@pytest.mark.parametrize('wire', [{'lost': 0.3}, {'doubled': 1.0}, {'swapped': 0.2},
                                  {'lost': 0.02, 'doubled': 0.1, 'swapped': 0.05}], ids=str)
def test_loss_doubles_and_another_order(wire, windowsize, serve, start):
    """[TFTP-10] [TFTP-12] [TFTP-14]"""
    body = BODY[:50_000]
    server = serve(body, windowsize=windowsize, timeout=0.3, **wire)
    whole(start(server), server, body)
    sent = len(body) // 1468 + 1
    if wire == {'doubled': 1.0} and not windowsize:
        assert server.blocks < 1.5 * sent, 'our answers multiply'


@pytest.mark.parametrize('windowsize', [None, 16])
def test_server_that_never_repeats_itself(windowsize, serve, start):
    """[TFTP-12] [TFTP-14] All that is lost has to be asked for again."""
    body = BODY[:100_000]
    server = serve(body, windowsize=windowsize, patient=True, lost=0.1)
    whole(start(server), server, body)


class LoseOnce:
    """Loses the first packet that is asked for, and remembers it."""

    def __init__(self, condition):
        self.condition, self.lost, self.seen = condition, 0, 0

    def __call__(self, packet, ours):
        if not self.condition(packet, ours):
            return False
        self.seen += 1
        self.lost += self.seen == 1
        return self.seen == 1


@pytest.mark.parametrize('what, condition', [
    ('request', lambda packet, ours: packet[:2] == bytes((0, RRQ))),
    ('oack', lambda packet, ours: packet[:2] == bytes((0, OACK))),
    ('ack 0', lambda packet, ours: numbers(packet) == (ACK, 0)),
    ('first block', lambda packet, ours: numbers(packet) == (DATA, 1)),
    ('block in a window', lambda packet, ours: numbers(packet) == (DATA, 23)),
    ('last of a window', lambda packet, ours: numbers(packet) == (DATA, 32)),
    ('ack of a window', lambda packet, ours: numbers(packet) == (ACK, 32)),
    ('last block', lambda packet, ours: numbers(packet) == (DATA, len(BODY) // 1468 + 1)),
])
def test_a_single_loss(what, condition, serve, start):
    """[TFTP-04] [TFTP-12] [TFTP-14]"""
    lose = LoseOnce(condition)
    server = serve(windowsize=16, lose=lose)
    whole(start(server), server)
    assert lose.lost == 1, what


def test_last_ack_is_lost_while_the_next_file_is_on_its_way(part, tap, machine):
    """[TFTP-11] The server of the first file has its answer before the story is over."""
    entry = b'linux kernel\n'
    lose = LoseOnce(lambda packet, ours: numbers(packet) == (ACK, 1))
    first = part(TftpPeer({'entry': entry}, lose=lose, timeout=0.2))
    # The kernel is none; it is sent so slowly that the first server asks again meanwhile.
    first.files['kernel'] = BODY
    slow = {'blocks': 0}

    def drip(packet, ours):
        if lose(packet, ours):
            return True
        if numbers(packet)[0] == DATA and len(packet) > 500:
            slow['blocks'] += 1
            return slow['blocks'] < 4       # three times nothing: most of a second
        return False
    first.lose = drip
    guest = machine([nic(tap.netdev)], fw_cfg={'url': first.url(tap, 'entry')})
    fails(guest, 'image', 'not a Linux kernel')
    assert lose.lost == 1 and lose.seen >= 2
    wait_until(lambda: 'entry' in first.done, 5, 'the end of the first transfer')


# --- who speaks -----------------------------------------------------------------------------------


@pytest.mark.parametrize('windowsize', [None, 16])
def test_strangers_are_turned_away_and_the_transfer_lives(windowsize, serve, start):
    """[TFTP-02] [UDP-02]"""
    server = serve(windowsize=windowsize, stranger=40)
    whole(start(server), server)
    assert len(server.to_strangers) >= len(BODY) // 1468 // 40
    assert {code for code, _ in server.to_strangers} == {5}


def test_nobody_but_the_server_is_heard(peer, boot):
    """[TFTP-03] From another address, a block for the right port: as if nothing had come."""
    guest = boot(fetch=f'tftp://{peer.ip}/x', deadline='2')
    asks = peer.expect(lambda p: UDP in p and p[UDP].dport == 69)
    peer.send(peer.datagram(70, asks[UDP].sport, struct.pack('>HH', DATA, 1) + b'trap',
                            src='192.0.2.66'))
    fails(guest, 'connect', r'no usable answer from 192\.0\.2\.1:69')
    assert not [p for p in peer.heard if UDP in p and p[UDP].dport == 70]


# --- block numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize('windowsize', [None, 16])
def test_96_mib_in_blocks_of_512(windowsize, serve, start):
    """[TFTP-09] Three times around."""
    body = random.Random(96).randbytes(96 * MIB)
    server = serve(body, blksize=512, windowsize=windowsize)
    whole(start(server), server, body, timeout=300)
    assert server.blocks >= 196608 + 1


@pytest.mark.parametrize('windowsize, wrap_to', [(None, 0), (None, 1), (16, 0)])
def test_numbers_wrap_with_losses(windowsize, wrap_to, serve, start):
    """[TFTP-09]"""
    body = random.Random(8).randbytes(8 * 66_000 + 3)
    lose = LoseOnce(lambda packet, ours: numbers(packet) == (DATA, 65535))
    server = serve(body, blksize=8, windowsize=windowsize, wrap_to=wrap_to, lose=lose)
    whole(start(server), server, body)
    assert lose.lost == 1


# --- failures -------------------------------------------------------------------------------------


def test_file_that_is_not_there(serve, start):
    """[TFTP-13]"""
    server = serve()
    fails(start(server, 'dir/y'), 'tftp', r'the server answered error 1 \(File not found\) to the '
          r'request for dir/y; check the name$')
    assert len(asked(server)) == 1 and not server.errors


@pytest.mark.parametrize('tsize, sentence', [
    (len(BODY) + 1, rf'the file ended after {len(BODY)} of {len(BODY) + 1} bytes'),
    (len(BODY) - 1, rf'the server sent more than the {len(BODY) - 1} bytes it announced')])
def test_file_that_is_not_as_long_as_was_said(tsize, sentence, serve, start):
    """[TFTP-15]"""
    server = serve(tsize=tsize)
    fails(start(server), 'tftp', sentence)
    assert [code for code, _ in server.errors] == [0]


def test_file_that_does_not_fit_is_refused_before_it_is_sent(serve, start):
    """[TFTP-15] [TFTP-16]"""
    server = serve(tsize=1 << 40)
    fails(start(server), 'image', r'1099511627776 bytes do not fit into memory')
    assert [code for code, _ in server.errors] == [3] and server.blocks == 0


def test_server_that_dies_in_the_middle(serve, start):
    """[TFTP-12]"""
    server = serve(lose=lambda packet, ours: ours and numbers(packet) > (DATA, 100)
                   and packet[1] == DATA)
    fails(start(server, deadline='3'), 'tftp',
          rf'fell silent after {100 * 1468} bytes of its answer')


def test_server_is_told_when_the_user_gives_up(serve, start):
    """[TFTP-16]"""
    server = serve(lose=lambda packet, ours: ours and numbers(packet) > (DATA, 100)
                   and packet[1] == DATA, timeout=20)
    guest = start(server)
    guest.wait_for(r'0\.1 of 0\.3 MB')
    guest.type('\x1b')
    fails(guest, 'tftp', 'given up by Esc or Ctrl-C')
    server.stop()
    assert [code for code, _ in server.errors] == [0]


def test_server_that_is_off(tap, machine):
    """[ICMP-04]"""
    guest = machine([nic(tap.netdev)], fw_cfg={'fetch': f'tftp://{tap.host}/x'})
    at = guest.wait_for(r'^dhcp: .*$')
    match = guest.wait_for(FAILED)
    assert match[1] == 'connect' and '192.0.2.1:69 refuses the connection' in match[2]
    assert guest.console.when(match.start()) - guest.console.when(at.end()) < 2
