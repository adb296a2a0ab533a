"""What the README's first screen promises: `make run`,
and a ROM with its configuration built in."""

import os

import pytest

from conftest import MIB
from skiff import FAILED, FETCH, RELEASE, TOP, make, nic
from vm import SKIFF_ROM


@pytest.mark.parametrize('firmware', ['bios', 'uefi'])
def test_make_run_ends_in_a_shell_of_the_kernel(firmware):
    folder = os.path.relpath(SKIFF_ROM.parent, TOP)
    status, output = make(f'B={folder}', 'run', f'FIRMWARE={firmware}',
                          input='echo kernel $(uname -r); poweroff -f\n')
    assert status == 0, output
    assert f'kernel {RELEASE.read_text().strip()}' in output, output


def test_built_in_keys_and_those_that_go_before_them(attach, machine, www, built):
    www.file('4m', 4 * MIB)
    net = attach('user')
    rom = built('skiff.rom', fetch=net.url('4m'), deadline='7')
    guest = machine([nic(net.netdev, rom=rom)])
    assert int(guest.wait_for(FETCH)[1]) == 4 * MIB
    guest = machine([nic(net.netdev, rom=rom)], fw_cfg={'fetch': net.url('404')})
    assert '404' in guest.wait_for(FAILED)[2]


def test_malformed_built_in_key_names_its_source(attach, machine, built):
    net = attach('user')
    guest = machine([nic(net.netdev, rom=built('skiff.rom', csum='perhaps'))])
    match = guest.wait_for(FAILED)
    assert match[1] == 'config' and 'built in' in match[2]


def test_two_builds_give_the_same_bytes(built):
    first = built('skiff.rom', url='http://192.0.2.1/a').read_bytes()
    status, output = make('B=build/test-again', 'build/test-again/skiff.rom',
                          'url=http://192.0.2.1/a')
    assert status == 0, output
    assert (TOP / 'build' / 'test-again' / 'skiff.rom').read_bytes() == first
