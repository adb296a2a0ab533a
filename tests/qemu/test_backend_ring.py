"""The back end's rings, byte by byte: a scripted driver in the guest's place,
and scripted frames."""

import contextlib
import socket
import struct

import pytest

import backend
import front as driver
import network
from front import (CSUM, EVENT_IDX, GUEST_CSUM, GUEST_TSO4, HOST_TSO4, INDIRECT_DESC, MEMORY,
                   MRG_RXBUF, NEXT, VERSION_1, WRITE)

MAC = bytes.fromhex('525400123456')
PLAIN = (VERSION_1,)
SOL_PACKET, PACKET_VNET_HDR, ETH_P_ALL = 263, 15, 3


class Far(network.Part):
    """The far side of the tap: whole frames, sent and received as a packet socket does."""

    title = 'packet socket'

    def __init__(self, interface):
        self.interface = interface
        self.socket = None

    def start(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.socket.bind((self.interface, ETH_P_ALL))
        self.socket.settimeout(5)

    def stop(self):
        self.socket.close()

    def send(self, frame, header=bytes(10)):
        self.socket.send(header + frame)

    def recv(self):
        """The next frame that came out of the tap."""
        while True:
            data, (_, _, kind, *_) = self.socket.recvfrom(1 << 17)
            if kind != socket.PACKET_OUTGOING:
                return data[10:]


def frame(length, seed=0):
    """An Ethernet frame of a type that nobody answers."""
    return MAC + bytes(6) + b'\x88\xb5' + bytes((seed + n) % 251 for n in range(length - 14))


def udp(length, seed=0, protocol=17):
    """A UDP (or TCP) packet over IPv4 with a checksum of 0."""
    payload = bytes((seed + n) % 251 for n in range(length - 42))
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, length - 14, 1, 0, 64, protocol, 0,
                     bytes([192, 0, 2, 9]), bytes([192, 0, 2, 8]))
    total = sum(struct.unpack('>10H', ip))
    total = (total & 0xffff) + (total >> 16)
    ip = ip[:10] + struct.pack('>H', ~total & 0xffff) + ip[12:]
    return MAC + bytes(6) + b'\x08\0' + ip + struct.pack('>HHHH', 1000, 2000, length - 34,
                                                         0) + payload


@contextlib.contextmanager
def connected(features=PLAIN, faults=(), **options):
    """(front, far, back end), not yet running."""
    with network.Tap(address=None) as tap, \
            backend.Backend(faults, tap=tap.name, **options) as server, \
            driver.Front(server.socket, features) as front, Far(tap.name) as far:
        yield front, far, server


@pytest.fixture
def lab_of(part):
    def make(*args, **options):
        try:
            return part(connected(*args, **options))
        except network.Unavailable as reason:
            pytest.skip(str(reason))
    return make


@pytest.fixture
def running(lab_of):
    def make(features=PLAIN, faults=(), **options):
        front, far, server = lab_of(features, faults, **options)
        front.run()
        return front, far, server
    return make


def post(front, length=1526, count=1):
    """Posts receive buffers of one descriptor, and kicks; returns their addresses by id."""
    where = {}
    for _ in range(count):
        at = front.room(length, fill=0xcc)
        where[front.rx.post([(at, length, WRITE)])] = at
    front.rx.kick()
    return where


# --- honest ---------------------------------------------------------------------------------------


def test_received_frame_is_whole_and_nothing_else_changes(running):
    front, far, _ = running()
    where = post(front)
    table = front.bytes(front.rx.desc, 4096)
    far.send(frame(100))
    [(used_id, length)] = front.rx.wait(1)
    at = where[used_id]
    assert length == 112
    assert front.header(at) == dict.fromkeys(driver.HEADER_FIELDS, 0) | {'num_buffers': 1}
    assert front.bytes(at + 12, 100) == frame(100)
    assert front.bytes(at + 112, 1526 - 112) == b'\xcc' * (1526 - 112)
    assert front.bytes(at + 1526, 64) == b'\xee' * 64
    assert front.bytes(front.rx.desc, 4096) == table


def test_sent_frame_reaches_the_tap(running):
    front, far, server = running()
    head, at = front.send(frame(200))
    assert far.recv() == frame(200)
    assert front.tx.wait(1) == [(head, 0)]
    assert front.bytes(at + 12, 200) == frame(200)
    assert 'guest:' not in server.log()


@pytest.mark.parametrize('pieces', [(12, 1514), (10, 2, 1, 1513), (1526,)], ids=str)
def test_pieces_of_a_buffer(pieces, running):
    front, far, _ = running()
    at = [front.room(length) for length in pieces]
    front.rx.post([(a, length, WRITE) for a, length in zip(at, pieces)])
    front.rx.kick()
    far.send(frame(300))
    assert front.rx.wait(1) == [(0, 312)]
    got = b''.join(front.bytes(a, length) for a, length in zip(at, pieces))
    assert got[12:312] == frame(300)


def test_indirect_descriptors_both_ways(running):
    front, far, _ = running((VERSION_1, INDIRECT_DESC))
    at, table = front.room(2000), front.room(48)
    head = front.rx.post([(at, 12, WRITE), (at + 12, 100, WRITE), (at + 112, 1800, WRITE)],
                         indirect=table)
    front.rx.kick()
    far.send(frame(500))
    assert front.rx.wait(1) == [(head, 512)] and front.bytes(at + 12, 500) == frame(500)
    head, _ = front.send(frame(100), indirect=True)
    assert far.recv() == frame(100) and front.tx.wait(1) == [(head, 0)]


def test_merged_buffers(running):
    front, far, _ = running((VERSION_1, MRG_RXBUF))
    where = post(front, length=64, count=8)
    far.send(frame(200))
    used = front.rx.wait(4)
    assert [length for _, length in used] == [64, 64, 64, 20]
    got = b''.join(front.bytes(where[used_id], length) for used_id, length in used)
    assert got[12:] == frame(200) and front.header(where[used[0][0]])['num_buffers'] == 4
    assert front.bytes(where[used[3][0]] + 20, 44) == b'\xcc' * 44


def test_frame_that_fits_no_buffer_is_dropped_and_the_next_one_comes(running):
    front, far, _ = running()
    post(front, length=512)
    far.send(frame(600))
    far.send(frame(100))
    assert front.rx.wait(1) == [(0, 112)]


def test_merged_buffers_that_would_never_do(running):
    front, far, _ = running((VERSION_1, MRG_RXBUF))
    post(front, length=64, count=2)
    far.send(frame(600))
    far.send(frame(40))
    assert front.rx.wait(1) == [(0, 52)]


def test_frame_waits_for_a_buffer(running):
    front, far, _ = running()
    post(front)
    far.send(frame(60))
    front.rx.wait(1)
    far.send(frame(70))
    network.wait_until(lambda: front.rx.used_flags() == 0, 5, 'the wish for a kick')
    post(front)
    assert front.rx.wait(1) == [(1, 82)]


def test_no_kick_is_wanted_while_buffers_are_there(running):
    front, far, _ = running()
    post(front, count=8)
    far.send(frame(60))
    front.rx.wait(1)
    network.wait_until(lambda: front.rx.used_flags() == 1, 5, 'NO_NOTIFY')


def test_event_index(running):
    """used.flags stays 0, avail_event and used_event rule; calls come at used_event only."""
    front, far, _ = running((VERSION_1, EVENT_IDX))
    front.rx.set_used_event(1)
    post(front, count=4)
    far.send(frame(60))
    front.rx.wait(1)
    far.send(frame(60))
    front.rx.wait(1)
    network.wait_until(front.rx.called, 5, 'the call at used_event')
    network.wait_until(lambda: front.rx.avail_event() == 1, 5, 'an avail_event that has passed')
    front.rx.set_used_event(100)
    far.send(frame(60))
    front.rx.wait(1)
    far.send(frame(60))
    front.rx.wait(1)
    far.send(frame(60))         # no buffer is left: it asks for a kick
    network.wait_until(lambda: front.rx.avail_event() == 4, 5, 'avail_event')
    assert not front.rx.called() and front.rx.used_flags() == 0


def test_calls_without_event_index(running):
    front, far, _ = running()
    post(front, count=2)
    far.send(frame(60))
    front.rx.wait(1)
    network.wait_until(front.rx.called, 5, 'the call')
    front.put(front.rx.avail, '<H', 1)
    far.send(frame(60))
    front.rx.wait(1)
    front.send(frame(60))
    network.wait_until(front.tx.called, 5, 'the call of the other queue')
    assert not front.rx.called()


def test_indices_wrap(lab_of):
    front, far, _ = lab_of()
    front.run(rx_size=2, start=65534)
    for n in range(6):
        front.rx.next_desc = 0
        post(front)
        far.send(frame(60 + n))
        assert front.rx.wait(1) == [(0, 72 + n)]
    assert front.rx.used_idx() == 4


def test_rings_elsewhere_and_of_another_size_after_a_reset(running):
    front, far, _ = running()
    post(front, count=4)
    far.send(frame(60))
    front.rx.wait(1)
    assert front.reset() == [1, 0]
    far.send(frame(99))                 # nobody is there
    front.run(rx_size=16, tx_size=4, base=1 << 20)
    where = post(front)
    far.send(frame(80))
    [(used_id, length)] = front.rx.wait(1)
    assert length == 92 and front.bytes(where[used_id] + 12, 80) == frame(80)


def test_memory_in_two_regions(lab_of):
    """A buffer across their border is two pieces of our memory."""
    front, far, _ = lab_of()
    border = 2 << 20
    front.run(splits=[border])
    front.rx.post([(border - 50, 1526, WRITE)])
    front.rx.kick()
    far.send(frame(300))
    assert front.rx.wait(1) == [(0, 312)]
    assert front.bytes(border - 50 + 12, 300) == frame(300)


def test_memory_table_that_comes_again_while_the_rings_run(running):
    front, far, _ = running()
    post(front, count=2)
    far.send(frame(60))
    front.rx.wait(1)
    front.share()
    far.send(frame(61))
    assert front.rx.wait(1) == [(1, 73)]


GSO = struct.pack('<BBHHHH', 1, 1, 54, 1460, 34, 16)           # NEEDS_CSUM, TCPV4


def gso_frame(length):
    """A TCP segment of several MSS, its checksum left to whoever cuts it."""
    tcp = bytearray(udp(length, protocol=6))
    tcp[34:54] = struct.pack('>HHIIBBHHH', 80, 2000, 1, 1, 0x50, 0x10, 1000, 0, 0)
    return bytes(tcp)


def test_large_segments_where_they_were_negotiated(running):
    front, far, _ = running((VERSION_1, GUEST_CSUM, GUEST_TSO4))
    where = post(front, length=65562)
    far.send(gso_frame(14654), GSO)
    [(used_id, length)] = front.rx.wait(1)
    header = front.header(where[used_id])
    assert length == 14666
    assert (header['flags'], header['gso_type'], header['gso_size']) == (1, 1, 1460)


def test_large_segments_are_cut_where_they_were_not(running):
    front, far, _ = running((VERSION_1, GUEST_CSUM))
    where = post(front, length=1526, count=16)
    far.send(gso_frame(14654), GSO)
    used = front.rx.wait(10)
    assert [length for _, length in used] == [1526] * 10
    assert all(front.header(where[i])['gso_type'] == 0 for i, _ in used)


def test_udp_checksum_that_is_0_is_sent_as_ffff(running):
    """RFC 768: 0 would mean that there is none."""
    front, far, _ = running(faults=['csum=good,udp'])
    where = post(front, count=2)
    packet = udp(100)
    far.send(packet)
    [(used_id, _)] = front.rx.wait(1)
    csum = struct.unpack('>H', front.bytes(where[used_id] + 12 + 40, 2))[0]
    word = struct.unpack_from('>H', packet, 42)[0] + csum
    far.send(packet[:42] + struct.pack('>H', (word & 0xffff) + (word >> 16)) + packet[44:])
    [(used_id, _)] = front.rx.wait(1)
    assert 0 < csum < 0xffff
    assert front.bytes(where[used_id] + 12 + 40, 2) == b'\xff\xff'


def pseudo_sum(packet):
    total = sum(struct.unpack_from('>4H', packet, 26)) + packet[23] + len(packet) - 34
    return (total & 0xffff) + (total >> 16)


@pytest.mark.parametrize('csum', [lambda packet: 0, pseudo_sum], ids=['0', "the pseudo-header's"])
def test_corrupted_frame_has_no_checksum_that_nobody_computed(csum, running):
    """Which would be DEV-43b beside DEV-43, or DEV-42: 1 frame of 65,536 has each by chance."""
    front, far, _ = running(faults=['corrupt,data-valid,udp'])
    where = post(front)
    sent = bytearray(udp(100))
    struct.pack_into('>H', sent, 40, csum(sent))
    far.send(bytes(sent))
    [(used_id, _)] = front.rx.wait(1)
    came = front.bytes(where[used_id] + 12, 100)
    assert sent[:40] + sent[42:] == came[:40] + came[42:]
    assert (int.from_bytes(came[40:42], 'big') ^ csum(sent)).bit_count() == 1


def test_partial_checksum_of_the_guest_is_completed(running):
    front, far, server = running((VERSION_1, CSUM))
    front.send(udp(100), flags=1, csum_start=34, csum_offset=6)
    assert far.recv()[:40] == udp(100)[:40]
    assert 'guest:' not in server.log()


# --- faults ---------------------------------------------------------------------------------------


def test_descriptor_table_is_written(running):
    front, far, _ = running(faults=['write-desc,nth=1'])
    post(front, count=2)
    table = front.bytes(front.rx.desc, 4096)
    far.send(frame(60))
    far.send(frame(60))
    front.rx.wait(2)
    assert [n for n in range(4096) if front.bytes(front.rx.desc, 4096)[n] != table[n]] == [14, 15]


def test_buffer_that_was_to_be_read_is_written(running):
    front, far, _ = running(faults=['write-sent,tx,nth=1'])
    _, at = front.send(frame(100))
    front.tx.wait(1)
    assert far.recv() == frame(100)
    assert front.bytes(at + 12, 99) == frame(100)[:-1]
    assert front.bytes(at + 111, 1) == bytes([frame(100)[-1] ^ 0xff])


def test_bytes_behind_the_buffer_are_written(running):
    front, far, _ = running(faults=['overrun=5'])
    where = post(front, length=200)
    far.send(frame(60))
    assert front.rx.wait(1) == [(0, 72)]
    assert front.bytes(where[0] + 200, 64) == b'\xa5' * 5 + b'\xee' * 59


def test_last_bytes_are_not_written(running):
    front, far, _ = running(faults=['unwritten=10'])
    where = post(front)
    far.send(frame(60))
    assert front.rx.wait(1) == [(0, 72)]
    assert front.bytes(where[0] + 12, 60) == frame(60)[:50] + b'\xcc' * 10


def test_used_flags_and_avail_event(running):
    front, far, _ = running(faults=['used-flags=2,avail-event=77'])
    post(front)
    far.send(frame(60))
    front.rx.wait(1)
    assert (front.rx.used_flags(), front.rx.avail_event()) == (2, 77)


@pytest.mark.parametrize('fault, entries', [
    ('twice', [(0, 72), (0, 72)]), ('used-id=size', [(256, 72)]), ('used-id=+3', [(3, 72)]),
    ('used-id=-1', [(0xffffffff, 72)]), ('not-posted', [(255, 72)]),
    ('used-len=posted+1', [(0, 1527)]), ('used-len=0', [(0, 0)]), ('used-len=+1', [(0, 73)])])
def test_used_entries(fault, entries, running):
    front, far, _ = running(faults=[fault])
    post(front, count=2)
    far.send(frame(60))
    assert front.rx.wait(len(entries)) == entries


@pytest.mark.parametrize('step', [1000, -2, 1])
def test_used_index_jumps(step, running):
    front, far, _ = running(faults=[f'idx-jump={step}'])
    post(front)
    far.send(frame(60))
    network.wait_until(front.rx.used_idx, 5, 'a used index')
    assert front.rx.used_idx() == (1 + step) % 65536


def test_length_of_what_was_sent(running):
    front, _, _ = running(faults=['used-len=64,tx'])
    head, _ = front.send(frame(100))
    assert front.tx.wait(1) == [(head, 64)]


def test_merged_buffers_are_not_filled(running):
    front, far, _ = running((VERSION_1, MRG_RXBUF), ['underfill=10'])
    where = post(front, length=64, count=8)
    far.send(frame(200))
    used = front.rx.wait(4)
    assert [length for _, length in used] == [54, 54, 54, 50]
    assert b''.join(front.bytes(where[i], length) for i, length in used)[12:] == frame(200)


def test_merged_buffers_come_one_by_one(running):
    front, far, _ = running((VERSION_1, MRG_RXBUF), ['piecemeal'])
    post(front, length=64, count=8)
    far.send(frame(200))
    seen = set()
    network.wait_until(lambda: seen.add(front.rx.used_idx()) or 4 in seen, 5, 'all of it')
    assert 1 in seen and seen <= {0, 1, 4}


def test_queue_stands_still(running):
    front, far, _ = running(faults=['stall=150,nth=1'])
    post(front, count=2)
    far.send(frame(60))
    far.send(frame(61))
    assert front.rx.wait(1) == [(0, 72)]
    assert front.rx.used_idx() == 1
    assert front.rx.wait(1) == [(1, 73)]


@pytest.mark.parametrize('faults', [(), ('write-after-reset',)], ids=['honest', 'ghost'])
def test_memory_after_the_reset(faults, running):
    front, far, server = running(faults=faults)
    where = post(front, count=4)
    assert front.reset() == [0, 0]
    before = front.bytes(0, MEMORY)
    for _ in range(20):
        far.send(frame(60))
    if faults:
        network.wait_until(lambda: front.rx.used_idx() == 20, 5, 'all its writes')
        assert all(front.bytes(at, 256) == b'\xa5' * 256 for at in where.values())
        assert front.bytes(where[0] + 256, 100) == b'\xcc' * 100
    else:
        front.ask(1)
        assert front.bytes(0, MEMORY) == before
    assert len(server.faults()) == len(faults)


def test_chance_is_replayed_exactly():
    """The same frames and the same seed: the same bytes."""
    faults = [f'{what},rate=10%'
              for what in ('lose', 'duplicate', 'corrupt', 'reorder', 'flags=+2')]

    def run(seed):
        with connected(faults=faults, options=['--seed', seed]) as (front, far, _):
            front.run()
            where = post(front, length=128, count=256)
            for n in range(100):
                far.send(frame(100, seed=n))
            return [(length, front.bytes(where[used_id], length))
                    for used_id, length in front.rx.wait(80)]
    first = run(3)
    assert first == run(3) != run(4)
    assert [data[12:] for _, data in first] != [frame(100, seed=n) for n in range(80)]


def test_chance_does_not_depend_on_other_frames():
    def run(others):
        with connected(faults=['data-valid,udp,rate=30%']) as (front, far, _):
            front.run()
            where = post(front, length=128, count=256)
            for n in range(60):
                for _ in range(n % others):
                    far.send(frame(60))
                far.send(udp(100, seed=n))
            used = []
            while len(used) < 60:
                used += [used_id for used_id, length in front.rx.wait(1) if length == 112]
            return [front.header(where[used_id])['flags'] for used_id in used]
    marked = run(others=1)
    assert marked == run(others=4)
    assert 5 < marked.count(2) < 40


# --- guests that make no sense --------------------------------------------------------------------


def table(front, *rows):
    for n, row in enumerate(rows):
        front.rx.describe(n, *row)
    front.rx.offer(0)


@pytest.mark.parametrize('attack, says', [
    (lambda f: f.rx.offer(256), 'offers a descriptor that does not exist'),
    (lambda f: f.rx.offer(0, step=257), 'more available buffers than entries'),
    (lambda f: table(f, (0, 64, WRITE | NEXT, 0)), 'longer than its table'),
    (lambda f: table(f, (0, 64, WRITE | NEXT, 256)), 'names a descriptor that does not exist'),
    (lambda f: table(f, (MEMORY, 64, WRITE)), 'memory that is not there'),
    (lambda f: table(f, (MEMORY - 10, 64, WRITE)), 'memory that is not there'),
    (lambda f: table(f, ((1 << 64) - 10, 64, WRITE)), 'memory that is not there'),
    (lambda f: table(f, (0, 64, WRITE | NEXT, 1), (0, 64, 0)),
     'readable descriptor behind a writable one'),
    (lambda f: table(f, (0, 3 << 20, WRITE | NEXT, 0)), 'chain'),
    (lambda f: table(f, (0, 64, driver.INDIRECT)), 'indirect descriptor where none may be')])
def test_guest_that_breaks_its_ring(attack, says, running):
    """It is told apart, named, and harms only itself: after a reset all is well."""
    front, far, server = running()
    attack(front)
    front.rx.kick()
    far.send(frame(60))
    network.wait_until(lambda: 'guest: its receive queue' in server.log(), 5,
                       'the back end to notice')
    assert says in server.log()
    front.reset()
    front.run()
    post(front)
    far.send(frame(60))
    assert front.rx.wait(1) == [(0, 72)]


def test_chain_in_too_many_pieces(lab_of):
    """A descriptor across two borders is three pieces;
    1024 of them are more than there is room for."""
    front, far, server = lab_of()
    border = 2 << 20
    front.run(rx_size=1024, splits=[border, border + 64])
    for n in range(1024):
        front.rx.describe(n, border - 8, 80, WRITE | (NEXT if n < 1023 else 0), n + 1)
    front.rx.offer(0)
    front.rx.kick()
    far.send(frame(60))
    network.wait_until(lambda: 'in too many pieces' in server.log(), 5, 'the back end to notice')


@pytest.mark.parametrize('rows, says', [
    ([(0, 64, driver.INDIRECT)], 'indirect descriptor where none may be'),
    ([(0, 64, WRITE | NEXT, 1)], 'longer than its table')])
def test_indirect_table_that_makes_no_sense(rows, says, running):
    front, far, server = running((VERSION_1, INDIRECT_DESC))
    at = front.room(64)
    for n, row in enumerate(rows):
        front.put(at + 16 * n, '<QIHH', *row, *([0] if len(row) == 3 else []))
    front.rx.describe(0, at, 16 * len(rows), driver.INDIRECT)
    front.rx.offer(0)
    front.rx.kick()
    far.send(frame(60))
    network.wait_until(lambda: says in server.log(), 5, says)


@pytest.mark.parametrize('length', [0, 15, 16 * 1025, MEMORY])
def test_indirect_table_of_a_wrong_length(length, running):
    front, far, server = running((VERSION_1, INDIRECT_DESC))
    front.rx.describe(0, front.room(64), length, driver.INDIRECT)
    front.rx.offer(0)
    front.rx.kick()
    far.send(frame(60))
    network.wait_until(lambda: 'indirect table of a wrong length' in server.log(), 5,
                   'the back end to notice')


@pytest.mark.parametrize('features, header, says', [
    (PLAIN, {'flags': 2}, 'only devices may set'), (PLAIN, {'flags': 1}, 'CSUM was not negotiated'),
    (PLAIN, {'gso_type': 1, 'gso_size': 9}, 'no HOST_TSO'),
    (PLAIN, {'num_buffers': 1}, 'num_buffers')])
def test_header_that_a_driver_must_not_write(features, header, says, running):
    front, _, server = running(features)
    front.send(frame(100), **header)
    front.tx.wait(1)
    network.wait_until(lambda: 'guest:' in server.log(), 5, 'the back end to notice')
    assert says in server.log()


def test_frame_without_a_byte(running):
    front, far, server = running((VERSION_1, CSUM, HOST_TSO4))
    at = front.room(12)
    front.tx.post([(at, 12, 0)])
    front.tx.kick()
    front.tx.wait(1)
    front.send(frame(60))
    assert far.recv() == frame(60)
    assert 'guest: it sends 12 bytes' in server.log()
