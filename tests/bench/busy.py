"""The part `busy`: who is at work while a file arrives, and who finds no processor.

The share of the time from the GET to the last byte in which a party's threads run, and that in
which they could but find no processor free (/proc/PID/task/TID/schedstat). `guest` is the vCPU's
thread: a guest that polls runs whenever QEMU lets it; `QEMU` are its other threads, device and
libslirp among them; then passt and nginx. What the kernel does for one of them counts as its own;
what soft interrupts do for all, does not.
"""

import contextlib
import time
from pathlib import Path

from fetch import (COUNT_RUNS, FLAVOURS, LARGE, PROPERTIES, Values, attach, preallocated, rounds,
                   watched)

PARTIES = ('guest', 'QEMU', 'passt', 'nginx')


def look(processes):
    """{quantity: seconds so far}, 'time' among them; processes: {party: pid}."""
    found = {'time': time.monotonic()}
    for party, pid in processes.items():
        for task in Path(f'/proc/{pid}/task').iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):      # It has ended.
                is_guest = (task / 'comm').read_text().startswith('CPU ')
                who = 'guest' if is_guest else party
                ran, queued, _ = (task / 'schedstat').read_text().split()
                for quantity, spent in ((who, ran), (f'{who} queued', queued)):
                    found[quantity] = found.get(quantity, 0) + int(spent) / 1e9
    return found


def shares(program, flavour, server):
    """{quantity: percent of the time} of one fetch."""
    with attach(flavour) as net:
        processes = {'nginx': server.process.pid}
        if 'passt' in net.parts:
            processes['passt'] = net.parts['passt'].process.pid
        before, after = watched(
            program, preallocated(net), LARGE,
            lambda machine: look({**processes, 'QEMU': machine.process.pid}),
            properties=PROPERTIES.get(flavour), arguments=['-name', 'guest,debug-threads=on'])
    spent = {quantity: after[quantity] - before[quantity] for quantity in before}
    took = spent.pop('time')
    return {quantity: 100 * seconds / took for quantity, seconds in spent.items()}


class Busy(Values):
    """Medians, as tables in Markdown."""

    def __init__(self, programs):
        super().__init__()
        self.programs = programs

    def table(self):
        return '\n\n'.join(self._of(program.name) for program in self.programs)

    def _of(self, name):
        rows = [f'| {name}, % of the time | ' + ' | '.join(FLAVOURS) + ' |',
                '|---' * (len(FLAVOURS) + 1) + '|']
        return '\n'.join(rows + [f'| {party} | ' + ' | '.join(
            self._cell(party, flavour, name) for flavour in FLAVOURS) + ' |' for party in PARTIES])

    def _cell(self, party, flavour, name):
        ran, queued = (self.middle(quantity, flavour, name)
                       for quantity in (party, f'{party} queued'))
        return '–' if ran is None else f'{ran:.0f} + {queued:.0f}'


def measure(programs, server):
    results = Busy(programs)
    for flavour, program in rounds(programs, FLAVOURS, COUNT_RUNS):
        results.measure('busy', flavour, program, lambda f=flavour, p=program: shares(p, f, server))
    return results
