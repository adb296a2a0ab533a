"""The processor below skiff.rom: old and new, a hypervisor that interprets, exceptions."""

import fcntl
import os
import re
import socket
import subprocess

import pytest

import network
from conftest import MIB
from skiff import FAILED, NEXT_DEVICE, NEXT_SAYS, fetched, next_device, nic
from vm import SKIFF_ROM

KVM_GET_API_VERSION, KVM_CREATE_VM = 0xae00, 0xae01
PCI_COMMAND, PCI_COMMAND_MASTER = 0x04, 0x4


def cpu(model):
    return ['-cpu', model]


@pytest.mark.parametrize('model', ['pentium2', 'qemu32', 'Nehalem', 'max'])
def test_every_processor_from_the_i686_on(model, attach, machine, www):
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('4m')}, arguments=cpu(model))
    fetched(guest, 4 * MIB, sha256)


def why_no_sha_ni():
    """None where QEMU's TCG has the SHA extensions: from 8.2 on."""
    qemu = [network.tool('qemu-system-x86_64'), '-accel', 'tcg', *cpu('max,+sha-ni'), '-S',
            '-nodefaults', '-display', 'none', '-monitor', 'stdio']
    tried = subprocess.run(qemu, input='quit\n', capture_output=True, text=True, check=True,
                           timeout=60)
    return "this QEMU's TCG has no SHA extensions" if 'sha-ni' in tried.stderr else None


def test_digest_by_the_processors_own_instructions(attach, machine, www):
    why = why_no_sha_ni()
    if why:
        pytest.skip(why)
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('4m')},
                    arguments=cpu('max,+sha-ni'))
    fetched(guest, 4 * MIB, sha256)


@pytest.mark.parametrize('model', ['486', 'pentium', 'pentium2,-tsc', 'pentium2,-cmov'])
def test_an_older_processor_gets_a_sentence(model, attach, machine, tmp_path):
    """And the next device its turn. [SEC-14]"""
    guest = machine([nic(attach('user').netdev)], arguments=cpu(model) + next_device(tmp_path))
    failed = guest.wait_for(FAILED)
    assert failed[1] == 'config' and failed[2] == 'skiff needs an i686 with CMOV, TSC'
    guest.wait_for(NEXT_DEVICE, after=failed.end())


def why_no_kvm():
    """None where this host lets us make a virtual machine."""
    try:
        kvm = os.open('/dev/kvm', os.O_RDWR)
    except OSError as error:
        return f'no KVM: {error}'
    try:
        if fcntl.ioctl(kvm, KVM_GET_API_VERSION) != 12:
            return 'no KVM: /dev/kvm is of another version'
        os.close(fcntl.ioctl(kvm, KVM_CREATE_VM, 0))
    except OSError as error:
        return f'no KVM: /dev/kvm makes no machine: {error}'
    finally:
        os.close(kvm)
    return None


@pytest.fixture(name='kvm')
def _kvm():
    why = why_no_kvm()
    if why:
        pytest.skip(why)
    return 'kvm'


def test_download_under_kvm(kvm, attach, machine, www):
    """Also under one that interprets flat mode, and does not know all instructions."""
    sha256 = www.file('16k', 16384)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('16k')}, accel=kvm)
    fetched(guest, 16384, sha256, timeout=300)


class Gdb:
    """A client of QEMU's gdb server, which holds the machine as long as one is connected."""

    def __init__(self, guest, path):
        guest.monitor.human(f'gdbserver unix:{path},server=on,wait=off')
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(path))

    def command(self, text):
        """The answer to one packet, behind the report (T) that the machine has stopped."""
        self.socket.sendall(f'${text}#{sum(text.encode()) % 256:02x}'.encode())
        data = b''
        while not (match := re.search(rb'\$([^T#][^#]*)#..', data)):
            piece = self.socket.recv(4096)
            assert piece, f'the gdb server left after {data}'
            data += piece
        self.socket.sendall(b'+')
        return match[1].decode()

    def write(self, address, code):
        assert self.command(f'M{address:x},{len(code):x}:{code.hex()}') == 'OK'

    def detach(self):
        assert self.command('D') == 'OK'
        self.socket.close()


def symbol(name):
    """The address of one of skiff's functions."""
    text = SKIFF_ROM.with_suffix('.sym').read_text()
    return int(re.search(rf'^([0-9a-f]+) [tT] {name}$', text, re.MULTILINE)[1], 16)


def break_code(guest, path, **functions):
    """Writes these instructions over the beginnings of functions, while skiff waits."""
    guest.wait_for(r'^virtio: offered')
    gdb = Gdb(guest, path)
    for name, code in functions.items():
        gdb.write(symbol(name), bytes.fromhex(code))
    gdb.detach()


def pci_command(guest, fn):
    """By configuration mechanism 1, as the guest itself would ask."""
    guest.monitor.human(f'o /w 0xcf8 {0x80000000 | fn << 8 | PCI_COMMAND:#x}')
    return int(guest.monitor.human('i /2x 0xcfc').split('=')[1], 16)


@pytest.fixture(name='waiting')
def _waiting(attach, machine, tmp_path):
    """A machine whose skiff waits for somebody who is not there, and a disk behind it."""
    def start(console='serial'):
        return machine([nic(attach('user').netdev, addr='3')], console=console,
                       fw_cfg={'url': 'http://10.0.2.77/x', 'ip': '10.0.2.15/24 10.0.2.2'},
                       arguments=next_device(tmp_path))
    return start


@pytest.mark.parametrize('vector, at, code', [
    (0, 2, '31c9f7f1'),                 # xor %ecx, %ecx; div %ecx
    (6, 0, '0f0b'),                     # ud2
    (13, 4, '66b8f8ff8ed8'),            # mov $0xfff8, %ax; mov %ax, %ds: pushes an error code
], ids=['division by zero', 'no such instruction', 'protection'])
def test_exception_gets_a_sentence(vector, at, code, waiting, tmp_path):
    """With vector, address and version; no more DMA, and the next device's turn. [SEC-14]"""
    guest = waiting()
    break_code(guest, tmp_path / 'gdb', net_poll=code)
    said = guest.wait_for(r'^skiff (\S+): processor exception (\d+) at 0x([0-9a-f]+): '
                          r'.* Please report it\.$')
    assert int(said[2]) == vector and int(said[3], 16) == symbol('net_poll') + at
    assert said[1] == guest.wait_for(r'^skiff (\S+) virtio-net')[1]
    guest.wait_for(NEXT_DEVICE, after=said.end())
    assert not pci_command(guest, 3 << 3) & PCI_COMMAND_MASTER


def test_exception_gets_a_sentence_on_the_screen(waiting, tmp_path):
    guest = waiting(console='vga')
    break_code(guest, tmp_path / 'gdb', net_poll='0f0b')
    network.wait_until(lambda: NEXT_SAYS in guest.screen(), 30, 'the next boot device')
    said = f': processor exception 6 at {symbol("net_poll"):#x}: a bug of'
    assert any(said in line for line in guest.screen())


def test_exception_while_one_is_reported_ends_it(waiting, tmp_path):
    """No sentence then, but the next device has its turn. [SEC-14]"""
    guest = waiting()
    break_code(guest, tmp_path / 'gdb', net_poll='0f0b', port_putc='0f0b')
    guest.wait_for(NEXT_DEVICE)
    assert guest.text.count('Booting from ROM') == 1
    assert 'exception' not in guest.text


def test_exception_on_the_way_out_halts(waiting, tmp_path):
    """The sentence once, and no loop: nothing is left that could give the machine back."""
    guest = waiting()
    break_code(guest, tmp_path / 'gdb', net_poll='0f0b', flat_leave='0f0b')
    guest.wait_for(r'^skiff \S+: processor exception 6 at ')
    network.wait_until(lambda: 'HLT=1' in guest.monitor.human('info registers'), 30, 'a halt')
    assert guest.text.count('processor exception') == 1
    assert guest.text.count('Booting from ROM') == 1
