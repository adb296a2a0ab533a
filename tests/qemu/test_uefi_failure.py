"""skiff.efi fails: one sentence, a status, the firmware's own stack as before,
and its next boot option."""

import re
import shutil

import pytest

import scripted
import servers
import uefi
from conftest import MIB
from skiff import (BOOT, BOOT_TIMEOUT, COUNT, FAILED, KERNEL, SAID, WAYS_TO_GIVE_UP, boot_keys,
                   bzimage, kind_file, reached_user_space)
from uefi import SAY, SKIFF_EFI, nic, removable
from vm import Nic

OK = b'HTTP/1.1 200 OK\r\n'


@pytest.fixture(name='fails')
def _fails(efi):
    """fails(netdev, rung, sentence, keys…): skiff fails so,
    and the firmware goes on to its next option."""
    def run(netdev, rung, sentence, disk=None, before=lambda guest: None, secure=False,
            next_program=SAY, **keys):
        guest = efi([nic(netdev)], disk=disk or removable(SKIFF_EFI),
                    behind=removable(next_program), fw_cfg=keys, secure=secure)
        before(guest)
        match = guest.wait_for(FAILED)
        assert match[1] == rung, guest.log()
        assert re.search(sentence, match[2]), guest.log()
        guest.wait_for(SAID, after=match.end())
        assert len(re.findall(FAILED, guest.text, re.MULTILINE)) == 1
        return guest
    return run


@pytest.fixture(name='user')
def _user(attach):
    return attach('user')


# --- the firmware afterwards ----------------------------------------------------------------------


@pytest.mark.parametrize('way', ['disk', 'pxe'])
def test_the_firmware_boots_from_the_same_nic_afterwards(way, attach, efi, www):
    """Its driver works again: by PXE or, where skiff itself came by that, HTTP Boot.
    [UEFI-05] [SEC-14]"""
    shutil.copy(SAY, www.root / 'say.efi')
    shutil.copy(SKIFF_EFI, www.root / 'skiff.efi')
    if way == 'disk':
        options = uefi.pxe(www.root, 'say.efi')
    else:
        options = [*uefi.pxe(www.root, 'tag:!http,skiff.efi'),
                   *uefi.http_boot(f'http://192.0.2.1:{servers.HTTP_PORT}/say.efi')]
    net = attach('tap', dnsmasq=options)
    guest = efi([nic(net.netdev, firmware=True)],
                disk=removable(SKIFF_EFI) if way == 'disk' else None,
                fw_cfg={'url': net.url('nothing', port=9)})
    failed = guest.wait_for(FAILED, timeout=60)
    assert failed[1] == 'connect'
    guest.wait_for(SAID, timeout=60, after=failed.end())


def test_skiff_fails_ten_times_in_a_row(attach, efi):
    """Nothing of the firmware's leaks away."""
    net = attach('user')
    script = 'FS0:\r\n' + 10 * 'program.efi\r\n' + 'say.efi\r\n'
    guest = efi([nic(net.netdev)],
                disk={**uefi.shell(SKIFF_EFI), 'startup.nsh': script, 'say.efi': SAY},
                fw_cfg={'url': net.url('nothing', port=9)})
    uefi.hurry_shell(guest)
    guest.wait_for(SAID, timeout=60)
    assert len(re.findall(FAILED, guest.text, re.MULTILINE)) == 10


# --- Secure Boot ----------------------------------------------------------------------------------


@pytest.fixture(name='signed')
def _signed(tmp_path):
    def sign(program):
        return uefi.sign(program, tmp_path)
    return sign


def test_secure_boot_refuses_a_kernel_of_another_signer(fails, user, kernel, signed):
    """skiff and the next boot option are signed by whom it trusts; Debian's kernel is not.
    [UEFI-09]"""
    guest = fails(user.netdev, 'hand-over',
                  r'^Secure Boot refuses the image .*; nothing was started$',
                  disk=removable(signed(SKIFF_EFI)), next_program=signed(SAY), secure=True,
                  **boot_keys(user))
    assert 'Linux version' not in guest.text


def test_secure_boot_starts_a_kernel_that_it_trusts(attach, efi, www, kernel, signed):
    shutil.copy(signed(KERNEL), www.root / 'vmlinuz-signed')
    net = attach('user')
    guest = efi([nic(net.netdev)], disk=removable(signed(SKIFF_EFI)), secure=True,
                fw_cfg=boot_keys(net, url=net.url('vmlinuz-signed')))
    guest.wait_for(r'secureboot: Secure boot enabled$', timeout=BOOT_TIMEOUT)
    reached_user_space(guest, kernel[1])


# --- configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize('words, sentence', [
    ('uri=http://10.0.2.2/x', r'no key "uri"; the keys are url, initrd'),
    ('skiff.efi http://10.0.2.2/x', r'LoadOptions.*http://10'),
    ('csum=maybe url=http://10.0.2.2/x', r'LoadOptions.*csum.*auto'),
    ('url=http://10.0.2.2/x cmdline="one two', r'LoadOptions.*quotation mark'),
], ids=['unknown key', 'no key', 'bad value', 'open quotation'])
def test_load_options_that_nobody_can_mean(words, sentence, attach, efi):
    net = attach('user')
    guest = efi([nic(net.netdev)], disk=uefi.shimmed(SKIFF_EFI, words))
    match = guest.wait_for(FAILED)
    assert match[1] == 'config' and re.search(sentence, match[2]), guest.log()
    status = guest.wait_for(r'^shim: .* status (\w+)$')[1]
    assert status == '8000000000000002'     # EFI_INVALID_PARAMETER


def test_malformed_key_of_fw_cfg(fails, user):
    fails(user.netdev, 'config', r'deadline', url=user.url('x'), deadline='1m')


def test_nobody_says_what_to_boot(fails, user):
    fails(user.netdev, 'config', r'what to boot')


def test_no_virtio_nic(efi, attach):
    net = attach('user')
    other = Nic(net.netdev, rom=None, model='e1000', bootindex=-1)
    guest = efi([other], disk=removable(SKIFF_EFI), behind=removable(SAY))
    match = guest.wait_for(FAILED)
    assert match[1] == 'device' and 'no virtio network device' in match[2]
    guest.wait_for(SAID, after=match.end())


# --- network and files ----------------------------------------------------------------------------


def test_link_down(fails, user):
    fails(user.netdev, 'link', r'link stayed down for 2 s',
          before=lambda guest: guest.set_link(False), url=user.url('x'), deadline='2')


def test_no_dhcp_answer(fails, part):
    peer = part(scripted.Dgram())
    fails(peer.netdev(), 'dhcp', r'no DHCP answer within 2 s', url='http://192.0.2.1/x',
          deadline='2')


def test_file_that_is_not_there(fails, user, www):
    fails(user.netdev, 'http', r'answered 404 Not Found', url=user.url('404'))


def test_body_that_is_cut_short(fails, user, part):
    def handler(connection, request):
        connection.sendall(OK + b'Content-Length: 100000\r\n\r\n' + bytes(5000))
    server = part(scripted.ScriptedServer(handler))
    fails(user.netdev, 'http', r'cut short: the connection ended after 5000 of 100000 bytes',
          fetch=user.url('x', port=server.port))


def test_content_length_of_100_gb(fails, user, part):
    def handler(connection, request):
        connection.sendall(OK + b'Content-Length: 100000000000\r\n\r\n' + bytes(5000))
    server = part(scripted.ScriptedServer(handler))
    fails(user.netdev, 'image', r'needs 10000000\d{4} bytes of memory',
          fetch=user.url('x', port=server.port))


def test_file_that_is_not_a_program(fails, user, www):
    www.file('4m', 4 * MIB)
    fails(user.netdev, 'image', r'neither a Linux kernel nor an EFI program', url=user.url('4m'))


@pytest.mark.parametrize('name', ['a web page', 'an arm64 kernel', 'a BIOS program (NBP)',
                                  'an option ROM'])
def test_files_that_are_no_program_are_named(name, fails, user, www):
    kind_file(www.root / 'kind', name)
    fails(user.netdev, 'image', rf'^not a kernel: the file looks like {re.escape(name)}; ',
          url=user.url('kind'))


def test_kernel_without_an_efi_stub(fails, user, www):
    """[LNX-11]"""
    bzimage(www.root / 'sound')
    fails(user.netdev, 'image', r'a Linux kernel without EFI stub', url=user.url('sound'))


def test_entry_for_another_architecture(fails, user, www):
    (www.root / 'ia32.conf').write_text('architecture ia32\nlinux x\n')
    fails(user.netdev, 'image', r'for the architecture ia32, but this machine is x64',
          url=user.url('ia32.conf'))


def test_program_that_the_firmware_cannot_load(fails, user, www):
    """The firmware's loader has the last word: here, of sections that lie behind the file's end."""
    (www.root / 'cut.efi').write_bytes(SAY.read_bytes()[:1024])
    fails(user.netdev, 'hand-over', r'the firmware cannot load the image \(LoadImage: ',
          url=user.url('cut.efi'))


def test_program_that_comes_back_with_an_error(fails, user, www):
    """Its own status is what the firmware gets to see."""
    shutil.copy(SAY, www.root / 'say.efi')
    guest = fails(user.netdev, 'hand-over', r'came back with EFI_ABORTED', url=user.url('say.efi'),
                  cmdline='fail')
    assert re.search(r'^BdsDxe: failed to start .*: Aborted$', guest.text, re.MULTILINE)


def test_wrong_sha256(fails, user, kernel):
    guest = fails(user.netdev, 'digest', r'SHA-256 [0-9a-f]{64}, but 0{64} is required',
                  sha256='0' * 64, **boot_keys(user))
    guest.wait_for(COUNT)
    assert not re.search(BOOT, guest.text, re.MULTILINE)


@pytest.mark.parametrize('how', WAYS_TO_GIVE_UP)
def test_giving_up_by_a_key(how, fails, part):
    """[SEC-13]"""
    peer = part(scripted.Dgram())
    fails(peer.netdev(), 'dhcp', r'given up', before=WAYS_TO_GIVE_UP[how], url='http://192.0.2.1/x')
