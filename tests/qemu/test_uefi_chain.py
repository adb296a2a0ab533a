"""skiff.efi comes by the firmware's PXE, and what DHCP names for that is skiff.efi again."""

import re
import shutil

import pytest

import servers
import uefi
from skiff import BANNER, FAILED, SAID
from uefi import SAY, SKIFF_EFI, nic

BASE = f'http://192.0.2.1:{servers.HTTP_PORT}'
BOOT_FILE = r'^boot file: tftp://192\.0\.2\.1/(\S+) '
SELF = 'the boot file is skiff.efi itself, which would load itself for ever; '


@pytest.fixture(name='tftp')
def _tftp(tmp_path, www):
    """tftp(program): the TFTP server's folder, with this program as skiff.efi. The web server has
    say.efi."""
    shutil.copy(SAY, www.root / 'say.efi')

    def fill(program=SKIFF_EFI):
        root = tmp_path / 'tftp'
        root.mkdir()
        shutil.copy(program, root / 'skiff.efi')
        return root
    return fill


def starts(guest):
    return len(re.findall(BANNER, guest.text, re.MULTILINE))


def test_what_was_built_in_goes_before_the_firmwares_boot_file(tftp, built, attach, efi):
    """[DHCP-30]"""
    program = built('skiff.efi', url=f'{BASE}/say.efi', cmdline='off, as built')
    net = attach('tap', dnsmasq=uefi.pxe(tftp(program), 'skiff.efi'))
    guest = efi([nic(net.netdev, firmware=True)])
    assert guest.wait_for(SAID, timeout=60)[2] == 'off, as built'
    assert starts(guest) == 1


def test_skiff_does_not_load_itself(tftp, attach, efi):
    """The sentence, and the firmware goes on: here, to HTTP Boot."""
    net = attach('tap', dnsmasq=[*uefi.pxe(tftp(), 'tag:!http,skiff.efi'),
                                 *uefi.http_boot(f'{BASE}/say.efi')])
    guest = efi([nic(net.netdev, firmware=True)])
    failed = guest.wait_for(FAILED, timeout=60)
    assert failed[1] == 'image' and failed[2].startswith(SELF), guest.log()
    guest.wait_for(SAID, timeout=60, after=failed.end())
    assert starts(guest) == 1


def test_skiff_does_not_load_itself_signed(tftp, attach, efi, tmp_path):
    """A signature makes no other program of it; nor does a place in memory."""
    signed = uefi.sign(SKIFF_EFI, tmp_path)
    assert signed.read_bytes() != SKIFF_EFI.read_bytes()
    net = attach('tap', dnsmasq=uefi.pxe(tftp(signed), 'skiff.efi'))
    guest = efi([nic(net.netdev)], disk=uefi.removable(SKIFF_EFI), behind=uefi.removable(SAY))
    failed = guest.wait_for(FAILED, timeout=60)
    assert failed[1] == 'image' and failed[2].startswith(SELF), guest.log()
    guest.wait_for(SAID, after=failed.end())


def test_skiff_loads_another_skiff(tftp, built, attach, efi):
    """Of the same sources, with a URL in it."""
    program = built('skiff.efi', url=f'{BASE}/say.efi', cmdline='off, by the second')
    net = attach('tap', dnsmasq=uefi.pxe(tftp(program), 'skiff.efi'))
    guest = efi([nic(net.netdev)], disk=uefi.removable(SKIFF_EFI))
    assert guest.wait_for(SAID, timeout=60)[2] == 'off, by the second'
    assert starts(guest) == 2


def test_the_user_class_tells_skiff_from_the_firmware(tftp, attach, efi):
    """[DHCP-16] As arch/uefi/README.md has it for dnsmasq, by TFTP."""
    root = tftp()
    shutil.copy(SAY, root / 'say.efi')
    net = attach('tap', dnsmasq=['dhcp-userclass=set:skiff,skiff',
                                 *uefi.pxe(root, 'tag:!skiff,skiff.efi'),
                                 'dhcp-boot=tag:skiff,say.efi'])
    guest = efi([nic(net.netdev, firmware=True)], fw_cfg={'cmdline': 'off, by class'})
    assert guest.wait_for(BOOT_FILE, timeout=60)[1] == 'say.efi'
    assert guest.wait_for(SAID)[2] == 'off, by class'
