"""The test network: taps, real servers and scripted peers, inside one network namespace.

Everything here runs inside the namespace that `tests/qemu/enter` makes, as its root, so no address
or port can collide with the host's and no frame can leave. Each part is a small class with start()
and stop() that is also a context manager; each that has something to tell about a failed test
registers itself in LOGGED, from where conftest.py takes it.

    user    libslirp inside QEMU; the guest's 10.0.2.2 is this namespace's loopback
    tap     a tap with 192.0.2.1 on our side, dnsmasq for DHCP and DNS; host-local traffic, so with
            vnet_hdr the kernel leaves checksums partial
    passt   passt(1) behind a stream socket; its gateway 198.51.100.1 is this namespace's loopback

attach(flavour) hides the differences: see Attachment.
"""

import contextlib
import ctypes
import dataclasses
import hashlib
import itertools
import json
import os
import queue
import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

FLAVOURS = ('user', 'tap', 'passt')
HTTP_PORT = 8080

TAP_ADDRESS = '192.0.2.1/24'
PASST_ADDRESS = '198.51.100.2/24'
PASST_GATEWAY = '198.51.100.1'
PASST_MTU = 65520

_leases = itertools.cycle(range(10, 250))

LOGGED = []     # everything with .title, .closed and .log(), newest last; conftest.py reads it


class Unavailable(Exception):
    """This host cannot provide what was asked for; the text says what is missing."""


def wait_until(condition, timeout, what):
    """Returns condition()'s first true value; TimeoutError naming `what` after timeout seconds."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f'{what}: not within {timeout} s')
        pause.wait(0.005)
    return value


def tool(name):
    """The path of a program, which Debian may keep in sbin."""
    path = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin:/usr/local/sbin')
    if not path:
        raise Unavailable(f'{name} is not installed (make deps installs it)')
    return path


def ip(*words):
    """Runs ip(8); its complaint becomes the exception's text."""
    done = subprocess.run([tool('ip'), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f'ip {" ".join(words)}: {done.stderr.strip()}')


def leave_network():
    """This process, and whatever it starts from now on,
    moves to a fresh network with nothing but loopback."""
    clone_newnet = 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(clone_newnet):
        raise Unavailable(f'unshare: {os.strerror(ctypes.get_errno())}')
    ip('link', 'set', 'lo', 'up')


def make_file(path, size, seed=0):
    """Writes `size` reproducible pseudo-random bytes; returns their SHA-256 in hex."""
    source, digest, chunk = random.Random(seed), hashlib.sha256(), 1 << 20
    with open(path, 'wb') as file:
        for offset in range(0, size, chunk):
            data = source.randbytes(min(chunk, size - offset))
            digest.update(data)
            file.write(data)
    return digest.hexdigest()


class Part:
    """Something that starts, stops, and can say afterwards what it did."""

    title = 'part'
    closed = False

    def start(self):
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def log(self):
        return ''

    def __enter__(self):
        LOGGED.append(self)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        self.closed = True


def forget_closed():
    """Drops what earlier tests left in LOGGED."""
    LOGGED[:] = [part for part in LOGGED if not part.closed]


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


class Tap(Part):
    """A tap interface of the namespace. netdev() gives QEMU's side of it.

    Without ipv6 the kernel sends nothing of its own into the guest. queues: pairs of them, for
    mq=on.
    """

    def __init__(self, name='tap0', mtu=1500, address=TAP_ADDRESS, ipv6=False, queues=1):
        self.name, self.mtu, self.address, self.ipv6 = name, mtu, address, ipv6
        self.queues = queues
        self.title = f'tap {name}'

    def start(self):
        if not os.access('/dev/net/tun', os.R_OK | os.W_OK):
            raise Unavailable('/dev/net/tun cannot be opened by this user, so there is no tap')
        ip('tuntap', 'add', 'dev', self.name, 'mode', 'tap', *['multi_queue'] * (self.queues > 1))
        if not self.ipv6:
            Path(f'/proc/sys/net/ipv6/conf/{self.name}/disable_ipv6').write_text('1')
        ip('link', 'set', self.name, 'mtu', str(self.mtu))
        if self.address:
            ip('address', 'add', self.address, 'dev', self.name)
        ip('link', 'set', self.name, 'up')

    def stop(self):
        with contextlib.suppress(Unavailable):
            ip('link', 'delete', self.name)

    def netdev(self, **options):
        """options: vnet_hdr='off', sndbuf=… as QEMU's -netdev tap takes them."""
        if self.queues > 1:
            options['queues'] = self.queues
        more = ''.join(f',{key}={value}' for key, value in options.items())
        return f'tap,ifname={self.name},script=no,downscript=no{more}'


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


class Resolver(Part):
    """What /etc/resolv.conf says within our mount namespace: for libslirp,
    which asks whom its host asks."""

    title = 'resolv.conf'

    def __init__(self, address):
        self.address = address
        self.place = Path('/etc/resolv.conf').resolve()

    def start(self):
        if not self.place.exists():
            raise Unavailable(f'there is no {self.place} to put another one over')
        with tempfile.NamedTemporaryFile('w', prefix='skiff-', dir='/tmp') as file:
            file.write(f'nameserver {self.address}\n')
            file.flush()
            subprocess.run([tool('mount'), '--bind', file.name, self.place], check=True)

    def stop(self):
        subprocess.run([tool('umount'), self.place], check=False, stderr=subprocess.DEVNULL)


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


ACCESS_LOG = ('{"logged":$msec,"took":$request_time,"method":"$request_method",'
              '"uri":"$request_uri","status":$status,"sent":$body_bytes_sent,'
              '"agent":"$http_user_agent","range":"$http_range",'
              '"connection":$connection,"request":$connection_requests}')

NGINX_CONF = '''\
{modules}
user root;
daemon off;
master_process off;
pid {dir}/pid;
error_log stderr info;
events {{ worker_connections 256; }}
http {{
	log_format lab escape=json '{access_log}';
	access_log {dir}/access lab;
	client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
	scgi_temp_path {dir}/t4; uwsgi_temp_path {dir}/t5;
	default_type application/octet-stream;
	sendfile on;
	tcp_nopush on;
	keepalive_timeout 65;
	{http}
	server {{
		listen {address}:{port};
		root {root};
		{locations}
	}}
}}
'''

# Ready-made locations for Nginx(locations=…).
LOCATION_REDIRECT_LOOP = 'location = /loop { return 302 /loop; }'
LOCATION_REDIRECT_HTTPS = 'location = /secure { return 301 https://$host/x; }'
LOCATION_404 = 'location = /404 { return 404; }'
LOCATION_500 = 'location = /500 { return 500; }'
# Any file of the root, chunked: the SSI filter cannot know the length in advance.
LOCATION_CHUNKED = 'location /chunked/ { ssi on; ssi_types *; alias %ROOT%/; }'


class Nginx(Server):
    """nginx with a document root; reachable on every address of the namespace.

    locations: further text of the server block (%ROOT% stands for the root); http: of the http
    block; modules: names as in /usr/lib/nginx/modules, such as 'ngx_http_echo_module'.
    """

    def __init__(self, root, port=HTTP_PORT, address='0.0.0.0', locations='', http='', modules=()):
        super().__init__()
        self.root, self.port, self.address = Path(root).resolve(), port, address
        self.title = f'nginx on port {port}'
        load = '\n'.join(f'load_module /usr/lib/nginx/modules/{name}.so;' for name in modules)
        (self.dir / 'conf').write_text(NGINX_CONF.format(
            dir=self.dir, root=self.root, address=address, port=port, access_log=ACCESS_LOG,
            modules=load, http=http, locations=locations.replace('%ROOT%', str(self.root))))
        self.accessed = ''

    def command(self):
        return [tool('nginx'), '-c', str(self.dir / 'conf'), '-p', str(self.dir)]

    def ready(self):
        host = '127.0.0.1' if self.address == '0.0.0.0' else self.address
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection((host, self.port)).close()
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
        return [tool('passt'), '--foreground', '--stderr', '--ipv4-only', '--interface',
                self.uplink, '--dns', self.dns, '--search', 'none',
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


class ScriptedServer(Part):
    """A TCP server whose behaviour is a Python function: handler(connection, request).

    connection is a connected socket with Nagle's algorithm off; request is the HTTP header that
    arrived on it (b'' if the client closed first), or None for a server made with read=False, which
    is handed the connection untouched. The connection is closed when the handler returns. A handler
    that wants to hold the connection open waits on server.stopping (a threading.Event).
    """

    def __init__(self, handler, port=0, address='0.0.0.0', read=True, backlog=16):
        self.handler, self.read = handler, read
        self.stopping = threading.Event()
        self.requests = []
        self.errors = []
        self._threads = []
        self._open = set()
        self._listener = socket.create_server((address, port), backlog=backlog)
        self.port = self._listener.getsockname()[1]
        self.title = f'scripted server on port {self.port}'

    def start(self):
        self._spawn(self._accept)

    def stop(self):
        self.stopping.set()
        for sock in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)
        self._listener.close()

    def log(self):
        return '\n'.join([*(repr(r) for r in self.requests), *self.errors])

    def _spawn(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            self._spawn(self._serve, connection)

    def _serve(self, connection):
        try:
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                request = read_header(connection) if self.read else None
                self.requests.append(request)
                self.handler(connection, request)
        except OSError as error:        # the guest or stop() closed it: normal, but worth a line
            self.errors.append(repr(error))
        except Exception as error:      # pylint: disable=broad-except
            self.errors.append(f'handler failed: {error!r}')
        finally:
            self._open.discard(connection)


def read_header(connection):
    """What arrives up to and with the first empty line, or until the peer closes."""
    data = b''
    while b'\r\n\r\n' not in data:
        piece = connection.recv(4096)
        if not piece:
            break
        data += piece
    return data


class Dgram(Part):
    """The far end of a `-netdev dgram`: whole Ethernet frames, one per call, for scripted peers.

    Frames that the guest sends are queued as (time.monotonic(), bytes); nothing is lost or
    reordered on the way (unix datagrams).
    """

    title = 'dgram peer'

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix='skiff-', dir='/tmp'))
        self.frames = queue.Queue()
        self.sent = self.received = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._receive, daemon=True)

    def start(self):
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, 1 << 20)
        self._socket.bind(str(self.dir / 'far'))
        self._thread.start()

    def stop(self):
        if self._thread.is_alive():
            self._socket.shutdown(socket.SHUT_RDWR)
            self._thread.join(10)
        self._socket.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def log(self):
        return f'{self.received} frames from the guest, {self.sent} to it'

    def netdev(self):
        return (f'dgram,local.type=unix,local.path={self.dir}/near,'
                f'remote.type=unix,remote.path={self.dir}/far')

    def send(self, frame):
        """One frame to the guest; anything bytes() takes, such as a scapy packet."""
        self._socket.sendto(bytes(frame), str(self.dir / 'near'))
        self.sent += 1

    def recv(self, timeout=10):
        """The next frame from the guest, or None after timeout seconds."""
        with contextlib.suppress(queue.Empty):
            return self.frames.get(timeout=timeout)[1]
        return None

    def _receive(self):
        while True:
            try:
                frame = self._socket.recv(1 << 17)
            except OSError:
                return
            if not frame:
                return
            self.received += 1
            self.frames.put((time.monotonic(), frame))


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
def attach(flavour, mtu=None, bootfile=None, dnsmasq=(), netdev=None, dns=False, queues=1):
    """Sets up one flavour of network and yields its Attachment.

    mtu: on tap, the interface's, announced by DHCP option 26 where it is not 1500; on passt, what
    its option 26 says. bootfile: the DHCP boot file, where the flavour can say one (user, tap);
    `{host}` in it becomes the server's address. dnsmasq: further options of it (tap). netdev: a
    dict of further -netdev options. dns: passt names its gateway as DNS server (user and tap always
    name one). queues: pairs of them (tap).
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
        with Tap(mtu=mtu or 1500, queues=queues) as tap, Dnsmasq(tap.name,
                                                                 options=options) as server:
            yield Attachment(flavour, tap.netdev(**netdev), host, mtu or 1500,
                             {'tap': tap, 'dnsmasq': server})
    elif flavour == 'passt':
        if bootfile:
            raise Unavailable("passt's DHCP server cannot name a boot file")
        with Passt(['--mtu', str(mtu)] if mtu else [],
                   dns=PASST_GATEWAY if dns else 'none') as server:
            yield Attachment(flavour, server.netdev() + more, PASST_GATEWAY, mtu or PASST_MTU,
                             {'passt': server})
    else:
        raise ValueError(f'no such flavour: {flavour}')
