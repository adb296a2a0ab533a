"""What is around the program in skiff.efi: unpacking it, protecting its memory,
giving the memory back."""

import pytest

from conftest import MIB
from skiff import SAID, boot_keys, fetched, reached_user_space
from uefi import BOOT_FILE, LAB, SAY, SKIFF_EFI, STRICT_NX, nic, removable

ACCOUNTS = r'^nx: allocated (\d+) freed (\d+) executable (\d+) breaches (\d+) status ([0-9a-f]+)$'
NOT_STARTED = r'^skiff: failed at start: (.+)$'
EFI_ACCESS_DENIED, EFI_OUT_OF_RESOURCES = (1 << 63) | 15, (1 << 63) | 9


@pytest.fixture(name='start')
def _start(efi):
    """start(net, keys, refuse): skiff.efi on firmware that makes no memory executable by itself."""
    def run(net, keys, refuse=''):
        disk = {BOOT_FILE: LAB / 'nx.efi', 'SKIFF.EFI': SKIFF_EFI, 'REFUSE.TXT': refuse}
        return efi([nic(net.netdev)], disk=disk, behind=removable(SAY), fw_cfg=keys)
    return run


def accounts(guest):
    """(pages allocated, made executable, status); all were given back, none was writable and
    executable, and the firmware is well afterwards."""
    match = guest.wait_for(ACCOUNTS, timeout=60)
    allocated, freed, executable, breaches = (int(match[i]) for i in range(1, 5))
    assert freed == allocated and breaches == 0, guest.log()
    guest.wait_for(r'^BdsDxe: starting ', after=match.end())
    return allocated, executable, int(match[5], 16)


@pytest.mark.skipif(not STRICT_NX.exists(), reason=f'there is no {STRICT_NX.name} before Debian 13')
def test_linux_boots_from_firmware_that_lets_no_data_be_executed(efi, attach, kernel):
    net = attach('user')
    guest = efi([nic(net.netdev)], disk=removable(SKIFF_EFI), strict_nx=True, fw_cfg=boot_keys(net))
    reached_user_space(guest, kernel[1])


def test_firmware_that_protects_memory(start, attach, www):
    """The program's code is made executable, nothing else, and the pages go back as they came."""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = start(net, {'fetch': net.url('4m')})
    fetched(guest, 4 * MIB, sha256)
    allocated, executable, status = accounts(guest)
    assert 0 < executable < allocated and status == 0


def test_linux_boots_where_memory_is_protected(start, attach, kernel):
    """Up to what runs at ExitBootServices. [UEFI-06]"""
    net = attach('user')
    reached_user_space(start(net, boot_keys(net)), kernel[1])


@pytest.mark.parametrize('refuse, status, sentence', [
    ('pages', EFI_OUT_OF_RESOURCES, 'the firmware has no memory for the program'),
    ('attributes', EFI_ACCESS_DENIED,
     "the firmware refuses to make the program's memory executable")])
def test_firmware_that_refuses(refuse, status, sentence, start, attach):
    guest = start(attach('user'), {}, refuse)
    assert guest.wait_for(NOT_STARTED)[1] == sentence
    assert accounts(guest)[1:] == (0, status)


@pytest.mark.parametrize('place', [0.25, 0.5, 0.75])
def test_damaged_file_is_not_started(place, attach, efi):
    """And the firmware goes on to its next boot option."""
    data = bytearray(SKIFF_EFI.read_bytes())
    data[int(len(data) * place)] ^= 0x10
    guest = efi([nic(attach('user').netdev)], disk=removable(bytes(data)), behind=removable(SAY))
    match = guest.wait_for(NOT_STARTED)
    assert match[1] == 'the file is damaged; copy it again'
    guest.wait_for(SAID, after=match.end())
