"""The whole way: a real kernel and initramfs over HTTP, to user space."""

import re
import subprocess

import pytest

import network
import scripted
from conftest import MIB
from skiff import (BOOT, BOOT_TIMEOUT, BUSYBOX, HTTP, INITRD, KERNEL, TEST_CMDLINE, USER_SPACE,
                   boot_keys as keys, device_status, nic, reached_user_space)


@pytest.mark.parametrize('flavour, variant', [
    ('user', 'transitional'), ('tap', 'modern'), ('passt', 'legacy')])
def test_linux_boots(flavour, variant, attach, machine, kernel):
    """[LNX-01] [LNX-04] [LNX-08]"""
    net = attach(flavour)
    guest = machine([nic(net.netdev, variant)], fw_cfg=keys(net))
    boot = reached_user_space(guest, kernel[1])
    assert int(boot[3]) == INITRD.stat().st_size


@pytest.mark.parametrize('model, memory', [
    ('pc', '128M'), ('q35', '256M'), ('pc', '3G'), ('q35', '8G')])
def test_memory_sizes_and_machines(model, memory, attach, machine, kernel):
    """[LNX-05] [LNX-06]"""
    net = attach('user')
    guest = machine([nic(net.netdev)], machine=model, memory=memory, fw_cfg=keys(net))
    reached_user_space(guest, kernel[1])


def test_kernel_sees_all_of_the_memory(attach, machine, kernel):
    """E820 goes over truthfully: nothing of ours is left reserved. [LNX-08]"""
    net = attach('user')
    maps = []
    for fw_cfg, arguments in ((keys(net), []),
                              (None, ['-kernel', KERNEL, '-initrd', INITRD,
                                      '-append', TEST_CMDLINE])):
        guest = machine([nic(net.netdev)], memory='512M', fw_cfg=fw_cfg, arguments=arguments)
        guest.wait_for(USER_SPACE, timeout=BOOT_TIMEOUT)
        maps.append(re.findall(r'BIOS-e820: (\[mem .*)', guest.text))
    assert maps[0] and maps[0] == maps[1]


def test_kernel_and_initrd_come_over_one_connection(attach, machine, www, kernel):
    """[HTTP-16]"""
    net = attach('user')
    seen = len(www.server.requests())
    guest = machine([nic(net.netdev)], fw_cfg=keys(net))
    guest.wait_for(BOOT, timeout=60)
    first, second = www.server.requests()[seen:seen + 2]
    assert (first.uri, second.uri) == ('/vmlinuz', '/initrd')
    assert first.connection == second.connection


def test_boot_loader_specification_entry(attach, machine, www, kernel):
    """Relative names resolve against the entry's own URL."""
    (www.root / 'entries').mkdir(exist_ok=True)
    (www.root / 'entries' / 'demo.conf').write_text(
        '# an entry\ntitle Demo\nlinux ../vmlinuz\ninitrd /initrd\n'
        f'options {TEST_CMDLINE}\noptions from.bls\n')
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'url': net.url('entries/demo.conf')})
    guest.wait_for(r'^skiff-demo: command line .*skiff\.test from\.bls', timeout=BOOT_TIMEOUT)
    reached_user_space(guest, kernel[1])
    assert [match[1] for match in re.finditer(HTTP, guest.text, re.MULTILINE)] == [
        net.url('entries/demo.conf'), net.url('vmlinuz'), net.url('initrd')]


def test_entry_behind_a_byte_order_mark(attach, machine, www, kernel):
    (www.root / 'bom.conf').write_text(
        f'linux vmlinuz\ninitrd initrd\narchitecture x64\noptions {TEST_CMDLINE}\n',
        encoding='utf-8-sig')
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'url': net.url('bom.conf')})
    reached_user_space(guest, kernel[1])


def test_keys_beside_an_entry_replace_what_it_says(attach, machine, www, kernel):
    (www.root / 'bare.conf').write_text('linux vmlinuz\ninitrd nowhere\noptions nothing\n')
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg=keys(net, url=net.url('bare.conf')))
    reached_user_space(guest, kernel[1])


def test_url_from_dhcp(attach, machine, www, kernel):
    """[DHCP-16] [DHCP-30]"""
    (www.root / 'dhcp.conf').write_text(f'linux vmlinuz\ninitrd initrd\noptions {TEST_CMDLINE}\n')
    net = attach('tap', bootfile='http://{host}:8080/dhcp.conf')
    guest = machine([nic(net.netdev)])
    reached_user_space(guest, kernel[1])


def test_digests_of_kernel_and_initrd(attach, machine, kernel):
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg=keys(net, sha256=' '.join(kernel[0])))
    reached_user_space(guest, kernel[1])


def test_variables_in_the_command_line(attach, machine, kernel):
    net = attach('user')
    uuid = '12345678-9abc-def0-1234-56789abcdef0'
    guest = machine([nic(net.netdev, mac='52:54:00:ab:cd:ef')], arguments=['-uuid', uuid],
                    fw_cfg=keys(net, cmdline=TEST_CMDLINE + ' me=${mac},${uuid},${ip}'))
    guest.wait_for(rf'^skiff-demo: command line .* me=52:54:00:ab:cd:ef,{uuid},10\.0\.2\.15$',
                   timeout=BOOT_TIMEOUT)


def test_two_initrds(attach, machine, www, kernel):
    """[LNX-12]"""
    (www.root / 'tree').mkdir(exist_ok=True)
    (www.root / 'tree' / 'second').write_text('from the second initrd\n')
    (www.root / 'tree' / 'init').write_text('#!/bin/busybox sh\n/bin/busybox cat /second\n'
                                            '/bin/busybox poweroff -f\n')
    (www.root / 'tree' / 'init').chmod(0o755)
    archive = subprocess.run(f'find . | {BUSYBOX} cpio -o -H newc', shell=True,
                             cwd=www.root / 'tree', capture_output=True, check=True).stdout
    (www.root / 'odd').write_bytes(archive + b'\0')      # a length that needs padding
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg=keys(
        net, initrd=f'{net.url("initrd")} {net.url("odd")} {net.url("odd")}'))
    guest.wait_for(r'^from the second initrd$', timeout=BOOT_TIMEOUT)


def test_the_device_is_silent_when_the_kernel_runs(attach, machine, kernel, part):
    """Under constant traffic the device has been reset before the jump.
    [INIT-28] [LNX-13] [TCP-44]"""
    net = attach('tap')
    flood = part(scripted.Flood(('192.0.2.255', 9)))
    # Linux does not touch the device either: virtio-net is a module, which the initramfs has not;
    # virtio-pci is one in Debian 12, and would reset the device in Debian 13, whose kernel has it
    # built in.
    guest = machine([nic(net.netdev, 'modern')], wire=True, fw_cfg=keys(
        net, cmdline='console=ttyS0 panic=-1 initcall_blacklist=virtio_pci_driver_init'))
    guest.wait_for(HTTP, timeout=60)
    assert guest.wire.wait(lambda frame: flood.DATA in frame), 'nothing reached it'
    guest.wait_for(USER_SPACE, timeout=BOOT_TIMEOUT)
    sent = flood.sent
    network.wait_until(lambda: flood.sent > sent + 500, 30, '500 datagrams')
    assert device_status(guest) == 0


def test_large_initrd_upward_behind_the_kernel(attach, machine, www, kernel):
    """An initrd that just fits a small machine; padding behind the archive is legal."""
    (www.root / 'large').write_bytes(INITRD.read_bytes() + bytes(40 * MIB))
    net = attach('user')
    guest = machine([nic(net.netdev)], memory='192M', fw_cfg=keys(net, initrd=net.url('large')))
    reached_user_space(guest, kernel[1])
