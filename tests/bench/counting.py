"""Counted by the plugin count.c: guest instructions, of a download and of the digest.

count   Guest instructions per KiB of payload between the GET and the console line; the median for
        16 MiB is taken from that for 64 MiB, so what happens once per fetch drops out, and what is
        left includes the polls of a guest that waits for its network: on a busy machine that is
        most of it. For skiff also the instructions within calls of MARK_FUNCTION in which MARK_IF
        ran, which leaves out the polls that found nothing.
digest  Of skiff, per byte, the instructions within calls of DIGEST_FUNCTION; and MB/s, by the
        host's clock, of what lies between the lines "http:" and "count:": the end of the
        connection and the digest. Both as differences between the two sizes.

Symbols are those of skiff.sym, beside skiff.rom; functions.py has the same for every function.
Before anything is measured the plugin is tried on a small guest whose instructions are known.
"""

import array
import os
import re
import struct
import subprocess
from pathlib import Path

from fetch import LARGE, PROPERTIES, SMALL, TOP, Failure, attach, wait_end, watched

# pylint: disable=wrong-import-order
import network
from vm import Machine

COUNT_KIB = (LARGE[1] - SMALL[1]) / 1024

# The calls between whose entry and return we count, and what must have run within such a call for
# it to count.
MARK_FUNCTION = os.environ.get('MARK_FUNCTION', 'net_poll')
MARK_IF = os.environ.get('MARK_IF', 'net_rx')
DIGEST_FUNCTION = 'sha256_blocks'
PLUGIN = TOP / 'build' / 'count.so'


class Counter:
    """The plugin's arguments for one machine, and its counters, readable at any time.

    profile: (from, to), the addresses for which there is a count of each.
    """

    FIELDS = ('total', 'kept', 'calls', 'entered', 'left')

    def __init__(self, directory, marks='', profile=None):
        self.file, self.profile = Path(directory) / 'count', Path(directory) / 'profile'
        if profile:
            marks += f',profile={self.profile},range={profile[0]:x}-{profile[1]:x}'
        self.arguments = ['-plugin', f'{PLUGIN},out={self.file}{marks}']

    def read(self):
        return dict(zip(self.FIELDS, struct.unpack('<5Q', self.file.read_bytes())))

    def read_profile(self):
        return array.array('Q', self.profile.read_bytes())


# A firmware of 64 KiB that calls `function` 1000 times; every fourth call runs `wanted`.
GUEST = '''
        .code16
        .globl  function, function_end, wanted
start:  cli
        mov     $0x7000, %sp
        mov     $1000, %cx
turn:   call    function
        jnz     turn
        out     %al, $0xf4              # isa-debug-exit
        hlt
wanted: nop
        nop
        ret
function:
        nop
        test    $3, %cl
        jnz     1f
        call    wanted
1:      dec     %cx
        ret
function_end:
        .org    0xfff0
        jmp     start
        .org    0x10000
'''
# jmp, cli, mov, mov; 1000 × (call, jnz, nop, test, jnz, dec, ret), 250 × (call, nop, nop, ret);
# out, and hlt, which is in the same block.
GUEST_TOTAL = 4 + 1000 * 7 + 250 * 4 + 2
GUEST_FUNCTION = 1000 * 5 + 250 * 4
GUEST_KEPT = 250 * 9
GUEST_BY_FUNCTION = {'wanted': 250 * 3, 'function': 250 * 6}


def prove_plugin(directory):
    """Runs GUEST as firmware, under both kinds of marks; raises Failure unless counts are exact."""
    if not PLUGIN.exists():
        raise network.Unavailable(f'{PLUGIN} is not built (make bench builds it)')
    where = Path(directory)
    (where / 'guest.s').write_text(GUEST)
    for words in (['as', '--32', '-o', 'guest.o', 'guest.s'],
                  ['ld', '-m', 'elf_i386', '-Ttext', '0xffff0000', '-e', '0xffff0000',
                   '-o', 'guest.elf', 'guest.o'],
                  ['objcopy', '-O', 'binary', '-j', '.text', 'guest.elf', 'guest.bin']):
        subprocess.run(words, cwd=where, check=True)
    text = subprocess.run(['nm', 'guest.elf'], cwd=where, check=True, text=True,
                          capture_output=True).stdout
    names = symbols(text)
    function = mark(names, 'function', '')
    profile = (names['wanted'], names['function_end'])
    for marks, kept, calls in ((function, GUEST_FUNCTION, 1000),
                               (mark(names, 'function', 'wanted'), GUEST_KEPT, 250)):
        counter = Counter(directory, marks, profile)
        with Machine(console='none', memory='16M', arguments=[
                '-bios', where / 'guest.bin', '-device', 'isa-debug-exit,iobase=0xf4',
                *counter.arguments]) as machine:
            machine.wait_exit(10)
        expected = {'total': GUEST_TOTAL, 'kept': kept, 'calls': calls, 'entered': 1000,
                    'left': 1000}
        if counter.read() != expected:
            raise Failure(f'the plugin counts {counter.read()}, not {expected}')
    found = by_function(counter.read_profile(), profile[0], text)
    if found != GUEST_BY_FUNCTION:
        raise Failure(f'the plugin counts {found} by function, not {GUEST_BY_FUNCTION}')


def parse(text):
    """nm's output as [(address, kind, name)]."""
    return [(int(address, 16), kind, name) for address, kind, name in re.findall(
        r'^([0-9a-f]+) ([A-Za-z]) (\S+)$', text, re.MULTILINE)]


def symbols(text):
    """nm's output as a dict of name to address."""
    return {name: address for address, _, name in parse(text)}


def mark(names, function, wanted):
    """The plugin's arguments for the calls of a function, which ends where the next begins, in
    which `wanted` ran, if not ''."""
    missing = [name for name in (function, wanted) if name and name not in names]
    if missing:
        raise Failure(f'no {" and ".join(missing)} among the symbols')
    address = names[function]
    end = min(other for other in names.values() if other > address)
    return f',function={address:x}-{end:x}' + (f',if={names[wanted]:x}' if wanted else '')


def by_function(profile, base, text):
    """{function: instructions} of a profile that begins at `base`; text: nm's.

    Copies that the compiler made of a function for some of its callers (NAME.constprop.0) count as
    it. Of two names for one address the one that other files know is the function.
    """
    names = {}
    for address, kind, name in parse(text):
        if kind == 'T' or kind == 't' and address not in names:
            names[address] = name.split('.')[0]
    found, name = {}, names.get(max((a for a in names if a < base), default=None), '')
    for at, count in enumerate(profile):
        name = names.get(base + at, name)
        if count:
            found[name] = found.get(name, 0) + count
    return found


def complete(counters):
    """The counters, if no call of the marked function got lost."""
    entered, left = counters['entered'], counters['left']
    if abs(entered - left) > 1:
        raise Failure(f'the marked function was entered {entered} times and returned {left} times: '
                      'it has a tail call, or runs within itself')
    return counters


def fetch_count(program, flavour, payload, counter):
    """(all instructions from the GET to the end, the counters at the end) of one fetch."""
    with attach(flavour) as net:
        begun, ended = watched(program, net, payload, lambda _: counter.read(),
                               arguments=counter.arguments, properties=PROPERTIES.get(flavour))
    return ended['total'] - begun['total'], complete(ended)


def count_pair(program, flavour, directory):
    """Instructions of a small and of a large fetch, and those between the marks per KiB."""
    text = program.symbols()
    marks = mark(symbols(text), MARK_FUNCTION, MARK_IF) if text else ''
    counter = Counter(directory, marks)
    small, at_small = fetch_count(program, flavour, SMALL, counter)
    large, at_large = fetch_count(program, flavour, LARGE, counter)
    counts = {'small': small, 'large': large, 'count': (large - small) / COUNT_KIB}
    if marks:
        counts['marked'] = (at_large['kept'] - at_small['kept']) / COUNT_KIB
    return counts


def digest(program, payload, arguments=()):
    """Seconds from the line "http:" to "count:", between which skiff computes the digest."""
    with attach('user') as net:
        url = net.url(payload[0])
        with program.machine(net, url, arguments=arguments) as machine:
            begun = machine.when(wait_end(machine, program, url))
            return machine.when(machine.wait_for(r'^count: ', timeout=180)) - begun


def digest_pair(program, directory):
    """MB/s of the digest, and its instructions per byte."""
    counter = Counter(directory, mark(symbols(program.symbols()), DIGEST_FUNCTION, ''))
    seconds, kept = [], []
    for payload in (SMALL, LARGE):
        seconds.append(digest(program, payload))
        digest(program, payload, counter.arguments)
        kept.append(complete(counter.read())['kept'])
    size = LARGE[1] - SMALL[1]
    return {'sha256': size / 1e6 / (seconds[1] - seconds[0]),
            'per byte': (kept[1] - kept[0]) / size}
