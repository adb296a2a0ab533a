"""skiff-conform in QEMU: a machine that runs it to its end, and its report (TAP version 13) taken
apart.

    report = conform.run(machine, net, knobs={'only': 'DEV-40'})
    report.broken()     {'DEV-31'}

And its script, tests/conform/run, and the known answers beside that.
"""

import os
import re
import subprocess

import uefi
from skiff import TOP, nic
from vm import SKIFF_ROM

ROM = SKIFF_ROM.parent / 'skiff-conform.rom'
EFI = uefi.SKIFF_EFI.parent / 'skiff-conform.efi'
EXITS = {33: 0, 35: 1, 37: 2}           # QEMU's exit status, with isa-debug-exit: the verdict

# Of QEMU's own device, whatever is behind it, reported only: feature selectors outlive a reset, and
# features are taken before DRIVER.
QEMU = {'DEV-62', 'DEV-66'}
# And of each vhost-user back end: QEMU tells none of them about the MAC filter that it answers for.
VHOST_USER = QEMU | {'DEV-74'}

KNOWN = TOP / 'tests' / 'conform' / 'known'

POINT = re.compile(
    r'^(not )?ok (\d+) - (DEV-\d+b?) (.*?)(?: \[([\w-]+)\])?(?: # (SKIP|TODO) (.*))?$')


class Point:
    """One test point, and the block behind it."""

    # pylint: disable=too-few-public-methods
    def __init__(self, match):
        self.ok, self.number = not match[1], int(match[2])
        self.row, self.title, self.scene, self.directive, self.why = match.groups()[2:]
        self.block = []


class Report:
    """The text from `TAP version 13` on; verdict 0, 1 or 2."""

    def __init__(self, text, verdict):
        self.text = text[text.index('TAP version 13'):]
        self.words = ' '.join(self.text.split())        # as if no line had been wrapped
        self.verdict = verdict
        self.points = []
        for line in self.text.splitlines():
            if match := POINT.match(line):
                self.points.append(Point(match))
            elif line.startswith('  ') and self.points:
                self.points[-1].block.append(line)
        plan = re.search(r'^1\.\.(\d+)$', self.text, re.MULTILINE)
        self.plan = int(plan[1]) if plan else None
        bail = re.search(r'^Bail out! (.*)$', self.text, re.MULTILINE)
        self.bail_out = bail[1] if bail else None

    def broken(self):
        return {point.row for point in self.points if not point.ok}

    def offences(self):
        """The points that are not ok with their blocks, for messages."""
        lines = [line for point in self.points if not point.ok
                 for line in [f'{point.row} [{point.scene}]', *point.block]]
        return '\n'.join(lines) or 'nothing is broken'

    def scenes(self, row):
        """The configurations in which the row was looked at: {name: ok}."""
        return {point.scene: point.ok for point in self.points
                if point.row == row and point.directive != 'SKIP'}


def run(machine, net, variant='transitional', knobs=None, timeout=90, **properties):
    """machine: conftest's fixture. The report of a whole run."""
    guest = machine([nic(net.netdev, variant, rom=ROM, **properties)], net=net, fw_cfg=knobs or {},
                    arguments=['-device', 'isa-debug-exit'])
    verdict = EXITS.get(guest.wait_exit(timeout))
    guest.stop()
    assert verdict is not None, guest.log()
    return Report(guest.text, verdict)


def script(*words, **environment):
    """Runs tests/conform/run, or another command, at the top; what subprocess.run() says."""
    return subprocess.run(words or ['tests/conform/run'], cwd=TOP, text=True, timeout=120,
                          check=False, capture_output=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, 'SKIFF_CONFORM_ROM': str(ROM), **environment})


def qemu_version():
    """'7.2'"""
    version = subprocess.run(['qemu-system-x86_64', '--version'], capture_output=True, text=True,
                             check=True).stdout
    return re.search(r'version (\d+\.\d+)', version)[1]


def known_qemu():
    """The file of this machine's QEMU, or of the newest that was looked at."""
    number = qemu_version()
    looked_at = sorted((path.name for path in KNOWN.glob('qemu-*.*')),
                       key=lambda name: float(name.split('-')[1]))
    return f'qemu-{number}' if f'qemu-{number}' in looked_at else looked_at[-1]
