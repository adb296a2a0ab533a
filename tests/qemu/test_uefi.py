"""skiff.efi and the device: transports, memory sizes, a vIOMMU, and what it does with DMA."""

import re
import struct

import pytest

import network
import scripted
from conftest import MIB
from skiff import BANNER, FAILED, FEATURES, boot_keys, fetched, last_counts, reached_user_space
from uefi import SKIFF_EFI, nic, removable, shimmed

SIZE = 64 * MIB
BUDGET = 64 * 1024
IOMMU = {'machine': 'q35,kernel-irqchip=split',
         'arguments': ['-device', 'intel-iommu,intremap=on,device-iotlb=on']}
IOMMU_NIC = {'iommu_platform': 'on', 'ats': 'on'}

ACCOUNTS = (r'^shim: allocated (\d+) freed (\d+) mapped (\d+) unmapped (\d+) breaches (\d+) '
            r'(?:at ExitBootServices, )?status ([0-9a-f]+)$')
EFI_LOAD_ERROR = 1 << 63 | 1


@pytest.fixture(name='start')
def _start(efi):
    """start(net, keys, variant, disk, …): skiff.efi from a disk, on one NIC."""
    def run(net, keys, variant='transitional', disk=None, properties=None, **options):
        return efi([nic(net.netdev, variant, **(properties or {}))],
                   disk=disk or removable(SKIFF_EFI), fw_cfg=keys, **options)
    return run


# --- the file -------------------------------------------------------------------------------------


def test_file_is_an_application_within_its_budget():
    data = SKIFF_EFI.read_bytes()
    assert len(data) <= BUDGET
    pe = struct.unpack_from('<I', data, 0x3c)[0]
    machine, _, made = struct.unpack_from('<HHI', data, pe + 4)
    assert data[pe:pe + 4] == b'PE\0\0' and machine == 0x8664
    assert struct.unpack_from('<H', data, pe + 0x5c)[0] == 10       # EFI application
    assert made == 0, 'two builds would differ'


# --- transports, checksums, memory ----------------------------------------------------------------


@pytest.mark.parametrize('variant', ['modern', 'legacy'])
def test_64_mib_arrive_exactly(variant, start, attach, www):
    """[PCI-01] [PCI-06] [PCI-L1]"""
    sha256 = www.file('64m', SIZE)
    net = attach('user')
    guest = start(net, {'fetch': net.url('64m')}, variant)
    fetched(guest, SIZE, sha256)
    assert guest.wait_for(BANNER)[2] == ('1af4:1041' if variant == 'modern' else '1af4:1000')


@pytest.mark.parametrize('csum', ['auto', 'off'])
def test_checksums_on_a_tap(csum, start, attach, www):
    """[NET-10] [SUM-07]"""
    sha256 = www.file('64m', SIZE)
    net = attach('tap')
    guest = start(net, {'fetch': net.url('64m'), 'csum': csum})
    fetched(guest, SIZE, sha256)
    good, _ = last_counts(guest)
    assert ('+GUEST_CSUM' in guest.wait_for(FEATURES)[3].split()) == (csum == 'auto')
    assert (good['partial'] + good['vouched'] > 700) == (csum == 'auto')


def test_64_kib_segments_of_passt(start, attach, www):
    sha256 = www.file('64m', SIZE)
    net = attach('passt')
    guest = start(net, {'fetch': net.url('64m')}, 'modern')
    fetched(guest, SIZE, sha256)
    good, _ = last_counts(guest)
    assert good['rx'] < SIZE / 16384, 'segments stayed small'


@pytest.mark.parametrize('memory, variant', [('256M', 'transitional'), ('8G', 'modern')])
def test_memory_sizes(memory, variant, start, attach, kernel):
    net = attach('user')
    reached_user_space(start(net, boot_keys(net), variant, memory=memory), kernel[1])


def test_fetch_behind_an_iommu(start, attach, www):
    """[INIT-15]"""
    sha256 = www.file('64m', SIZE)
    net = attach('user')
    guest = start(net, {'fetch': net.url('64m')}, 'modern', properties=IOMMU_NIC, **IOMMU)
    fetched(guest, SIZE, sha256)
    assert '+ACCESS_PLATFORM' in guest.wait_for(FEATURES)[3].split()


def test_linux_boots_behind_an_iommu(start, attach, kernel):
    net = attach('user')
    guest = start(net, boot_keys(net), 'modern', properties=IOMMU_NIC, **IOMMU)
    assert '+ACCESS_PLATFORM' in guest.wait_for(FEATURES)[3].split()
    reached_user_space(guest, kernel[1])


# --- DMA ------------------------------------------------------------------------------------------


def assert_balanced(guest, status=0):
    """All that was allocated and mapped has been given back,
    and nothing was done that may not be done."""
    match = guest.wait_for(ACCOUNTS, timeout=60)
    allocated, freed, mapped, unmapped, breaches = (int(match[i]) for i in range(1, 6))
    assert allocated == freed > 0 and mapped == unmapped > 0 and breaches == 0, guest.log()
    assert int(match[6], 16) == status


@pytest.mark.parametrize('variant', ['transitional', 'modern', 'legacy'])
def test_the_device_is_given_addresses_of_map_only(variant, start, attach, www):
    """The CPU's addresses of the buffers mean nothing to the device. [UEFI-02] [UEFI-03]"""
    sha256 = www.file('64m', SIZE)
    net = attach('user')
    guest = start(net, {'fetch': net.url('64m')}, variant, disk=shimmed(SKIFF_EFI))
    fetched(guest, SIZE, sha256)
    assert_balanced(guest)


def test_all_memory_is_given_back_before_linux_takes_over(start, attach, kernel):
    """[UEFI-03] [LNX-13]"""
    net = attach('user')
    guest = start(net, boot_keys(net), disk=shimmed(SKIFF_EFI))
    assert_balanced(guest)
    reached_user_space(guest, kernel[1])


@pytest.mark.parametrize('key, path', [('fetch', '404'), ('url', '4m')])
def test_all_memory_is_given_back_after_a_failure(key, path, start, attach, www):
    """And the caller learns of it. [UEFI-02] [UEFI-03] [SEC-14]"""
    www.file('4m', 4 * MIB)
    net = attach('user')
    guest = start(net, {key: net.url(path)}, disk=shimmed(SKIFF_EFI))
    guest.wait_for(FAILED)
    assert_balanced(guest, EFI_LOAD_ERROR)


@pytest.mark.parametrize('variant', ['transitional', 'modern', 'legacy'])
def test_no_dma_after_exit_boot_services(variant, start, attach, part):
    """Whoever ends boot services amid a download has memory that nobody writes to.
    [UEFI-06] [LNX-13]"""
    def trickle(connection, request):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
        # Buffers stay free, which a torrent would fill by itself.
        while not server.stopping.wait(0.001):
            connection.sendall(bytes(100))
    server = part(scripted.ScriptedServer(trickle))
    net = attach('tap')
    guest = start(net, {'fetch': net.url('x', port=server.port)}, variant,
                  disk=shimmed(SKIFF_EFI, exit_after=300))
    pages = int(guest.wait_for(r'^shim: watching (\d+) pages$', timeout=60)[1])
    assert pages > 1 * MIB // 4096
    flood = part(scripted.Flood(('192.0.2.255', 9)))
    network.wait_until(lambda: flood.sent > 500, 30, '500 datagrams')
    guest.type('x')
    assert int(guest.wait_for(r'^shim: (\d+) of \d+ pages have changed$')[1]) == 0
    assert guest.wait_exit() == 0


def test_the_watchdog_does_not_end_a_long_download(start, attach, part):
    """The shim sets it to 3 s; the boot manager does to five minutes. [UEFI-07]"""
    def handler(connection, request):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n')
        for _ in range(50):
            server.stopping.wait(0.1)       # a slow server, not a wait for something
            connection.sendall(bytes(100))
    server = part(scripted.ScriptedServer(handler))
    net = attach('user')
    guest = start(net, {'fetch': net.url('x', port=server.port)}, disk=shimmed(SKIFF_EFI))
    assert int(guest.wait_for(r'^fetch: (\d+) bytes')[1]) == 5000
    assert len(re.findall(BANNER, guest.text, re.MULTILINE)) == 1
