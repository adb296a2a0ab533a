"""Real servers in the test network, and the three ways in which a machine hangs on it.

    user    libslirp inside QEMU; the guest's 10.0.2.2 is this namespace's loopback
    tap     a tap with 192.0.2.1 on our side, dnsmasq for DHCP and DNS; host-local traffic, so with
            vnet_hdr the kernel leaves checksums partial
    passt   passt(1) behind a stream socket; its gateway 198.51.100.1 is this namespace's loopback

attach(flavour) hides the differences: see Attachment.
"""

import contextlib
import dataclasses
import itertools
import json
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from network import TAP_ADDRESS, Part, Tap, Unavailable, ip, tool, wait_until

FLAVOURS = ('user', 'tap', 'passt')
HTTP_PORT = 8080

PASST_ADDRESS = '198.51.100.2/24'
PASST_GATEWAY = '198.51.100.1'
PASST_MTU = 65520

NGINX_CONF = Path(__file__).resolve().parents[1] / 'setup' / 'nginx.conf'

_leases = itertools.cycle(range(10, 250))


class Server(Part):
    """A server process: its own scratch directory, output kept, ended and reaped by stop()."""

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix='skiff-', dir='/tmp'))  # short: sun_path is 108
        self.output = ''
        self.process = None

    def command(self):
        raise NotImplementedError

    def ready(self):
        raise NotImplementedError

    def start(self):
        with open(self.dir / 'output', 'wb') as out:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT, cwd=self.dir)

        def ready_or_dead():
            if self.process.poll() is not None:
                raise Unavailable(f'{self.title} ended at once: {self.log().strip()}')
            return self.ready()
        wait_until(ready_or_dead, 10, f'{self.title} ready')

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output = self.log()
        shutil.rmtree(self.dir, ignore_errors=True)

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            return (self.dir / 'output').read_text(errors='replace')
        return self.output


def fresh_range():
    """A range of one address, another each time, for Dnsmasq on a Tap.

    Servers keep sending to a guest that was ended in the middle of a download; the next guest must
    not get those segments.
    """
    address = f'192.0.2.{next(_leases)}'
    return f'{address},{address},1h'


class Dnsmasq(Server):
    """DHCP and DNS on one interface; further options as dnsmasq's own words, without the dashes.

    For example: 'dhcp-option=26,9000', 'dhcp-option=67,http://…', 'dhcp-boot=…',
    'address=/boot.example/192.0.2.1', 'address=/gone.example/' (NXDOMAIN). dhcp_range: as
    dnsmasq has it, '' for DNS alone.
    """

    def __init__(self, interface='tap0', dhcp_range=None, options=()):
        super().__init__()
        self.interface, self.options = interface, options
        self.range = fresh_range() if dhcp_range is None else dhcp_range
        self.title = f'dnsmasq on {interface}'

    def command(self):
        ranges = [f'--dhcp-range={self.range}', '--dhcp-authoritative'] if self.range else []
        return [tool('dnsmasq'), '--keep-in-foreground', '--log-facility=-', '--log-dhcp',
                '--log-queries', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--no-ping',
                '--user=root', '--group=', '--pid-file=',
                f'--dhcp-leasefile={self.dir}/leases', f'--interface={self.interface}',
                *([] if self.interface == 'lo' else ['--except-interface=lo']), '--bind-interfaces',
                *ranges, *(f'--{option}' for option in self.options)]

    def ready(self):
        return 'started, version' in self.log()


@dataclasses.dataclass
class Request:
    """One line of nginx's access log; written when the response has been handed to the kernel."""

    arrived: float          # host's clock (time.time()), when the request's first bytes were read
    logged: float
    method: str
    uri: str
    status: int
    sent: int               # bytes of body
    agent: str
    range: str
    connection: int         # serial number of the connection
    request: int            # number of this request on its connection


# Ready-made locations for Nginx(locations=…).
LOCATION_REDIRECT_LOOP = 'location = /loop { return 302 /loop; }'
LOCATION_REDIRECT_HTTPS = 'location = /secure { return 301 https://$host/x; }'
LOCATION_404 = 'location = /404 { return 404; }'
LOCATION_500 = 'location = /500 { return 500; }'
# Any file of the root, chunked: the SSI filter cannot know the length in advance.
LOCATION_CHUNKED = 'location /chunked/ { ssi on; ssi_types *; alias @ROOT@/; }'


class Nginx(Server):
    """nginx with a document root; reachable on every address of the namespace.

    locations: further text of the server block (@ROOT@ stands for the root).
    """

    def __init__(self, root, port=HTTP_PORT, locations=''):
        super().__init__()
        self.root, self.port = Path(root).resolve(), port
        self.title = f'nginx on port {port}'
        values = {'LOCATIONS': locations, 'ROOT': self.root, 'DIR': self.dir,
                  'LISTEN': f'0.0.0.0:{port}'}
        conf = NGINX_CONF.read_text()
        for word, value in values.items():
            conf = conf.replace(f'@{word}@', str(value))
        (self.dir / 'conf').write_text(conf)
        self.accessed = ''

    def command(self):
        return [tool('nginx'), '-e', 'stderr', '-c', str(self.dir / 'conf'), '-p', str(self.dir)]

    def ready(self):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(('127.0.0.1', self.port)).close()
            return True
        return False

    def stop(self):
        self.accessed = self._access()
        super().stop()

    def log(self):
        return super().log() + self._access()

    def _access(self):
        with contextlib.suppress(FileNotFoundError):
            return (self.dir / 'access').read_text(errors='replace')
        return self.accessed

    def requests(self):
        """Every finished request so far, oldest first."""
        found = []
        for line in self._access().splitlines():
            fields = json.loads(line)
            fields['arrived'] = fields['logged'] - fields.pop('took')
            found.append(Request(**fields))
        return found

    def wait_request(self, uri, timeout=30, seen=0):
        """The first finished request, after the first `seen` of them, whose URI matches."""
        def find():
            return next((r for r in self.requests()[seen:] if re.search(uri, r.uri)), None)
        return wait_until(find, timeout, f'{self.title}: a request for {uri}')


class Passt(Server):
    """passt(1), which serves one machine at a time over a stream socket. netdev() is QEMU's side.

    It takes the address that it leases to the guest from the interface with the default route, so
    it gets such an interface: one end of a veth pair. As the machine's root it becomes nobody, who
    may then write into the folder, too.
    """

    title = 'passt'

    def __init__(self, options=(), uplink='uplink', dns='none'):
        super().__init__()
        self.options, self.uplink, self.dns = list(options), uplink, dns
        self.socket = self.dir / 'socket'
        self.dir.chmod(0o777)

    def command(self):
        return [tool('passt'), '--foreground', '--stderr', '--ipv4-only',
                '--interface', self.uplink, '--dns', self.dns, '--search', 'none',
                '--socket', str(self.socket), *self.options]

    def start(self):
        ip('link', 'add', self.uplink, 'type', 'veth', 'peer', 'name', f'{self.uplink}-far')
        for end in (self.uplink, f'{self.uplink}-far'):
            Path(f'/proc/sys/net/ipv6/conf/{end}/disable_ipv6').write_text('1')
            ip('link', 'set', end, 'up')
        ip('address', 'add', PASST_ADDRESS, 'dev', self.uplink)
        ip('route', 'add', 'default', 'via', PASST_GATEWAY, 'dev', self.uplink)
        super().start()

    def ready(self):
        return self.socket.exists() and re.search(r'You can (now )?start qemu', self.log())

    def stop(self):
        super().stop()
        with contextlib.suppress(Unavailable):
            ip('link', 'delete', self.uplink)

    def log(self):
        noise = re.compile(r'^Failed to send \d+ bytes to syslog$')
        return ''.join(f'{line}\n' for line in super().log().splitlines() if not noise.match(line))

    def netdev(self):
        return f'stream,server=off,addr.type=unix,addr.path={self.socket}'


@dataclasses.dataclass
class Attachment:
    """How a machine hangs on the network, and what it finds there."""

    flavour: str
    netdev: str             # QEMU's -netdev, without the id
    host: str               # the address at which the guest reaches servers of this namespace
    mtu: int                # what the guest should come to use
    parts: dict             # the processes behind it, by name: 'tap', 'dnsmasq', 'passt'

    def url(self, path='', port=HTTP_PORT):
        return f'http://{self.host}:{port}/{path.lstrip("/")}'

    def arguments(self, _memory):
        """QEMU's arguments beside -netdev, for a machine with that much memory."""
        return []


@contextlib.contextmanager
def attach(flavour, mtu=None, bootfile=None, dnsmasq=(), netdev=None, dns=False, queues=1,
           ipv6=False):
    """Sets up one flavour of network and yields its Attachment.

    mtu: on tap, the interface's, announced by DHCP option 26 where it is not 1500; on passt, what
    its option 26 says. bootfile: the DHCP boot file, where the flavour can say one (user, tap);
    `{host}` in it becomes the server's address. dnsmasq: further options of it (tap). netdev: a
    dict of further -netdev options. dns: passt names its gateway as DNS server (user and tap always
    name one). queues, ipv6: as a Tap has them (tap).
    """
    netdev = netdev or {}
    more = ''.join(f',{key}={value}' for key, value in netdev.items())
    if flavour == 'user':
        boot = ',bootfile=' + bootfile.replace('{host}', '10.0.2.2') if bootfile else ''
        yield Attachment(flavour, f'user{boot}{more}', '10.0.2.2', 1500, {})
    elif flavour == 'tap':
        host = TAP_ADDRESS.split('/', maxsplit=1)[0]
        options = list(dnsmasq)
        if bootfile:
            options.append('dhcp-boot=' + bootfile.replace('{host}', host))
        if mtu not in (None, 1500):
            options.append(f'dhcp-option=26,{mtu}')
        with Tap(mtu=mtu or 1500, queues=queues, ipv6=ipv6) as tap, \
                Dnsmasq(tap.name, options=options) as server:
            yield Attachment(flavour, tap.netdev(**netdev), host, mtu or 1500,
                             {'tap': tap, 'dnsmasq': server})
    elif flavour == 'passt':
        if bootfile:
            raise Unavailable("passt's DHCP server cannot name a boot file")
        options = ['--mtu', str(mtu)] if mtu else []
        with Passt(options, dns=PASST_GATEWAY if dns else 'none') as server:
            yield Attachment(flavour, server.netdev() + more, PASST_GATEWAY, mtu or PASST_MTU,
                             {'passt': server})
    else:
        raise ValueError(f'no such flavour: {flavour}')
