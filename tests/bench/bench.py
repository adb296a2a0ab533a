"""Measures build/skiff.rom against Debian's iPXE (QEMU's default ROM), and prints one table.

    tests/qemu/enter /usr/bin/python3 tests/bench/bench.py          (make bench)

Both programs run in the same QEMU, against the same nginx, in one run, interleaved, in a fresh
machine for each fetch. All times are the host's. Medians of RUNS (10), with the extremes.

rate    A 64 MiB file by HTTP, over user, tap and passt. From the moment the server's
        kernel sees the GET until the guest's console says that the guest has the whole file (iPXE:
        the "ok" after imgfetch; skiff: its "http:" line, which comes before it computes the
        digest). So the time in which data only waits in some socket buffer counts, for both, and
        connecting and DHCP do not. iPXE is told by keys on its serial console what to fetch, as
        DHCP over passt cannot name a file; skiff is told by fw_cfg.
loss    The same for 16 MiB through tests/backend, an honest vhost-user back end, on a wire that
        loses a share of the TCP segments in both directions; in one round both programs lose by the
        same seed.
tftp    16 MiB by TFTP from atftpd, over tap, from the read request to the same lines: an ACK for
        each block (atftpd told to know no windowsize), and with windows of 16 blocks for who asks
        for them.
start   From the start of the virtual CPU to the first DHCPDISCOVER on the wire, and to the first
        byte of the file that DHCP names as the boot file (user and tap; passt's DHCP names none).
        Nothing is typed and nothing configured: what a stock machine does. The wire is watched by
        QEMU's filter-dump. libslirp announces an IPv6 router; on our tap nobody does, and iPXE
        waits for one.
nbp     From the start of the virtual CPU to the first byte of pxelinux.0 on the wire, as dnsmasq's
        DHCP names it for a stock machine on a tap; and the base memory, of SeaBIOS's 639 KiB, that
        is gone when pxelinux asks for its first file.
count   Guest instructions per KiB of payload, by count.c. Between the GET and the console line, as
        above; the median for 16 MiB is taken from that for 64 MiB, so what happens once per fetch
        drops out, and what is left includes the polls of a guest that waits for its network: on a
        busy machine that is most of it. For skiff also the instructions within calls of
        MARK_FUNCTION in which MARK_IF ran, which leaves out the polls that found nothing. Medians
        of COUNT_RUNS (5).
size    The bytes of the BIOS image within the ROM file.
uefi    skiff.efi beside OVMF's HTTP Boot and iPXE, under OVMF: see ovmf.py.

Environment: RUNS, COUNT_RUNS, ONLY (rate,loss,tftp,start,nbp,count,size,uefi), FLAVOURS
(user,tap,passt), SKIFF_ROM, IPXE_ALONE=1 (measure iPXE though there is no skiff). Exit status 1 if
anything failed or is missing. Before it measures, the plugin is tried on a small guest whose
instructions are known.
"""

import os
import platform
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from fetch import (BOOT, LARGE, RUNS, SMALL, TOP, Failure, FirstRequest, Ipxe, Skiff, Values,
                   aligned, fetch_rate, rounds, tftp_rate, wait_end)

# pylint: disable=wrong-import-order
import backend
import network
import servers
import ovmf
from vm import ACCEL, SKIFF_ROM, Machine

COUNT_RUNS = int(os.environ.get('COUNT_RUNS') or min(RUNS, 5))
ONLY = os.environ.get('ONLY', 'size,rate,loss,tftp,start,nbp,count,uefi').split(',')
FLAVOURS = os.environ.get('FLAVOURS', ','.join(servers.FLAVOURS)).split(',')

COUNT_KIB = (LARGE[1] - SMALL[1]) / 1024

# Percent of the TCP segments that are lost, each way.
LOSSES = ('0.1', '1', '5')

NBP = TOP / 'build' / 'nbp'
BASE_MEMORY = 639       # KiB, SeaBIOS's, at 40:13

# What atftpd is told for windows of so many blocks.
WINDOWS = {'1': ['--no-windowsize'], '16': []}

# What skiff should reach, as multiples of iPXE's rate.
AIM = {'user': 2.0, 'tap': 2.5, 'passt': 4.0, **{loss: 1.0 for loss in LOSSES}}

# Symbols of build/skiff.sym: the calls between whose entry and return we count, and what must have
# run within such a call for it to count.
MARK_FUNCTION = os.environ.get('MARK_FUNCTION', 'net_poll')
MARK_IF = os.environ.get('MARK_IF', 'eth_rx')
SYMBOLS = SKIFF_ROM.with_suffix('.sym')
PLUGIN = TOP / 'build' / 'count.so'

DISCOVER = b'\x63\x82\x53\x63\x35\x01\x01'      # magic cookie, option 53, length 1, DHCPDISCOVER


class Counter:
    """The plugin's arguments for one machine, and its counters, readable at any time."""

    FIELDS = ('total', 'kept', 'calls', 'entered', 'left')

    def __init__(self, directory, marks=''):
        self.file = Path(directory) / 'count'
        self.arguments = ['-plugin', f'{PLUGIN},out={self.file}{marks}']

    def read(self):
        return dict(zip(self.FIELDS, struct.unpack('<5Q', self.file.read_bytes())))


# A firmware of 64 KiB that calls `function` 1000 times; every fourth call runs `wanted`.
GUEST = '''
        .code16
        .globl  function, function_end, wanted
start:  cli
        mov     $0x7000, %sp
        mov     $1000, %cx
turn:   call    function
        jnz     turn
        out     %al, $0xf4              # isa-debug-exit
        hlt
wanted: nop
        nop
        ret
function:
        nop
        test    $3, %cl
        jnz     skip
        call    wanted
skip:   dec     %cx
        ret
function_end:
        .org    0xfff0
        jmp     start
        .org    0x10000
'''
# jmp, cli, mov, mov; 1000 × (call, jnz, nop, test, jnz, dec, ret), 250 × (call, nop, nop, ret);
# out, and hlt, which is in the same block.
GUEST_TOTAL = 4 + 1000 * 7 + 250 * 4 + 2
GUEST_FUNCTION = 1000 * 5 + 250 * 4
GUEST_KEPT = 250 * 9


def prove_plugin(directory):
    """Runs GUEST as firmware, under both kinds of marks; raises Failure unless counts are exact."""
    if not PLUGIN.exists():
        raise network.Unavailable(f'{PLUGIN} is not built (make bench builds it)')
    where = Path(directory)
    (where / 'guest.s').write_text(GUEST)
    for words in (['as', '--32', '-o', 'guest.o', 'guest.s'],
                  ['ld', '-m', 'elf_i386', '-Ttext', '0xffff0000', '-e', '0xffff0000',
                   '-o', 'guest.elf', 'guest.o'],
                  ['objcopy', '-O', 'binary', '-j', '.text', 'guest.elf', 'guest.bin']):
        subprocess.run(words, cwd=where, check=True)
    names = symbols(subprocess.run(['nm', 'guest.elf'], cwd=where, check=True, text=True,
                                   capture_output=True).stdout)
    function = f',function={names["function"][0]:x}-{names["function_end"][0]:x}'
    for marks, kept, calls in ((function, GUEST_FUNCTION, 1000),
                               (f'{function},if={names["wanted"][0]:x}', GUEST_KEPT, 250)):
        counter = Counter(directory, marks)
        with Machine(console='none', memory='16M', arguments=[
                '-bios', where / 'guest.bin', '-device', 'isa-debug-exit,iobase=0xf4',
                *counter.arguments]) as machine:
            machine.wait_exit(10)
        expected = {'total': GUEST_TOTAL, 'kept': kept, 'calls': calls, 'entered': 1000,
                    'left': 1000}
        if counter.read() != expected:
            raise Failure(f'the plugin counts {counter.read()}, not {expected}')


def symbols(text):
    """nm's output, with or without -S, as a dict of name to (address, size or None)."""
    found = {}
    for line in text.splitlines():
        match = re.match(r'([0-9a-f]+) (?:([0-9a-f]+) )?[A-Za-z] (\S+)$', line)
        if match:
            found[match[3]] = (int(match[1], 16), int(match[2], 16) if match[2] else None)
    return found


def skiff_marks():
    """The plugin's arguments for skiff; '' with a sentence if the symbols are not there."""
    names = symbols(SYMBOLS.read_text()) if SYMBOLS.exists() else {}
    missing = [name for name in (MARK_FUNCTION, MARK_IF) if name not in names]
    if missing:
        print(f'bench: no {" and ".join(missing)} in {SYMBOLS}: nothing counted between marks')
        return ''
    address, size = names[MARK_FUNCTION]
    later = [a for a, _ in names.values() if a > address]
    end = address + size if size else min(later)
    return f',function={address:x}-{end:x},if={names[MARK_IF][0]:x}'


def lossy(percent, seed):
    return backend.attach([f'lose,tcp,both,rate={percent}%'], options=['--seed', seed])


def start_times(program, flavour):
    """Seconds from the start to (DISCOVER, the first byte of the boot file), in a fresh machine."""
    url = f'http://{{host}}:{servers.HTTP_PORT}/{BOOT[0]}'
    with servers.attach(flavour, bootfile=url) as net, \
            program.machine(net, wire=True) as machine:
        discover = machine.wire.wait(lambda frame: DISCOVER in frame, timeout=60)
        first = machine.wire.wait(lambda frame: b'HTTP/1.1 200' in frame, timeout=120)
        return discover.when - machine.started, first.when - machine.started


def nbp_start(program):
    """Seconds from the start to pxelinux.0's first byte, and KiB of base memory held behind it."""
    head = (NBP / 'pxelinux.0').read_bytes()[:64]
    with servers.attach('tap', bootfile='pxelinux.0',
                        dnsmasq=['enable-tftp', f'tftp-root={NBP}']) as net, \
            program.machine(net, wire=True) as machine:
        first = machine.wire.wait(lambda frame: head in frame, timeout=120)
        machine.wire.wait(lambda frame: b'ldlinux.c32\0' in frame, timeout=60)
        left = int(machine.monitor.human('xp /1hx 0x413').split(':')[1], 16)
    return {'nbp': first.when - machine.started, 'base': BASE_MEMORY - left}


def fetch_count(program, flavour, payload, directory, marks):
    """(all instructions from the GET to the end, the counters at the end) of one fetch."""
    name, _ = payload
    counter = Counter(directory, marks)
    with servers.attach(flavour) as net:
        url, first = net.url(name), FirstRequest(net)
        with program.machine(net, url, arguments=counter.arguments) as machine:
            program.begin(machine, url)
            first.wait(name)
            begun = counter.read()
            wait_end(machine, program, url)
            ended = counter.read()
    return ended['total'] - begun['total'], ended


def count_pair(program, flavour, directory):
    """Instructions of a small and of a large fetch, and those between the marks per KiB."""
    marks = skiff_marks() if program.name == 'skiff' else ''
    small, at_small = fetch_count(program, flavour, SMALL, directory, marks)
    large, at_large = fetch_count(program, flavour, LARGE, directory, marks)
    counts = {'small': small, 'large': large, 'count': (large - small) / COUNT_KIB}
    if not marks:
        return counts
    if abs(at_large['entered'] - at_large['left']) > 1:
        raise Failure(f'{MARK_FUNCTION} was entered {at_large["entered"]} times and returned '
                      f'{at_large["left"]} times: it has a tail call, or runs within itself')
    return counts | {'marked': (at_large['kept'] - at_small['kept']) / COUNT_KIB}


class Results(Values):
    """What was measured, as the table of all parts but `uefi`."""

    def middle(self, quantity, flavour, program):
        """As ever, but 'count' is made from both sizes' medians."""
        if quantity == 'count':
            small, large = (self.middle(size, flavour, program) for size in ('small', 'large'))
            return small and large and (large - small) / COUNT_KIB
        return super().middle(quantity, flavour, program)

    def ratio(self, quantity, flavour):
        ours, theirs = (self.middle(quantity, flavour, name) for name in ('skiff', 'iPXE'))
        return f'{ours / theirs:.2f}' if ours and theirs else '-'

    def table(self):
        rows = [('', 'skiff', 'iPXE', 'skiff/iPXE', 'aim')]
        for flavour in FLAVOURS:
            rows.append((f'64 MiB over {flavour}, MB/s', *self._row('rate', flavour, '{:.1f}'),
                         f'{AIM[flavour]:.1f}'))
        for loss in LOSSES:
            rows.append((f'16 MiB, {loss} % lost, MB/s', *self._row('loss', loss, '{:.1f}'),
                         f'{AIM[loss]:.1f}'))
        for window in WINDOWS:
            rows.append((f'16 MiB by TFTP, windowsize {window}, MB/s',
                         *self._row('tftp', window, '{:.1f}'), ''))
        for quantity, title in (('discover', 'start to DISCOVER'),
                                ('first', 'start to first byte')):
            for flavour in ('user', 'tap'):
                where = 'tap (IPv4 only)' if flavour == 'tap' else flavour
                rows.append((f'{title}, {where}, s', *self._row(quantity, flavour, '{:.3f}'), ''))
        rows.append(('start to first byte of pxelinux.0, tap, s',
                     *self._row('nbp', 'tap', '{:.3f}'), ''))
        rows.append(('base memory held for it, KiB', *self._row('base', 'tap', '{:.0f}'), ''))
        for flavour in FLAVOURS:
            rows.append((f'instructions per KiB, {flavour}', *self._row('count', flavour, '{:.0f}'),
                         ''))
        for flavour in FLAVOURS:
            rows.append((f'… without empty polls, {flavour}',
                         *self._row('marked', flavour, '{:.0f}'), '1300'))
        rows.append(('ROM image for BIOS, bytes', *self._row('size', '', '{:.0f}'), '57344'))
        return aligned(row for row in rows if row[1:3] != ('-', '-'))

    def _row(self, quantity, flavour, form):
        return (self.cell(quantity, flavour, 'skiff', form),
                self.cell(quantity, flavour, 'iPXE', form), self.ratio(quantity, flavour))


def measure(programs, server, directory):
    results = Results()
    if 'size' in ONLY:
        for program in programs:
            results.measure('size', '', program, lambda p=program: {'size': p.image_bytes()})
    if 'count' in ONLY:
        prove_plugin(directory)
        for flavour, program in rounds(programs, FLAVOURS, COUNT_RUNS):
            results.measure('count', flavour, program, lambda f=flavour, p=program:
                            count_pair(p, f, directory))
    if 'rate' in ONLY:
        for flavour, program in rounds(programs, FLAVOURS, RUNS):
            results.measure('rate', flavour, program, lambda f=flavour, p=program:
                            {'rate': fetch_rate(p, servers.attach(f), server, LARGE)})
    if 'loss' in ONLY:
        for number in range(RUNS):
            for percent, program in rounds(programs if number % 2 else programs[::-1], LOSSES, 1):
                results.measure('loss', percent, program, lambda l=percent, p=program, n=number:
                                {'loss': fetch_rate(p, lossy(l, n), server, SMALL)})
    if 'tftp' in ONLY:
        for window, program in rounds(programs, WINDOWS, RUNS):
            results.measure('tftp', window, program, lambda w=window, p=program:
                            {'tftp': tftp_rate(p, directory, SMALL, WINDOWS[w])})
    if 'start' in ONLY:
        booting = [flavour for flavour in FLAVOURS if flavour != 'passt']
        for flavour, program in rounds(programs, booting, RUNS):
            results.measure('start', flavour, program, lambda f=flavour, p=program:
                            dict(zip(('discover', 'first'), start_times(p, f))))
    if 'nbp' in ONLY:
        for flavour, program in rounds(programs, ['tap'], RUNS):
            results.measure('nbp', flavour, program, lambda p=program: nbp_start(p))
    return results


def first_line(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()[0]


def package(name):
    return first_line('dpkg-query', '-W', '-f', '${Package} ${Version}', name)


def conditions():
    """What it was measured on."""
    model = re.search(r'model name\s*: (.*)', Path('/proc/cpuinfo').read_text())
    return (f'{len(os.sched_getaffinity(0))} × {model[1] if model else platform.machine()}, '
            f'Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the start\n'
            f'qemu -accel {ACCEL} -machine pc -m 512M, one virtio-net-pci; '
            + ', '.join(package(name) for name in ('qemu-system-x86', 'ipxe-qemu', 'nginx',
                                                   'passt', 'dnsmasq-base')))


def main():
    # A terminated run must still stop its machines and remove its scratch directories.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('terminated'))
    programs = [Ipxe()]
    if SKIFF_ROM.exists():
        programs.insert(0, Skiff())
    else:
        print(f'bench: {SKIFF_ROM} does not exist (make builds it)', file=sys.stderr)
        if not os.environ.get('IPXE_ALONE'):
            return 1
        print('bench: measuring iPXE alone', file=sys.stderr)
    where = conditions()
    if os.getloadavg()[0] > 0.5:
        print('bench: this machine is not idle, so the figures will be off', file=sys.stderr)
    directory = tempfile.mkdtemp(prefix='skiff-', dir='/tmp')
    try:
        for name, size in (LARGE, SMALL, BOOT):
            network.make_file(Path(directory) / name, size)
        with servers.Nginx(directory) as server:
            results = measure(programs, server, directory)
            under_ovmf = ovmf.measure(server) if 'uefi' in ONLY else ovmf.Results()
    finally:
        shutil.rmtree(directory)
    failures = results.failures + under_ovmf.failures
    print(f'\n{where}\nmedian (least..most) of {RUNS} fetches, of {COUNT_RUNS} for instructions\n')
    print('\n\n'.join(each.table() for each in (results, under_ovmf) if each.values))
    for failure in failures:
        print(f'\nfailed: {failure}')
    if len(programs) == 1:
        print(f'\nskiff is missing: {SKIFF_ROM} does not exist')
    return 1 if failures or len(programs) == 1 else 0


if __name__ == '__main__':
    sys.exit(main())
