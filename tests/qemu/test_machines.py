"""skiff among others: several NICs, a VGA card and a disk, bridges, other option ROMs, both
consoles."""

import re

import pytest

import network
import scripted
from conftest import MIB
from skiff import (BANNER, FAILED, FEATURES, FETCH, NEXT_DEVICE, Bus, boot_keys, fetched,
                   next_device, nic, reached_user_space)
from vm import IPXE_ROM, Nic


def test_three_nics_each_with_the_rom(attach, machine, www, tmp_path):
    """[ROM-10] [ROM-11]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    nics = [nic(net.netdev, bootindex=2), nic(net.netdev, 'modern', bootindex=1),
            nic(net.netdev, 'legacy', bootindex=3)]
    guest = machine(nics, console='vga', fw_cfg={'fetch': net.url('4m')},
                    arguments=next_device(tmp_path))
    place, macs = 0, []
    for _ in nics:
        banner = guest.wait_for(BANNER, after=place)
        macs.append(banner[3])
        match = guest.wait_for(FETCH, after=place)
        assert match[2] == sha256
        place = match.end()
    assert [mac[-2:] for mac in macs] == ['57', '56', '58']     # by bootindex, each by its own NIC


@pytest.mark.parametrize('model, bus, place', [
    ('pc', 'pci-bridge,id=behind,chassis_nr=1', {'addr': '5'}),
    ('q35', 'pcie-root-port,id=behind,chassis=1', {})], ids=['bridge', 'root port'])
def test_behind_a_bridge(model, bus, place, attach, machine, www):
    """[PCI-01]"""
    www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([Bus(bus), nic(net.netdev, bus='behind', **place)], machine=model,
                    fw_cfg={'fetch': net.url('4m')})
    guest.wait_for(FETCH)
    assert not guest.wait_for(BANNER)[1].startswith('00:')


@pytest.mark.parametrize('properties, features', [
    ('vectors=6', '-MQ'), ('rss=on,hash=on', '-MQ -RSS -HASH_REPORT'),
    ('packed=on,iommu_platform=on', '-MQ -RING_PACKED +ACCESS_PLATFORM')])
def test_device_with_two_pairs_of_queues(properties, features, attach, machine, www):
    """It is driven by its first pair, over split rings, and that is where all frames come.
    [INIT-15]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('tap', queues=2)
    more = dict(word.split('=') for word in properties.split(','))
    guest = machine([nic(net.netdev, 'modern', mq='on', **more)], fw_cfg={'fetch': net.url('4m')})
    assert set(features.split()) <= set(guest.wait_for(FEATURES)[3].split())
    fetched(guest, 4 * MIB, sha256)


def test_linux_boots_from_a_bios_behind_an_iommu(attach, machine, kernel):
    """The BIOS leaves it off, and nothing else turns it on before Linux does. [INIT-15]"""
    net = attach('user')
    guest = machine([nic(net.netdev, 'modern', iommu_platform='on', ats='on')],
                    machine='q35,kernel-irqchip=split', fw_cfg=boot_keys(net),
                    arguments=['-device', 'intel-iommu,intremap=on,device-iotlb=on'])
    assert '+ACCESS_PLATFORM' in guest.wait_for(FEATURES)[3].split()
    reached_user_space(guest, kernel[1])


def test_ipxe_on_the_second_nic_works_after_a_failed_skiff(attach, machine, tmp_path):
    """[ROM-09] [ROM-13] [SEC-14]"""
    net = attach('user')
    guest = machine([nic(net.netdev), Nic(net.netdev, rom=IPXE_ROM)],
                    arguments=next_device(tmp_path),
                    fw_cfg={'url': net.url('nothing', port=9), 'deadline': '5'})
    place = guest.wait_for(FAILED).end()
    guest.wait_for(r'Configuring \(net[01] [0-9a-f:]+\)\.+ ok', after=place, timeout=60)
    guest.wait_for(NEXT_DEVICE, after=place, timeout=60)


def test_the_disk_after_it_boots_after_ten_failures(attach, machine, tmp_path):
    """Nothing leaks from one start to the next,
    and nothing is kept in the write-protected ROM segment. [ROM-07] [ROM-13]"""
    net = attach('user')
    guest = machine([nic(net.netdev)], arguments=next_device(tmp_path),
                    fw_cfg={'url': net.url('nothing', port=9), 'deadline': '5'})
    place = 0
    for _ in range(10):
        place = guest.wait_for(FAILED, after=place).end()
        place = guest.wait_for(NEXT_DEVICE, after=place).end()
        guest.reset()


def test_console_with_a_vga_card_has_both_screen_and_serial(attach, machine, www, tmp_path):
    www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev)], console='vga', fw_cfg={'fetch': net.url('4m')},
                    arguments=next_device(tmp_path))
    fetch = guest.wait_for(FETCH)[0]
    # The screen wraps at 80 columns; the serial port does not.
    network.wait_until(lambda: fetch[:79] in '\n'.join(guest.screen()), 20,
                       'the line on the screen')
    assert len(re.findall(BANNER, guest.text, re.MULTILINE)) == 1


def test_console_without_graphics_prints_each_line_once(attach, machine, www):
    www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('4m')})
    guest.wait_for(FETCH)
    assert len(re.findall(r'virtio-net 0', guest.text)) == 1


def test_serial_console_named_by_fw_cfg(attach, machine, www):
    """etc/sercon-port: SeaBIOS then owns the screen's text there,
    so skiff writes only to the port."""
    www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev)], console='none',
                    fw_cfg={'fetch': net.url('4m'),
                            'etc/sercon-port': (0x3f8).to_bytes(8, 'little')})
    guest.wait_for(FETCH)
    assert len(re.findall(BANNER, guest.text, re.MULTILINE)) == 1


def test_progress_display_of_a_slow_download(attach, machine, part):
    def handler(connection, request):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n')
        for _ in range(30):
            connection.sendall(bytes(100000))
            server.stopping.wait(0.1)       # a slow server, not a wait for something
    server = part(scripted.ScriptedServer(handler))
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('x', port=server.port)})
    match = guest.wait_for(FETCH)
    assert int(match[1]) == 3000000
    pieces = [piece for piece in guest.text.split('\r') if re.match(r'\d+\.\d of 3\.0 MB, ', piece)]
    assert len(pieces) >= 3
    assert all(len(piece.split('\n')[0]) <= 79 for piece in pieces)
    assert guest.wait_for(r'^http: http')         # the stable line starts a line


@pytest.mark.parametrize('first', ['skiff', 'other'])
def test_two_machines_worth_of_roms(first, attach, machine, www):
    """A NIC of another make with its own ROM beside ours. [ROM-11]"""
    www.file('4m', 4 * MIB)
    net = attach('user')
    other = Nic(net.netdev, rom=IPXE_ROM, model='e1000', bootindex=9)
    ours = nic(net.netdev, bootindex=1)
    guest = machine([ours, other] if first == 'skiff' else [other, ours], console='vga',
                    fw_cfg={'fetch': net.url('4m')})
    guest.wait_for(FETCH)
