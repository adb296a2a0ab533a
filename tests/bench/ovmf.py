"""The part `uefi` of the bench: skiff.efi beside OVMF's own HTTP Boot and Debian's iPXE,
all under OVMF on a tap.

rate    As in bench.py. OVMF says "100%" when it has the whole file; then it finds that this is no
        program.
start   From the start of the virtual CPU to the GET for what is to be booted: for skiff.efi, which
        OVMF starts from a disk, that is the file of its key `url`; for the others, the one that
        DHCP names. Nobody on our tap announces an IPv6 router, for which iPXE waits. PXE, which
        OVMF would try before HTTP Boot, is off, and so is its IPv6.
waiting As in waiting.py, in the same machines as for `start`.
size    Of the file skiff.efi, and of iPXE's image in its ROM.

The guest's memory is there before the machine starts: where the host gives it 2 MiB at a time, at
first touch (QEMU asks for huge pages), each costs it some 5 ms, which would be measured as the
loader's.
"""

import re

from fetch import BOOT, COUNT_RUNS, LARGE, RUNS, Values, aligned, fetch_rate, rounds
from programs import Ipxe
from waiting import waiting

# pylint: disable=wrong-import-order
import network
import servers
import uefi

MEMORY = '512M'
PRESENT = {'memory': MEMORY, 'arguments': [
    '-object', f'memory-backend-ram,id=ram,size={MEMORY},prealloc=on',
    '-machine', 'memory-backend=ram']}
DISK = uefi.removable(uefi.SKIFF_EFI)


class EfiSkiff:
    name = 'skiff'

    def machine(self, net, url='', key='fetch', **options):
        return uefi.Machine([uefi.nic(net.netdev)], disk=DISK, fw_cfg={key: url}, **PRESENT,
                            **options)

    def booting(self, net, url):
        return self.machine(net, url, key='url', wire=True)

    def begin(self, machine, url):
        pass

    def end(self, url):
        return rf'^http: {re.escape(url)} \d+ bytes in .*$|^(?P<bad>skiff: failed.*)$'

    def network(self, _url):
        return servers.attach('tap')

    def image_bytes(self):
        return uefi.SKIFF_EFI.stat().st_size


class EfiIpxe(Ipxe):
    """Debian's, whatever RIVAL says: later ROMs have for UEFI a driver and no iPXE."""

    name = 'iPXE'

    def machine(self, net, _url='', **options):
        return uefi.Machine([uefi.nic(net.netdev, firmware=True, ipxe=True)], **PRESENT, **options)

    def booting(self, net, _url):
        return self.machine(net, wire=True)

    def network(self, url):
        return servers.attach('tap', bootfile=url)

    def image_bytes(self, code_type=3):
        return super().image_bytes(code_type)


class HttpBoot:
    name = 'OVMF'

    def machine(self, net, _url='', **options):
        return uefi.Machine([uefi.nic(net.netdev, firmware=True)], fw_cfg=uefi.NO_PXE, **PRESENT,
                            **options)

    def booting(self, net, _url):
        return self.machine(net, wire=True)

    def begin(self, machine, url):
        pass

    def end(self, _url):
        return r'Downloading\.\.\.100%|^(?P<bad>BdsDxe: failed to load .*)$'

    def network(self, url):
        return servers.attach('tap', dnsmasq=uefi.http_boot(url))


PROGRAMS = [EfiSkiff(), HttpBoot(), EfiIpxe()]


def url_of(name):
    return f'http://{network.TAP_ADDRESS.split("/")[0]}:{servers.HTTP_PORT}/{name}'


def start_time(program, name):
    """Seconds from the start to the GET for the file, in a fresh machine."""
    url = url_of(name)
    with program.network(url) as net, program.booting(net, url) as machine:
        asked = machine.wire.wait(lambda frame: f'GET /{name} HTTP'.encode() in frame, timeout=120)
        return asked.when - machine.started


class Results(Values):
    def table(self):
        rows = [('under OVMF, q35, tap', *(program.name for program in PROGRAMS), 'aim')]
        for quantity, title, form, aim in (('rate', '64 MiB, MB/s', '{:.1f}', '2 x either'),
                                           ('asked', 'start to GET, s', '{:.2f}', ''),
                                           ('waiting', 'CPU s per 10 s of waiting', '{:.1f}', ''),
                                           ('size', 'program, bytes', '{:.0f}', '65536')):
            rows.append((title, *(self.cell(quantity, 'uefi', program.name, form)
                                  for program in PROGRAMS), aim))
        return aligned(rows)


def measure(server):
    results = Results()
    # OVMF takes for a program only what is named like one.
    names = {payload: f'{payload[0]}.efi' for payload in (LARGE, BOOT)}
    for payload, name in names.items():
        (server.root / name).hardlink_to(server.root / payload[0])
    for program in (PROGRAMS[0], PROGRAMS[2]):
        results.measure('size', 'uefi', program, lambda p=program: {'size': p.image_bytes()})
    for _, program in rounds(PROGRAMS, ['uefi'], COUNT_RUNS):
        results.measure('wait', 'uefi', program, lambda p=program: waiting(
            lambda net: p.booting(net, url_of(names[BOOT]))))
    for _, program in rounds(PROGRAMS, ['uefi'], RUNS):
        results.measure('rate', 'uefi', program, lambda p=program: {
            'rate': fetch_rate(p, p.network(url_of(names[LARGE])), server,
                               (names[LARGE], LARGE[1]))})
        results.measure('start', 'uefi', program,
                        lambda p=program: {'asked': start_time(p, names[BOOT])})
    return results
