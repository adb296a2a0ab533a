"""Boot programs that no one here wrote, started by skiff from real servers: each to Linux's user
space, or to the next boot device, by the PXE API. What they called is compared with the table in
arch/pcbios/README.md.

Boot programs come by TFTP, as dnsmasq's DHCP names them, or by HTTP from nginx, as `url` does; so
does what they load themselves.
"""

import dataclasses
import os
import re
import shutil
import subprocess

import pytest

import network
import servers
import vm
import watch
from skiff import (BOOT_TIMEOUT, INITRD, KERNEL, RELEASE, TEST_CMDLINE, TOP, USER_SPACE,
                   device_status, next_device, nic)

PROGRAMS = TOP / 'build' / 'nbp'
FLOPPY = vm.SKIFF_ROM.parent / 'floppy.0'
README = TOP / 'arch' / 'pcbios' / 'README.md'
HOST = '192.0.2.1'
WEB = f'http://{HOST}/'
GRUB = 'boot/grub/i386-pc/core.0'

ACKNOWLEDGE = 1             # of a Linux whose virtio_pci is built in: nobody drives the device
BASE_MEMORY = 639           # KiB, SeaBIOS's, at 40:13
# arch/pcbios/pxe/layout.h
SEGMENT = (BASE_MEMORY - 12) * 1024
RAM = {'System RAM': 'usable'}                 # Linux since 7.2 calls it so
COUNTS, COUNTS_LEN = 0x22c0, 0x80
# PXE 2.1, 3
CALLS = {
    0x00: 'START_UNDI', 0x01: 'UNDI_STARTUP', 0x02: 'UNDI_CLEANUP', 0x03: 'UNDI_INITIALIZE',
    0x04: 'UNDI_RESET_ADAPTER', 0x05: 'UNDI_SHUTDOWN', 0x06: 'UNDI_OPEN', 0x07: 'UNDI_CLOSE',
    0x08: 'UNDI_TRANSMIT', 0x09: 'UNDI_SET_MCAST_ADDRESS', 0x0a: 'UNDI_SET_STATION_ADDRESS',
    0x0b: 'UNDI_SET_PACKET_FILTER', 0x0c: 'UNDI_GET_INFORMATION', 0x0d: 'UNDI_GET_STATISTICS',
    0x0e: 'UNDI_CLEAR_STATISTICS', 0x0f: 'UNDI_INITIATE_DIAGS', 0x10: 'UNDI_FORCE_INTERRUPT',
    0x11: 'UNDI_GET_MCAST_ADDRESS', 0x12: 'UNDI_GET_NIC_TYPE', 0x13: 'UNDI_GET_IFACE_INFO',
    0x14: 'UNDI_ISR', 0x15: 'STOP_UNDI', 0x20: 'TFTP_OPEN', 0x21: 'TFTP_CLOSE', 0x22: 'TFTP_READ',
    0x23: 'TFTP_READ_FILE', 0x25: 'TFTP_GET_FSIZE', 0x30: 'UDP_OPEN', 0x31: 'UDP_CLOSE',
    0x32: 'UDP_READ', 0x33: 'UDP_WRITE', 0x70: 'UNLOAD_STACK', 0x71: 'GET_CACHED_INFO',
}

# Linux keeps off the memory where the PXE segment was, for us to look at.
CMDLINE = TEST_CMDLINE + ' memmap=64K#592K'

PXELINUX = """SERIAL 0 115200
UI menu.c32
MENU TITLE A menu of the tests
PROMPT 0
TIMEOUT 5
DEFAULT it
LABEL it
  MENU LABEL It
"""


@dataclasses.dataclass(frozen=True)
class Machine:
    """One choice of each."""

    variant: str
    model: str
    memory: str
    second: bool        # another NIC, in front of ours

    def __str__(self):
        return f'{self.variant} {self.model} {self.memory}' + ' second' * self.second


# Every value with every program; of pairs as many as three machines have, in two sets.
EVEN = (Machine('transitional', 'pc', '128M', False), Machine('modern', 'q35', '4G', True),
        Machine('legacy', 'pc', '4G', True))
ODD = (Machine('transitional', 'q35', '4G', True), Machine('modern', 'pc', '128M', False),
       Machine('legacy', 'q35', '128M', True))


@pytest.fixture(name='grub', scope='session')
def _grub(tmp_path_factory):
    """A folder as grub-mknetdir makes it."""
    folder = tmp_path_factory.mktemp('grub')
    subprocess.run([network.tool('grub-mknetdir'), f'--net-directory={folder}',
                    '--subdir=boot/grub', '-d', str(PROGRAMS / 'grub' / 'i386-pc')],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder


class Site:
    """A PXE server: a folder behind TFTP and HTTP, and what DHCP says."""

    def __init__(self, root):
        self.root = root
        for path in PROGRAMS.iterdir():
            if path.is_file():
                self.link(path)
        self.link(KERNEL, 'vmlinuz')
        self.link(INITRD, 'initrd')
        (root / 'floppy').write_bytes(FLOPPY.read_bytes().ljust(1440 << 10, b'\0'))

    def link(self, path, name=None):
        (self.root / (name or path.name)).symlink_to(path)

    def pxelinux(self, lines, head=PXELINUX):
        folder = self.root / 'pxelinux.cfg'
        folder.mkdir()
        (folder / 'default').write_text(head + ''.join(f'  {line}\n' for line in lines))

    def ipxe(self, lines):
        (self.root / 'boot.ipxe').write_text('\n'.join(['#!ipxe', *lines, '']))

    def grub(self, folder, lines):
        shutil.copytree(folder / 'boot', self.root / 'boot', copy_function=os.link)
        (self.root / 'boot' / 'grub' / 'grub.cfg').write_text('\n'.join(
            ['serial --unit=0 --speed=115200', 'terminal_output serial', *lines, '']))


@pytest.fixture(name='site')
def _site(tmp_path):
    root = tmp_path / 'site'
    root.mkdir()
    return Site(root)


class Run:
    """A machine that a boot program runs on.

    The segment of the API lies where it lay when the program has given it back. A program that has
    it overwritten then is watched.
    """

    def __init__(self, guest, directory, watched):
        self.guest, self.seen = guest, None
        if watched:
            with watch.Watch(directory, SEGMENT, 4) as place:
                while not self.is_there():
                    place.wait()
                while self.is_there():
                    place.wait()
                self.seen = self.counts()
        self.place = guest.wait_for(r'^boot: boot program, (\d+) bytes', timeout=60).end()

    def is_there(self):
        return self.segment(0, 4) == b'!PXE'

    def counts(self):
        """{opcode: how often}, of which 255 is many."""
        return {opcode: n for opcode, n in enumerate(self.segment(COUNTS, COUNTS_LEN)) if n}

    def segment(self, offset, size):
        return self.guest.memory_bytes(SEGMENT + offset, size)

    def calls(self):
        if self.seen:
            return self.seen
        assert self.is_there() and self.segment(0x60, 6) == b'PXENV+'
        return self.counts()


@pytest.fixture(name='start')
def _start(enter, machine, site, tmp_path):
    """start(file, Machine…): the Run of a boot program of the site, which DHCP names.

    where: '', or what is in front of the file's name in the key `url`. watched: see Run.
    """
    def run(file, choice, where='', watched=False):
        boot = ['enable-tftp', f'tftp-root={site.root}', 'tftp-no-fail',
                'dhcp-match=set:ipxe,175', f'dhcp-boot=tag:!ipxe,{file}',
                f'dhcp-boot=tag:ipxe,{WEB}boot.ipxe']
        enter(servers.Nginx(site.root, port=80))
        net = enter(servers.attach('tap', dnsmasq=boot))
        ours = nic(net.netdev, choice.variant, bootindex=1)
        other = vm.Nic('user,restrict=on', bootindex=2)
        guest = machine([other, ours] if choice.second else [ours], machine=choice.model,
                        memory=choice.memory, console='vga',
                        fw_cfg={'url': where + file, 'nbp': '1'} if where else {},
                        arguments=['-no-shutdown', *next_device(tmp_path),
                                   *watch.arguments(tmp_path)], stopped=watched)
        return Run(guest, tmp_path, watched)
    return run


# --- the table ------------------------------------------------------------------------------------

def table():
    """{program: {call}} of the README."""
    text = README.read_text().partition('\n## Boot programs\n')[2].partition('\n## ')[0]
    rows = re.findall(r'^\| (`[^|]*) \|[^|]*\|([^|]*)\|$', text, re.MULTILINE)
    return {name: set(re.findall(r'`([A-Z_]+)`', calls))
            for names, calls in rows for name in re.findall(r'`([^`]+)`', names)}


def assert_calls(run, program):
    """They were seen as the README has them."""
    counts = run.calls()
    seen = {CALLS.get(opcode, f'{opcode:#x}') for opcode in counts}
    print(f'{program}:', ' '.join(f'{CALLS.get(opcode, opcode)}={n}'
                                  for opcode, n in counts.items()))
    assert table()[program] <= seen, f'{program} called {sorted(seen)}'


def test_table_names_calls():
    assert set().union(*table().values()) <= set(CALLS.values())
    assert len(table()) >= 6


# --- what Linux finds -----------------------------------------------------------------------------

def kernel_map(guest):
    """[(start, end, kind)] as Linux got it."""
    return [(int(start, 16), int(end, 16) + 1, RAM.get(kind, kind)) for start, end, kind in
            re.findall(r'BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] +(\w[^\r\n]*)',
                       guest.text)]


def assert_reaches_user_space(run, released):
    """Linux runs; memory is all its own again, or shows what is still ours."""
    guest = run.guest
    match = guest.wait_for(USER_SPACE, timeout=BOOT_TIMEOUT, after=run.place)
    assert match[1] == RELEASE.read_text().strip()
    network.wait_until(lambda: guest.qmp('query-status')['status'] == 'shutdown', 20,
                       'the end')               # nothing panicked afterwards
    ranges = kernel_map(guest)
    assert ranges and all(a[1] <= b[0] for a, b in zip(ranges, ranges[1:])), ranges
    # Without gaps from 1 MiB to the end of what is RAM or was.
    high = [r for r in ranges if r[0] >= 1 << 20]
    contiguous = [high[0], *(b for a, b in zip(high, high[1:]) if a[1] == b[0] < 0xfc000000)]
    usable = sum(end - start for start, end, kind in contiguous if kind == 'usable')
    lost = contiguous[-1][1] - high[0][0] - usable
    low_end = max(end for begin, end, kind in ranges if kind == 'usable' and begin < 1 << 20)
    if released:
        assert low_end == BASE_MEMORY * 1024, ranges
        assert lost <= 1 << 20, ranges          # the BIOS's own
    else:
        assert low_end == SEGMENT, ranges
        assert 1 << 20 < lost < 4 << 20, ranges
    return ranges


def machines(choices, wheres=None):
    if not wheres:
        return pytest.mark.parametrize('choice', choices, ids=str)
    return pytest.mark.parametrize('choice, where', zip(choices, wheres), ids=str)


def kernel(where='', more=''):
    return [f'KERNEL {where}vmlinuz', f'INITRD {where}initrd', f'APPEND {CMDLINE}{more}']


@machines(EVEN)
def test_pxelinux(choice, start, site):
    """[PXE-08] [PXE-09] [PXE-12] [PXE-16]"""
    site.pxelinux(kernel())
    run = start('pxelinux.0', choice)
    run.guest.wait_for('A menu of the tests')
    assert_reaches_user_space(run, True)
    assert_calls(run, 'pxelinux.0')


@machines(EVEN, ('', WEB, WEB))
def test_lpxelinux(choice, where, start, site):
    """By TFTP and by HTTP. [PXE-12] [PXE-13] [PXE-14] [PXE-16]"""
    site.pxelinux(kernel(where))
    run = start('lpxelinux.0', choice, where)
    assert_reaches_user_space(run, True)
    assert_calls(run, 'lpxelinux.0')


@pytest.mark.parametrize('file', ['pxelinux.0', 'lpxelinux.0'])
def test_pxelinux_that_keeps_pxe(file, start, site):
    """The map that Linux gets shows what is still ours. [PXE-17]"""
    site.pxelinux(kernel(more=' keeppxe'))
    run = start(file, EVEN[0])
    assert_reaches_user_space(run, False)
    counts = run.calls()
    assert not {0x15, 0x70} & set(counts)


@machines(ODD)
def test_memdisk(choice, start, site):
    """[PXE-17]"""
    site.pxelinux(['KERNEL memdisk', 'INITRD floppy', 'APPEND floppy'])
    run = start('pxelinux.0', choice)
    run.guest.wait_for(r'^THE FLOPPY DISK SPEAKS$', timeout=60)


@machines(ODD, ('', f'(http,{HOST})', f'(http,{HOST})'))
def test_grub(choice, where, start, site, grub):
    """By TFTP and by HTTP, with a network stack of its own; it tells us to stop, but not to give
    memory back. [PXE-07] [PXE-12] [PXE-13] [PXE-14]"""
    site.grub(grub, [f'linux {where}/vmlinuz {CMDLINE}', f'initrd {where}/initrd', 'boot'])
    run = start(GRUB, choice, where and WEB)
    assert_reaches_user_space(run, False)
    assert device_status(run.guest) & ~ACKNOWLEDGE == 0
    assert_calls(run, 'core.0')


IPXE_BOOT = [f'kernel {WEB}vmlinuz {CMDLINE}', f'initrd {WEB}initrd', 'boot']


@machines(EVEN)
def test_ipxe_on_our_undi(choice, start, site):
    """[PXE-12] [PXE-13] [PXE-14]"""
    site.ipxe(IPXE_BOOT)
    run = start('undionly.kpxe', choice)
    assert_reaches_user_space(run, True)
    assert_calls(run, 'undionly.kpxe')


@machines(ODD)
def test_ipxe_with_its_own_driver(choice, start, site):
    """It unloads us first, and then lives where we were. [PXE-16]"""
    site.ipxe(IPXE_BOOT)
    run = start('ipxe.pxe', choice, watched=True)
    assert_calls(run, 'ipxe.pxe')
    assert_reaches_user_space(run, True)


# --- to the next boot device ----------------------------------------------------------------------

def assert_next_device(run):
    guest = run.guest
    network.wait_until(lambda: 'THE NEXT BOOT DEVICE' in guest.screen(), 60, 'the disk')
    assert device_status(guest) == 0
    assert guest.memory_bytes(0x413, 2) == BASE_MEMORY.to_bytes(2, 'little')


@pytest.mark.parametrize('file', ['pxelinux.0', 'lpxelinux.0'])
@pytest.mark.parametrize('kind', [0, -1])
def test_pxelinux_localboot(file, kind, start, site):
    """[PXE-03] [PXE-16]"""
    site.pxelinux([f'LOCALBOOT {kind}'])
    assert_next_device(start(file, EVEN[0]))


@pytest.mark.parametrize('file', ['undionly.kpxe', 'ipxe.pxe'])
def test_ipxe_exit(file, start, site):
    """[PXE-03]"""
    site.ipxe(['exit'])
    assert_next_device(start(file, EVEN[0]))


def test_grub_exit(start, site, grub):
    """[PXE-03]"""
    site.grub(grub, ['exit'])
    assert_next_device(start(GRUB, EVEN[0]))
