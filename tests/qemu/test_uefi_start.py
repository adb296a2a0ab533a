"""Each way to start skiff.efi leads to user space and through a whole download;
what it starts in turn."""

import re
import shutil

import pytest

import servers
import uefi
from conftest import MIB
from skiff import (BANNER, BOOT_TIMEOUT, FETCH, SAID, TEST_CMDLINE, Bus, boot_keys, fetched,
                   reached_user_space)
from uefi import SAY, SKIFF_EFI

SIZE = 64 * MIB
# Without a word to the program: it is configured by fw_cfg.
BY_FIRMWARE = ('disk', 'pxe', 'http boot')
BY_LOADER = ('shell', 'grub', 'ipxe')           # with LoadOptions


@pytest.fixture(name='start')
def _start(attach, efi, www):
    """start(way, keys, words): skiff.efi, started in that way.

    keys and words are functions of the attachment: the fw_cfg files, and the LoadOptions.
    """
    def run(way, keys=lambda net: {}, words=lambda net: '', **options):
        shutil.copy(SKIFF_EFI, www.root / 'skiff.efi')
        disk, firmware = None, {}
        if way == 'pxe':
            net = attach('tap', dnsmasq=uefi.pxe(www.root, 'skiff.efi'))
        elif way == 'http boot':
            url = f'http://192.0.2.1:{servers.HTTP_PORT}/skiff.efi'
            net = attach('tap', dnsmasq=uefi.http_boot(url))
            firmware = uefi.NO_PXE
        elif way == 'ipxe':
            net = attach('user', bootfile=f'http://{{host}}:{servers.HTTP_PORT}/start.ipxe')
            (www.root / 'start.ipxe').write_text(f'#!ipxe\nchain skiff.efi {words(net)}\n')
            disk = uefi.removable(uefi.IPXE_EFI)
        else:
            net = attach('user')
            by = {'disk': uefi.removable, 'shell': uefi.shell, 'grub': uefi.grub}[way]
            disk = by(SKIFF_EFI, words(net))
        nic = uefi.nic(net.netdev, firmware=disk is None)
        guest = efi([nic], disk=disk, fw_cfg={**keys(net), **firmware}, **options)
        if way == 'shell':
            uefi.hurry_shell(guest)
        return guest
    return run


@pytest.mark.parametrize('way', BY_FIRMWARE)
def test_linux_boots_when_the_firmware_starts_skiff(way, start, kernel):
    """[UEFI-05] [UEFI-08] [LNX-11]"""
    guest = start(way, keys=boot_keys)
    reached_user_space(guest, kernel[1])


@pytest.mark.parametrize('way', BY_LOADER)
def test_linux_boots_when_another_loader_starts_skiff(way, start, kernel):
    """Its words are the whole configuration; quotation marks hold a value together. [UEFI-09]"""
    outer = "'" if way == 'grub' else ''        # GRUB takes quotation marks for itself

    def words(net):
        return (f'url={net.url("vmlinuz")} initrd={net.url("initrd")} '
                f'{outer}cmdline="{TEST_CMDLINE} by={way}"{outer}')
    guest = start(way, words=words)
    guest.wait_for(rf'^skiff-demo: command line .* by={way}$', timeout=BOOT_TIMEOUT)
    reached_user_space(guest, kernel[1])


@pytest.mark.parametrize('way', BY_FIRMWARE)
def test_64_mib_arrive_exactly_when_the_firmware_starts_skiff(way, start, www):
    sha256 = www.file('64m', SIZE)
    fetched(start(way, keys=lambda net: {'fetch': net.url('64m')}), SIZE, sha256)


@pytest.mark.parametrize('way', BY_LOADER)
def test_64_mib_arrive_exactly_when_another_loader_starts_skiff(way, start, www):
    sha256 = www.file('64m', SIZE)
    fetched(start(way, words=lambda net: f'fetch={net.url("64m")}'), SIZE, sha256)


def test_fw_cfg_goes_before_load_options(start, www):
    sha256 = www.file('4m', 4 * MIB)
    guest = start('grub', keys=lambda net: {'fetch': net.url('4m')},
                  words=lambda net: f'fetch={net.url("404")}')
    fetched(guest, 4 * MIB, sha256)


# --- which NIC ------------------------------------------------------------------------------------


def test_the_nic_it_was_loaded_over_is_taken(attach, efi, www):
    """Of two with link, the second is the one that the firmware boots from."""
    sha256 = www.file('4m', 4 * MIB)
    shutil.copy(SKIFF_EFI, www.root / 'skiff.efi')
    net, other = attach('tap', dnsmasq=uefi.pxe(www.root, 'skiff.efi')), attach('user')
    guest = efi([uefi.nic(other.netdev), uefi.nic(net.netdev, firmware=True)],
                fw_cfg={'fetch': net.url('4m')})
    fetched(guest, 4 * MIB, sha256)
    assert guest.wait_for(BANNER)[3].endswith(':57')


def test_otherwise_the_first_with_link(attach, efi, www):
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = efi([uefi.nic(net.netdev), uefi.nic(net.netdev, 'modern')],
                disk=uefi.removable(SKIFF_EFI), fw_cfg={'fetch': net.url('4m')})
    guest.set_link(False, nic=0)        # the firmware takes seconds from here to skiff
    fetched(guest, 4 * MIB, sha256)
    assert guest.wait_for(BANNER)[3].endswith(':57')


def test_behind_a_bridge(attach, efi, www):
    """[PCI-01]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = efi([Bus('pcie-root-port,id=behind,chassis=1'), uefi.nic(net.netdev, bus='behind')],
                disk=uefi.removable(SKIFF_EFI), fw_cfg={'fetch': net.url('4m')})
    fetched(guest, 4 * MIB, sha256)
    assert not guest.wait_for(BANNER)[1].startswith('00:')


# --- what it starts -------------------------------------------------------------------------------


def test_boot_loader_specification_entry(start, www, kernel):
    (www.root / 'entries').mkdir(exist_ok=True)
    (www.root / 'entries' / 'uefi.conf').write_text(
        f'linux ../vmlinuz\ninitrd /initrd\noptions {TEST_CMDLINE}\noptions from.bls\n')
    guest = start('disk', keys=lambda net: {'url': net.url('entries/uefi.conf')})
    guest.wait_for(r'^skiff-demo: command line .*skiff\.test from\.bls$', timeout=BOOT_TIMEOUT)
    reached_user_space(guest, kernel[1])


@pytest.mark.parametrize('line', ['efi say.efi', 'uki /say.efi', 'uki-url {url}'])
def test_efi_programs_of_entries(line, start, www):
    """With their options; the entry's own URL is where a path begins,
    and a mark in front of it does not count."""
    shutil.copy(SAY, www.root / 'say.efi')

    def keys(net):
        (www.root / 'program.conf').write_text(
            line.format(url=net.url('say.efi'))
            + '\narchitecture X64\noptions off\noptions with both\n', encoding='utf-8-sig')
        return {'url': net.url('program.conf')}
    guest = start('disk', keys=keys)
    guest.wait_for(r'^boot: EFI application, \d+ bytes, \d+\.\d{3} s$', timeout=60)
    assert guest.wait_for(SAID)[2] == 'off with both'
    assert guest.wait_exit() == 0


def test_two_initrds_become_one(start, www, kernel):
    """The second, of a length that needs padding before a third, is all zeros, which Linux skips.
    [LNX-12]"""
    www.file('empty', 0)
    (www.root / 'zeros').write_bytes(bytes(1001))
    guest = start('disk', keys=lambda net: boot_keys(
        net, initrd=' '.join(net.url(name) for name in ('zeros', 'initrd', 'zeros'))))
    boot = reached_user_space(guest, kernel[1])
    assert int(boot[3]) == 1004 + ((www.root / 'initrd').stat().st_size + 3) // 4 * 4 + 1001


def test_efi_application_gets_the_command_line_and_the_nic(start, www):
    """The firmware's own driver has the NIC again when the application runs. [UEFI-09] [UEFI-02]"""
    shutil.copy(SAY, www.root / 'say.efi')
    guest = start('disk', keys=lambda net:
                  {'url': net.url('say.efi'), 'cmdline': 'off with "its head"'})
    guest.wait_for(r'^boot: EFI application, \d+ bytes, \d+\.\d{3} s$', timeout=60)
    match = guest.wait_for(SAID)
    assert int(match[1]) >= 1
    assert match[2] == 'off with "its head"'
    assert guest.wait_exit() == 0


def test_skiff_starts_skiff(start, www):
    """The second finds the NIC as the first did."""
    sha256 = www.file('4m', 4 * MIB)
    guest = start('grub', words=lambda net:
                  f'url={net.url("skiff.efi")} cmdline=fetch={net.url("4m")}')
    fetched(guest, 4 * MIB, sha256)
    assert len(re.findall(BANNER, guest.text, re.MULTILINE)) == 2


def test_skiff_starts_grub_which_uses_the_network(start, www):
    shutil.copy(SAY, www.root / 'say.efi')
    (www.root / 'grub.efi').write_bytes(uefi.grub_image(
        f'net_bootp\nset root=http,10.0.2.2:{servers.HTTP_PORT}\n'
        'chainloader /say.efi off, by GRUB\nboot\n'))
    guest = start('disk', keys=lambda net: {'url': net.url('grub.efi')})
    assert guest.wait_for(SAID)[2] == 'off, by GRUB'
    assert guest.wait_exit() == 0


def test_digests_of_kernel_and_initrd(start, kernel):
    guest = start('disk', keys=lambda net: boot_keys(net, sha256=' '.join(kernel[0])))
    reached_user_space(guest, kernel[1])


def test_console_lines_stand_as_the_readme_has_them(start, www):
    www.file('4m', 4 * MIB)
    guest = start('disk', keys=lambda net: {'fetch': net.url('4m')})
    guest.wait_for(FETCH)
    text = guest.text[guest.wait_for(BANNER).start():]
    lines = [line.split(':')[0] for line in text[:text.index('fetch:')].splitlines() if line]
    assert lines[1:] == ['virtio', 'dhcp', 'http', 'count']
