"""Files by TFTP from servers that other people wrote, and boots of what they serve."""

import hashlib
import os

import pytest

import tftp_servers
import uefi
from conftest import MIB
from network import make_file
from skiff import (BOOT, FAILED, INITRD, KERNEL, RELEASE, TEST_CMDLINE, TFTP, fetched, nic,
                   reached_user_space)

@pytest.fixture(name='root')
def _root(tmp_path):
    """A folder that servers may leave their rights for."""
    for folder in (tmp_path, *tmp_path.parents[:3]):
        os.chmod(folder, 0o755)
    return tmp_path


@pytest.fixture(name='serve')
def _serve(enter, root):
    return lambda name, **options: enter(tftp_servers.serve(name, root, **options))


def url(net, name):
    return f'tftp://{net.host}/{name}'


@pytest.mark.parametrize('size', [0, 511, 512, 1468, 4 * MIB, 4 * MIB + 1])
@pytest.mark.parametrize('name', tftp_servers.NAMES)
def test_file_of_a_real_server(name, size, serve, root, machine):
    """[TFTP-01] [TFTP-11]"""
    sha256 = make_file(root / 'file', size)
    net = serve(name)
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': url(net, 'file')})
    fetched(guest, size, sha256)
    assert guest.wait_for(TFTP)[1] == url(net, 'file')


@pytest.mark.parametrize('name', ['tftpd-hpa', 'atftpd'])
def test_block_numbers_wrap(name, serve, root, machine):
    """[TFTP-09] In blocks of 1468, 65536 of them are 92 MiB."""
    sha256 = make_file(root / 'file', 96 * MIB)
    net = serve(name)
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': url(net, 'file')})
    fetched(guest, 96 * MIB, sha256, timeout=300)


@pytest.mark.parametrize('name', tftp_servers.NAMES)
def test_file_that_is_not_there(name, serve, machine):
    """[TFTP-13]"""
    net = serve(name)
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': url(net, 'gone')})
    match = guest.wait_for(FAILED)
    assert match[1] == 'tftp'
    assert match[2].startswith('the server answered error 1 (')
    assert 'to the request for ' in match[2]


@pytest.mark.parametrize('name', ['a b', 'c%20d', '\\Boot\\x64', 'e;f', 'g?h#i', '%', 'é'])
def test_name_as_it_is(name, serve, root, machine):
    """[TFTP-18]"""
    sha256 = make_file(root / name, 5000)
    net = serve('tftpd-hpa')
    encoded = ''.join(f'%{byte:02X}' for byte in name.encode())
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': url(net, encoded)})
    fetched(guest, 5000, sha256)


@pytest.mark.parametrize('mtu', [576, 1400, 9000])
def test_blocks_that_fit_the_mtu(mtu, serve, root, machine):
    """[TFTP-08]"""
    sha256 = make_file(root / 'file', MIB)
    net = serve('tftpd-hpa', mtu=mtu)
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': url(net, 'file')}, wire=True)
    fetched(guest, MIB, sha256)
    blksize = str(min(mtu - 32, 4092)).encode()
    assert guest.wire.wait(lambda frame: b'blksize\0' + blksize + b'\0' in frame)


@pytest.mark.parametrize('variant', ['transitional', 'modern', 'legacy'])
def test_a_window_on_every_device(variant, serve, root, machine):
    """[TFTP-14]"""
    sha256 = make_file(root / 'file', 16 * MIB)
    net = serve('atftpd')
    guest = machine([nic(net.netdev, variant)], fw_cfg={'fetch': url(net, 'file')}, wire=True)
    fetched(guest, 16 * MIB, sha256)
    assert guest.wire.wait(lambda frame: b'\0\6tsize\0' in frame and b'windowsize\x0016\0' in frame)


@pytest.fixture(name='linux')
def _linux(root):
    """What boots: files in the folder, and the kernel's release."""
    (root / 'entry.conf').write_text(f'linux vmlinuz\ninitrd ./initrd\noptions {TEST_CMDLINE}\n')
    (root / 'vmlinuz').write_bytes(KERNEL.read_bytes())
    (root / 'initrd').write_bytes(INITRD.read_bytes())
    return RELEASE.read_text().strip()


@pytest.mark.parametrize('name', tftp_servers.NAMES)
def test_linux(name, serve, linux, root, machine):
    net = serve(name)
    digests = ','.join(hashlib.sha256((root / file).read_bytes()).hexdigest()
                       for file in ('vmlinuz', 'initrd'))
    guest = machine([nic(net.netdev)], memory='1G',
                    fw_cfg={'url': url(net, 'vmlinuz'), 'initrd': url(net, 'initrd'),
                            'cmdline': TEST_CMDLINE, 'sha256': digests})
    reached_user_space(guest, linux)


def test_linux_by_a_boot_entry(serve, linux, machine):
    """Names in an entry are relative to its own URL, whatever its scheme."""
    net = serve('dnsmasq')
    guest = machine([nic(net.netdev)], memory='1G', fw_cfg={'url': url(net, 'entry.conf')})
    reached_user_space(guest, linux)


def test_kernel_by_tftp_and_initrd_by_http(serve, linux, machine, kernel):
    net = serve('dnsmasq')
    guest = machine([nic(net.netdev)], memory='1G',
                    fw_cfg={'url': url(net, 'vmlinuz'), 'initrd': net.url('initrd'),
                            'cmdline': TEST_CMDLINE})
    reached_user_space(guest, linux)


def test_url_in_the_lease(serve, linux, machine):
    """[DHCP-30]"""
    net = serve('dnsmasq', bootfile='tftp://{host}/entry.conf')
    guest = machine([nic(net.netdev)], memory='1G')
    guest.wait_for(BOOT, timeout=60)


def test_uefi(serve, root, efi):
    sha256 = make_file(root / 'file', 4 * MIB)
    net = serve('tftpd-hpa')
    guest = efi([nic(net.netdev)], disk=uefi.removable(uefi.SKIFF_EFI),
                fw_cfg={'fetch': url(net, 'file')})
    fetched(guest, 4 * MIB, sha256)
