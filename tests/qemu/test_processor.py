"""The processor below skiff.rom: old ones and new ones, a hypervisor that interprets."""

import fcntl
import os

import pytest

from conftest import MIB
from skiff import FAILED, NEXT_DEVICE, fetched, next_device, nic

KVM_GET_API_VERSION, KVM_CREATE_VM = 0xae00, 0xae01


def cpu(model):
    return ['-cpu', model]


@pytest.mark.parametrize('model', ['pentium2', 'qemu32', 'Nehalem', 'max'])
def test_every_processor_from_the_i686_on(model, attach, machine, www):
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('4m')}, arguments=cpu(model))
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
    """Also under one that interprets flat mode instruction by instruction, and does not know them all."""
    sha256 = www.file('16k', 16384)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('16k')}, accel=kvm)
    fetched(guest, 16384, sha256, timeout=300)
