"""The misbehaving back end itself: honest without rules, and each fault is what the guest sees."""

import contextlib
import re
import socket
import struct
import subprocess
from pathlib import Path

import pytest
from scapy.utils import RawPcapNgReader

import backend
import network
from conftest import MIB
from skiff import COUNT, FAILED, FEATURES, FETCH, last_counts, nic
from vm import Machine

SIZE = 256 << 10
TCP, UDP = 6, 17
ALL, GUEST_TSO = 2 ** 64 - 1, 1 << 7 | 1 << 8 | 1 << 9      # bits of features


@pytest.fixture
def behind(enter):
    """behind(faults, …) enters backend.attach()."""
    return lambda *args, **options: enter(backend.attach(*args, **options))


@pytest.fixture
def fetch(behind, machine, www):
    """fetch(faults, size, options for the back end, keys of skiff): (guest, net)
    when skiff has ended. Without `large`, a segment is a frame."""
    def run(faults=(), size=SIZE, variant='transitional', keys=None, properties=None, large=False,
            **options):
        sha256 = www.file(f'{size}', size)
        net = behind(faults, **options)
        guest = machine([nic(net.netdev, variant, **(properties or {}))], net=net,
                        fw_cfg={'fetch': net.url(f'{size}'), 'deadline': '2',
                                'features': hex(ALL if large else ALL & ~GUEST_TSO),
                                **(keys or {})})
        ended = guest.wait_for(f'{FETCH}|{FAILED}', timeout=60)
        guest.wait_for(COUNT)
        guest.ok = ended[0].startswith(f'fetch: {size} bytes sha256 {sha256}')
        return guest, net
    return run


def l4(data):
    """(protocol, its bytes, the pseudo-header's sum) of a TCP or UDP packet over IPv4, or None."""
    whole = data[20:22] in (b'\0\0', b'\x40\0')
    if data[12:14] != b'\x08\0' or data[23] not in (TCP, UDP) or not whole:
        return None
    start, end = 14 + (data[14] & 15) * 4, 14 + struct.unpack_from('>H', data, 16)[0]
    segment = data[start:end]
    return data[23], segment, ones_sum(data[26:34] + struct.pack('>HH', data[23], len(segment)))


def ones_sum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data[:len(data) & ~1]))
    total += data[-1] << 8 if len(data) % 2 else 0
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def field(data):
    protocol, segment, _ = l4(data)
    return struct.unpack_from('>H', segment, 16 if protocol == TCP else 6)[0]


def is_right(data):
    """The TCP or UDP checksum is complete and correct."""
    _, segment, pseudo = l4(data)
    end = struct.pack('>H' if len(segment) % 2 == 0 else '>xH', pseudo)
    return ones_sum(segment + end) == 0xffff


def received(net, kind=None):
    """What the guest saw: all frames, or the TCP or UDP ones."""
    frames = [f for f in net.backend.frames() if f.received]
    return [f for f in frames if (l4(f.data) or (0,))[0] == kind] if kind else frames


# --- honest ---------------------------------------------------------------------------------------


@pytest.mark.parametrize('features', [
    '+RING_RESET', 'VERSION_1', 'VERSION_1,GUEST_CSUM', 'VERSION_1,MRG_RXBUF,CSUM',
    '-EVENT_IDX,-INDIRECT_DESC'])
@pytest.mark.parametrize('variant', ['transitional', 'modern'])
def test_64_mib_arrive_through_an_honest_one(variant, features, fetch):
    guest, net = fetch(size=64 * MIB, variant=variant, options=['--features', features])
    assert guest.ok, guest.log()
    good, bad = last_counts(guest)
    assert not any(bad.values()), bad
    assert (good['partial'] > 40000) == ('GUEST_CSUM' in features or features[0] in '+-')
    assert 'guest:' not in net.backend.log(), 'the driver broke a rule'


@pytest.mark.parametrize('variant', ['transitional', 'modern', 'legacy'])
@pytest.mark.parametrize('features', ['', '-MRG_RXBUF', '-GUEST_TSO6', '-GUEST_TSO4'])
def test_64_mib_arrive_in_large_frames(variant, features, fetch):
    """GUEST_TSO4 makes one frame of up to 45 segments of the kernel's. [NET-01] [NET-20]"""
    guest, net = fetch(size=64 * MIB, variant=variant, large=True,
                       options=['--features', features] if features else [])
    assert guest.ok, guest.log()
    good, bad = last_counts(guest)
    assert not any(bad.values()), bad
    assert (good['partial'] < 6000) == (features != '-GUEST_TSO4'), good
    assert 'guest:' not in net.backend.log(), 'the driver broke a rule'


@pytest.mark.parametrize('features', ['-INDIRECT_DESC', '-GUEST_TSO4', '-GUEST_CSUM'])
def test_no_chains_where_nothing_may_land(features, fetch):
    """Payload has a descriptor of its own only where the device is known to follow chains, and
    large frames come that need no checksum. [SPLIT-05]"""
    guest, net = fetch(size=4 * MIB, variant='modern', large=True,
                       options=['--features', features, '--rx-descriptors', 1])
    assert guest.ok and net.backend.process.poll() is None, net.backend.log()


def test_chains_where_payload_may_land(fetch):
    guest, net = fetch(variant='modern', large=True, options=['--rx-descriptors', 1])
    assert not guest.ok
    assert 'a receive buffer of 2 descriptors' in net.backend.log()


@pytest.mark.parametrize('fault', ['lose', 'duplicate', 'reorder'])
def test_what_may_land_arrives_through_a_bad_wire(fault, fetch):
    guest, net = fetch([f'{fault},tcp,rate=1%'], size=64 * MIB, variant='modern', large=True)
    assert guest.ok, guest.log()
    assert 'guest:' not in net.backend.log(), 'the driver broke a rule'


@pytest.mark.parametrize('csum', ['auto', 'off'])
def test_legacy_device(csum, fetch):
    guest, net = fetch(size=4 * MIB, variant='legacy', keys={'csum': csum}, capture=True)
    assert guest.ok, guest.log()
    assert not any(last_counts(guest)[1].values())
    assert received(net)[0].header['used_len'] == len(received(net)[0].data) + 10


def test_honest_header_without_guest_csum(fetch):
    """Flags 0, checksums complete."""
    _, net = fetch(keys={'csum': 'off'}, capture=True)
    headers = [f.header for f in received(net)]
    assert {(h['flags'], h['gso_type'], h['num_buffers']) for h in headers} == {(0, 0, 1)}
    assert all(is_right(f.data) for f in received(net) if l4(f.data))
    assert len(received(net, TCP)) > SIZE // 1460


def test_honest_header_with_guest_csum(fetch):
    """The kernel's own traffic is partial: the pseudo-header's sum, and the field that it is in."""
    _, net = fetch(capture=True)
    for frame in received(net, TCP):
        assert frame.header['flags'] == 1
        assert (frame.header['csum_start'], frame.header['csum_offset']) == (34, 16)
        assert field(frame.data) == l4(frame.data)[2]
    assert all(f.header['used_len'] == len(f.data) + 12 for f in received(net))


@pytest.mark.parametrize('variant', ['transitional', 'modern'])
def test_receive_buffers_of_one_descriptor(variant, fetch):
    """Some back ends end at two, and a driver needs no more. [SPLIT-05]"""
    guest, net = fetch(size=4 * MIB, variant=variant, options=['--rx-descriptors', 1])
    assert guest.ok and net.backend.process.poll() is None, net.backend.log()


def test_legacy_device_whose_header_stands_alone(fetch):
    """Without ANY_LAYOUT it is a buffer of two descriptors. [NET-L3]"""
    guest, net = fetch(size=4 * MIB, variant='legacy',
                       options=['--features', '-ANY_LAYOUT', '--rx-descriptors', 2])
    assert guest.ok and '-ANY_LAYOUT' not in guest.text, net.backend.log()


def test_one_that_follows_no_chain_ends_at_one(fetch):
    guest, net = fetch(variant='legacy',
                       options=['--features', '-ANY_LAYOUT', '--rx-descriptors', 1])
    assert not guest.ok
    log = net.backend.log()
    assert 'backend: a receive buffer of 2 descriptors, and it can follow only 1' in log


def test_mtu_of_the_device(fetch):
    guest, _ = fetch(size=4 * MIB, mtu=9000, options=['--mtu', '9000'],
                     properties={'host_mtu': 9000})
    assert guest.ok and ' mtu 9000' in guest.text and '+MTU' in guest.wait_for(FEATURES)[3]


def test_one_qemu_after_another(behind, www):
    sha256 = www.file('1m', MIB)
    net = behind()
    for _ in range(3):
        with Machine([nic(net.netdev)], net=net, fw_cfg={'fetch': net.url('1m')}) as guest:
            assert guest.wait_for(FETCH)[2] == sha256


def test_guest_that_is_reset_again_and_again(behind, machine, www):
    sha256 = www.file('1m', MIB)
    net = behind()
    guest = machine([nic(net.netdev)], net=net, fw_cfg={'fetch': net.url('1m')})
    place = 0
    for _ in range(5):
        match = guest.wait_for(FETCH, after=place)
        assert match[2] == sha256
        place = match.end()
        guest.reset()
    guest.wait_for(FETCH, after=place)
    assert 'qemu:' not in net.backend.log() and 'guest:' not in net.backend.log()


def test_reset_in_the_middle_of_a_download(behind, machine, www):
    sha256 = www.file('64m', 64 * MIB)
    net = behind()
    guest = machine([nic(net.netdev)], net=net, fw_cfg={'fetch': net.url('64m')})
    guest.wait_for(r'^dhcp: ')
    guest.reset()
    assert guest.wait_for(FETCH, timeout=60)[2] == sha256


# --- faults of the header -------------------------------------------------------------------------


HEADERS = {
    'data-valid': lambda h: h['flags'] & 2,
    'rsc-info': lambda h: h['flags'] & 4,
    'flags=+128': lambda h: h['flags'] & 128,
    'flags=9': lambda h: h['flags'] == 9,
    'gso-type=1': lambda h: h['gso_type'] == 1,
    'gso-type=96': lambda h: h['gso_type'] == 96,
    'gso-size=1400': lambda h: h['gso_size'] == 1400,
    'hdr-len=65535': lambda h: h['hdr_len'] == 65535,
    'csum-start=65534': lambda h: h['csum_start'] == 65534,
    'csum-offset=-2': lambda h: h['csum_offset'] == 14,
    'num-buffers=0': lambda h: h['num_buffers'] == 0,
    'num-buffers=256': lambda h: h['num_buffers'] == 256,
    'num-buffers=+1': lambda h: h['num_buffers'] == 2,
    'used-len=0': lambda h: h['used_len'] == 0,
    'used-len=11': lambda h: h['used_len'] == 11,
    'used-len=-1': lambda h: h['used_len'] == 77,
    'used-len=posted+1': lambda h: h['used_len'] > 65536,
    'used-id=size': lambda h: h['used_id'] == 256,
    'used-id=200': lambda h: h['used_id'] == 200,
    'not-posted': lambda h: h['used_id'] == 255,        # skiff's buffers have the numbers below 128
}


@pytest.mark.parametrize('fault', HEADERS)
def test_fault_of_header_or_used_entry_is_what_the_guest_sees(fault, fetch):
    """On the first SYN-ACK only, which is 66 bytes behind 12 of header."""
    _, net = fetch([f'{fault},syn,nth=1'], capture=True)
    assert len(net.backend.faults()) == 1
    seen = received(net, TCP)
    hit = next(f for f in seen if l4(f.data)[1][13] & 2)
    assert HEADERS[fault](hit.header), hit
    assert not any(HEADERS[fault](f.header) for f in seen if f is not hit)


@pytest.mark.parametrize('value, right', [
    ('good', lambda f: is_right(f.data) and not f.header['flags'] & 1),
    ('bad', lambda f: not is_right(f.data) and field(f.data) not in (0, l4(f.data)[2])),
    ('pseudo', lambda f: field(f.data) == l4(f.data)[2] and not f.header['flags'] & 1),
    ('zero', lambda f: field(f.data) == 0),
    ('0x1234', lambda f: field(f.data) == 0x1234)])
def test_checksum_field(value, right, fetch):
    _, net = fetch([f'csum={value},syn,nth=1'], capture=True)
    syn = [f for f in received(net, TCP) if l4(f.data)[1][13] & 2]
    assert right(syn[0]), syn[0]


def test_partial_checksum_is_made_without_the_feature(fetch):
    _, net = fetch(['needs-csum,syn,nth=1'], capture=True, keys={'csum': 'off'})
    syn = [f for f in received(net, TCP) if l4(f.data)[1][13] & 2]
    assert syn[0].header['flags'] == 1 and field(syn[0].data) == l4(syn[0].data)[2]


def test_corruption_is_one_bit_behind_the_checksum(fetch):
    guest, net = fetch(['corrupt,tcp,payload,nth=5'], capture=True)
    assert guest.ok
    seen = received(net, TCP)
    wrong = [f for f in seen if not f.header['flags'] and not is_right(f.data)]
    assert len(wrong) == 1
    again = next(f for f in seen if f.data[38:42] == wrong[0].data[38:42] and f is not wrong[0])
    flipped = int.from_bytes(wrong[0].data[54:], 'big') ^ int.from_bytes(again.data[54:], 'big')
    assert bin(flipped).count('1') == 1
    assert is_right(wrong[0].data[:54] + again.data[54:]), 'the checksum was not complete'


@pytest.mark.parametrize('what, ports', [('dhcp', {67, 68}), ('dns', {53})])
def test_flags_on_dhcp_and_dns_alone(what, ports, behind, machine, www):
    sha256 = www.file('1m', MIB)
    net = behind([f'data-valid,{what}'], dnsmasq=['address=/boot.example/192.0.2.1'], capture=True)
    guest = machine([nic(net.netdev)], net=net, fw_cfg={'fetch': 'http://boot.example:8080/1m'})
    assert guest.wait_for(FETCH)[2] == sha256
    marked = [f for f in received(net) if f.header['flags'] & 2]
    assert marked
    assert all(l4(f.data)[0] == UDP for f in marked)
    assert all(ports & set(struct.unpack_from('>HH', l4(f.data)[1])) for f in marked)


def test_flags_on_fragments(fetch):
    guest, net = fetch(['fragment,tcp,payload,nth=5', 'data-valid,tcp,payload,nth=5'], capture=True)
    assert guest.ok
    pieces = [f for f in received(net) if f.data[12:14] == b'\x08\0' and not l4(f.data)]
    assert [f.header['flags'] for f in pieces] == [2, 2]
    assert last_counts(guest)[1]['bad_ip'] == 2
    assert all(ones_sum(f.data[14:34]) == 0xffff for f in pieces), "a fragment's header sum"


def test_trailer(fetch):
    _, net = fetch(['trailer=100,syn'], capture=True)
    syn = [f for f in received(net, TCP) if l4(f.data)[1][13] & 2]
    assert len(syn[0].data) == 166 and not any(syn[0].data[66:])


# --- faults of the ring ---------------------------------------------------------------------------


@pytest.mark.parametrize('fault, sentence', [
    ('twice', 'returned a buffer that it did not have|past every buffer'),
    ('idx-jump', 'past every buffer'),
    ('idx-jump=-2', 'past every buffer'), ('used-id=+1', 'does not exist'),
    ('idx-jump,tx', 'past every buffer'), ('used-id=size,tx', 'does not exist'),
    ('used-len=posted+1', 'more than a buffer holds')])
def test_fault_of_the_ring_stops_the_driver(fault, sentence, fetch):
    guest, _ = fetch([f'{fault},from=20'], size=4 * MIB)
    assert re.search(f'failed at queues: .*({sentence})', guest.text), guest.log()


@pytest.mark.parametrize('fault', [
    'used-flags=2', 'avail-event=77', 'write-desc', 'write-sent,tx', 'used-len=64,tx', 'overrun',
    'num-buffers=2', 'write-after-reset', 'stall=100,nth=20'])
def test_fault_that_the_driver_has_no_use_for(fault, fetch):
    guest, net = fetch([fault])
    assert guest.ok, guest.log()
    assert net.backend.faults() or fault == 'write-after-reset'


def ring_memory(guest):
    """Guest memory where skiff's rings and buffers are: between 1 and 16 MiB."""
    return guest.memory_bytes(MIB, 15 * MIB)


def test_overrun_is_behind_the_buffer(fetch):
    """The next buffer is pages away; 16 bytes of 0xa5 stand behind one of 64 KiB."""
    guest, _ = fetch(['overrun,arp'])
    assert b'\xa5' * 16 in ring_memory(guest)


def test_writes_after_the_reset_reach_the_guest(fetch):
    guest, net = fetch(['write-after-reset'])
    network.wait_until(lambda: b'\xa5' * 256 in ring_memory(guest), 10, 'the pattern in a buffer')
    assert net.backend.faults() == [(1, 1, 'reset', None)]


def test_nothing_is_written_after_the_reset_without_the_rule(fetch):
    guest, _ = fetch()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as traffic:
        traffic.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        traffic.sendto(b'\xa5' * 300, ('192.0.2.255', 9))
    assert b'\xa5' * 64 not in ring_memory(guest)


def test_stall_until_the_reset(fetch):
    guest, _ = fetch(['stall,tcp,payload,nth=10'])
    assert re.search('failed at http: .* fell silent', guest.text)


def test_unwritten_bytes(fetch):
    """The buffer's old bytes stay: the digest tells, as the checksum is partial."""
    guest, _ = fetch(['unwritten=400,tcp,payload,from=150'], size=MIB)
    assert not guest.ok and 'fetch: ' in guest.text


# --- the wire -------------------------------------------------------------------------------------


@pytest.mark.parametrize('percent', [1, 5])
@pytest.mark.parametrize('what', ['lose', 'duplicate', 'reorder', 'delay=5', 'corrupt', 'fragment'])
@pytest.mark.parametrize('csum', ['auto', 'off'])
def test_download_stays_exact_on_a_bad_wire(csum, what, percent, fetch):
    where = 'payload' if what == 'fragment' else 'both'
    guest, net = fetch([f'{what},tcp,rate={percent}%,{where}'], size=4 * MIB,
                       keys={'csum': csum, 'deadline': '30'})
    assert guest.ok, guest.log()
    assert len(net.backend.faults()) >= 10


def test_everything_at_once(fetch):
    faults = [f'{what},rate=1%,both'
              for what in ('lose', 'duplicate', 'reorder', 'delay=5', 'corrupt')]
    guest, net = fetch(faults, size=16 * MIB, keys={'deadline': '30'})
    assert guest.ok, guest.log()
    net.backend.stop()
    summary = net.backend.summary()
    assert len(summary) == 5 and all(done > 20 for done, _ in summary.values())


def test_reordered_frame_comes_behind_those_that_overtook_it(fetch):
    guest, net = fetch(['reorder=2,tcp,payload,nth=5'], capture=True)
    assert guest.ok
    numbers = [struct.unpack_from('>I', f.data, 38)[0]
               for f in received(net, TCP) if len(f.data) > 1000][:8]
    assert numbers != sorted(numbers)
    late = next(n for n, (a, b) in enumerate(zip(numbers, numbers[1:]), 1) if b < a)
    assert sum(1 for n in numbers[:late] if n > numbers[late]) == 2


# --- replay ---------------------------------------------------------------------------------------


def test_same_seed_same_faults(www):
    www.file('4m', 4 * MIB)

    def chosen(seed):
        with backend.attach(['duplicate,tcp,payload,rate=5%'], options=['--seed', seed]) as net, \
                Machine([nic(net.netdev)], net=net,
                        fw_cfg={'fetch': net.url('4m'), 'csum': 'off'}) as guest:
            guest.wait_for(FETCH)
            # How many more there were depends on TCP.
            return [match for _, match, _, _ in net.backend.faults() if match <= 2000]
    first = chosen(7)
    assert first == chosen(7) != chosen(8)
    assert 50 < len(first) < 150


# --- the user -------------------------------------------------------------------------------------


def run(*words):
    return subprocess.run([backend.BACKEND, *words], capture_output=True, text=True, timeout=10,
                          check=False)


@pytest.mark.parametrize('words, part', [
    ((), '--socket and --tap are needed'), (('--socket',), '--socket wants a value'),
    (('--sockets', 'x'), "'--sockets' is no option"), (('--profile', 'x'), "'x' is none"),
    (('--fault', 'loose'), "'loose' of the rule 'loose'"),
    (('--fault', 'tcp,rate=1%'), 'no action'),
    (('--fault', 'lose,rate=101%'), "'rate=101%'"), (('--fault', 'lose,rate=0.05'), "'rate=0.05'"),
    (('--fault', 'used-len'), "'used-len'"),
    (('--fault', 'num-buffers=70000'), "'num-buffers=70000'"),
    (('--fault', 'lose=3'), "'lose=3'"), (('--fault', 'lose,nth=0'), "'nth=0'"),
    (('--fault', ''), "''"),
    (('--fault', 'x' * 200), 'longer than'), (('--rules', '/nowhere'), '/nowhere: No such file'),
    (('--seed', '-1'), '--seed -1: wants a number'),
    (('--mtu', '67'), '--mtu 67: wants a number from 68'),
    (('--features', 'GUEST_CUSM'), "'GUEST_CUSM' is no feature"),
    (('--socket', '/tmp', '--tap', 'x' * 16), 'a name has 1 to 15'),
    (('--socket', '/' + 'x' * 108, '--tap', 'tapx'), 'at most 107'),
    (('--socket', '/nowhere/x', '--tap', 'tapx'), '/nowhere/x: No such file')])
def test_mistake_of_the_user_is_one_sentence(words, part):
    done = run(*words)
    assert done.returncode == 1 and done.stdout == ''
    assert re.fullmatch(r'backend: [^\n]+\n', done.stderr) and part in done.stderr, done.stderr


def test_rules_in_a_file(fetch, tmp_path):
    (tmp_path / 'rules').write_text('# two\nlose,arp,nth=1\n\nduplicate,syn # once\n')
    guest, net = fetch(options=['--rules', tmp_path / 'rules'])
    assert guest.ok
    assert [(rule, dir) for rule, _, dir, _ in net.backend.faults()] == [(1, 'rx'), (2, 'rx')]
    (tmp_path / 'bad').write_text('lose\nlouse\n')
    assert 'bad line 2: ' in run('--rules', tmp_path / 'bad').stderr


def test_readme_has_every_action_profile_and_condition():
    help_text = run('--help').stdout
    readme = (Path(__file__).parents[1] / 'backend' / 'README.md').read_text()
    actions = re.findall(r'^  ([a-z-]+)', help_text.split('Actions:')[1].split('Conditions')[0],
                         re.MULTILINE)
    assert len(actions) > 30
    assert [name for name in actions if f'`{name}' not in readme] == []
    assert all(profile in help_text for profile in backend.PROFILES)


def test_record_is_read_by_others(fetch):
    _, net = fetch(capture=True)
    assert net.backend.frames()
    reader = RawPcapNgReader(str(net.backend.pcap))
    packets = list(reader)
    reader.close()
    assert [data for data, _ in packets[:50]] == [f.data for f in net.backend.frames()[:50]]
    assert packets[0][1].linktype == 1
    # scapy 2.6 had one comment, 2.7 has several
    comments = getattr(packets[0][1], 'comments', None) or [packets[0][1].comment]
    assert b'num_buffers=' in comments[0]


# --- QEMU and guests that make no sense -----------------------------------------------------------


@pytest.mark.parametrize('message, part', [
    (b'GET / HTTP/1.1\r\n\r\n', 'is broken'), (struct.pack('<III', 8, 1, 1 << 30), 'is broken'),
    (struct.pack('<III', 99, 1, 0), 'is none that was negotiated'),
    (struct.pack('<III', 1, 1, 8) + bytes(8), 'has a wrong length'),
    (struct.pack('<IIIQ', 2, 1, 8, 1 << 60), 'features that were not offered'),
    (struct.pack('<IIIII', 8, 1, 8, 2, 256), 'a ring that is not there'),
    (struct.pack('<IIIII', 8, 1, 8, 0, 255), 'no power of two'),
    (struct.pack('<IIIII', 8, 1, 8, 0, 2048), 'no power of two'),
    (struct.pack('<IIIII', 11, 1, 8, 7, 0), 'a ring that is not there'),
    (struct.pack('<IIIQ', 12, 1, 8, 0), 'without addresses'),
    (struct.pack('<IIIII', 5, 1, 8, 1, 0), 'a memory table of a wrong length'),
    (struct.pack('<IIIIIQQQQ', 9, 1, 40, 0, 0, 1, 2, 3, 4), 'without a size')], ids=str)
def test_message_that_makes_no_sense_ends_the_connection(message, part, behind, machine, www):
    sha256 = www.file('1m', MIB)
    net = behind()
    with socket.socket(socket.AF_UNIX) as qemu:
        qemu.connect(str(net.backend.socket))
        qemu.sendall(message)
        qemu.settimeout(10)
        with contextlib.suppress(ConnectionResetError):     # where it did not read all of it
            assert qemu.recv(100) == b''
    assert part in net.backend.log()
    guest = machine([nic(net.netdev)], net=net, fw_cfg={'fetch': net.url('1m')})
    assert guest.wait_for(FETCH)[2] == sha256
