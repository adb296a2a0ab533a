"""Who waits sleeps: the processor is halted while nothing arrives, and wakes for what does.

No clock is asked: the monitor says of a processor whether it is halted. A look that finds it awake
proves nothing, as a sleeper looks round, too; of many at least three quarters find it asleep.
"""

import pytest

import network
import uefi
from download import downloads
from skiff import FAILED, nic
from uefi import SKIFF_EFI, removable

LOOKS = 40


def halted(guest):
    return 'HLT=1' in guest.monitor.human('info registers')


def falls_asleep(guest):
    """Waits until the guest sleeps nearly all the time."""
    network.wait_until(lambda: sum(halted(guest) for _ in range(LOOKS)) >= LOOKS * 3 / 4, 30,
                       'a guest that sleeps')


def silent_at_first(peer):
    """Of the guest's DISCOVERs the first gets no answer."""
    peer.dhcp = lambda message: peer.lease(message) if message.secs else []


@pytest.mark.parametrize('model', ['pc', 'q35'])
@pytest.mark.parametrize('console', ['serial', 'vga'])
def test_who_waits_for_dhcp_sleeps_and_wakes(model, console, peer, machine):
    silent_at_first(peer)
    guest = machine([nic(peer.netdev())], machine=model, console=console,
                    fw_cfg={'fetch': peer.url()})
    peer.until(peer.messages, 30, 'a DISCOVER')
    falls_asleep(guest)
    downloads(peer, guest)


def test_who_waits_for_dhcp_sleeps_and_wakes_under_uefi(peer, efi):
    silent_at_first(peer)
    guest = efi([uefi.nic(peer.netdev())], disk=removable(SKIFF_EFI), fw_cfg={'fetch': peer.url()})
    peer.until(peer.messages, 60, 'a DISCOVER')
    falls_asleep(guest)
    downloads(peer, guest)


def test_who_waits_for_a_link_sleeps_and_wakes(peer, machine):
    guest = machine([nic(peer.netdev())], fw_cfg={'fetch': peer.url()}, stopped=True)
    guest.set_link(False)
    guest.qmp('cont')
    guest.wait_for('^link: down, waiting$')
    falls_asleep(guest)
    guest.set_link(True)
    downloads(peer, guest)


def test_who_waits_for_a_server_sleeps_and_wakes(peer, boot):
    guest = boot(fetch=peer.url())
    conn = peer.accept()
    conn.request()
    falls_asleep(guest)
    conn.write(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    conn.finish()
    guest.wait_for('^http: ')


@pytest.mark.parametrize('press', [lambda guest: guest.type('\x1b'),
                                   lambda guest: guest.sendkey('esc')], ids=['serial', 'keyboard'])
@pytest.mark.parametrize('console', ['serial', 'vga'])
def test_a_key_wakes_who_sleeps(console, press, peer, machine):
    """[SEC-13]"""
    peer.dhcp = lambda message: []
    guest = machine([nic(peer.netdev())], console=console, fw_cfg={'fetch': peer.url()})
    peer.until(peer.messages, 30, 'a DISCOVER')
    falls_asleep(guest)
    press(guest)
    assert guest.wait_for(FAILED, timeout=20)[2] == 'given up by Esc or Ctrl-C'


@pytest.mark.parametrize('lacks', ['pit', 'pic'])
def test_who_could_not_wake_does_not_sleep(lacks, peer, machine):
    """No interrupt comes, or no clock's: a halted processor would stay so."""
    peer.dhcp = lambda message: []
    guest = machine([nic(peer.netdev())], machine=f'pc,{lacks}=off',
                    fw_cfg={'fetch': peer.url(), 'deadline': '6'})
    match = guest.wait_for(FAILED)
    assert match[2].startswith('no DHCP answer within 6 s')
