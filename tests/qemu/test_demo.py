"""What the README's first screen promises: `make run`,
and a ROM with its configuration built in."""

import os
import subprocess

import pytest

from conftest import MIB
from skiff import FAILED, FETCH, RELEASE, TOP, nic
from vm import SKIFF_ROM


def make(*words, **options):
    """Runs make at the top; its output, whatever became of it."""
    done = subprocess.run(['make', '--no-print-directory', *words], cwd=TOP, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    return done.returncode, done.stdout


@pytest.mark.parametrize('firmware', ['bios', 'uefi'])
def test_make_run_ends_in_a_shell_of_the_kernel(firmware):
    folder = os.path.relpath(SKIFF_ROM.parent, TOP)
    status, output = make(f'B={folder}', 'run', f'FIRMWARE={firmware}',
                          input='echo kernel $(uname -r); poweroff -f\n')
    assert status == 0, output
    assert f'kernel {RELEASE.read_text().strip()}' in output, output


@pytest.fixture(name='built', scope='session')
def _built():
    """built(KEY=VALUE…): the path of a ROM with these keys built in."""
    def build(**keys):
        words = [f'{key}={value}' for key, value in keys.items()]
        folder = 'build/test-builtin' + os.environ.get('PYTEST_XDIST_WORKER', '')
        status, output = make(f'B={folder}', f'{folder}/skiff.rom', *words)
        assert status == 0, output
        return TOP / folder / 'skiff.rom'
    return build


def test_built_in_keys_and_those_that_go_before_them(attach, machine, www, built):
    www.file('4m', 4 * MIB)
    net = attach('user')
    rom = built(fetch=net.url('4m'), deadline='7')
    guest = machine([nic(net.netdev, rom=rom)])
    assert int(guest.wait_for(FETCH)[1]) == 4 * MIB
    guest = machine([nic(net.netdev, rom=rom)], fw_cfg={'fetch': net.url('404')})
    assert '404' in guest.wait_for(FAILED)[2]


def test_malformed_built_in_key_names_its_source(attach, machine, built):
    net = attach('user')
    guest = machine([nic(net.netdev, rom=built(csum='perhaps'))])
    match = guest.wait_for(FAILED)
    assert match[1] == 'config' and 'built in' in match[2]


def test_two_builds_give_the_same_bytes(built):
    first = built(url='http://192.0.2.1/a').read_bytes()
    status, output = make('B=build/test-again', 'build/test-again/skiff.rom',
                          'url=http://192.0.2.1/a')
    assert status == 0, output
    assert (TOP / 'build' / 'test-again' / 'skiff.rom').read_bytes() == first
