"""The option ROM file itself, and what the BIOS makes of it."""

import re
import struct

import pytest

from skiff import FAILED, NEXT_DEVICE, next_device, nic
from vm import SKIFF_ROM

BUDGET = 56 * 1024
SHADOW, SHADOW_END = 0xc0000, 0xf0000   # where SeaBIOS copies option ROMs
NAME = re.compile(rb'skiff \S+ \(PCI ([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\)\0')


class Image:
    """An option ROM image: the header's fields that a BIOS reads."""

    def __init__(self, data):
        self.data = data
        self.signature, self.size = data[:2], data[2] * 512
        self.undi, self.pcir_at, self.pnp_at = struct.unpack_from('<3H', data, 0x16)
        self.pcir, self.pnp = data[self.pcir_at:], data[self.pnp_at:]
        (self.vendor, self.device, _, self.pcir_length, _, self.class_code,
         self.length, _, self.type, self.indicator) = struct.unpack_from('<4HB3s2HBB', self.pcir, 4)

    def text(self, pointer):
        at = struct.unpack_from('<H', self.pnp, pointer)[0]
        return self.data[at:self.data.index(0, at)]

    def word(self, offset):
        return struct.unpack_from('<H', self.pnp, offset)[0]


def images(data):
    """The images of a ROM, as a BIOS walks them."""
    found, at = [], 0
    while not found or not found[-1].indicator & 0x80:
        found.append(Image(data[at:]))
        assert found[-1].length, 'a length of 0 would be walked for ever'
        at += found[-1].length * 512
        assert at <= len(data)
    return found


@pytest.fixture(name='rom')
def _rom():
    return SKIFF_ROM.read_bytes()


def test_rom_is_within_its_budget(rom):
    assert len(rom) <= BUDGET
    assert len(rom) % 512 == 0


def test_headers(rom):
    """[ROM-01]"""
    for image in images(rom):
        assert image.signature == b'\x55\xaa'
        assert image.data[3] in (0xe9, 0xeb)            # a jump: offset 3 is called
        assert image.undi == 0                          # we have no UNDI
        assert image.size == image.length * 512 <= 4096
        assert 0x24 <= image.pcir_at < image.size and 0x24 <= image.pnp_at < image.size


def test_bytes_of_each_image_sum_to_0(rom):
    """[ROM-02]"""
    for image in images(rom):
        assert sum(image.data[:image.size]) % 256 == 0


def test_one_image_for_each_device_id(rom):
    """[ROM-03]"""
    found = images(rom)
    assert [(image.vendor, image.device) for image in found] == [(0x1af4, 0x1000), (0x1af4, 0x1041)]
    for image in found:
        assert image.pcir_at % 4 == 0 and image.pcir[:4] == b'PCIR'
        assert image.pcir_length == 24
        assert image.class_code == b'\x00\x00\x02'      # 020000h
        assert image.type == 0
    assert [image.indicator for image in found] == [0, 0x80]


def test_pnp_header_has_a_boot_entry(rom):
    """[ROM-04]"""
    for image in images(rom):
        assert image.pnp_at % 16 == 0 and image.pnp[:4] == b'$PnP'
        assert image.pnp[5] == 2 and sum(image.pnp[:32]) % 256 == 0
        assert image.word(0x16) == 0                    # BCV
        assert 0 < image.word(0x1a) < image.size        # BEV
        assert NAME.match(image.text(0x10) + b'\0')


def test_both_images_are_the_same_program(rom):
    """They differ in the device id, the last-image flag and the checksum."""
    first, second = (image.data[:image.size] for image in images(rom))
    assert sum(a != b for a, b in zip(first, second)) <= 4


def shadowed(guest):
    """Our images below 1 MiB, in the order of their addresses."""
    memory = guest.memory_bytes(SHADOW, SHADOW_END - SHADOW)
    places = [at for at in range(0, len(memory), 2048) if memory[at:at + 2] == b'\x55\xaa']
    return [Image(memory[at:]) for at in places
            if NAME.search(memory[at:at + memory[at + 2] * 512])]


def test_init_notes_the_pci_address_and_keeps_the_checksum(attach, machine, tmp_path):
    """Each NIC's copy in the boot menu under its own address. [ROM-05] [ROM-06] [ROM-10]"""
    net = attach('user')
    nics = [nic(net.netdev), nic(net.netdev, 'modern'), nic(net.netdev, 'legacy')]
    guest = machine(nics, fw_cfg={'nonsense': '1'}, console='vga', arguments=next_device(tmp_path))
    place = 0
    for _ in nics:
        place = guest.wait_for(FAILED, after=place).end()
    copies = shadowed(guest)
    assert [NAME.search(copy.data)[1] for copy in copies] == [b'00:03.0', b'00:04.0', b'00:05.0']
    for copy in copies:
        assert copy.size <= 4096
        assert sum(copy.data[:copy.size]) % 256 == 0


@pytest.mark.parametrize('how', ['bit', 'cut'])
def test_damaged_rom_gets_a_sentence(how, rom, attach, machine, tmp_path):
    """And the next device its turn. [SEC-14]"""
    damaged = bytearray(rom)
    if how == 'bit':
        damaged[len(rom) // 2] ^= 0x10
    else:
        del damaged[4096 + 512:]
    path = tmp_path / 'damaged.rom'
    path.write_bytes(damaged)
    guest = machine([nic(attach('user').netdev, rom=path)], arguments=next_device(tmp_path))
    failed = guest.wait_for(r'skiff: failed at config: the ROM file is damaged or cut short')
    guest.wait_for(NEXT_DEVICE, after=failed.end())
