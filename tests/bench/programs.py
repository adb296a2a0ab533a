"""Who downloads in a BIOS machine: skiff, and the rival that it is compared with.

A program's `name` is its place in the figures, 'skiff' or 'rival'; what it calls itself is asked of
itself, by title(). The rival is the iPXE that QEMU has by default, or by RIVAL= another one: that
of Debian's unstable for `sid` (tests/setup/rival fetches it), or a ROM file. If that is a
skiff.rom, with its skiff.sym beside it, skiff is compared with itself.
"""

import os
import re
import struct
from pathlib import Path

from fetch import TOP, Failure

# pylint: disable=wrong-import-order
import servers
from vm import IPXE_ROM, SKIFF_ROM, Machine, Nic, ipxe_shell, readable

RIVAL = os.environ.get('RIVAL', '')
SID_ROM = TOP / 'build' / 'rival' / 'sid.rom'

# QEMU's name for its default ROM, and where Debian's releases have it.
DEFAULT_NAME = 'efi-virtio.rom'
DEFAULT_FOLDERS = (Path('/usr/lib/ipxe/qemu'), Path('/usr/share/qemu'))


class Ipxe:
    """iPXE, told by keys on the serial console what to fetch.

    folder: where a ROM of QEMU's name for it lies in place of the default one. QEMU gives it the
    device's id only if it is found like this; as romfile= the BIOS would not start it.
    """

    name, banner = 'rival', r'(iPXE) (\d\S*?)(?:\x1b\[[0-9;]*m)* -- '

    def __init__(self, folder=None):
        self.arguments = ['-L', folder] if folder else []
        self.rom = next(((place / DEFAULT_NAME).resolve() for place in (folder, *DEFAULT_FOLDERS)
                         if place and (place / DEFAULT_NAME).exists()), None)

    def machine(self, net, _url='', properties=None, arguments=(), **options):
        return Machine([Nic(net.netdev, rom=IPXE_ROM, **(properties or {}))], net=net,
                       arguments=[*self.arguments, *arguments], **options)

    def begin(self, machine, url):
        run = ipxe_shell(machine)
        answer = run('ifconf -c dhcp')
        if 'ok' not in answer:
            raise Failure(f'iPXE got no lease:\n{readable(answer)}')
        run(f'imgfetch {url}', wait=False)

    def end(self, url):
        """A pattern of the console: all bytes are there; the group 'bad' if they will not be."""
        name = re.escape(url.rsplit('/', 1)[1])
        return rf'/{name}\.\.\.[. 0-9%\b]*(ok|(?P<bad>\w.*\(https?://ipxe.org/))'

    def symbols(self):
        return ''

    def image_bytes(self, code_type=0):
        """An image in the ROM, which may be a combined one, by its PCIR code type: 0 for BIOS, 3
        for UEFI."""
        data = self.rom.read_bytes() if self.rom else b''
        at = 0
        while data[at:at + 2] == b'\x55\xaa':
            pcir = at + struct.unpack_from('<H', data, at + 0x18)[0]
            size = 512 * struct.unpack_from('<H', data, pcir + 0x10)[0]
            if data[pcir + 0x14] == code_type:
                return size
            at += size
        raise Failure(f'no image of type {code_type} in {self.rom or DEFAULT_NAME}')


class Skiff:
    """A skiff.rom, told by fw_cfg what to fetch."""

    banner = r'^(skiff) (\S+) virtio-net'

    def __init__(self, rom=SKIFF_ROM, name='skiff'):
        self.rom, self.name = rom, name

    def machine(self, net, url='', properties=None, **options):
        """Without a URL, DHCP names the file."""
        return Machine([Nic(net.netdev, rom=self.rom, **(properties or {}))], net=net,
                       fw_cfg={'fetch': url} if url else {}, **options)

    def begin(self, machine, url):
        pass

    def end(self, url):
        scheme = url.split(':')[0]
        return rf'^{scheme}: {re.escape(url)} \d+ bytes in .*$|^(?P<bad>skiff: failed.*)$'

    def symbols(self):
        """nm's output; '' if it does not lie beside the ROM."""
        file = self.rom.with_suffix('.sym')
        return file.read_text() if file.exists() else ''

    def image_bytes(self):
        return self.rom.stat().st_size


def find_rival(directory):
    """The program that RIVAL names; `directory` is for a folder of its own."""
    if not RIVAL:
        return Ipxe()
    rom = SID_ROM if RIVAL == 'sid' else Path(RIVAL).resolve()
    if not rom.exists():
        hint = ' (tests/setup/rival fetches it)' if rom == SID_ROM else ''
        raise Failure(f'RIVAL={RIVAL}: {rom} does not exist{hint}')
    if b'skiff' in rom.read_bytes()[:512]:
        return Skiff(rom, 'rival')
    folder = Path(directory) / 'rival'
    folder.mkdir()
    (folder / DEFAULT_NAME).symlink_to(rom)
    return Ipxe(folder)


def title(program):
    """What a program calls itself when it starts, as 'iPXE 2.0.0'; the other skiff has its file's
    name, too."""
    with servers.attach('user') as net, program.machine(net) as machine:
        says = ' '.join(machine.wait_for(program.banner, timeout=60).groups())
    is_other = isinstance(program, Skiff) and program.name == 'rival'
    return f'{says} ({program.rom.name})' if is_other else says
