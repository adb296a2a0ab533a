"""A TFTP server in the test network that has the habits a test gives it: what it makes of options,
what its wire loses, doubles and swaps, who speaks in its place, where its numbers go.

    server = part(TftpPeer({'x': body}, windowsize=8, lost=0.05))
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': server.url(net)})

Each request is a thread with a socket of its own, as the protocol wants it (RFC 1350 4). It repeats
itself after `timeout` seconds, and keeps to RFC 1123, 4.2.3.1, and RFC 7440.
"""

import contextlib
import random
import socket
import struct
import threading

from network import Part

RRQ, DATA, ACK, ERROR, OACK = 1, 3, 4, 5, 6
TRIES = 30


class TftpPeer(Part):
    """files: their bytes by name. The habits:

    blksize, windowsize     the most that it takes; None: it has no such option
    tsize                   what it says for a file's length: True for the truth, a number, or None
    oack                    bytes that it sends in place of what it would; it goes on as agreed
    options_error           the code that a request with options gets; None: it takes them
    wrap_to                 what follows block 65535
    lost, doubled, swapped  shares of the packets, of both directions
    lose(packet, ours)      whether just this one is lost
    stranger                every so many blocks the same block comes from another port, too, and
                            another one that was never sent; 0: never
    patient                 does not repeat itself: only what the guest asks for again comes again
    """

    # pylint: disable=too-many-instance-attributes
    def __init__(self, files, port=69, **habits):
        self.files, self.port, self.title = files, port, f'TFTP peer on port {port}'
        self.blksize, self.windowsize, self.tsize, self.oack = 65464, None, True, None
        self.options_error, self.wrap_to, self.stranger = None, 0, 0
        self.lost = self.doubled = self.swapped = 0.0
        self.lose, self.timeout, self.patient, self.seed = None, 1.0, False, 1
        for name, value in habits.items():
            assert hasattr(self, name), name
            setattr(self, name, value)
        self.requests = []          # (name, [option, value, …]) as they came
        self.errors = []            # (code, text) that the guest sent to a transfer of ours
        self.to_strangers = []      # the same, to others
        self.done = []              # names of files whose last block was acknowledged
        self.blocks = 0             # blocks that were sent
        self.failures = []
        self._stopping = threading.Event()
        self._threads = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def start(self):
        self._socket.bind(('', self.port))
        self._socket.settimeout(0.2)
        self._spawn(self._listen)

    def stop(self):
        self._stopping.set()
        for thread in list(self._threads):
            thread.join(20)
        self._socket.close()

    def log(self):
        return '\n'.join([f'requests {self.requests}', f'{self.blocks} blocks, done {self.done}',
                          f'errors {self.errors}, to strangers {self.to_strangers}',
                          *self.failures])

    def url(self, net, name='x'):
        port = '' if self.port == 69 else f':{self.port}'
        return f'tftp://{net.host}{port}/{name}'

    def _spawn(self, target, *args):
        thread = threading.Thread(target=self._guarded, args=(target, *args), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _guarded(self, target, *args):
        try:
            target(*args)
        except Exception as error:      # pylint: disable=broad-except
            self.failures.append(repr(error))

    def _listen(self):
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                packet, guest = self._socket.recvfrom(2048)
                if self.lose and self.lose(packet, False):
                    continue
                self._spawn(self._serve, packet, guest)

    def _serve(self, packet, guest):
        opcode, = struct.unpack_from('>H', packet)
        assert opcode == RRQ and packet[-1] == 0, packet
        name, mode, *options = packet[2:-1].decode().split('\0')
        assert mode == 'octet', packet
        self.requests.append((name, options))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind(('', 0))
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            Transfer(self, own, guest, options).run(name)


class Transfer:
    """One file on its way."""

    # pylint: disable=too-many-instance-attributes
    def __init__(self, peer, own, guest, options):
        self.peer, self.socket, self.guest = peer, own, guest
        self.asked = dict(zip(options[::2], map(int, options[1::2])))
        self.chance = random.Random(f'{peer.seed} {len(peer.requests)}')
        self.blksize, self.window, self.data, self.held = 512, 1, b'', {True: None, False: None}

    # --- the wire ---------------------------------------------------------------------------------

    def through(self, packet, ours):
        """What comes out at the other end: the packet, twice, none; or one that was held."""
        peer = self.peer
        if peer.lose and peer.lose(packet, ours) or self.chance.random() < peer.lost:
            return []
        held, self.held[ours] = self.held[ours], None
        if held is None and self.chance.random() < peer.swapped:
            self.held[ours] = packet
            return []
        twice = self.chance.random() < peer.doubled
        return [packet] * (2 if twice else 1) + ([held] if held else [])

    def say(self, packet):
        for each in self.through(packet, True):
            self.socket.sendto(each, self.guest)

    def hear(self):
        """Packets of the guest's, until nothing came for the timeout."""
        self.socket.settimeout(self.peer.timeout)
        with contextlib.suppress(TimeoutError):
            while True:
                packet, guest = self.socket.recvfrom(2048)
                if guest == self.guest:
                    yield from self.through(packet, False)

    # --- the file ---------------------------------------------------------------------------------

    def run(self, name):
        peer = self.peer
        if name not in peer.files:
            self.say(struct.pack('>HH', ERROR, 1) + b'File not found\0')
        elif self.asked and peer.options_error is not None:
            self.say(struct.pack('>HH', ERROR, peer.options_error) + b'what is this?\0')
        else:
            self.data = peer.files[name]
            if self.transfer(self.agree()):
                peer.done.append(name)

    def agree(self):
        """The OACK, or None where there is nothing to agree on."""
        peer, said = self.peer, []
        if peer.tsize is not None and 'tsize' in self.asked:
            said += ['tsize', len(self.data) if peer.tsize is True else peer.tsize]
        if peer.blksize and 'blksize' in self.asked:
            self.blksize = min(peer.blksize, self.asked['blksize'])
            said += ['blksize', self.blksize]
        if peer.windowsize and 'windowsize' in self.asked:
            self.window = min(peer.windowsize, self.asked['windowsize'])
            said += ['windowsize', self.window]
        if not said:
            return None
        return peer.oack or struct.pack('>H', OACK) + b''.join(f'{word}\0'.encode()
                                                               for word in said)

    def number(self, block):
        if block < 65536:
            return block
        return self.peer.wrap_to + (block - 65536) % (65536 - self.peer.wrap_to)

    def block(self, block):
        at = (block - 1) * self.blksize
        return struct.pack('>HH', DATA, self.number(block)) + self.data[at:at + self.blksize]

    def say_window(self, acked, last):
        peer = self.peer
        for block in range(acked + 1, min(acked + self.window, last) + 1):
            if peer.stranger and block % peer.stranger == 0:
                self.intrude(block)
            peer.blocks += 1
            self.say(self.block(block))

    def intrude(self, block):
        """Somebody else at the server's address; the guest tells him to go away."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.settimeout(5)
            lie = struct.pack('>HH', DATA, self.number(block)) + bytes(self.blksize)
            other.sendto(lie, self.guest)
            answer, _ = other.recvfrom(2048)
            self.peer.to_strangers.append(self.error(answer))

    @staticmethod
    def error(packet):
        opcode, code = struct.unpack_from('>HH', packet)
        assert opcode == ERROR and packet[-1] == 0, packet
        return code, packet[4:-1].decode()

    def transfer(self, oack):
        """Until the last block is acknowledged, or there is an error, or silence."""
        last, acked, greeted = len(self.data) // self.blksize + 1, 0, oack is None
        tries = 0
        while (tries := tries + 1) < TRIES:
            if not greeted:
                self.say(oack)
            elif not self.peer.patient or acked == 0:
                self.say_window(acked, last)
            for packet in self.hear():
                opcode, number = struct.unpack_from('>HH', packet)
                if opcode == ERROR:
                    self.peer.errors.append(self.error(packet))
                    return False
                if not greeted:
                    greeted = number == 0
                    if greeted:
                        self.say_window(acked, last)
                    continue
                now = next((block for block in range(acked + self.window, acked - 1, -1)
                            if self.number(block) == number), None)
                if now is None or (now == acked and self.window == 1 and not self.peer.patient):
                    continue        # RFC 1123 4.2.3.1
                acked, tries = now, 0
                if acked >= last:
                    return True
                self.say_window(acked, last)
        return False
