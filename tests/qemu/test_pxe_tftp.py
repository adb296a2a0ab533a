"""TFTP of the PXE API (PXE 2.1, 3.3.6), good and bad, by both conventions, against dnsmasq."""

import socket
import struct

import pytest

import network
import probe as pxe
from skiff import device_status, nic

SERVER = '192.0.2.1'
SIZES = (0, 1, 511, 512, 513, 1024, 1456, 5000, 70000)
ABOVE = 0x1000000       # where READ_FILE may put a file: 16 MiB

TFTP_CLOSED, TFTP_IS_OPEN, FILE_NOT_FOUND, INVALID_PACKET_SIZE = 0x1a, 0x1b, 0x3b, 0x3f
OUT_OF_RESOURCES = 0x06


@pytest.fixture(name='files', scope='session')
def _files(tmp_path_factory):
    """A folder with files of these sizes, named by them."""
    folder = tmp_path_factory.mktemp('tftp')
    for size in SIZES:
        network.make_file(folder / str(size), size, seed=size)
    (folder / ('n' * 127)).write_bytes(b'a long name')
    return folder


@pytest.fixture(name='tftp')
def _tftp(attach, machine, www, files):
    """The Probe, on a network with a TFTP server."""
    (www.root / 'probe.0').write_bytes(pxe.PROBE.read_bytes())
    net = attach('tap', dnsmasq=['enable-tftp', f'tftp-root={files}'])
    return pxe.Probe(machine([nic(net.netdev)], console='vga',
                             fw_cfg={'url': net.url('probe.0'), 'nbp': '1'}))


def tftp_open(probe, name, size=512, server=SERVER, port=69):
    """(status, packet size)"""
    data = (bytes(2) + socket.inet_aton(server) + bytes(4) + name.encode().ljust(128, b'\0')
            + struct.pack('>H', port) + struct.pack('<H', size))
    answer = probe.call(pxe.TFTP_OPEN, data)
    assert answer.data[2:140] == data[2:140]
    return answer.status, answer.unpack('H', 140)[0]


def tftp_read(probe, size):
    """(number, bytes), or a status that is not 0."""
    probe.poke(pxe.DATA, bytes([0x77]) * (size + 1))
    answer = probe.call(pxe.TFTP_READ, bytes(6) + pxe.far(pxe.DATA))
    if answer.status != pxe.SUCCESS:
        return answer.status
    number, length = answer.unpack('HH')
    assert length <= size and answer.data[6:] == pxe.far(pxe.DATA)
    data = probe.peek(pxe.DATA, size + 1)
    assert set(data[length:]) == {0x77}
    return number, data[:length]


def read_all(probe, size):
    """All packets, to the short one."""
    packets = []
    while not packets or len(packets[-1][1]) == size:
        packets.append(tftp_read(probe, size))
    assert [number for number, _ in packets] == list(range(1, len(packets) + 1))
    return b''.join(data for _, data in packets)


def read_file(probe, name, room, server=SERVER, port=69):
    """(status, length)"""
    data = (bytes(2) + name.encode().ljust(128, b'\0') + struct.pack('<LL', room, ABOVE)
            + socket.inet_aton(server) + bytes(8) + struct.pack('>HH', 0, port) + bytes(4))
    answer = probe.call(pxe.TFTP_READ_FILE, data)
    return answer.status, answer.unpack('L', 130)[0]


def get_fsize(probe, name):
    """(status, size)"""
    answer = probe.call(pxe.TFTP_GET_FSIZE, bytes(2) + socket.inet_aton(SERVER) + bytes(4)
                        + name.encode().ljust(128, b'\0') + bytes([0x77]) * 4)
    return answer.status, answer.unpack('L', 138)[0]


def test_files_of_any_length(tftp, files):
    """The short packet is the last. [PXE-10]"""
    for size in SIZES[:-1]:
        assert tftp_open(tftp, str(size)) == (pxe.SUCCESS, 512)
        assert read_all(tftp, 512) == (files / str(size)).read_bytes(), size
        assert tftp_read(tftp, 512) not in (pxe.SUCCESS, TFTP_CLOSED)      # there is no more
        tftp.ok(pxe.TFTP_CLOSE)


def test_packet_sizes(tftp, files):
    """What was agreed on is returned. [PXE-10]"""
    for size in (0, 1, 511):
        assert tftp_open(tftp, '5000', size) == (INVALID_PACKET_SIZE, size)
    for size in (513, 1024, 1456, 1468, 2000, 0xffff):
        status, agreed = tftp_open(tftp, '5000', size)
        assert status == pxe.SUCCESS and 512 <= agreed <= min(size, 1468)
        assert read_all(tftp, agreed) == (files / '5000').read_bytes(), size
        tftp.ok(pxe.TFTP_CLOSE)
    status, agreed = tftp_open(tftp, '70000', 1456)
    assert (status, agreed) == (pxe.SUCCESS, 1456)
    assert read_all(tftp, 1456) == (files / '70000').read_bytes()


def test_names(tftp):
    """[PXE-10]"""
    assert tftp_open(tftp, 'nothing')[0] == FILE_NOT_FOUND
    assert tftp_read(tftp, 512) == TFTP_CLOSED
    assert tftp_open(tftp, 'n' * 128)[0] == FILE_NOT_FOUND      # no NUL behind it
    assert tftp_open(tftp, '')[0] != pxe.SUCCESS
    assert tftp_open(tftp, 'n' * 127)[0] == pxe.SUCCESS
    assert read_all(tftp, 512) == b'a long name'


def test_closed_and_twice_open(tftp, files):
    """[PXE-10]"""
    assert tftp_read(tftp, 512) == TFTP_CLOSED
    assert tftp.call(pxe.TFTP_CLOSE).status == TFTP_CLOSED
    for _ in range(2):
        assert tftp_open(tftp, '5000')[0] == pxe.SUCCESS
        assert tftp_open(tftp, '1024')[0] == TFTP_IS_OPEN
        assert get_fsize(tftp, '1024')[0] == TFTP_IS_OPEN
        assert read_file(tftp, '1024', 4096)[0] == TFTP_IS_OPEN
        assert tftp_read(tftp, 512) == (1, (files / '5000').read_bytes()[:512])
        tftp.ok(pxe.TFTP_CLOSE)                                 # in the middle
        assert tftp.call(pxe.TFTP_CLOSE).status == TFTP_CLOSED


def test_one_of_tftp_udp_and_undi(tftp, files):
    """[PXE-11]"""
    udp_open, undi_open = bytes(6), struct.pack('<3H', 0, 0, 3) + bytes(50)
    tftp.ok(pxe.UDP_OPEN, udp_open)
    assert tftp_open(tftp, '5000')[0] == pxe.UDP_IS_OPEN
    assert get_fsize(tftp, '5000')[0] == pxe.UDP_IS_OPEN
    assert read_file(tftp, '5000', 8000)[0] == pxe.UDP_IS_OPEN
    tftp.ok(pxe.UDP_CLOSE)
    tftp.ok(pxe.UNDI_OPEN, undi_open)
    assert tftp_open(tftp, '5000')[0] == pxe.UNDI_INVALID_STATE
    tftp.ok(pxe.UNDI_CLOSE)
    assert tftp_open(tftp, '5000')[0] == pxe.SUCCESS
    assert tftp.call(pxe.UDP_OPEN, udp_open).status == TFTP_IS_OPEN
    assert tftp.call(pxe.UNDI_OPEN, undi_open).status == pxe.UNDI_INVALID_STATE
    assert read_all(tftp, 512) == (files / '5000').read_bytes()
    tftp.ok(pxe.TFTP_CLOSE)
    tftp.ok(pxe.UDP_OPEN, udp_open)


def test_file_sizes(tftp):
    """[PXE-10]"""
    for size in SIZES:
        assert get_fsize(tftp, str(size)) == (pxe.SUCCESS, size)
    assert get_fsize(tftp, 'nothing') == (FILE_NOT_FOUND, 0x77777777)


def test_whole_files(tftp, files):
    """Never a byte behind the room. [PXE-10]"""
    guest = tftp.guest

    def behind(size):
        return guest.memory_bytes(ABOVE + size, 16)
    for size in SIZES:
        for room in (size, size + 1, 1 << 20):
            before = behind(size)
            assert read_file(tftp, str(size), room) == (pxe.SUCCESS, size)
            if size:
                assert guest.memory_bytes(ABOVE, size) == (files / str(size)).read_bytes()
            assert behind(size) == before
    for size in SIZES[1:]:
        before = behind(size - 1)
        assert read_file(tftp, str(size), size - 1)[0] == OUT_OF_RESOURCES
        assert behind(size - 1) == before
    assert read_file(tftp, 'nothing', 1000)[0] == FILE_NOT_FOUND
    assert read_file(tftp, '5000', 5000) == (pxe.SUCCESS, 5000)


def test_nobody_there(tftp, files):
    """No host, and no server at that port; the next call finds who is there. [PXE-10]"""
    assert tftp_open(tftp, '5000', server='192.0.2.99')[0] not in (pxe.SUCCESS, FILE_NOT_FOUND)
    assert tftp_open(tftp, '5000', port=6969)[0] not in (pxe.SUCCESS, FILE_NOT_FOUND)
    assert tftp_read(tftp, 512) == TFTP_CLOSED
    assert tftp_open(tftp, '5000')[0] == pxe.SUCCESS
    assert read_all(tftp, 512) == (files / '5000').read_bytes()


@pytest.mark.parametrize('opcode, length', [
    (pxe.UNDI_SHUTDOWN, 2), (pxe.UNLOAD_STACK, 12), (pxe.STOP_UNDI, 2)])
def test_stopped_in_the_middle(opcode, length, tftp):
    """[PXE-10] [PXE-16]"""
    assert tftp_open(tftp, '5000')[0] == pxe.SUCCESS
    assert tftp_read(tftp, 512)[0] == 1
    tftp.ok(opcode, bytes(length))
    assert tftp_read(tftp, 512) == TFTP_CLOSED
    assert tftp.call(pxe.TFTP_CLOSE).status == TFTP_CLOSED
    tftp.ok(pxe.UNDI_SHUTDOWN)
    assert device_status(tftp.guest) == 0
