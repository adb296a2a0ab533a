"""A scripted neighbour: all that a machine finds on its LAN,
played by one object that tests may bend.

    peer = part(Peer())
    guest = machine([nic(peer.netdev())], fw_cfg={'fetch': peer.url()})
    conn = peer.accept()            # the guest's connection, handshake done
    conn.answer(ok(body))           # reads the request, sends the response as the window allows
    conn.finish()                   # the guest's FIN, answered

A thread answers ARP, DHCP and DNS by itself and keeps what it hears. DHCP and DNS are functions
that a test can replace: they get what the guest sent and return the frames to answer with. TCP is
played by the test, line by line, in its own thread: each segment can be built, changed, reordered,
held back or forged before it is sent. Frames are scapy's; what is left open in them, such as a
checksum, is filled in when they are sent.

Every wait is for a condition and has a deadline. That something does *not* happen is shown by
fence(): the guest deals with frames in order, so when it has answered two pings it has dealt with
all before. Nothing is lost on the way (see scripted.Dgram), so a Connection sends nothing twice
unless the test does.
"""

import contextlib
import itertools
import logging
import random
import socket
import struct
import threading
import time
import traceback

import scripted
from network import wait_until

logging.getLogger('scapy').setLevel(logging.ERROR)      # it complains of networks without a route
# pylint: disable=wrong-import-position
from scapy.layers.dns import DNS, DNSQR, DNSRR          # noqa: E402
from scapy.layers.inet import ICMP, IP, TCP, UDP        # noqa: E402
from scapy.layers.l2 import ARP, Ether                  # noqa: E402
from scapy.packet import Raw                            # noqa: E402

BROADCAST = 'ff:ff:ff:ff:ff:ff'
MSS = 1460
COOKIE = bytes((99, 130, 83, 99))       # RFC 2131 3
DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
SYN_OPTIONS = (('MSS', MSS), ('SAckOK', b''), ('NOP', None), ('WScale', 7))
SEQ = 1 << 32


def ok(body, *headers):
    """A whole response with this body."""
    lines = [b'HTTP/1.1 200 OK', b'Content-Length: %d' % len(body), *headers]
    return b'\r\n'.join(lines) + b'\r\n\r\n' + body


def payload(packet):
    """The bytes that TCP, UDP or ICMP carry; the pad of a short frame is not among them."""
    return packet[Raw].load if Raw in packet else b''


def tlv(*options):
    """DHCP options on the wire: (code, bytes)…, without the end."""
    return b''.join(struct.pack('BB', code, len(value)) + value for code, value in options)


class DhcpMessage:
    """A DHCP message of the guest's. `options` is a dict of code and bytes, in their order."""

    # pylint: disable=too-many-instance-attributes
    FIXED = struct.Struct('>4BLHH4s4s4s4s16s64s128s4s')

    def __init__(self, packet):
        self.packet, self.data = packet, payload(packet)
        (self.op, self.htype, self.hlen, self.hops, self.xid, self.secs, self.flags, *addresses,
         self.chaddr, self.sname, self.file, self.cookie) = self.FIXED.unpack(self.data[:240])
        self.ciaddr, self.yiaddr, self.siaddr, self.giaddr = map(socket.inet_ntoa, addresses)
        self.options, at = {}, 240
        while self.data[at] != 255:
            code, length = self.data[at], self.data[at + 1]
            if code == 0:
                at += 1
                continue
            assert code not in self.options, f'option {code} twice'
            assert at + 2 + length < len(self.data), f'option {code} leads out of the message'
            self.options[code] = self.data[at + 2:at + 2 + length]
            at += 2 + length
        self.after_end = self.data[at + 1:]
        self.kind = self.options[53][0]


class Peer(scripted.Dgram):
    """The machine at 192.0.2.1: DHCP server, DNS server, gateway and whatever a test wants beside.

    dhcp(message) and dns(packet) say what answers; each returns frames. Unless a test replaces them
    they are lease() and resolve().
    """

    # pylint: disable=too-many-instance-attributes
    title = 'scripted peer'
    mac, ip, guest_ip = '02:00:00:00:00:01', '192.0.2.1', '192.0.2.50'

    def __init__(self):
        super().__init__()
        self.dhcp, self.dns = self.lease, self.resolve
        self.addresses = {self.ip}      # for these it answers ARP
        self.heard = []                 # every frame of the guest's
        self.guest_mac = BROADCAST      # until it has spoken
        self._connections = {}          # by their ends
        self._waiting = []              # those of them that no test has asked for yet
        self._pings = itertools.count(1)
        self._trace, self._errors, self._failures = [], [], []
        self._changed = threading.Condition()
        self._pump = threading.Thread(target=self._run, daemon=True)

    def start(self):
        # A guest that has stopped reading makes a test fail, and does not hang it.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('ll', 10, 0))
        super().start()
        self._pump.start()

    def stop(self):
        super().stop()
        if self._pump.is_alive():
            self.frames.put((0, None))
            self._pump.join(20)
        assert not self._failures, '\n'.join(self._failures)

    def log(self):
        lines = [f'{when - self._trace[0][0]:9.4f} {way} {Ether(frame).summary()}'
                 for when, way, frame in self._trace[-400:]]
        return '\n'.join([*lines, super().log(), *self._errors])

    def url(self, path='x', host=None):
        return f'http://{host or self.ip}/{path}'

    # --- frames -----------------------------------------------------------------------------------

    def send(self, frame):
        frame = bytes(frame)
        self._trace.append((time.monotonic(), '>', frame))
        try:
            super().send(frame)
        except BlockingIOError:
            raise TimeoutError('the guest does not take frames any more') from None

    def packet(self, carried, **fields):
        """A frame to the guest with an IP header, whose fields may be given."""
        header = IP(**{'src': self.ip, 'dst': self.guest_ip, 'id': 1, **fields})
        return Ether(src=self.mac, dst=self.guest_mac) / header / carried

    def datagram(self, sport, dport, data, **fields):
        """A frame with a UDP datagram."""
        return self.packet(UDP(sport=sport, dport=dport) / data, **fields)

    def arp(self, **fields):
        """An ARP request for the guest's address, unless fields say otherwise."""
        arp = ARP(**{'op': 1, 'hwsrc': self.mac, 'psrc': self.ip, 'hwdst': '00:00:00:00:00:00',
                     'pdst': self.guest_ip, **fields})
        return Ether(src=self.mac, dst=BROADCAST if arp.op == 1 else self.guest_mac) / arp

    def until(self, condition, timeout=10, what='what the test waits for'):
        """condition()'s first true value;
        it is asked again whenever the guest has sent something."""
        __tracebackhide__ = True
        def holds():
            value = condition()
            assert value or not self._errors, self._errors
            return value
        return wait_until(holds, timeout, what, self._changed)

    def expect(self, condition, after=0, timeout=10, what='such a frame of the guest'):
        """The first of heard[after:] with condition(packet)."""
        __tracebackhide__ = True
        seen = after

        def find():
            nonlocal seen
            while seen < len(self.heard):
                seen += 1
                if condition(self.heard[seen - 1]):
                    return self.heard[seen - 1]
            return None
        return self.until(find, timeout, what)

    def ping(self, data=b'', timeout=10):
        """Sends an echo request; the answer.

        Once a second: the guest drops an answer when all its transmit buffers are on the way, which
        they are for as long as we do not read.
        """
        __tracebackhide__ = True
        number, mark = (0x5ff1, next(self._pings)), len(self.heard)
        request = self.packet(ICMP(type=8, id=number[0], seq=number[1]) / data)

        def once():
            self.send(request)
            return self.expect(lambda p: ICMP in p and p[ICMP].type == 0
                               and (p[ICMP].id, p[ICMP].seq) == number,
                               mark, 1, f'an answer to ping {number[1]}')

        for _ in range(timeout - 1):
            with contextlib.suppress(TimeoutError):
                return once()
        return once()

    def fence(self):
        """When this returns, the guest has dealt with all that was sent before,
        and its answers are here.

        ACKs that it owes for a batch of frames leave behind the batch, hence the second ping.
        """
        __tracebackhide__ = True
        self.ping(b'fence')
        self.ping(b'fence')

    # --- DHCP and DNS -----------------------------------------------------------------------------

    def options(self, *more):
        """The options of an ordinary answer but its kind, and more."""
        here = socket.inet_aton(self.ip)
        return tlv((54, here), (51, struct.pack('>L', 3600)), (1, bytes((255, 255, 255, 0))),
                   (3, here), (6, here), *more)

    def dhcp_answer(self, message, kind, options=None, broadcast=False, **fields):
        """The frame of an answer. options: on the wire, those behind the kind; fields:
        of the fixed part."""
        fixed = {'op': 2, 'htype': 1, 'hlen': 6, 'hops': 0, 'xid': message.xid, 'secs': 0,
                 'flags': message.flags, 'ciaddr': '0.0.0.0', 'yiaddr': self.guest_ip,
                 'siaddr': '0.0.0.0',
                 'giaddr': '0.0.0.0', 'chaddr': message.chaddr, 'sname': b'', 'file': b'',
                 'cookie': COOKIE, **fields}
        data = DhcpMessage.FIXED.pack(*(socket.inet_aton(value) if name.endswith('iaddr') else value
                                        for name, value in fixed.items()))
        if options is None:
            options = self.options()
        data += tlv((53, bytes([kind]))) + options + b'\xff'
        frame = self.datagram(67, 68, data.ljust(300, b'\0'))
        if broadcast:
            frame[Ether].dst, frame[IP].dst = BROADCAST, '255.255.255.255'
        return frame

    def lease(self, message):
        """OFFER by broadcast, ACK by unicast."""
        if message.kind == DISCOVER:
            return [self.dhcp_answer(message, OFFER, broadcast=True)]
        return [self.dhcp_answer(message, ACK)]

    def messages(self):
        """The guest's DHCP messages so far."""
        return [DhcpMessage(p) for p in list(self.heard) if UDP in p and p[UDP].dport == 67]

    def dns_answer(self, packet, *records, **fields):
        """The frame of an answer. records: DNSRR or (owner, address); fields: of the DNS header."""
        chain = None
        for record in records:
            if isinstance(record, tuple):
                record = DNSRR(rrname=record[0], type='A', rdata=record[1])
            chain = chain / record if chain else record
        # scapy's qd and an are packets before release 2.6 and lists since then,
        # whose elements it counts: one here.
        answer = DNS(**{'id': packet[DNS].id, 'qr': 1, 'rd': 1, 'ra': 1, 'qd': packet[DNSQR],
                        'an': chain, 'ancount': len(records), **fields})
        return self.datagram(53, packet[UDP].sport, answer, src=packet[IP].dst)

    def resolve(self, packet):
        """Every name is ours."""
        return [self.dns_answer(packet, (packet[DNSQR].qname, self.ip))]

    def queries(self):
        """The guest's DNS queries so far, as frames."""
        return [p for p in list(self.heard) if DNS in p]

    # --- TCP --------------------------------------------------------------------------------------

    def syn(self, timeout=30):
        """The guest's next connection: a Connection whose SYN has come, and nothing answered."""
        __tracebackhide__ = True
        self.until(lambda: self._waiting, timeout, 'a SYN of the guest')
        return self._waiting.pop(0)

    def accept(self, timeout=30, **how):
        """The same with the handshake done; how: see Connection.shake()."""
        __tracebackhide__ = True
        conn = self.syn(timeout)
        conn.shake(**how)
        return conn

    # --- the thread -------------------------------------------------------------------------------

    def _run(self):
        while True:
            when, frame = self.frames.get()
            if frame is None:
                return
            self._trace.append((when, '<', frame))
            try:
                packet = Ether(frame)
                self._hear(packet)
                for answer in self._answers(packet):
                    self.send(answer)
            except Exception as error:      # pylint: disable=broad-except
                with self._changed:
                    self._errors.append(traceback.format_exc())     # until() fails with it, at once
                    if not isinstance(error, OSError):      # a guest that has gone is no fault
                        self._failures.append(self._errors[-1])     # stop() fails with it
                    self._changed.notify_all()

    def _hear(self, packet):
        with self._changed:
            self.heard.append(packet)
            self.guest_mac = packet.src
            if TCP in packet and packet.dst == self.mac:
                ends = packet[IP].dst, packet[TCP].sport, packet[TCP].dport
                conn = self._connections.get(ends)
                if packet[TCP].flags == 'S' and (not conn or conn.irs != packet[TCP].seq):
                    conn = self._connections[ends] = Connection(self, packet)
                    self._waiting.append(conn)
                if conn:
                    conn.hear(packet)
            self._changed.notify_all()

    def _answers(self, packet):
        if ARP in packet and packet[ARP].op == 1 and packet[ARP].pdst in self.addresses:
            asked = packet[ARP]
            return [self.arp(op=2, psrc=asked.pdst, hwdst=asked.hwsrc, pdst=asked.psrc)]
        if UDP in packet and packet[UDP].dport == 67:
            return self.dhcp(DhcpMessage(packet))
        if DNS in packet:
            return self.dns(packet)
        return []


class Connection:
    """A TCP connection of the guest's, as its peer plays it.

    Offsets count the bytes of our stream from 0, so that hardly a test has to think of sequence
    numbers: `sent` is how far write() has come, `acked` what the guest has acknowledged (-1: not
    even our SYN), `edge` where its window ends. `heard` are its segments, SYN included; `received`
    its bytes.
    """

    # pylint: disable=too-many-instance-attributes
    def __init__(self, peer, syn):
        self.peer, self.syn = peer, syn
        self.ip, self.port, self.guest_port = syn[IP].dst, syn[TCP].dport, syn[TCP].sport
        self.iss, self.irs = random.randrange(SEQ), syn[TCP].seq
        self.sent, self.acked, self.edge, self.scale = 0, -1, 0, 0
        self.heard, self.received, self.fin, self.reset = [], b'', False, False
        self._requests = 0      # bytes of `received` that request() has returned

    def hear(self, packet):
        """The peer's thread calls this with each segment of the guest's."""
        tcp, data = packet[TCP], payload(packet)
        self.heard.append(packet)
        self.reset |= 'R' in tcp.flags
        if tcp.flags & 'SR' or not tcp.flags & 'A':
            return
        off = (tcp.seq - self.irs - 1) % SEQ
        if off == len(self.received):
            self.received += data
        self.fin |= 'F' in tcp.flags and off + len(data) == len(self.received)
        acked = (tcp.ack - self.iss - 1) % SEQ
        if acked < SEQ // 2:
            self.acked = max(self.acked, acked)
            self.edge = max(self.edge, acked + (tcp.window << self.scale))

    def segment(self, off=None, data=b'', flags='A', **fields):
        """A segment with data at an offset, by default the next; fields: TCP's, such as window."""
        off = self.sent if off is None else off
        tcp = TCP(**{'sport': self.port, 'dport': self.guest_port,
                     'seq': (self.iss + 1 + off) % SEQ,
                     'ack': (self.irs + 1 + len(self.received) + self.fin) % SEQ, 'flags': flags,
                     'window': 65535, **fields})
        return self.peer.packet(tcp / Raw(data), src=self.ip)

    def send(self, off=None, data=b'', flags='A', **fields):
        """Sends such a segment."""
        self.peer.send(self.segment(off, data, flags, **fields))

    def until_acked(self, off, timeout=10):
        """Waits until the guest has acknowledged our stream up to an offset. Small segments make
        many ACKs, each of which takes us a while: the timeout is for the next one."""
        __tracebackhide__ = True
        while (before := self.acked) < off and not self.reset:
            self.peer.until(lambda before=before: self.acked > before or self.reset,
                            timeout, f'an ACK for {off} bytes')
        assert self.acked >= off, 'reset by the guest'

    def shake(self, iss=None, options=SYN_OPTIONS, data=b'', flags='SA', timeout=10):
        """Answers the SYN, perhaps with data or FIN on it,
        and waits for the guest's ACK of the SYN."""
        __tracebackhide__ = True
        self.iss = self.iss if iss is None else iss
        if 'WScale' in dict(options):
            self.scale = dict(self.syn[TCP].options).get('WScale', 0)
        self.sent = len(data) + ('F' in flags)
        self.send(-1, data, flags, options=list(options))
        self.until_acked(0, timeout)

    def request(self, timeout=10):
        """The next request of the guest's; each piece is acknowledged."""
        __tracebackhide__ = True
        start = seen = self._requests
        while (end := self.received.find(b'\r\n\r\n', start)) < 0:
            self.peer.until(lambda seen=seen: len(self.received) > seen, timeout, 'a request')
            seen = len(self.received)
            self.send()
        self.send()
        self._requests = end + 4
        return self.received[start:end + 4]

    def write(self, data, size=MSS, timeout=30):
        """Sends data as the next bytes of the stream, in order,
        as fast as the guest's window allows."""
        __tracebackhide__ = True
        for at in range(0, len(data), size):
            piece = data[at:at + size]
            self.peer.until(lambda end=self.sent + len(piece): self.edge >= end or self.reset,
                            timeout, 'room in the window')
            assert not self.reset, 'reset by the guest'
            self.send(data=piece)
            self.sent += len(piece)

    def answer(self, response, size=MSS):
        """Reads a request, writes the response, and waits until it is acknowledged.
        Returns the request."""
        __tracebackhide__ = True
        request = self.request()
        self.write(response, size)
        self.until_acked(self.sent)
        return request

    def finish(self, timeout=10):
        """The guest closes: its FIN is answered, with a FIN of ours; or its RST has come."""
        __tracebackhide__ = True
        self.peer.until(lambda: self.fin or self.reset, timeout, 'FIN or RST of the guest')
        if not self.reset:
            self.send(flags='FA')
