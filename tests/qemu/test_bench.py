"""What the bench makes of symbols, counts and ROM files; its plugin it proves itself, when it runs.
"""

import sys

import pytest

from vm import SKIFF_ROM, TOP

sys.path.append(str(TOP / 'tests' / 'bench'))

# pylint: disable=wrong-import-position
import counting     # noqa: E402
import functions    # noqa: E402
import programs     # noqa: E402
from fetch import Failure   # noqa: E402

NM = '''00000006 t checksum
00500000 T first
00500004 t inner.constprop.0
00500008 t local
00500008 T global
00000900 A body_len
'''


def test_an_instruction_counts_for_the_function_it_stands_in():
    profile = [0, 5, 0, 0, 7, 0, 1, 0, 2, 3]
    assert counting.by_function(profile, 0x500000, NM) == {'first': 5, 'inner': 8, 'global': 5}


def test_a_profile_may_begin_within_a_function():
    assert counting.by_function([1, 0, 2], 0x500006, NM) == {'inner': 1, 'global': 2}


def test_a_marked_function_ends_where_the_next_begins():
    names = counting.symbols(NM)
    assert counting.mark(names, 'first', '') == ',function=500000-500004'
    assert counting.mark(names, 'first', 'global') == ',function=500000-500004,if=500008'


def test_a_mark_that_is_no_symbol_is_named():
    with pytest.raises(Failure, match='no gone among'):
        counting.mark(counting.symbols(NM), 'first', 'gone')


def test_rows_of_the_functions_add_up_and_small_ones_share_one():
    table = functions.markdown({'user': {'sum': 90, 'rx': 9.5, 'a': 0.3, 'b': 0.2},
                                'tap': {'rx': 40, 'b': 0.25}})
    assert table.splitlines() == ['| instructions per KiB | user | tap |',
                                  '|---|---|---|',
                                  '| `rx` | 9.5 | 40.0 |',
                                  '| `sum` | 90.0 | 0.0 |',
                                  '| 2 others | 0.5 | 0.2 |',
                                  '| all | 100.0 | 40.2 |']


def rival(monkeypatch, tmp_path, rom):
    monkeypatch.setattr(programs, 'RIVAL', str(rom))
    return programs.find_rival(tmp_path)


def test_a_rom_of_the_users_own_takes_the_place_of_qemus_default(monkeypatch, tmp_path):
    rom = tmp_path / 'own.rom'
    image = bytearray(1024)
    image[0:2], image[0x18] = b'\x55\xaa', 0x1c
    image[0x2c] = 2                                     # of 512 bytes
    rom.write_bytes(image)
    found = rival(monkeypatch, tmp_path, rom)
    assert (found.name, found.rom, found.image_bytes()) == ('rival', rom, 1024)
    assert found.arguments == ['-L', tmp_path / 'rival']


def test_another_skiff_is_a_rival_with_symbols(monkeypatch, tmp_path):
    rom = tmp_path / 'old.rom'
    rom.write_bytes(SKIFF_ROM.read_bytes())
    rom.with_suffix('.sym').write_text(NM)
    found = rival(monkeypatch, tmp_path, rom)
    assert (found.name, found.rom, found.symbols()) == ('rival', rom, NM)


def test_a_rival_that_is_not_there_is_named(monkeypatch, tmp_path):
    with pytest.raises(Failure, match='gone.rom does not exist'):
        rival(monkeypatch, tmp_path, tmp_path / 'gone.rom')
