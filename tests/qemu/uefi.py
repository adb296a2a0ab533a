"""UEFI machines: OVMF of Debian's ovmf package on q35,
and the ways to have it start an EFI program.

Every machine gets its own copy of the variable store. Disks are directories that QEMU shows as FAT
volumes. The firmware draws its console for a terminal; Terminal takes that off, so that a line of
the program's is a line. What makes OVMF slow is off: IPv6, and every boot option but the test's
own.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import network
import vm
from console import Console

TOP = vm.TOP
SKIFF_EFI = Path(os.environ.get('SKIFF_EFI', TOP / 'build' / 'skiff.efi')).resolve()
LAB = SKIFF_EFI.parent / 'lab'          # the programs of tests/uefi
IPXE_EFI = TOP / 'build' / 'ipxe' / 'ipxe.efi'
SHELL_EFI = TOP / 'build' / 'shell' / 'shell.efi'
SAY, SHIM = LAB / 'say.efi', LAB / 'shim.efi'

OVMF = Path('/usr/share/OVMF')
# Secure Boot is enforced by a build of its own, whose variables only the firmware's system
# management code may write, and which trusts a certificate whose key comes in the same package.
SECURE = ['-global', 'driver=cfi.pflash01,property=secure,value=on', '-global',
          'ICH9-LPC.disable_s3=1']
STRICT_NX = OVMF / 'OVMF_CODE_4M.secboot.strictnx.fd'      # from Debian 13 on
SNAKEOIL = Path('/usr/share/ovmf/PkKek-1-snakeoil')
BOOT_FILE = 'EFI/BOOT/BOOTX64.EFI'      # what firmware starts from a disk without further word


class Terminal(Console):
    """A console on which the firmware moves the cursor: what is left is text.

    Moving to the first column begins a line.
    """

    UNFINISHED = r'(?:\r|\x1b(?:\[[0-9;?=]*)?)\Z'

    @staticmethod
    def clean(text):
        text = re.sub(r'\x1b\[\d+;0*1H|\r\n?', '\n', text)
        return re.sub(r'\x1b\[[0-9;?=]*[A-Za-z]', '', text)


class Machine(vm.Machine):
    """A machine that boots by UEFI. What vm.Machine takes, and:

    disk: files of a FAT volume that is booted first, as {path: Path, bytes or str}; behind: the
    same, booted when the NICs have failed. secure: Secure Boot; see sign(). strict_nx: firmware
    that lets nobody execute what is data.
    """

    CONSOLE = Terminal

    # pylint: disable=too-many-arguments
    def __init__(self, nics=(), disk=None, behind=None, secure=False, strict_nx=False,
                 machine='q35', fw_cfg=None, **options):
        super().__init__(nics, machine=machine, **options,
                         fw_cfg={'opt/org.tianocore/IPv6PXESupport': 'n', **(fw_cfg or {})})
        self.secure, self.strict_nx = secure, strict_nx
        self.disks = {'disk': (disk, 0), 'behind': (behind, 100)}

    def command(self):
        variables, kind = self.dir / 'variables', '.snakeoil' if self.secure else ''
        shutil.copy(OVMF / f'OVMF_VARS_4M{kind}.fd', variables)
        code = STRICT_NX if self.strict_nx else OVMF / f'OVMF_CODE_4M{kind}.fd'
        words = ['-drive', f'if=pflash,unit=0,format=raw,readonly=on,file={code}',
                 '-drive', f'if=pflash,unit=1,format=raw,file={variables}',
                 *(SECURE if self.secure or self.strict_nx else [])]
        for port, (name, (files, bootindex)) in enumerate(self.disks.items()):
            if files:
                make_volume(self.dir / name, files)
                words += ['-drive', f'id={name},if=none,format=raw,file=fat:rw:{self.dir / name}',
                          '-device', f'ide-hd,drive={name},bus=ide.{port},bootindex={bootindex}']
        return super().command() + words

    def log(self):
        """Without what the firmware's menu draws, which is mostly blank."""
        return re.sub(r'\n(?:\s*\n)+', '\n', re.sub(r' {20,}', '\n', super().log()))


class BootNic(vm.Nic):
    """A NIC that the firmware boots from.
    From 2024 on OVMF has no network without a source of randomness."""

    def arguments(self, number):
        return [*super().arguments(number), '-device', 'virtio-rng-pci']


def nic(netdev, variant='transitional', firmware=False, ipxe=False, **properties):
    """A NIC for skiff.efi. firmware: the firmware boots from it, and so drives it beforehand, with
    a driver of its own or by the ROM of iPXE."""
    kind = BootNic if firmware and not ipxe else vm.Nic
    defaults = {'bootindex': 1 if firmware else -1, **({} if ipxe else {'romfile': ''})}
    return kind(netdev, rom=vm.IPXE_ROM, **{**defaults, **vm.VARIANTS[variant], **properties})


def make_volume(directory, files):
    """Fills a directory with {path: Path, bytes or str}."""
    for path, content in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copy(content, target)
        else:
            target.write_bytes(content if isinstance(content, bytes) else content.encode())


# Ways to have an EFI program started. From a disk: files for Machine(disk=…).

def removable(program, _words=''):
    """As every firmware starts an unknown disk, without a word."""
    return {BOOT_FILE: program}


def shell(program, words=''):
    """By the UEFI shell: that of Debian's package, or else the firmware's own, which is what boots
    where nothing else does."""
    return {'program.efi': program, 'startup.nsh': f'FS0:\\program.efi {words}\r\n',
            **({BOOT_FILE: SHELL_EFI} if SHELL_EFI.exists() else {})}


def hurry_shell(machine):
    """Spares a test the five seconds that the shell waits for."""
    machine.wait_for(r'^Press ESC in \d seconds to skip')
    machine.type(' ')


def grub(program, words=''):
    """By GRUB's chainloader."""
    script = f'chainloader /program.efi {words}\nboot\n'
    return {'program.efi': program, BOOT_FILE: grub_image(script)}


def grub_image(script):
    """A GRUB of our own making, with the modules that the script needs and the script in it."""
    with tempfile.TemporaryDirectory(prefix='skiff-', dir='/tmp') as scratch:
        config, image = Path(scratch) / 'config', Path(scratch) / 'image'
        config.write_text(script)
        subprocess.run([network.tool('grub-mkimage'), '-O', 'x86_64-efi', '-p', '/', '-c', config,
                        '-o', image, 'boot', 'chain', 'fat', 'part_msdos', 'efinet', 'http'],
                       check=True)
        return image.read_bytes()


def shimmed(program, words='', exit_after=''):
    """By the shim, on a PciIo with accounts: see tests/uefi/shim.c."""
    return {BOOT_FILE: SHIM, 'SKIFF.EFI': program, 'OPTIONS.TXT': words,
            'EXIT.TXT': str(exit_after)}


# From the network: options for attach('tap', dnsmasq=…).

def pxe(root, name):
    """By TFTP, as PXE firmware does: the file `name` of the folder `root`, for everybody, or for
    whom a tag before it says."""
    return ['enable-tftp', f'tftp-root={root}', f'dhcp-boot={name}']


# What keeps OVMF from PXE, which it would try before HTTP Boot, for a minute.
NO_PXE = {'opt/org.tianocore/IPv4PXESupport': 'n'}


def http_boot(url):
    """By UEFI HTTP Boot."""
    return ['dhcp-vendorclass=set:http,HTTPClient', 'dhcp-option-force=tag:http,60,HTTPClient',
            f'dhcp-boot=tag:http,{url}']


def sign(program, directory):
    """The program with a signature that the firmware trusts under Secure Boot, in a new file."""
    key, signed = directory / 'key', directory / f'signed-{program.name}'
    for words in (
            ['openssl', 'rsa', '-in', f'{SNAKEOIL}.key', '-passin', 'pass:snakeoil', '-out', key],
            ['sbsign', '--key', key, '--cert', f'{SNAKEOIL}.pem', '--output', signed, program]):
        subprocess.run([network.tool(words[0]), *words[1:]], check=True, capture_output=True)
    return signed
