"""TFTP servers that other people wrote, in the test network; each serves a folder on port 69.

    dnsmasq     Debian's, beside its DHCP: blksize and tsize
    tftpd-hpa   H. Peter Anvin's: blksize and tsize
    atftpd      Debian's: windowsize, too
    slirp       the one in QEMU's `-netdev user`: blksize and tsize

serve(name, root) is a context manager that yields an Attachment of servers.py.
"""

import contextlib
import os
from pathlib import Path

import servers
from network import Unavailable
from vm import TOP

NAMES = ('dnsmasq', 'tftpd-hpa', 'atftpd', 'slirp')


class Tftpd(servers.Server):
    """tftpd-hpa or atftpd, from build/tftpd, where `make deps` has put them."""

    def __init__(self, name, root, words=()):
        super().__init__()
        self.words = words
        self.program, self.root = TOP / 'build' / 'tftpd' / name, Path(root)
        self.title = name

    def command(self):
        if not self.program.exists():
            raise Unavailable(f'{self.program} is not there (make deps unpacks it)')
        if self.title == 'atftpd':
            # It writes a file of its process number, wants a user, and from 0.8 on hears IPv6.
            return [self.program, '--daemon', '--no-fork', '--logfile', '-', '--verbose=7',
                    '--bind-address', '0.0.0.0',
                    '--user', 'root.root', '--pidfile', f'{self.dir}/pid', *self.words,
                    self.root]
        return [self.program, '--foreground', '--listen', '--ipv4', '--verbose', '--verbosity', '7',
                '--user', 'root', *self.words, '--secure', self.root]

    def ready(self):
        """Whether somebody has UDP port 69."""
        return any(line.split()[1].endswith(':0045')
                   for line in Path('/proc/net/udp').read_text().splitlines()[1:])


@contextlib.contextmanager
def serve(name, root, words=(), **options):
    """words: further arguments of tftpd-hpa and atftpd; options: of servers.attach(), for all but
    slirp."""
    os.chmod(root, 0o755)
    if name == 'slirp':
        with servers.attach('user', netdev={'tftp': root}) as net:
            yield net
    elif name == 'dnsmasq':
        with servers.attach('tap', dnsmasq=['enable-tftp', f'tftp-root={root}'], **options) as net:
            yield net
    else:
        with servers.attach('tap', **options) as net, Tftpd(name, root, words) as server:
            net.parts[name] = server
            yield net
