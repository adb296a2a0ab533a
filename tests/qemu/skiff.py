"""What the tests know of skiff: its keys, its console lines, and machines that boot from it."""

import re
import struct
import subprocess
from pathlib import Path

import vm
from vm import Nic

TOP = Path(__file__).resolve().parents[2]
KERNEL = TOP / 'build' / 'kernel' / 'vmlinuz'
RELEASE = TOP / 'build' / 'kernel' / 'release'
BUSYBOX = TOP / 'build' / 'initramfs' / 'bin' / 'busybox'
INITRD = TOP / 'build' / 'initramfs.gz'
TEST_CMDLINE = 'console=ttyS0 panic=-1 skiff.test'
BOOT_TIMEOUT = 120

# The stable lines of the README, to their ends: what a line still lacks may come later. The counter
# line's share behind the bar is zero on a good day.
BANNER = r'^skiff \S+ virtio-net ([0-9a-f:.]+) (1af4:10[04][01]) ([0-9a-f:]{17}) mtu (\d+)(?=\n)'
FEATURES = r'^virtio: offered 0x([0-9a-f]+), accepted 0x([0-9a-f]+)((?: [+-]\w+)*)(?=\n)'
DHCP = r'^dhcp: ([\d.]+)/(\d+)(?: gateway ([\d.]+))?(?: dns ([\d.]+))?, (\d+) ms$'
HTTP = r'^http: (\S+) (\d+) bytes in (\d+) ms, ([\d.]+) MB/s$'
TFTP = r'^tftp: (\S+) (\d+) bytes in (\d+) ms, ([\d.]+) MB/s$'
COUNT = r'^count: (rx \d+ tx \d+ vouched \d+ partial \d+) \| (.*)(?=\n)'
FETCH = r'^fetch: (\d+) bytes sha256 ([0-9a-f]{64})$'
BOOT = r'^boot: linux (\S+)(?: at (0x[0-9a-f]+))?(?:, initrd (\d+) bytes)?, (\d+)\.(\d{3}) s$'
FAILED = r'^skiff: failed at ([\w-]+): (.*)(?=\n)'
NEXT_SAYS = 'THE NEXT BOOT DEVICE'              # next_device()'s
NEXT_DEVICE = rf'^{NEXT_SAYS}$'
SAID = r"^say: here, (\d+) NICs of the firmware's, options: ?(.*)(?=\n)"     # tests/uefi/say.c
USER_SPACE = r'^skiff-demo: user space reached, Linux (\S+)$'


def make(*words, **options):
    """Runs make at the top; its output, whatever became of it."""
    done = subprocess.run(['make', '--no-print-directory', *words], cwd=TOP, text=True, timeout=240,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    return done.returncode, done.stdout


def counts(text):
    """'rx 1 tx 2' as a dict."""
    words = text.split()
    return {name: int(value) for name, value in zip(words[::2], words[1::2])}


def last_counts(machine):
    """The last counter line: (before the bar, behind it)."""
    match = list(re.finditer(COUNT, machine.text, re.MULTILINE))[-1]
    return counts(match[1]), counts(match[2])


def assert_good_day(machine, excused=()):
    """Nothing behind the bar, but for the counters that are excused."""
    _, bad = last_counts(machine)
    assert not any(value for name, value in bad.items()
                   if name not in excused), f'{bad}\n{machine.log()}'


def fetched(guest, size, sha256, timeout=90):
    """The download arrived whole, and nothing went wrong on the way."""
    match = guest.wait_for(FETCH, timeout=timeout)
    assert (int(match[1]), match[2]) == (size, sha256)
    assert_good_day(guest)
    return match


def boot_keys(net, **more):
    """Configuration for what the fixture `kernel` serves."""
    return {'url': net.url('vmlinuz'), 'initrd': net.url('initrd'), 'cmdline': TEST_CMDLINE, **more}


def reached_user_space(guest, release, excused=()):
    match = guest.wait_for(USER_SPACE, timeout=BOOT_TIMEOUT)
    assert match[1] == release
    boot = guest.wait_for(BOOT)
    assert boot[1] == release
    assert_good_day(guest, excused)
    assert guest.wait_exit() == 0       # the initramfs powered the machine off
    return boot


def next_device(directory):
    """Arguments of a disk behind the NICs in the boot order,
    whose boot sector says that it was reached."""
    code = bytes.fromhex('31c0 8ed8 be157c ac 84c0 7406 b40e cd10 ebf5 f4 ebfd')
    sector = (code + f'\r\n{NEXT_SAYS}\r\n\0'.encode()).ljust(510, b'\0') + b'\x55\xaa'
    path = Path(directory) / 'next-device'
    path.write_bytes(sector + bytes(1 << 20))
    return ['-drive', f'id=next,if=none,format=raw,file={path}',
            '-device', 'ide-hd,drive=next,bootindex=100']


def bars(guest):
    """The addresses of the first virtio-net device, by the numbers of its BARs."""
    return next({region['bar']: region['address'] for region in device['regions']}
                for device in guest.qmp('query-pci')[0]['devices']
                if device['id']['vendor'] == 0x1af4 and device['id']['device'] in (0x1000, 0x1041))


def device_status(guest):
    """The status register of the first virtio-net device, as the guest would read it.

    (x-query-virtio-status, which would say it in words, is an assertion that fails in QEMU 11.1.)
    """
    bar = bars(guest)
    if 4 in bar:            # where QEMU has the common configuration
        return guest.memory_bytes(bar[4] + 20, 1)[0]
    return int(guest.monitor.human(f'i /1xb {bar[0] + 18:#x}').split('=')[1], 16)


# A device whose memory takes what there is below 4 GiB, so that the BIOS has to go beyond.
BELOW_4_GIB_IS_FULL = ['-object', 'memory-backend-ram,id=big,size=4G',
                       '-device', 'ivshmem-plain,memdev=big']


def assert_bar_above_4_gib(guest):
    assert bars(guest)[4] >= 1 << 32, 'the test did not push the BAR up'


def nic(netdev, variant='transitional', **properties):
    return Nic(netdev, **vm.VARIANTS[variant], **properties)


def _after_features(press):
    def run(guest):
        guest.wait_for(r'^virtio: offered')
        press(guest)
    return run


WAYS_TO_GIVE_UP = {
    'esc on serial': _after_features(lambda guest: guest.type('\x1b')),
    'ctrl-c on serial': _after_features(lambda guest: guest.type('\x03')),
    'esc on the keyboard': _after_features(lambda guest: guest.sendkey('esc')),
}


# Files that people put where a kernel should be: their first bytes, padded to 2 KiB,
# and what they are called.
KINDS = {
    'a web page': b'\xef\xbb\xbf\r\n<!DOCTYPE html>'.ljust(100000),
    'an iPXE script': b'#!ipxe\nkernel vmlinuz\nboot\n',
    'JSON': b'{"error": "not found"}',
    'a cpio archive': b'070701'.ljust(110, b'0'),
    'an ELF file': b'\x7fELF\x02\x01\x01',
    'an EFI zboot kernel': b'MZ\0\0zimg'.ljust(0x3c, b'\0') + b'\x40\0\0\0PE\0\0\x64\xaa',
    'an arm64 kernel': b'MZ'.ljust(56, b'\0') + b'ARM\x64\x40\0\0\0PE\0\0\x64\xaa',
    'a disk or ISO image': b'\x33\xed'.ljust(510, b'\x90') + b'\x55\xaa',
    'a gzip file': b'\x1f\x8b\x08\0',
    'a BIOS program (NBP)': b'\xea\x05\0\xc0\x07',
    'an option ROM': b'\x55\xaa\x6e\xeb',
}


def kind_file(path, name):
    data = KINDS[name]
    Path(path).write_bytes(data if data.isascii() else data.ljust(2048, b'\x90'))


class Bus:
    """A device that stands before the NICs on QEMU's command line, because they sit behind it."""

    def __init__(self, device):
        self.device = device

    def arguments(self, _):
        return ['-device', self.device]


def bzimage(path, size=1 << 20, **fields):
    """A file whose header is a sound bzImage's, for tests that break it: fields are offsets in hex,
    as 'x1f1', and bytes. It would not run: nothing may ever start it.
    """
    head = bytearray(0x400)
    head[0x1f1] = 1                                         # setup_sects: the kernel is at 0x400
    struct.pack_into('<I', head, 0x1f4, (size - 0x400) // 16)
    head[0x1fe:0x200] = b'\x55\xaa'
    head[0x200:0x202] = b'\xeb\x6a'
    head[0x202:0x206] = b'HdrS'
    struct.pack_into('<H', head, 0x206, 0x020f)
    head[0x211] = 1                                         # LOADED_HIGH
    struct.pack_into('<I', head, 0x214, 0x100000)           # code32_start
    struct.pack_into('<I', head, 0x22c, 0x7fffffff)
    struct.pack_into('<I', head, 0x230, 0x200000)
    head[0x234] = 1                                         # relocatable
    struct.pack_into('<I', head, 0x238, 2047)
    struct.pack_into('<Q', head, 0x258, 0x1000000)
    struct.pack_into('<I', head, 0x260, size)
    for name, value in fields.items():
        at = int(name[1:], 16)
        head[at:at + len(value)] = value
    Path(path).write_bytes(bytes(head).ljust(size, b'\xf4'))
