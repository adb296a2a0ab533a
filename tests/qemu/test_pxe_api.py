"""The PXE API (PXE 2.1) as a boot program meets it: its start, what it finds in memory, its end.
The calls are in test_pxe_calls.py; what does them is tests/nbp."""

import itertools
import struct

import pytest

import probe as pxe
from network import wait_until
from skiff import device_status

MIB = 1 << 20
RAM = 1
SEGMENT_LEN = 12 * 1024     # arch/pcbios/pxe/layout.h
OLD_INT15, OLD_INT1A, OLD_INT18, STACK_END = 0xd0, 0xd4, 0xd8, 0x2340
HOOKED = {0x15: OLD_INT15, 0x18: OLD_INT18, 0x1a: OLD_INT1A}


def old_vector(probe, number):
    """Of an interrupt: whom our handler goes on to."""
    return probe.peek_far((HOOKED[number], probe.env[1]), 'HH')


def found_by_1a(probe):
    """Where INT 1Ah says that PXENV+ is; None: it does not."""
    after = probe.interrupt(0x1a, eax=0x5650)
    if after['eax'] & 0xffff == 0x564e and not after['eflags'] & pxe.CARRY:
        return after['ebx'] & 0xffff, after['es']
    return None


# --- the start ------------------------------------------------------------------------------------

def test_registers_and_stack_at_the_start(api):
    """[PXE-01] [PXE-02]"""
    probe = api()
    entry = probe.entry
    assert entry['cs'] == 0
    assert probe.peek(probe.env, 6) == b'PXENV+'
    assert probe.peek(probe.bang, 4) == b'!PXE'
    assert entry['edx'] == pxe.linear(probe.env)
    assert not entry['eflags'] & pxe.DIRECTION
    assert entry['eflags'] & pxe.INTERRUPTS
    # 1.5 KiB of stack are the program's: nothing that matters lies there.
    assert entry['esp'] >= 1536
    bottom = entry['esp'] - 1536
    probe.poke((bottom, entry['ss']), bytes([0x5a]) * 1400)
    assert sum(probe.peek(probe.bang, 0x58)) % 256 == 0
    assert probe.e820()
    info = struct.pack('<5H', 0, 2, 0, 0, 0)
    assert probe.ok(pxe.GET_CACHED_INFO, info).unpack('H', 4)[0] > 300
    assert probe.ok(pxe.UNDI_GET_INFORMATION, bytes(50)).unpack('H', 8) == (1,)


def test_structures(api):
    """[PXE-04] [PXE-05]"""
    probe = api()
    env = probe.peek(probe.env, 0x2c)
    assert env[:6] == b'PXENV+' and env[8] == 0x2c and sum(env) % 256 == 0
    version, entry = struct.unpack_from('<H', env, 6)[0], struct.unpack_from('<HH', env, 0x0a)
    assert version == 0x0201 and any(entry)
    assert struct.unpack_from('<HH', env, 0x28) == probe.bang
    bang = probe.peek(probe.bang, 0x58)
    assert bang[:4] == b'!PXE' and bang[4] == 0x58 and sum(bang) % 256 == 0
    assert bang[6] == 0
    assert pxe.linear(probe.bang) % 16 == pxe.linear(probe.env) % 16 == 0
    real, protected, callout = struct.unpack_from('<4x4x4x4xLLL', bang)
    assert real and protected == 0 and callout == 0xffffffff
    # All are one segment, which reaches from the end of base memory to what was its end.
    base = probe.base_memory() * 1024
    assert bang[0x1d] >= 7
    for at in range(0x20, 0x20 + 8 * bang[0x1d], 8):
        selector, start, length = struct.unpack_from('<HLH', bang, at)
        assert selector * 16 == start == base and length == SEGMENT_LEN
    for at in range(0x14, 0x28, 4):
        assert struct.unpack_from('<HH', env, at) == (base // 16, SEGMENT_LEN)
    for place in (probe.bang, probe.env):
        assert base <= pxe.linear(place) < base + SEGMENT_LEN


def test_int_1a_finds_it_and_the_rest_goes_on(api):
    """[PXE-07]"""
    probe = api()
    assert found_by_1a(probe) == probe.env
    after = probe.interrupt(0x1a, eax=0x5650)
    assert after['edx'] == pxe.registers()['edx']       # undefined there; ours leaves it alone
    ours, bios = (probe.interrupt(0x1a, eax=0xb101, edi=0), probe.far_call(
        old_vector(probe, 0x1a), pxe.registers(eax=0xb101, edi=0), [2 | pxe.INTERRUPTS]))
    assert {**ours, 'esp': 0} == {**bios, 'esp': 0} and ours['edx'] == 0x20494350    # 'PCI '


@pytest.mark.parametrize('model, memory', [('pc', '128M'), ('pc', '4G'), ('q35', '512M')])
def test_memory_that_is_ours_is_no_ram(model, memory, api):
    """[PXE-17] [ROM-12]"""
    probe = api(machine=model, memory=memory)
    base = probe.base_memory() * 1024
    ours = probe.e820()
    handler = probe.vector(0x15)
    assert probe.e820(room=24) == ours and probe.e820(room=0x7fffffff) == ours
    hole = next(r for r in ours if r[0] == base)
    assert hole == (base, SEGMENT_LEN, 2)
    # The BIOS's own, which is asked behind our back, is the same but for what is ours.
    probe.poke((0x54, 0), struct.pack('<HH', *old_vector(probe, 0x15)))
    bios = probe.e820()
    probe.poke((0x54, 0), struct.pack('<HH', *handler))
    # Base memory once more: the BIOS may answer by it, or not.
    assert ram(ours) < ram(bios) - SEGMENT_LEN
    lost = [r for r in ours if r[2] != RAM and any(
        start <= r[0] < start + length for start, length, kind in bios if kind == RAM)]
    assert [r[0] for r in lost][:1] == [base] and len(lost) == 2
    assert ram(ours) + sum(r[1] for r in lost) == ram(bios)
    start, length, _ = lost[1]
    assert 16 * MIB < start and start + length < 1 << 32 and length < 4 * MIB
    # None overlaps another.
    ends = sorted((start, start + length) for start, length, _ in ours)
    assert all(first[1] <= second[0] for first, second in zip(ends, ends[1:]))
    # The older calls know no gap: what they name ends below ours.
    after = probe.interrupt(0x15, eax=0xe801)
    low, high = after['eax'] & 0xffff, after['ebx'] & 0xffff
    assert (after['ecx'] & 0xffff, after['edx'] & 0xffff) == (low, high)
    assert not after['eflags'] & pxe.CARRY
    assert (low, 16 * MIB + high * 65536) == (15 * 1024, start & ~0xffff)
    after = probe.interrupt(0x15, eax=0x8800)
    assert not after['eflags'] & pxe.CARRY
    assert after['eax'] & 0xffff == min(63 * 1024, (start - MIB) // 1024)


def ram(ranges):
    return sum(length for _, length, kind in ranges if kind == RAM)


def test_bad_questions_for_the_memory_map(api):
    """[PXE-17]"""
    probe = api()
    probe.poke(pxe.DATA, bytes(24))
    for how in ({'edx': 0x50414d53}, {'ecx': 19}, {'ebx': 200}, {'ebx': 0x10000}):
        given = {'eax': 0xe820, 'ebx': 0, 'ecx': 20, 'edx': 0x534d4150, 'edi': pxe.DATA[0],
                 'es': pxe.DATA[1], **how}
        assert probe.interrupt(0x15, **given)['eflags'] & pxe.CARRY, how
        assert probe.peek(pxe.DATA, 24) == bytes(24), how


# --- how calls are made ---------------------------------------------------------------------------

def test_any_state_of_the_caller(api):
    """Another stack, garbage above 16-bit registers, flags, a shut A20 gate: all comes back as it
    was. [PXE-06]"""
    probe = api()
    info = struct.pack('<5H', 0, 2, 0, 0, 0)
    expected = probe.ok(pxe.GET_CACHED_INFO, info).data
    for convention, flags in itertools.product(
            ('bang', 'env'), (2, 2 | pxe.DIRECTION, 2 | pxe.INTERRUPTS | pxe.DIRECTION, 0x8d7)):
        for stack in ({}, {'ss': pxe.STACK[1], 'esp': pxe.STACK[0]},
                      {'ss': pxe.STACK[1], 'esp': 0x77770000 | pxe.STACK[0]}):
            answer = probe.ok(pxe.GET_CACHED_INFO, info, convention=convention, eflags=flags,
                              **stack)
            assert answer.data == expected
    for segment in (0x3001, 0x2002, 0x0fff):
        assert probe.ok(pxe.GET_CACHED_INFO, info, place=(0x000f, segment)).data == expected
    assert not probe.interrupt(0x15, eax=0x2400)['eflags'] & pxe.CARRY      # A20 off
    assert probe.ok(pxe.GET_CACHED_INFO, info).data == expected
    probe.interrupt(0x15, eax=0x2401)


def test_caller_in_virtual_8086_mode_gets_an_error(api):
    """[PXE-06]"""
    probe = api()
    for convention in ('bang', 'env'):
        for opcode, data in ((pxe.GET_CACHED_INFO, struct.pack('<5H', 0, 2, 0, 0, 0)),
                             (pxe.UNDI_GET_INFORMATION, bytes(50))):
            answer = probe.call(opcode, data, convention, letter='V', eflags=2)
            assert answer.status == pxe.FAILURE
            assert answer.data[2:] == data[2:]
    assert probe.ok(pxe.UNDI_GET_INFORMATION, bytes(50))


# --- the end --------------------------------------------------------------------------------------

def assert_over(api, probe, vectors, base):
    """The next boot device has its turn, the device is reset, and memory is the BIOS's again."""
    guest = probe.guest
    api.next_device(guest)
    assert device_status(guest) == 0
    for number, vector in vectors.items():
        assert struct.unpack('<HH', guest.memory_bytes(4 * number, 4)) == vector, hex(number)
    assert struct.unpack('<H', guest.memory_bytes(0x413, 2)) == (base, )


def before(probe):
    """What must be there in the end: the BIOS's vectors, and its KiB of base memory."""
    return ({number: old_vector(probe, number) for number in HOOKED},
            probe.base_memory() + SEGMENT_LEN // 1024)


ENDS = {
    'far return': lambda probe: probe.leave(),
    'int 18h': lambda probe: probe.jump(probe.vector(0x18)),
    'int 18h on another stack': lambda probe: probe.guest.type(
        probe.command('I', pxe.registers(ss=pxe.STACK[1], esp=pxe.STACK[0], eflags=2),
                      struct.pack('<L', 0x18)) + '\n'),
}
STATES = {
    'nothing': lambda probe: None,
    'udp': lambda probe: probe.ok(pxe.UDP_OPEN, bytes(6)),
    'undi': lambda probe: probe.ok(pxe.UNDI_OPEN, struct.pack('<HHH', 0, 0, 7) + bytes(50)),
    'shut down': lambda probe: probe.ok(pxe.UNDI_SHUTDOWN),
    'unloaded': lambda probe: probe.ok(pxe.UNLOAD_STACK, bytes(12)),
}


@pytest.mark.parametrize('end, state, variant', [
    ('far return', 'nothing', 'transitional'), ('far return', 'udp', 'modern'),
    ('far return', 'undi', 'transitional'), ('int 18h', 'undi', 'modern'),
    ('int 18h', 'shut down', 'transitional'), ('int 18h on another stack', 'unloaded', 'modern'),
    ('int 18h on another stack', 'udp', 'transitional'),
    ('far return', 'undi', 'legacy')])
def test_next_boot_device_has_its_turn(end, state, variant, api):
    """[PXE-03] [PXE-16] [PXE-17]"""
    probe = api(variant=variant)
    expected = before(probe)
    # Memory through which we reach the BIOS is the program's, too.
    probe.poke((0x8200, 0), bytes([0x5a]) * 0x1e00)
    STATES[state](probe)
    ENDS[end](probe)
    probe.guest.wait_for(r'^skiff: the boot program has come back$')
    assert_over(api, probe, *expected)


CALLS = {'close': (pxe.UNDI_CLOSE, 2), 'udp': (pxe.UDP_CLOSE, 2), 'shut': (pxe.UNDI_SHUTDOWN, 2),
         'unload': (pxe.UNLOAD_STACK, 12), 'stop': (pxe.STOP_UNDI, 2),
         'cleanup': (pxe.UNDI_CLEANUP, 2)}


@pytest.mark.parametrize('opened, order', [
    ('undi', 'close shut unload stop'), ('undi', 'shut unload stop'), ('undi', 'unload stop'),
    ('undi', 'stop unload stop'), ('udp', 'udp unload stop'), ('udp', 'unload shut cleanup'),
    ('udp', 'shut stop unload cleanup'), ('', 'unload close shut stop'), ('', 'unload cleanup'),
    ('undi', 'stop shut close unload cleanup')])
def test_unloading_in_any_order(opened, order, api):
    """The device is silent, INT 1Ah and INT 15h are the BIOS's, and what is called afterwards
    fails. The program gives base memory back by itself, if it wants. [PXE-16] [PXE-17]"""
    probe = api()
    vectors, base = before(probe)
    place, hidden = probe.env, probe.e820()
    if opened:
        STATES[opened](probe)
        assert device_status(probe.guest) == 15
    for word in order.split():
        opcode, length = CALLS[word]
        assert probe.call(opcode, bytes(length)).status == pxe.SUCCESS, word
        if word == 'unload':
            assert found_by_1a(probe) is None
    assert device_status(probe.guest) == 0
    assert {number: probe.vector(number) for number in HOOKED} == vectors
    shown = probe.e820()
    assert ram(shown) > ram(hidden)
    assert probe.base_memory() == place[1] // 64
    # Nobody comes back to life.
    for opcode, length in ((pxe.UDP_OPEN, 6), (pxe.UDP_WRITE, 20), (pxe.UDP_READ, 20),
                           (pxe.GET_CACHED_INFO, 12), (pxe.UNDI_OPEN, 56), (pxe.UNDI_TRANSMIT, 12),
                           (pxe.UNDI_ISR, 18), (pxe.UNDI_INITIALIZE, 6),
                           (pxe.UNDI_RESET_ADAPTER, 56)):
        assert probe.call(opcode, bytes(length)).status != pxe.SUCCESS, hex(opcode)
    for opcode, length in CALLS.values():
        probe.call(opcode, bytes(length))
    assert device_status(probe.guest) == 0
    # As pxelinux does, and then goes on to the disk.
    probe.poke((0x413, 0), struct.pack('<H', base))
    assert probe.base_memory() == base
    ENDS['int 18h'](probe)
    assert_over(api, probe, vectors, base)


@pytest.mark.parametrize('opened', ['udp', 'undi'])
@pytest.mark.parametrize('word', ['unload', 'shut', 'stop', 'cleanup'])
def test_one_call_is_enough_to_stop_the_device(opened, word, api):
    """A program that says goodbye with one of them leaves no DMA behind. [PXE-16]"""
    probe = api()
    STATES[opened](probe)
    assert device_status(probe.guest) == 15
    opcode, length = CALLS[word]
    probe.call(opcode, bytes(length))
    assert device_status(probe.guest) == 0


def test_release_waits_for_who_hooked_behind_us(api):
    """[PXE-16]"""
    probe = api()
    vectors, base = before(probe)
    handler = probe.vector(0x15)
    code = b'\xea' + struct.pack('<HH', *handler)       # jmp far
    probe.poke(pxe.SECOND, code)
    probe.poke((0x54, 0), pxe.far(pxe.SECOND))
    probe.ok(pxe.UNLOAD_STACK, bytes(12))
    assert found_by_1a(probe) is None
    assert probe.call(pxe.STOP_UNDI).status == pxe.KEEP_ALL
    assert device_status(probe.guest) == 0
    assert probe.e820()                                 # by his handler, and ours, the BIOS's
    probe.poke((0x54, 0), pxe.far(handler))
    assert probe.call(pxe.STOP_UNDI).status == pxe.SUCCESS
    assert {number: probe.vector(number) for number in HOOKED} == vectors
    probe.leave()
    assert_over(api, probe, vectors, base)


def test_skiff_starts_again_after_it(api):
    """Five times the same: nothing is used up."""
    probe = api()
    expected = before(probe)
    for _ in range(4):
        STATES['undi'](probe)
        probe.leave()
        assert_over(api, probe, *expected)
        probe = api.again(probe)
        assert before(probe) == expected


def test_opcode_of_the_stub_is_nobody_elses(api):
    """[PXE-15]"""
    probe = api()
    for convention in ('bang', 'env'):
        assert probe.call(0xffff, bytes(64), convention).status == pxe.UNSUPPORTED
    wait_until(lambda: found_by_1a(probe) == probe.env, 10, 'the API')
