"""Measures build/skiff.rom against a rival, and prints one table.

    tests/qemu/enter /usr/bin/python3 tests/bench/bench.py          (make bench)

Both programs run in the same QEMU, against the same nginx, in one run, interleaved, in a fresh
machine for each fetch. All times are the host's. Medians of RUNS (10), with the extremes. The rival
is Debian's iPXE (QEMU's default ROM), or what RIVAL says: see programs.py.

rate    A 64 MiB file by HTTP, over user, tap, tap-1460 (without GUEST_TSO4), passt, and vhost
        (passt by vhost-user), in machines whose memory the host has given beforehand. From the
        moment the server's kernel sees the GET until the guest's console says that the guest has
        the whole file (iPXE: the "ok" after imgfetch; skiff: its "http:" line, which comes before
        it computes the digest). So the time in which data only waits in some socket buffer counts,
        for both, and connecting and DHCP do not. iPXE is told by keys on its serial console what to
        fetch, as DHCP over passt cannot name a file; skiff is told by fw_cfg.
loss    The same for 16 MiB through tests/backend, an honest vhost-user back end, on a wire that
        loses a share of the TCP segments in both directions, without large frames; in one round
        both programs lose by the same seed.
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
wait    The host's processor time that a machine takes while it waits: waiting.py.
count   Guest instructions per KiB of payload, counted by a plugin: counting.py.
functions  The same, for skiff, by function: functions.py.
busy    Whose threads run, and who finds no processor: busy.py.
digest  SHA-256 of skiff, in MB/s and instructions: counting.py.
size    The bytes of the BIOS image within the ROM file.
uefi    skiff.efi beside OVMF's HTTP Boot and iPXE, under OVMF: ovmf.py.

Environment: RUNS, COUNT_RUNS (5, or RUNS if less; of wait, count, functions, digest and busy), ONLY
(the names above, with commas), FLAVOURS (user,tap,tap-1460,passt,vhost), RIVAL, PLOT (an SVG file
for the rates: plot.py), SKIFF_ROM, IPXE_ALONE=1 (measure the rival though there is no skiff). Exit
status 1 if anything failed or is missing.
"""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import busy
import counting
import functions
import ovmf
import plot
from fetch import (BOOT, COUNT_RUNS, FLAVOURS, LARGE, PASST, PROPERTIES, RUNS, SMALL, TOP, Failure,
                   Values, aligned, attach, fetch_rate, rounds, tftp_rate)
from programs import Skiff, find_rival, title
from waiting import DISCOVER, waiting

# pylint: disable=wrong-import-order
import backend
import network
import passt
import servers
from vm import ACCEL, SKIFF_ROM

PARTS = ('size', 'rate', 'loss', 'tftp', 'start', 'nbp', 'wait', 'count', 'functions', 'digest',
         'busy', 'uefi')
ONLY = os.environ.get('ONLY', ','.join(PARTS)).split(',')
PLOT = os.environ.get('PLOT', '')

# Percent of the TCP segments that are lost, each way.
LOSSES = ('0.1', '1', '5')

NBP = TOP / 'build' / 'nbp'
BASE_MEMORY = 639       # KiB, SeaBIOS's, at 40:13

# What atftpd is told for windows of so many blocks.
WINDOWS = {'1': ['--no-windowsize'], '16': []}

# What skiff should reach, as multiples of iPXE's rate.
AIM = {('rate', 'user'): '4', ('rate', 'tap'): '9', ('rate', 'tap-1460'): '4',
       ('rate', 'passt'): '8', ('rate', 'vhost'): '11', **{('loss', loss): '3' for loss in LOSSES}}
# Instructions per KiB: verified, vouched for in frames of 1460 bytes, in large ones.
AIM_COUNT = {'user': '770', 'passt': '770', 'tap-1460': '150', 'tap': '20', 'vhost': '20'}
LOSSY = ['--features', '-GUEST_TSO4,-GUEST_TSO6,-GUEST_ECN']      # one segment is lost, not 44


def lossy(percent, seed):
    return backend.attach([f'lose,tcp,both,rate={percent}%'], options=['--seed', seed, *LOSSY])


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


class Results(Values):
    """What was measured, as the table of all parts but `functions` and `uefi`."""

    def __init__(self, titles):
        super().__init__()
        self.titles = titles

    def middle(self, quantity, flavour, program):
        """As ever, but 'count' is made from both sizes' medians."""
        if quantity == 'count':
            small, large = (self.middle(size, flavour, program) for size in ('small', 'large'))
            return small and large and (large - small) / counting.COUNT_KIB
        return super().middle(quantity, flavour, program)

    def ratio(self, quantity, flavour):
        ours, theirs = (self.middle(quantity, flavour, name) for name in ('skiff', 'rival'))
        return f'{ours / theirs:.2f}' if ours and theirs else '-'

    # (what, quantity, flavour) of all that is a rate, for the table and the picture.
    RATES = (*((f'64 MiB over {flavour}', 'rate', flavour) for flavour in FLAVOURS),
             *((f'16 MiB, {loss} % lost', 'loss', loss) for loss in LOSSES),
             *((f'16 MiB by TFTP, windowsize {window}', 'tftp', window) for window in WINDOWS))

    def table(self):
        rows = [('', self.titles['skiff'], self.titles['rival'], 'ratio', 'aim')]
        for what, quantity, flavour in self.RATES:
            rows.append((f'{what}, MB/s', *self._row(quantity, flavour, '{:.1f}'),
                         AIM.get((quantity, flavour), '')))
        for quantity, what in (('discover', 'start to DISCOVER'), ('first', 'start to first byte')):
            for flavour in ('user', 'tap'):
                where = 'tap (IPv4 only)' if flavour == 'tap' else flavour
                rows.append((f'{what}, {where}, s', *self._row(quantity, flavour, '{:.3f}'), ''))
        rows.append(('start to first byte of pxelinux.0, tap, s',
                     *self._row('nbp', 'tap', '{:.3f}'), ''))
        rows.append(('base memory held for it, KiB', *self._row('base', 'tap', '{:.0f}'), ''))
        rows.append(('CPU s per 10 s of waiting', *self._row('waiting', 'tap', '{:.2f}'), ''))
        for flavour in FLAVOURS:
            rows.append((f'instructions per KiB, {flavour}', *self._row('count', flavour, '{:.0f}'),
                         ''))
        for flavour in FLAVOURS:
            rows.append((f'… without empty polls, {flavour}',
                         *self._row('marked', flavour, '{:.0f}'), AIM_COUNT.get(flavour, '')))
        rows.append(('SHA-256, MB/s', *self._row('sha256', '', '{:.1f}'), ''))
        rows.append(('… instructions per byte', *self._row('per byte', '', '{:.2f}'), ''))
        rows.append(('ROM image for BIOS, bytes', *self._row('size', '', '{:.0f}'), '57344'))
        return aligned(row for row in rows if row[1:3] != ('-', '-'))

    def _row(self, quantity, flavour, form):
        return (self.cell(quantity, flavour, 'skiff', form),
                self.cell(quantity, flavour, 'rival', form), self.ratio(quantity, flavour))

    def draw(self, path):
        names = [name for name in ('skiff', 'rival') if name in self.titles]
        rows = [(what, [self.values.get((quantity, flavour, name), []) for name in names])
                for what, quantity, flavour in self.RATES]
        rows = [row for row in rows if any(row[1])]
        if not rows:
            raise Failure(f'PLOT={path}: none of the parts was a rate')
        plot.draw(path, rows, [self.titles[name] for name in names])


def measure(programs, results, server, directory):
    """All parts but those with a table of their own."""
    def part(name, flavours, count, function):
        if name in ONLY:
            for flavour, program in rounds(programs, flavours, count):
                results.measure(name, flavour, program, lambda: function(program, flavour))

    part('size', [''], 1, lambda program, _: {'size': program.image_bytes()})
    part('count', FLAVOURS, COUNT_RUNS, lambda program, flavour: counting.count_pair(
        program, flavour, directory))
    part('rate', FLAVOURS, RUNS, lambda program, flavour: {
        'rate': fetch_rate(program, attach(flavour), server, LARGE,
                           properties=PROPERTIES.get(flavour))})
    if 'loss' in ONLY:
        for number in range(RUNS):
            for percent, program in rounds(programs if number % 2 else programs[::-1], LOSSES, 1):
                results.measure('loss', percent, program, lambda l=percent, p=program, n=number:
                                {'loss': fetch_rate(p, lossy(l, n), server, SMALL)})
    part('tftp', WINDOWS, RUNS, lambda program, window: {
        'tftp': tftp_rate(program, directory, SMALL, WINDOWS[window])})
    part('start', [flavour for flavour in FLAVOURS if flavour in ('user', 'tap')], RUNS,
         lambda program, flavour: dict(zip(('discover', 'first'), start_times(program, flavour))))
    part('nbp', ['tap'], RUNS, lambda program, _: nbp_start(program))
    part('wait', ['tap'], COUNT_RUNS, lambda program, _: waiting(
        lambda net: program.machine(net, wire=True)))
    programs = [program for program in programs if program.symbols()]
    part('digest', [''], COUNT_RUNS, lambda program, _: counting.digest_pair(program, directory))


def first_line(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()[0]


def package(name):
    return first_line('dpkg-query', '-W', '-f', '${Package} ${Version}', name)


def conditions(programs):
    """What it was measured on."""
    model = re.search(r'model name\s*: (.*)', Path('/proc/cpuinfo').read_text())
    version = passt.PLACE / PASST / 'version'
    vhost = version.read_text().strip() if version.exists() else 'missing'
    return (f'{len(os.sched_getaffinity(0))} × {model[1] if model else platform.machine()}, '
            f'Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the start\n'
            f'qemu -accel {ACCEL} -machine pc -m 512M, one virtio-net-pci; '
            + ', '.join(package(name) for name in ('qemu-system-x86', 'nginx', 'passt',
                                                   'dnsmasq-base'))
            + f', for vhost passt {vhost}\n'
            + '; '.join(f'{program.name}: {program.rom}' for program in programs))


def find_programs(directory):
    """skiff, if it is there, and its rival; raises Failure if neither can be measured."""
    rival = find_rival(directory)
    if SKIFF_ROM.exists():
        return [Skiff(), rival]
    if not os.environ.get('IPXE_ALONE'):
        raise Failure(f'{SKIFF_ROM} does not exist (make builds it)')
    print(f'bench: {SKIFF_ROM} does not exist; measuring the rival alone', file=sys.stderr)
    return [rival]


def run(directory):
    """Measures and prints; the failures."""
    if unknown := [name for name in ONLY if name not in PARTS]:
        raise Failure(f'ONLY={",".join(unknown)}: the parts are {", ".join(PARTS)}')
    if PLOT:
        plot.pyplot()
    programs = find_programs(directory)
    where = conditions(programs)
    if os.getloadavg()[0] > 0.5:
        print('bench: this machine is not idle, so the figures will be off', file=sys.stderr)
    if set(ONLY) & {'count', 'functions', 'digest'}:
        counting.prove_plugin(directory)
    for name, size in (LARGE, SMALL, BOOT):
        network.make_file(Path(directory) / name, size)
    results = Results({'skiff': '', **{program.name: title(program) for program in programs}})
    parts = [results]
    with servers.Nginx(directory) as server:
        measure(programs, results, server, directory)
        if 'functions' in ONLY and programs[0].symbols():
            parts.append(functions.measure(programs[0], directory))
        if 'busy' in ONLY:
            parts.append(busy.measure(programs, server))
        if 'uefi' in ONLY:
            parts.append(ovmf.measure(server))
    print(f'\n{where}\nmedian (least..most) of {RUNS} fetches, of {COUNT_RUNS} for wait, count, '
          f'digest, busy; mean of {COUNT_RUNS} for functions\n')
    print('\n\n'.join(each.table() for each in parts if each.values))
    if PLOT:
        results.draw(Path(PLOT))
    return [failure for each in parts for failure in each.failures] + (
        [] if SKIFF_ROM.exists() else [f'skiff is missing: {SKIFF_ROM} does not exist'])


def main():
    # A terminated run must still stop its machines and remove its scratch directories.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('terminated'))
    directory = tempfile.mkdtemp(prefix='skiff-', dir='/tmp')
    try:
        failures = run(directory)
    except (Failure, AssertionError, network.Unavailable) as error:
        failures = [error]
    finally:
        shutil.rmtree(directory)
    for failure in failures:
        print(f'\nfailed: {failure}')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
