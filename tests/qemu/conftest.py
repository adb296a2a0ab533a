"""Fixtures of the QEMU tests, and what a failing test shows: every console and server log it had.

    attach(flavour, …)      a servers.Attachment, taken down after the test
    enter(context)          the same for what another module attaches; skips where there is no tap
    machine(nics, …)        a running vm.Machine, ended after the test
    efi(nics, …)            the same for a uefi.Machine
    part(x)                 any other network.Part, started now, stopped after the test
    peer                    a peer.Peer, alone with the machine on a wire
    boot(keys…)             a machine on that wire
    api(…)                  a probe.Probe on that wire; see Api
    built(target, keys…)    skiff.rom or skiff.efi with these keys built in
    www                     an Nginx for the whole run on port 8080 with payload files; see Www
    kernel                  a Linux kernel and an initramfs there, as vmlinuz and initrd
"""

import contextlib
import hashlib
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import network      # noqa: E402
import peer     # noqa: E402
import servers      # noqa: E402
import skiff    # noqa: E402
import uefi     # noqa: E402
import vm       # noqa: E402
import probe    # noqa: E402

MIB = 1 << 20

# The folders of tmp_path are in build/, which is this user's: everybody is root in here, and in
# /tmp the folder pytest-of-root would belong to whoever ran first. pytest asks for this when it
# makes the first one.
SCRATCH = vm.TOP / 'build' / 'tmp'
SCRATCH.mkdir(parents=True, exist_ok=True)
os.environ['PYTEST_DEBUG_TEMPROOT'] = str(SCRATCH)


def pytest_configure(config):
    if 'SKIFF_LAB' not in os.environ:
        raise pytest.UsageError('these tests need a network of their own: '
                                'tests/qemu/enter /usr/bin/python3 -m pytest tests/qemu')
    # A terminated run must still stop its machines and remove its scratch directories.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('terminated'))
    # With -n, each worker has addresses and ports to itself.
    if hasattr(config, 'workerinput'):
        network.leave_network()


def pytest_runtest_setup():
    network.forget_closed()


@pytest.fixture(name='stack')
def _stack():
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def part(stack):
    return stack.enter_context


@pytest.fixture
def enter(stack):
    def run(context):
        try:
            return stack.enter_context(context)
        except network.Unavailable as reason:
            if 'there is no tap' in str(reason):
                pytest.skip(str(reason))
            raise
    return run


@pytest.fixture
def attach(enter):
    return lambda flavour, **options: enter(servers.attach(flavour, **options))


@pytest.fixture
def machine(stack):
    def start(*args, **options):
        return stack.enter_context(vm.Machine(*args, **options))
    return start


@pytest.fixture
def efi(stack):
    def start(*args, **options):
        return stack.enter_context(uefi.Machine(*args, **options))
    return start


@pytest.fixture(scope='session')
def built():
    """The same for all tests: a file lasts until the next one is built."""
    def build(target, **keys):
        words = [f'{key}={value}' for key, value in keys.items()]
        folder = 'build/test-builtin' + os.environ.get('PYTEST_XDIST_WORKER', '')
        status, output = skiff.make(f'B={folder}', f'{folder}/{target}', *words)
        assert status == 0, output
        return vm.TOP / folder / target
    return build


class Www:
    """The document root of the session's nginx."""

    def __init__(self, root, server):
        self.root, self.server, self.port = root, server, server.port
        self.sha256 = {}

    def file(self, name, size, seed=0):
        """Makes a payload unless it is there; returns its SHA-256."""
        if name not in self.sha256:
            self.sha256[name] = network.make_file(self.root / name, size, seed)
        return self.sha256[name]


@pytest.fixture(name='peer')
def _peer(part):
    return part(peer.Peer())


@pytest.fixture(name='boot')
def _boot(peer, machine):       # pylint: disable=redefined-outer-name
    def start(arguments=(), **keys):
        return machine([skiff.nic(peer.netdev())], fw_cfg=keys, arguments=arguments)
    return start


class Api:
    """Machines that run the probe, each on the peer's wire and with a disk behind the NIC."""

    def __init__(self, wire, machine, directory):       # pylint: disable=redefined-outer-name
        self.peer, self.machine, self.directory = wire, machine, directory

    def __call__(self, variant='transitional', **options):
        """The Probe; options: as Machine has them."""
        guest = self.machine([skiff.nic(self.peer.netdev(), variant)], console='vga',
                             fw_cfg={'url': self.peer.url('probe.0'), 'nbp': '1'},
                             arguments=skiff.next_device(self.directory), **options)
        return self._serve(guest)

    def again(self, before):
        """The next Probe on the machine of one that has ended."""
        before.guest.reset()
        return self._serve(before.guest, before.place)

    def _serve(self, guest, after=0):
        self.peer.accept().answer(peer.ok(probe.PROBE.read_bytes()))
        return probe.Probe(guest, after)

    @staticmethod
    def next_device(guest):
        """The disk has got its turn."""
        network.wait_until(lambda: 'THE NEXT BOOT DEVICE' in guest.screen(), 30, 'the disk')


@pytest.fixture
def api(peer, machine, tmp_path):       # pylint: disable=redefined-outer-name
    return Api(peer, machine, tmp_path)


@pytest.fixture(scope='session')
def www(tmp_path_factory):
    root = tmp_path_factory.mktemp('www')
    locations = '\n'.join([servers.LOCATION_REDIRECT_LOOP, servers.LOCATION_REDIRECT_HTTPS,
                           servers.LOCATION_404, servers.LOCATION_500, servers.LOCATION_CHUNKED])
    with servers.Nginx(root, locations=locations) as server:
        yield Www(root, server)


@pytest.fixture(scope='session')
def kernel(www):
    """The demonstration's kernel and initramfs behind the session's nginx; their digests, and the
    release."""
    digests = []
    for source, name in ((skiff.KERNEL, 'vmlinuz'), (skiff.INITRD, 'initrd')):
        data = source.read_bytes()
        (www.root / name).write_bytes(data)
        digests.append(hashlib.sha256(data).hexdigest())
    return digests, skiff.RELEASE.read_text().strip()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.failed and item is not None:
        for each in network.LOGGED:
            report.sections.append((each.title, each.log()))


def pytest_terminal_summary(terminalreporter):
    """Nothing is skipped silently: each reason, and how often."""
    reasons = Counter()
    for report in terminalreporter.getreports('skipped'):
        _, _, reason = report.longrepr
        reasons[reason.removeprefix('Skipped: ')] += 1
    for reason, count in reasons.items():
        terminalreporter.write_line(f'skipped {count}: {reason}')
