"""What dnsmasq and Kea say to PXE clients, each in its own ways, and what skiff makes of it.

The tests end where the boot file is named, and by whom: it is not there.
"""

import pytest

import pxe
import uefi
from skiff import DHCP, FAILED, next_device, nic
from pxe import OTHER, OURS

BOOT_FILE = r'^boot file: (\S+) \((.+)\)$'
WAITING = r'^dhcp: (\S+) offers an address and no boot file; waiting up to 4000 ms '
LOCAL = 'the PXE menu leads to the next boot device'
PROXY = 'dhcp-range=192.0.2.0,proxy'
MENU = ['pxe-service=x86PC,First one,one', 'pxe-service=x86PC,Second one,two.x',
        'pxe-service=x86PC,From disk,0']
NO_MENU = 'pxe-service=X86-64_EFI,Not for a BIOS,x'     # dnsmasq is a proxy only with some service


@pytest.fixture(name='lan')
def _lan(enter):
    return enter(pxe.Lan())


@pytest.fixture(name='dnsmasq')
def _dnsmasq(part, lan):
    """A dnsmasq with these options on the LAN, at OURS unless it is a host's."""
    def start(*options, place=None, **how):
        return part(pxe.Dnsmasq([*options, 'enable-tftp', 'tftp-root=/nonexistent',
                                 'tftp-no-fail'], place or lan, **how))
    return start


@pytest.fixture(name='host')
def _host(part, lan):
    return part(pxe.Host(lan))


@pytest.fixture(name='guest')
def _guest(machine, lan, tmp_path):
    """A machine on the LAN with these keys, and a disk behind the NIC."""
    return lambda **keys: machine([nic(lan.netdev())], fw_cfg=keys,
                                  arguments=next_device(tmp_path))


def names(guest, url, by):
    """The line `boot file:` has these."""
    match = guest.wait_for(BOOT_FILE)
    assert (match[1], match[2]) == (url, by)
    return match


# --- one server -----------------------------------------------------------------------------------

@pytest.mark.parametrize('options, url, by', [
    (['dhcp-boot=pxelinux.0'], f'tftp://{OURS}/pxelinux.0', 'option 67, siaddr'),
    (['dhcp-boot=grub/i386-pc/core.0,boot,192.0.2.9'], 'tftp://192.0.2.9/grub/i386-pc/core.0',
     'option 67, siaddr'),
    ([f'dhcp-boot=http://{OURS}:8080/vmlinuz'], f'http://{OURS}:8080/vmlinuz', 'option 67'),
    (['dhcp-boot=old.0', 'dhcp-no-override'], f'tftp://{OURS}/old.0', 'file, siaddr'),
    (['dhcp-option-force=67,/abs\\olute 0%.0', 'dhcp-option-force=66,boot.example'],
     f'tftp://{OURS}//abs%5Colute%200%25.0', 'option 67, siaddr'),
    (['dhcp-boot=a', 'dhcp-option-force=175,b1:01:01', 'dhcp-option-force=17,iscsi:x::::y'],
     f'tftp://{OURS}/a', 'option 67, siaddr'),
])
def test_dnsmasq_names_a_boot_file(options, url, by, dnsmasq, guest):
    """[DHCP-16] [DHCP-17] [DHCP-30] [DHCP-32]"""
    dnsmasq(*options)
    machine = guest()
    names(machine, url, f'DHCP server {OURS}: {by}')
    assert 'waiting up to' not in machine.text


@pytest.mark.parametrize('says, url, by', [
    ({'boot-file-name': 'kea.0', 'next-server': '192.0.2.9'}, 'tftp://192.0.2.9/kea.0',
     'file, siaddr'),
    ({'boot-file-name': 'kea.0', 'server-hostname': 'boot.example'}, 'tftp://boot.example/kea.0',
     'file, sname'),
    ({'option-data': [{'name': 'boot-file-name', 'data': 'kea.0'},
                      {'name': 'tftp-server-name', 'data': '192.0.2.8'}]},
     'tftp://192.0.2.8/kea.0', 'option 67, option 66'),
    ({'boot-file-name': 'kea.0', 'option-data': [
        {'code': 150, 'csv-format': False, 'data': 'c0000207c0000208'}]}, 'tftp://192.0.2.7/kea.0',
     'file, option 150'),
    ({'boot-file-name': 'kea.0'}, f'tftp://{OTHER}/kea.0', 'file, option 54'),
])
def test_kea_names_a_boot_file(says, url, by, part, host, guest):
    """[DHCP-06] [DHCP-16] Kea sends what is asked for, and nothing else."""
    part(pxe.Kea(host, **says))
    names(guest(), url, f'DHCP server {OTHER}: {by}')


def test_a_key_asks_nobody_what_to_boot(dnsmasq, guest):
    """[DHCP-20]"""
    dnsmasq(*MENU)
    machine = guest(url=f'http://{OURS}:9/x')
    machine.wait_for(FAILED)
    assert 'pxe: ' not in machine.text and 'boot file: ' not in machine.text


# --- menus ----------------------------------------------------------------------------------------

MENU_SHOWN = 'pxe: Choose one\npxe: 1: First one\npxe: 2: Second one\npxe: 3: From disk\n'


@pytest.mark.parametrize('key, chosen, url', [
    ('1', 'First one', 'one.0'),
    ('2', 'Second one', 'two.x'),
    ('\r', 'First one', 'one.0'),
])
def test_a_key_chooses_from_dnsmasqs_menu(key, chosen, url, dnsmasq, guest):
    """[DHCP-23] [DHCP-24] A function key in front chooses nothing, for all its digits."""
    dnsmasq(*MENU, 'pxe-prompt=Choose one,200')
    machine = guest()
    machine.wait_for(r'or 1 in \d+ s')
    assert MENU_SHOWN in machine.text
    machine.type('\x1b[19~')        # F8, which is PXE's own, as a terminal sends it
    machine.type('\x1bOQ')
    machine.sendkey('f8')
    machine.wait_for(r'or 1 in 19\d s')
    machine.wait_for(r'or 1 in 198 s')
    assert 'chosen' not in machine.text
    machine.type(key)
    machine.wait_for(f'^pxe: chosen: {chosen}$')
    names(machine, f'tftp://{OURS}/{url}', f'boot server {OURS}: file, siaddr')


def test_the_keyboard_chooses_too(dnsmasq, guest):
    """[DHCP-23]"""
    dnsmasq(*MENU, 'pxe-prompt=Choose one,255')
    machine = guest()
    machine.wait_for('^pxe: 3: From disk$')
    machine.sendkey('2')
    names(machine, f'tftp://{OURS}/two.x', f'boot server {OURS}: file, siaddr')


def test_a_menu_takes_its_first_item_in_time(dnsmasq, guest):
    """[DHCP-23]"""
    dnsmasq(*MENU, 'pxe-prompt=Choose one,3')
    machine = guest()
    shown = machine.when(machine.wait_for('^pxe: 3: From disk$'))
    chosen = machine.when(machine.wait_for('^pxe: chosen: First one$'))
    assert 2.5 < chosen - shown < 10
    names(machine, f'tftp://{OURS}/one.0', f'boot server {OURS}: file, siaddr')


def test_a_prompt_of_0_takes_the_first_item_at_once(dnsmasq, guest):
    """[DHCP-23]"""
    dnsmasq(*MENU, 'pxe-prompt=Choose one,0')
    machine = guest()
    names(machine, f'tftp://{OURS}/one.0', f'boot server {OURS}: file, siaddr')
    assert 'pxe: 1' not in machine.text


def test_one_service_is_no_choice(dnsmasq, guest):
    """[DHCP-23] dnsmasq sends a prompt of 0 then."""
    dnsmasq(MENU[0])
    names(guest(), f'tftp://{OURS}/one.0', f'boot server {OURS}: file, siaddr')


def test_local_boot_is_the_next_devices_turn(dnsmasq, guest):
    """[DHCP-23]"""
    dnsmasq(*MENU)
    machine = guest()
    machine.wait_for('^pxe: 3: From disk$')
    machine.type('3')
    match = machine.wait_for(FAILED)
    assert (match[1], match[2]) == ('dhcp', LOCAL)
    machine.wait_for('THE NEXT BOOT DEVICE', after=match.end())


def test_esc_leaves_the_menu(dnsmasq, guest):
    """[SEC-13]"""
    dnsmasq(*MENU)
    machine = guest()
    machine.wait_for('^pxe: 3: From disk$')
    machine.type('\x1b')
    match = machine.wait_for(FAILED)
    assert (match[1], match[2]) == ('dhcp', 'given up by Esc or Ctrl-C')


def test_a_boot_server_elsewhere_is_found(dnsmasq, host, guest):
    """[DHCP-24] A service of type 1234 without a file: by broadcast, as dnsmasq says then."""
    dnsmasq('pxe-service=x86PC,Elsewhere,1234')
    dnsmasq(PROXY, 'pxe-service=x86PC,Here,there', place=host, dhcp_range='')
    machine = guest(deadline='20')
    machine.wait_for('^pxe: looking for a boot server of type 1234$')
    match = machine.wait_for(FAILED)
    assert match[2] == (f'no boot server of type 1234 answers, which the PXE server {OURS} '
                        'leads to')


# --- proxies --------------------------------------------------------------------------------------

@pytest.mark.parametrize('options, url, by', [
    ([NO_MENU, 'dhcp-boot=pxelinux.0'], f'tftp://{OURS}/pxelinux.0',
     f'proxy DHCP server {OURS}: file, option 54'),
    ([NO_MENU, f'dhcp-boot=http://{OURS}:8080/vmlinuz'], f'http://{OURS}:8080/vmlinuz',
     f'proxy DHCP server {OURS}: file'),
    ([MENU[1]], f'tftp://{OURS}/two.x', f'boot server {OURS}: file, siaddr'),
])
@pytest.mark.parametrize('server', ['kea', 'dnsmasq'])
def test_a_proxy_beside_a_dhcp_server(server, options, url, by, part, dnsmasq, host, guest):
    """[DHCP-20] [DHCP-21] [DHCP-22] [DHCP-23] The address is the other one's. The first two have
    bit 3 of sub-option 6."""
    if server == 'kea':
        part(pxe.Kea(host))
    else:
        dnsmasq(place=host)
    dnsmasq(PROXY, *options, dhcp_range='')
    machine = guest()
    names(machine, url, by)
    assert machine.wait_for(DHCP)
    if server == 'dnsmasq':
        assert machine.wait_for(DHCP)[3] == OTHER


def test_the_wait_for_a_proxy_is_said_and_ends(part, host, guest):
    """[DHCP-20] And with nobody there it ends in a sentence."""
    part(pxe.Kea(host))
    waiting = guest()
    said = waiting.wait_for(WAITING)
    assert said[1] == OTHER
    leased = waiting.wait_for(DHCP)
    assert 3.5 < waiting.when(leased) - waiting.when(said) < 12
    assert waiting.wait_for(FAILED)[2].startswith('nobody says what to boot; ')


def test_a_file_of_the_lease_goes_before_a_proxys(part, dnsmasq, host, guest):
    """[DHCP-21]"""
    part(pxe.Kea(host, **{'boot-file-name': 'kea.0', 'next-server': OTHER}))
    dnsmasq(PROXY, 'dhcp-boot=pxelinux.0', dhcp_range='')
    names(guest(), f'tftp://{OTHER}/kea.0', f'DHCP server {OTHER}: file, siaddr')


# --- UEFI -----------------------------------------------------------------------------------------

@pytest.fixture(name='uefi_guest')
def _uefi_guest(efi, lan):
    return lambda: efi([uefi.nic(lan.netdev())], disk=uefi.removable(uefi.SKIFF_EFI))


def test_under_uefi_a_proxy_has_more_to_say(part, dnsmasq, host, uefi_guest):
    """[DHCP-10] [DHCP-22] dnsmasq sends UEFI's clients to port 4011, as it does no BIOS's."""
    part(pxe.Kea(host))
    dnsmasq(PROXY, 'pxe-service=x86PC,No,no', 'pxe-service=X86-64_EFI,One,one.efi', dhcp_range='')
    machine = uefi_guest()
    machine.wait_for(f'^pxe: asking {OURS} what to boot$', timeout=60)
    names(machine, f'tftp://{OURS}/one.efi', f'proxy DHCP server {OURS}: file, siaddr')


def test_under_uefi_a_menu_has_keys(part, dnsmasq, host, uefi_guest):
    """[DHCP-23]"""
    part(pxe.Kea(host))
    dnsmasq(PROXY, 'pxe-service=X86-64_EFI,One,one.efi', 'pxe-service=X86-64_EFI,Two,two.efi',
            dhcp_range='')
    machine = uefi_guest()
    machine.wait_for('^pxe: 2: Two$', timeout=60)
    machine.type('2')
    names(machine, f'tftp://{OURS}/two.efi', f'boot server {OURS}: file, siaddr')
