"""A vhost-user front end and a driver, in QEMU's and the guest's place:
for tests of tests/backend itself.

    with Front(backend.socket, features) as front:
        front.run(rx_size=256)
        head = front.rx.post([(front.room(1526), 1526, WRITE)])
        front.rx.kick()
        [(head, length)] = front.rx.wait(1)

Every byte of the memory that the back end sees is at hand: front.memory, by guest address.
"""

import mmap
import os
import socket
import struct

import network

# Virtio features, by bit.
CSUM, GUEST_CSUM, GUEST_TSO4, HOST_TSO4, MRG_RXBUF = 0, 1, 7, 11, 15
INDIRECT_DESC, EVENT_IDX, PROTOCOL_FEATURES, VERSION_1 = 28, 29, 30, 32

NEXT, WRITE, INDIRECT = 1, 2, 4         # of a descriptor
HEADER = struct.Struct('<BBHHHHH')
HEADER_FIELDS = ('flags', 'gso_type', 'hdr_len', 'gso_size', 'csum_start', 'csum_offset',
                 'num_buffers')

MEMORY = 4 << 20
USER = 0x7f0000000000                   # what the front end claims its own addresses to be
RING_LEN = 0x10000


class Queue:
    """One split virtqueue, its rings from guest address `base`."""

    def __init__(self, front, number, size, base):
        self.front, self.number, self.size = front, number, size
        self.desc, self.avail, self.used = base, base + 0x4000, base + 0x8000
        self.kick_fd, self.call_fd = os.eventfd(0), os.eventfd(0, os.EFD_NONBLOCK)
        self.avail_idx = self.taken = self.next_desc = 0

    def close(self):
        os.close(self.kick_fd)
        os.close(self.call_fd)

    def describe(self, i, addr, length, flags, following=0):
        self.front.put(self.desc + 16 * i, '<QIHH', addr, length, flags, following)

    def post(self, pieces, indirect=None):
        """Offers a buffer of (address, length, flags); indirect: where to put a table.
        Returns its head."""
        head = self.next_desc
        where, first = (self.desc, head) if indirect is None else (indirect, 0)
        for n, (addr, length, flags) in enumerate(pieces):
            more = n + 1 < len(pieces)
            self.front.put(where + 16 * (first + n), '<QIHH', addr, length,
                           flags | (NEXT if more else 0), first + n + 1 if more else 0)
        if indirect is not None:
            self.describe(head, indirect, 16 * len(pieces), INDIRECT)
        self.next_desc += 1 if indirect is not None else len(pieces)
        self.offer(head)
        return head

    def offer(self, head, step=1):
        """Puts any number into the available ring."""
        self.front.put(self.avail + 4 + 2 * (self.avail_idx % self.size), '<H', head)
        self.avail_idx = (self.avail_idx + step) % 65536
        self.front.put(self.avail + 2, '<H', self.avail_idx)

    def kick(self):
        os.eventfd_write(self.kick_fd, 1)

    def used_idx(self):
        return self.front.get(self.used + 2, '<H')

    def used_flags(self):
        return self.front.get(self.used, '<H')

    def avail_event(self):
        return self.front.get(self.used + 4 + 8 * self.size, '<H')

    def set_used_event(self, value):
        self.front.put(self.avail + 4 + 2 * self.size, '<H', value)

    def called(self):
        """Whether the back end has called since the last time."""
        try:
            return os.eventfd_read(self.call_fd) > 0
        except BlockingIOError:
            return False

    def wait(self, count, timeout=5):
        """The next `count` used entries, (id, length) each."""
        network.wait_until(lambda: (self.used_idx() - self.taken) % 65536 >= count, timeout,
                       f'{count} used entries')
        found = [self.front.get(self.used + 4 + 8 * ((self.taken + n) % self.size), '<II',
                                whole=True)
                 for n in range(count)]
        self.taken = (self.taken + count) % 65536
        return found


class Front(network.Part):
    """The front end: connects, negotiates, shares MEMORY bytes from guest address 0."""

    title = 'front end'

    def __init__(self, path, features):
        self.path = str(path)
        self.features = sum(1 << bit for bit in features)
        self.offered = self.free = 0
        self.socket = self.memory = self.rx = self.tx = None
        self.fd = -1

    def start(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(self.path)
        self.fd = os.memfd_create('guest')
        os.ftruncate(self.fd, MEMORY)
        self.memory = mmap.mmap(self.fd, MEMORY)
        self.offered = self.ask(1)
        self.ask(15)
        self.tell(16, 0)
        self.tell(3)

    def stop(self):
        for queue in (self.rx, self.tx):
            if queue:
                queue.close()
        self.socket.close()
        if self.memory:
            self.memory.close()
            os.close(self.fd)

    # Messages.

    def tell(self, request, *words, fds=(), layout=None):
        payload = struct.pack(layout or f'<{len(words)}Q', *words)
        data = struct.pack('<III', request, 1, len(payload)) + payload
        socket.send_fds(self.socket, [data], list(fds))

    def ask(self, request, *words, layout=None):
        self.tell(request, *words, layout=layout)
        data = self.socket.recv(12, socket.MSG_WAITALL)
        size = struct.unpack('<III', data)[2]
        return struct.unpack('<Q', self.socket.recv(size, socket.MSG_WAITALL))[0]

    def share(self, splits=()):
        """SET_MEM_TABLE: one region, or more,
        which meet at the guest addresses `splits` and nowhere else."""
        borders = [0, *splits, MEMORY]
        regions = [(start, end - start, USER + (n << 40), start)
                   for n, (start, end) in enumerate(zip(borders, borders[1:]))]
        words = [word for region in regions for word in region]
        self.tell(5, len(regions), 0, *words, fds=[self.fd] * len(regions),
                  layout=f'<II{len(words)}Q')

    def run(self, rx_size=256, tx_size=256, base=0, splits=(), start=0):
        """Features, memory, both rings from guest address `base`: what DRIVER_OK makes QEMU do."""
        self.tell(2, self.features | 1 << PROTOCOL_FEATURES)
        self.share(splits)
        self.free = base + 2 * RING_LEN
        for queue in (self.rx, self.tx):
            if queue:
                queue.close()
        self.memory[base:base + 2 * RING_LEN] = bytes(2 * RING_LEN)
        self.rx, self.tx = Queue(self, 0, rx_size, base), Queue(self, 1, tx_size, base + RING_LEN)
        for queue in (self.rx, self.tx):
            queue.avail_idx = queue.taken = start
            self.put(queue.avail, '<HH', 0, start)
            self.put(queue.used, '<HH', 0, start)
            self.tell(8, queue.number, queue.size, layout='<II')
            self.tell(10, queue.number, start, layout='<II')
            self.tell(9, queue.number, 0, USER + queue.desc, USER + queue.used, USER + queue.avail,
                      0, layout='<II4Q')
            self.tell(12, queue.number, fds=[queue.kick_fd])
            self.tell(13, queue.number, fds=[queue.call_fd])
            self.tell(18, queue.number, 1, layout='<II')
        self.ask(1)             # all of that has been done

    def reset(self):
        """GET_VRING_BASE of both rings; returns what the back end took last of each."""
        return [self.ask(11, queue.number, 0, layout='<II') >> 32 for queue in (self.rx, self.tx)]

    # Memory.

    def room(self, length, fill=0):
        """`length` bytes of guest memory that nothing else uses, with 64 bytes of 0xee behind."""
        at = self.free
        self.free += (length + 64 + 63) & ~63
        assert self.free <= MEMORY
        self.memory[at:self.free] = bytes([fill]) * length + b'\xee' * (self.free - at - length)
        return at

    def put(self, at, layout, *values):
        struct.pack_into(layout, self.memory, at, *values)

    def get(self, at, layout, whole=False):
        found = struct.unpack_from(layout, self.memory, at)
        return found if whole else found[0]

    def bytes(self, at, length):
        return bytes(self.memory[at:at + length])

    def header(self, at):
        """The virtio header there, by name."""
        return dict(zip(HEADER_FIELDS, HEADER.unpack(self.bytes(at, HEADER.size))))

    def send(self, frame, indirect=False, **header):
        """Posts a frame on the transmit queue and kicks; returns (head, its address)."""
        at = self.room(HEADER.size + len(frame))
        self.memory[at:at + HEADER.size + len(frame)] = HEADER.pack(
            *(header.get(name, 0) for name in HEADER_FIELDS)) + frame
        table = self.room(32) if indirect else None
        head = self.tx.post([(at, HEADER.size, 0), (at + HEADER.size, len(frame), 0)],
                            indirect=table)
        self.tx.kick()
        return head, at
