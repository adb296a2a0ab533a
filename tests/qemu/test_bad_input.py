"""Bad input gets one sentence on its rung of the ladder, the device is stopped, and the next boot
device has its turn. The table of them is net/README.md#failures.
"""

import re
import struct

import pytest

import scripted
from conftest import MIB
from skiff import (BOOT, COUNT, FAILED, HTTP, KINDS, NEXT_DEVICE, WAYS_TO_GIVE_UP, bzimage,
                   kind_file, next_device, nic)

OK = b'HTTP/1.1 200 OK\r\n'


@pytest.fixture(name='fails')
def _fails(machine, tmp_path):
    """fails(netdev, rung, sentence, keys…): the machine fails so,
    and goes on to the next device."""
    def run(netdev, rung, sentence, before=lambda guest: None, memory='512M', timeout=60,
            device=None, processor=None, **keys):
        arguments = next_device(tmp_path) + (['-cpu', processor] if processor else [])
        guest = machine([nic(netdev, **(device or {}))], memory=memory, fw_cfg=keys,
                        arguments=arguments)
        before(guest)
        match = guest.wait_for(FAILED, timeout=timeout)
        assert match[1] == rung, guest.log()
        assert re.search(sentence, match[2]), guest.log()
        guest.wait_for(NEXT_DEVICE, after=match.end())
        assert len(re.findall(FAILED, guest.text, re.MULTILINE)) == 1
        assert not re.search(BOOT, guest.text, re.MULTILINE), 'half done'
        return guest
    return run


@pytest.fixture(name='user')
def _user(attach):
    return attach('user')


def serve(part, handler, **options):
    return part(scripted.ScriptedServer(handler, **options))


def answer(data):
    return lambda connection, request: connection.sendall(data)


# --- config ---------------------------------------------------------------------------------------


@pytest.mark.parametrize('key, value, sentence', [
    ('uri', 'http://10.0.2.2/x', r'^fw_cfg: there is no key "uri"; the keys are url, initrd'),
    ('url', '', r'^fw_cfg: url: the URL "" does not begin with http:// or tftp://'),
    ('url', 'http:/10.0.2.2/x', r'http:/10\.0\.2\.2/x" lacks the // behind its scheme'),
    ('url', 'http://10.0.2.2:0/x', r'0/x" has a port that is no number from 1 to 65535'),
    ('url', 'http://10.0.2.2:65536/x', r'65536/x" has a port that is no number from 1 to 65535'),
    ('url', 'http://user@10.0.2.2/x', r'the URL has a user name or password before its host'),
    ('url', 'http://10.0.2.2/a b', r'a b" contains a space \(write %20\) or a control character'),
    ('url', 'http://10.0.2.2/${disk}', r'url has the variable "\$\{disk\}"'),
    ('url', 'http://10.0.2.2/' + 'a' * 4081, r'fw_cfg: url=.*at most 4096 characters'),
    ('csum', 'maybe', r'csum="maybe" is malformed; accepted is auto, off or trust'),
    ('features', '0xzz', r'features="0xzz" is malformed; accepted is a hexadecimal mask'),
    ('ip', '10.0.2.15/33 10.0.2.2', r'ip="10\.0\.2\.15/33 10\.0\.2\.2" is malformed; accepted is'),
    ('ip', '10.0.2.15', r'ip="10\.0\.2\.15" is malformed; accepted is dhcp, or ADDRESS/PREFIX'),
    ('deadline', '0', r'deadline="0" is malformed; accepted is a number of seconds from 1 to'),
    ('deadline', '1m', r'deadline="1m" is malformed; accepted is a number of seconds from 1 to'),
    ('sha256', '1234', r'sha256="1234" is malformed; accepted is at most 8 digests of 64'),
])
def test_malformed_key(key, value, sentence, fails, user):
    keys = {'url': user.url('x'), 'deadline': '5', key: value}
    fails(user.netdev, 'config', sentence, **keys)


def test_nobody_says_what_to_boot(fails, user):
    fails(user.netdev, 'config', r'^nobody says what to boot; set the key url')


def test_boot_file_from_dhcp_that_nobody_has(fails, attach):
    """A name that is no URL is asked for by TFTP."""
    net = attach('user', bootfile='pxelinux.0')
    named = (r'^boot file: tftp://10\.0\.2\.2/pxelinux\.0 \(DHCP server 10\.0\.2\.2: '
             r'file, siaddr\)$')
    fails(net.netdev, 'tftp', r'answered error 2 .* to the request for pxelinux\.0',
          before=lambda guest: guest.wait_for(named))


# --- device ---------------------------------------------------------------------------------------


@pytest.mark.parametrize('device, sentence', [
    ({'host_mtu': 575}, r'MTU is 575; IPv4 and DHCP need 576: set host_mtu'),
    ({'mac': '01:00:5e:00:00:01'},
     r"MAC address 01:00:5e:00:00:01 cannot be one machine's; set mac"),
])
def test_device_whose_settings_no_machine_can_use(device, sentence, fails, user):
    fails(user.netdev, 'device', sentence, device=device, url=user.url('x'))


# --- link, dhcp, dns, connect ---------------------------------------------------------------------


def test_link_down(fails, user):
    fails(user.netdev, 'link', r'link stayed down for 2 s',
          before=lambda guest: guest.set_link(False), url=user.url('x'), deadline='2')


def test_link_that_comes_up_late(machine, user, www):
    """[ETH-07] [NET-04]"""
    www.file('empty', 0)
    guest = machine([nic(user.netdev)], fw_cfg={'fetch': user.url('empty')})
    guest.set_link(False)
    guest.wait_for(r'^link: down, waiting$')
    guest.set_link(True)
    guest.wait_for(r'^fetch: 0 bytes')


def test_no_dhcp_answer(fails, part):
    peer = part(scripted.Dgram())
    fails(peer.netdev(), 'dhcp', r'no DHCP answer within 3 s', url='http://192.0.2.1/x',
          deadline='3')


def test_name_that_does_not_exist(fails, attach):
    net = attach('tap', dnsmasq=['address=/gone.example/'])
    fails(net.netdev, 'dns', r'no address for gone\.example', url='http://gone.example/x')


def test_no_dns_server_known(fails, attach):
    net = attach('tap', dnsmasq=['dhcp-option=6'])
    fails(net.netdev, 'dns', r'no DNS server is known to look up gone\.example',
          url='http://gone.example/x', deadline='5')


def test_connection_refused(fails, attach):
    """[ICMP-04]"""
    net = attach('tap')
    fails(net.netdev, 'connect', r'192\.0\.2\.1:9 refuses the connection', url=net.url('x', port=9))


def test_nobody_at_that_address(fails, attach):
    """[ARP-04]"""
    net = attach('tap')
    fails(net.netdev, 'connect', r'nobody on this link answers for 192\.0\.2\.99',
          url='http://192.0.2.99/x', deadline='20')


# --- http -----------------------------------------------------------------------------------------


def test_server_that_accepts_and_says_nothing(fails, user, part):
    """[TCP-40] [HTTP-18]"""
    server = serve(part, lambda connection, request: server.stopping.wait(60))
    fails(user.netdev, 'http', r'then said nothing', url=user.url('x', port=server.port),
          deadline='3')


def test_server_that_falls_silent_in_the_body(fails, user, part):
    """[TCP-40] [HTTP-18]"""
    def handler(connection, request):
        connection.sendall(OK + b'Content-Length: 100000\r\n\r\n' + bytes(5000))
        server.stopping.wait(60)
    server = serve(part, handler)
    fails(user.netdev, 'http', r'fell silent after \d+ bytes',
          fetch=user.url('x', port=server.port), deadline='3')


def test_server_that_drips(fails, user, part):
    """[HTTP-18]"""
    def handler(connection, request):
        connection.sendall(OK + b'Content-Length: 100000\r\n\r\n')
        while not server.stopping.wait(0.1):
            connection.sendall(b'x')
    server = serve(part, handler)
    fails(user.netdev, 'http', r'sends too slowly: \d+ bytes so far',
          fetch=user.url('x', port=server.port), deadline='3')


@pytest.mark.parametrize('path, sentence', [
    ('404', r'answered 404 Not Found'), ('500', r'answered 500 Internal Server Error'),
    ('loop', r'more than 8 redirects.*circle'),
    ('secure', r'redirects to https://10\.0\.2\.2, and skiff does not speak TLS')])
def test_answers_that_are_not_the_file(path, sentence, fails, user, www):
    """[HTTP-07] [HTTP-08]"""
    fails(user.netdev, 'http', sentence, url=user.url(path))


@pytest.mark.parametrize('scheme, sentence', [
    ('ftp', 'neither with http:// nor with tftp://'),
    ('https', r'https://10\.0\.2\.2, and skiff does not speak TLS')])
def test_schemes_that_nobody_here_speaks(scheme, sentence, fails, user):
    fails(user.netdev, 'config' if scheme == 'ftp' else 'http', sentence,
          url=f'{scheme}://10.0.2.2/x')


def test_body_that_is_cut_short(fails, user, part):
    """[HTTP-12]"""
    server = serve(part, answer(OK + b'Content-Length: 100000\r\n\r\n' + bytes(5000)))
    fails(user.netdev, 'http', r'cut short: the connection ended after 5000 of 100000 bytes',
          fetch=user.url('x', port=server.port))


def test_chunked_body_that_is_cut_short(fails, user, part):
    """[HTTP-12]"""
    server = serve(part, answer(OK + b'Transfer-Encoding: chunked\r\n\r\n1000\r\n' + bytes(4096)
                                + b'\r\n'))
    fails(user.netdev, 'http', r'cut short: the connection ended after 4096 bytes',
          fetch=user.url('x', port=server.port))


def test_gzip_that_nobody_asked_for(fails, user, part):
    """[HTTP-15]"""
    server = serve(part, answer(OK + b'Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd'))
    fails(user.netdev, 'http', r'Content-Encoding gzip, which was not asked for',
          fetch=user.url('x', port=server.port))


def test_answer_that_is_not_http(fails, user, part):
    server = serve(part, answer(b'220 smtp.example \x1b[31mESMTP\r\n' * 3))
    guest = fails(user.netdev, 'http', r"the server's answer is not HTTP: no status line",
                  fetch=user.url('x', port=server.port))
    assert '\x1b[31m' not in guest.text


def test_escape_sequences_of_a_server_do_not_reach_the_console(fails, user, part):
    """[SEC-10]"""
    server = serve(part, answer(b'HTTP/1.1 404 Not\x1b[31mFound\r\nContent-Length: 0\r\n\r\n'))
    guest = fails(user.netdev, 'http', r'404 Not\?\[31mFound',
                  fetch=user.url('x', port=server.port))
    assert '\x1b[31m' not in guest.text


# --- image ----------------------------------------------------------------------------------------


def test_content_length_of_100_gb(fails, user, part):
    """[HTTP-20]"""
    server = serve(part, answer(OK + b'Content-Length: 100000000000\r\n\r\n' + bytes(5000)))
    fails(user.netdev, 'image', r'^100000000000 bytes do not fit into memory: \d+ bytes are left',
          fetch=user.url('x', port=server.port))


def test_file_that_is_not_a_kernel(fails, user, www):
    """[LNX-01]"""
    www.file('4m', 4 * MIB)
    fails(user.netdev, 'image', r'^not a Linux kernel: no boot signature AA55h', url=user.url('4m'))


# Offset of a sound header: what stands there instead, and what is said of it
BROKEN = {
    'x206': (struct.pack('<H', 0x0201), r'^too old a Linux kernel: boot protocol 2\.01, but'),
    'x211': (b'\0', r'^a zImage, which loads below 1 MiB'),
    'x1f1': (b'\xff', r'its header says 1178624 bytes, but the file has 1048576; was it cut short'),
    'x202': (b'HdrX', r'^not a kernel: the file looks like a disk or ISO image'),
    'x1f4': (struct.pack('<I', 0x7fffffff), r'its header gives it a size of 34359738352 bytes'),
    'x230': (struct.pack('<I', 3), r'its header asks for an alignment to 3h, which is no power of'),
    'x260': (struct.pack('<I', 0xffffffff), r'^the kernel wants 4294967295 bytes of memory at'),
    'x201': (b'\x01', r'its header ends at 203h, before 22Ch, where protocol 2\.15 needs it'),
}


@pytest.mark.parametrize('offset', BROKEN)
def test_kernel_with_a_broken_header(offset, fails, user, www):
    """[LNX-01] [LNX-02] [LNX-03] [LNX-06] [SEC-08]"""
    value, sentence = BROKEN[offset]
    bzimage(www.root / 'broken', **{offset: value})
    fails(user.netdev, 'image', sentence, url=user.url('broken'))


def test_kernel_without_a_32_bit_entry(fails, user, www):
    """As ipxe.lkrn is: a bzImage by its header, which only real-mode code can enter. [LNX-08]"""
    bzimage(www.root / 'lkrn', x206=struct.pack('<H', 0x0207), x214=bytes(4))
    fails(user.netdev, 'image', r'this Linux kernel has no 32-bit entry.*ipxe\.lkrn',
          url=user.url('lkrn'))


@pytest.mark.parametrize('processor', ['qemu32', 'pentium3'])
def test_64_bit_kernel_on_a_32_bit_processor(processor, fails, user, kernel):
    """[LNX-08]"""
    guest = fails(user.netdev, 'image', r'is a 64-bit one.*use a 32-bit kernel',
                  processor=processor, url=user.url('vmlinuz'), initrd=user.url('initrd'))
    assert not re.search(HTTP, guest.text, re.MULTILINE), 'downloaded for nothing'


def test_kernel_that_is_cut_short(fails, user, www):
    """[LNX-02]"""
    bzimage(www.root / 'whole', size=1 << 20)
    (www.root / 'cut').write_bytes((www.root / 'whole').read_bytes()[:1 << 19])
    fails(user.netdev, 'image', url=user.url('cut'),
          sentence=r'its header says 1048576 bytes, but the file has 524288; was it cut short\?')


def test_initrd_that_does_not_fit(fails, user, part, www):
    bzimage(www.root / 'sound')
    server = serve(part, answer(OK + b'Content-Length: 120000000\r\n\r\n' + bytes(5000)))
    fails(user.netdev, 'image', r'^120000000 bytes do not fit into memory: \d+ bytes are left for',
          memory='128M', url=user.url('sound'), initrd=user.url('x', port=server.port))


@pytest.mark.parametrize('name', KINDS)
def test_files_that_are_no_kernel_are_named(name, fails, user, www):
    kind_file(www.root / 'kind', name)
    fails(user.netdev, 'image', rf'^not a kernel: the file looks like {re.escape(name)}; ',
          url=user.url('kind'))


def test_efi_program(fails, user, www):
    (www.root / 'program.efi').write_bytes(b'MZ'.ljust(2048, b'\x90'))
    fails(user.netdev, 'image', url=user.url('program.efi'),
          sentence=r'looks like an EFI program; a BIOS cannot start it, but skiff\.efi can')


@pytest.mark.parametrize('entry, sentence', [
    ('title nothing\nefi /x.efi\n', r'line `efi` names an EFI program, which a BIOS cannot start'),
    ('uki-url http://10.0.2.2/x\n',
     r'line `uki-url` names an EFI program, which a BIOS cannot start'),
    ('architecture aa64\nlinux x\n', r'for the architecture aa64, but this machine is x64'),
    ('title nothing\n', r'without a line `linux`'),
], ids=['efi', 'uki-url', 'architecture', 'nothing'])
def test_boot_entry_without_a_usable_kernel(entry, sentence, fails, user, www):
    (www.root / 'unusable.conf').write_text(entry)
    fails(user.netdev, 'image', sentence, url=user.url('unusable.conf'))


# --- digest ---------------------------------------------------------------------------------------


def test_wrong_sha256(fails, user, www):
    bzimage(www.root / 'sound')
    guest = fails(user.netdev, 'digest', r'SHA-256 [0-9a-f]{64}, but 0{64} is required',
                  url=user.url('sound'), sha256='0' * 64)
    guest.wait_for(COUNT)


def test_more_digests_than_files(fails, user, www):
    bzimage(www.root / 'sound')
    fails(user.netdev, 'digest', r'^the key sha256 lists 2 digests, but there are only 1 files',
          url=user.url('sound'), sha256=f'{"0" * 64} {"1" * 64}')


# --- the user -------------------------------------------------------------------------------------


@pytest.mark.parametrize('how', WAYS_TO_GIVE_UP)
def test_giving_up_by_a_key(how, fails, part):
    """[SEC-13]"""
    peer = part(scripted.Dgram())
    fails(peer.netdev(), 'dhcp', r'^given up by Esc or Ctrl-C', before=WAYS_TO_GIVE_UP[how],
          url='http://192.0.2.1/x')
