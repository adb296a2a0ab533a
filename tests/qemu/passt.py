"""passt's vhost-user mode in the lab: 'early', 'repaired' and 'newest' of build/passt, from before
and after its repair (tests/setup/passt).

    with passt.attach('early', capture=True) as net, \\
            Machine([Nic(net.netdev)], net=net, fw_cfg={'fetch': net.url('4m')}) as machine: …
    net.backend.frames()            what the guest was given and sent (capture=True)

Its gateway 198.51.100.1 is this namespace's loopback, and answers for names, too.
"""

import contextlib

import pytest
from scapy.utils import RawPcapReader

import backend
import network
import servers
from vm import TOP

PLACE = TOP / 'build' / 'passt'


class Passt(servers.Passt):
    """One of them. capture: it records, which before the repair made it compute its checksums."""

    def __init__(self, release, capture=False, options=()):
        super().__init__(['--vhost-user', *options], dns=servers.PASST_GATEWAY)
        self.release, self.pcap = release, self.dir / 'pcap'
        if capture:
            self.options += ['--pcap', str(self.pcap)]
        self.title = f'passt, {release}'

    def command(self):
        _, *words = super().command()
        return [str(PLACE / self.release / 'run'), *words]

    def start(self):
        if not (PLACE / self.release).exists():
            if (PLACE / f'{self.release}.none').exists():       # tests/setup/passt has looked
                pytest.skip("this machine's mirror of Debian has no passt in unstable")
            raise network.Unavailable(
                f'{PLACE / self.release} is not there (make deps puts it there)')
        super().start()

    def frames(self):
        """(whether the guest was given it, the frame) of all that it recorded so far.

        The first is the guest's own.
        """
        if not self.pcap.exists():
            return []
        frames = [data for data, _ in RawPcapReader(str(self.pcap))]
        return [(data[6:12] != frames[0][6:12], data) for data in frames]

    def kill(self):
        """It ends without a word, as one that crashes does."""
        self.process.kill()
        self.process.wait()


NAME = 'boot.example'


@contextlib.contextmanager
def attach(release, capture=False, options=()):
    """Its Attachment; `options` are passt's own words. NAME is the gateway's."""
    with servers.Dnsmasq('lo', dhcp_range='',
                         options=[f'address=/{NAME}/{servers.PASST_GATEWAY}']), \
            Passt(release, capture, options) as server:
        yield backend.Attachment('passt', 'vhost-user,chardev=vu', servers.PASST_GATEWAY,
                                 servers.PASST_MTU, {'passt': server}, server)
