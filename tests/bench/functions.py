"""The part `functions`: where within skiff.rom the instructions of a download are spent.

Counted as for `count`, between the same marks and so without empty polls, as the difference between
the same two sizes, but by function: the plugin counts each address of the body, and skiff.sym says
whose it is. Means of COUNT_RUNS, which add up, as medians would not.
"""

import statistics

from counting import (COUNT_KIB, MARK_FUNCTION, MARK_IF, Counter, by_function, fetch_count, mark,
                      symbols)
from fetch import COUNT_RUNS, FLAVOURS, LARGE, SMALL, Values

LEAST = 0.01            # Share of a case's sum below which a function has no row of its own.
BODY_FROM = 1 << 20     # Below lie the boot image's addresses, which are 16-bit ones.


def profile(program, flavour, payload, directory):
    """{function: instructions} of one fetch."""
    text = program.symbols()
    names = symbols(text)
    base = min(address for address in names.values() if address >= BODY_FROM)
    counter = Counter(directory, mark(names, MARK_FUNCTION, MARK_IF),
                      (base, base + names['body_len']))
    _, ended = fetch_count(program, flavour, payload, counter)
    found = by_function(counter.read_profile(), base, text)
    return found | {'outside skiff': ended['kept'] - sum(found.values())}


class Functions(Values):
    """Instructions per KiB; quantities are functions."""

    def __init__(self):
        super().__init__()
        self.tables = {}

    def count(self, flavour, program, directory):
        """One pair of fetches; returns the sum."""
        small, large = (profile(program, flavour, payload, directory)
                        for payload in (SMALL, LARGE))
        per_kib = {name: (large.get(name, 0) - small.get(name, 0)) / COUNT_KIB
                   for name in small | large}
        self.tables.setdefault(flavour, []).append(per_kib)
        return {'functions': sum(per_kib.values())}

    def table(self):
        return markdown({title: mean(tables) for title, tables in self.tables.items()})


def mean(tables):
    """Of several {function: instructions} one."""
    return {name: statistics.mean(table.get(name, 0) for table in tables)
            for name in dict.fromkeys(name for table in tables for name in table)}


def markdown(columns):
    """{case: {function: instructions}} as a table, the dearest function first."""
    sums = {title: sum(column.values()) for title, column in columns.items()}
    most = {}
    for title, column in columns.items():
        for name, count in column.items():
            most[name] = max(most.get(name, 0), count / sums[title])
    shown = sorted((name for name in most if most[name] >= LEAST), key=lambda name: -most[name])
    rows = [(f'`{name}`', [column.get(name, 0) for column in columns.values()]) for name in shown]
    rest = [sums[title] - sum(column.get(name, 0) for name in shown)
            for title, column in columns.items()]
    rows += [(f'{len(most) - len(shown)} others', rest), ('all', sums.values())]
    return '\n'.join(['| instructions per KiB | ' + ' | '.join(columns) + ' |',
                      '|---' * (len(columns) + 1) + '|',
                      *(f'| {name} | ' + ' | '.join(f'{count:.1f}' for count in counts) + ' |'
                        for name, counts in rows)])


def measure(program, directory):
    results = Functions()
    for _ in range(COUNT_RUNS):
        for title in FLAVOURS:
            results.measure('functions', title, program, lambda t=title: results.count(
                t, program, directory))
    return results
