"""The boot program of tests/nbp on a machine: what it was started with, and calls by it.

    probe = Probe(guest)                    # waits until it runs
    probe.entry                             # its registers at the start
    answer = probe.call(UDP_OPEN, pack('<HL', 0, 0))
    assert answer.status == SUCCESS

Each call by the API's conventions is judged in call() for what holds for all of them: AX says
whether the status is 0, and nothing else has changed [PXE-06].
"""

import dataclasses
import itertools
import struct

import vm

PROBE = vm.SKIFF_ROM.parent / 'probe.0'
READY = r'^probe: ready$'

# PXE 2.1, 3
START_UNDI, UNDI_STARTUP, UNDI_CLEANUP, UNDI_INITIALIZE = 0x00, 0x01, 0x02, 0x03
UNDI_RESET_ADAPTER, UNDI_SHUTDOWN, UNDI_OPEN, UNDI_CLOSE, UNDI_TRANSMIT = range(0x04, 0x09)
UNDI_SET_STATION_ADDRESS, UNDI_SET_PACKET_FILTER, UNDI_GET_INFORMATION = 0x0a, 0x0b, 0x0c
UNDI_GET_STATISTICS, UNDI_CLEAR_STATISTICS, UNDI_GET_MCAST_ADDRESS = 0x0d, 0x0e, 0x11
UNDI_GET_NIC_TYPE, UNDI_GET_IFACE_INFO, UNDI_ISR, STOP_UNDI = 0x12, 0x13, 0x14, 0x15
TFTP_OPEN, TFTP_CLOSE, TFTP_READ, TFTP_READ_FILE, TFTP_GET_FSIZE = 0x20, 0x21, 0x22, 0x23, 0x25
UDP_OPEN, UDP_CLOSE, UDP_READ, UDP_WRITE = 0x30, 0x31, 0x32, 0x33
UNLOAD_STACK, GET_CACHED_INFO = 0x70, 0x71

# PXE 2.1, appendix A
SUCCESS, FAILURE, UNSUPPORTED, KEEP_ALL = 0x00, 0x01, 0x03, 0x05
UDP_CLOSED, UDP_IS_OPEN = 0x18, 0x19
UNDI_INVALID_PARAMETER, UNDI_INVALID_STATE = 0x68, 0x6a

CARRY, DIRECTION, INTERRUPTS = 0x001, 0x400, 0x200
ARITHMETIC = 0x8d5      # flags that tell nothing

NAMES = ('eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp', 'esp', 'eflags',
         'ds', 'es', 'fs', 'gs', 'ss', 'cs')
FORMAT = struct.Struct('<9L6H')

# Where in the guest's memory we keep what, as (offset, segment).
PARAMETERS, DATA, SECOND = (0x0010, 0x3000), (0x0020, 0x4000), (0x0000, 0x5000)
STACK = (0xfff0, 0x6000)


def registers(**values):
    """All registers, those that are not given with a value of their own; SS 0: the stack stays."""
    marks = {name: 0x11111111 * (1 + i) for i, name in enumerate(NAMES[:7])}
    segments = {'ds': 0x7d1, 'es': 0x7e2, 'fs': 0x7f3, 'gs': 0x714}
    return {**dict.fromkeys(NAMES, 0), **marks, **segments, 'eflags': 2 | INTERRUPTS, **values}


def far(place):
    """A far pointer in memory."""
    return struct.pack('<HH', *place)


def linear(place):
    return place[0] + 16 * place[1]


@dataclasses.dataclass
class Answer:
    """Of a call: the status, and the parameters as they are behind it, status included."""

    status: int
    data: bytes

    def unpack(self, form, offset=2):
        return struct.unpack_from('<' + form, self.data, offset)


class Probe:
    """The probe, which waits for commands on the machine's serial port."""

    CHUNK = 0x700       # bytes that a command may have

    def __init__(self, guest, after=0):
        self.guest = guest
        self.place = guest.wait_for(READY, after=after).end()       # of the console
        self.entry = dict(zip(NAMES, FORMAT.unpack(self._ask('E')[0])))
        self.stack = struct.unpack('<4H', self.peek((self.entry['esp'] & 0xffff,
                                                     self.entry['ss']), 8))
        self.env = (self.entry['ebx'] & 0xffff, self.entry['es'])
        self.bang = self.stack[2:]
        self._conventions = itertools.cycle([self._by_bang, self._by_env])

    def _ask(self, *commands):
        """Their answers' bytes. All are sent before the first answer is waited for."""
        self.guest.type(''.join(f'{command}\n' for command in commands))
        answers = []
        for command in commands:
            match = self.guest.wait_for(r'^(=([0-9a-f]*)|\w.*)$', after=self.place)
            assert match[1].startswith('='), f'{command}: {match[1]}'
            self.place = match.end()
            answers.append(bytes.fromhex(match[2]))
        return answers

    # --- memory -----------------------------------------------------------------------------------

    def peek(self, place, size):
        return self._ask(f'P{far(place).hex()}{struct.pack("<H", size).hex()}')[0]

    def peek_far(self, pointer, form):
        """A structure at a far pointer in bytes, as the guest has it."""
        return struct.unpack('<' + form, self.peek(pointer, struct.calcsize('<' + form)))

    def poke(self, place, data):
        for at in range(0, len(data), self.CHUNK):
            self._ask(f'W{far((place[0] + at, place[1])).hex()}{data[at:at + self.CHUNK].hex()}')

    def word(self, address):
        return struct.unpack('<H', self.peek((address & 15, address >> 4), 2))[0]

    def vector(self, number):
        """Of an interrupt: (offset, segment)."""
        return struct.unpack('<HH', self.peek((4 * number, 0), 4))

    # --- calls ------------------------------------------------------------------------------------

    @staticmethod
    def command(letter, given, target, words=()):
        """The command of a call."""
        command = letter + FORMAT.pack(*given.values()).hex() + target.hex()
        command += struct.pack(f'<H{len(words)}H', len(words), *words).hex()
        return command

    def far_call(self, place, given=None, words=(), letter='C'):
        """The registers behind a far call; `esp` is what it took off the stack, or left there."""
        command = self.command(letter, given or registers(), far(place), words)
        return dict(zip(NAMES, FORMAT.unpack(self._ask(command)[0])))

    def interrupt(self, number, **given):
        command = self.command('I', registers(**given), struct.pack('<L', number))
        return dict(zip(NAMES, FORMAT.unpack(self._ask(command)[0])))

    def _by_bang(self, opcode, place, given):
        return (self.peek_far((self.bang[0] + 0x10, self.bang[1]), 'HH'), given,
                [place[1], place[0], opcode])

    def _by_env(self, opcode, place, given):
        given.update(ebx=given['ebx'] & 0xffff0000 | opcode,
                     edi=given['edi'] & 0xffff0000 | place[0], es=place[1])
        return self.peek_far((self.env[0] + 0x0a, self.env[1]), 'HH'), given, []

    def call(self, opcode, data=bytes(2), convention=None, letter='C', place=PARAMETERS, **given):
        """The Answer to one opcode; data are the parameters, with the place of the status in front.

        convention: 'bang', 'env', or None for another one each time.
        """
        by = {'bang': self._by_bang, 'env': self._by_env, None: next(self._conventions)}[convention]
        target, given, words = by(opcode, place, registers(**given))
        data = b'\xfe\xca' + data[2:]
        answers = self._ask(f'W{far(place).hex()}{data.hex()}',
                            self.command(letter, given, far(target), words),
                            f'P{far(place).hex()}{struct.pack("<H", len(data)).hex()}')
        behind = dict(zip(NAMES, FORMAT.unpack(answers[1])))
        answer = Answer(struct.unpack_from('<H', answers[2])[0], answers[2])
        what = f'{opcode:#x} by {by.__name__}: {answer}'
        assert behind['eax'] & 0xffff == (answer.status != SUCCESS), what
        for name in NAMES:
            if name in ('cs', 'ss') or (letter != 'C' and name == 'eflags'):
                continue
            mask = {'eax': 0xffff0000, 'eflags': ~ARITHMETIC}.get(name, ~0)
            expected = 0 if name == 'esp' else given[name]
            assert (behind[name] ^ expected) & mask == 0, \
                f'{what}: {name} is {behind[name]:#x}, was {given[name]:#x}'
        return answer

    def ok(self, opcode, data=bytes(2), **how):
        """The Answer to a call that must succeed."""
        __tracebackhide__ = True
        answer = self.call(opcode, data, **how)
        assert answer.status == SUCCESS, f'{opcode:#x}: status {answer.status:#x}'
        return answer

    def leave(self):
        """By a far return to where it was started from; nothing answers."""
        self.guest.type('R\n')

    def jump(self, place):
        self.guest.type(f'J{far(place).hex()}\n')

    def base_memory(self):
        """KiB, as the BIOS data area says (40:13)."""
        return self.word(0x413)

    def e820(self, room=20):
        """The memory map: [(start, length, type)]"""
        ranges, ebx = [], 0
        while True:
            after = self.interrupt(0x15, eax=0xe820, ebx=ebx, ecx=room, edx=0x534d4150,
                                   edi=0x55550000 | DATA[0], es=DATA[1])
            assert after['eflags'] & CARRY == 0 and after['eax'] == 0x534d4150
            ranges.append(self.peek_far(DATA, 'QQL'))
            ebx = after['ebx']
            if not ebx:
                return ranges
