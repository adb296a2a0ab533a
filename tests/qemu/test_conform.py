"""skiff-conform finds what is wrong with a device, and nothing else."""

import re

import pytest

import backend
import conform
import network
import servers
import passt
import uefi
from conftest import MIB
from skiff import (BELOW_4_GIB_IS_FULL, NEXT_DEVICE, TOP, assert_bar_above_4_gib, next_device,
                   nic)


def table():
    """[(options, faults, profile, row, found)] of faults.txt"""
    lines = []
    for line in (TOP / 'tests' / 'qemu' / 'faults.txt').read_text().splitlines():
        if not line.strip() or line.startswith('#'):
            continue
        words, profile, row, found = (part.strip() for part in line.split('|'))
        words = [] if words == '-' else words.split()
        options = [part for word in words if word.startswith('~')
                   for part in word[1:].split('=', 1)]
        faults = [word for word in words if not word.startswith('~')]
        lines.append(pytest.param(options, faults, profile, row, set(found.split()) - {'-'},
                                  id=f'{profile} {" ".join(words)}'))
    return lines


@pytest.mark.parametrize('options, faults, profile, row, found', table())
def test_each_fault_is_found_and_nothing_else(options, faults, profile, row, found, machine, enter,
                                              www):
    www.file('256k', MIB // 4)
    assert row == '-' or row in found, 'the table contradicts itself'
    properties = {'host_mtu': 1400} if '--mtu' in options else {}
    net = enter(backend.attach(faults, profile=profile, options=options,
                               mtu=1400 if '--mtu' in options else None))
    report = conform.run(machine, net, knobs={'url': net.url('256k'), 'seed': '1'}, **properties)
    # Where no echo is answered the filter cannot be tried.
    standing = conform.VHOST_USER if report.scenes('DEV-74') else conform.QEMU
    assert report.broken() == found | standing, report.offences()
    assert report.plan == len(report.points), report.text


# --- a device that dies ---------------------------------------------------------------------------

@pytest.mark.parametrize('only, where', [(None, 'minimal'), ('minimal', 'minimal'),
                                         ('DEV-40,minimal', 'minimal'),
                                         ('queue-smallest,legacy', 'queue-smallest')], ids=str)
def test_a_device_that_dies_of_a_chain(only, where, machine, enter):
    """As Debian 13's passt does in vhost-user mode;
    whatever takes one descriptor was looked at before."""
    net = enter(backend.attach(profile='passt-2025-05', options=['--rx-descriptors', '1']))
    report = conform.run(machine, net, knobs={'only': only} if only else {})
    assert net.backend.process.poll() is not None, 'it is alive'
    assert f'in [{where}] the link fell' in ' '.join(report.bail_out.split())
    assert report.verdict == (2 if only == 'DEV-40,minimal' else 1), report.text
    rows = {'DEV-57', 'DEV-58'} | (set() if only else {'DEV-40', 'DEV-42b'} | conform.QEMU)
    assert report.broken() == (set() if only == 'DEV-40,minimal' else rows), report.offences()
    # What nobody can show any more is not good either.
    assert not [p for p in report.points if p.ok and p.scene == where and p.directive
                == 'SKIP'], report.text
    if not only:
        assert {'as-skiff', 'mrg-64', 'mrg-gso', 'queue-largest',
                'reset-in-flight'} <= set(report.scenes('DEV-40'))


def test_a_device_that_begins_late(machine, enter):
    """A program that polls, and looks at a queue three seconds after it was begun;
    only then its time counts."""
    net = enter(backend.attach(options=['--late', '3000']))
    report = conform.run(machine, net, knobs={'only': 'as-skiff,mrg-64,legacy'})
    assert not report.broken() and report.verdict == 0, report.offences()
    assert report.scenes('DEV-13') == {'as-skiff': True, 'mrg-64': True, 'legacy': True}
    assert set(report.scenes('DEV-55')) == {'as-skiff', 'mrg-64', 'legacy'}, 'there was no traffic'


# --- real devices --------------------------------------------------------------------------------

def assert_known(report, name, tmp_path):
    (tmp_path / 'report').write_text(report.text)
    done = conform.script('tests/conform/compare', conform.KNOWN / name, tmp_path / 'report')
    assert done.returncode == 0, done.stderr + report.offences()


@pytest.mark.parametrize('variant', ['transitional', 'modern', 'legacy'])
@pytest.mark.parametrize('flavour', servers.FLAVOURS)
def test_known_answers_of_qemu(flavour, variant, attach, machine, www, tmp_path):
    www.file('256k', MIB // 4)
    net = attach(flavour)
    report = conform.run(machine, net, variant, knobs={'url': net.url('256k')})
    known = 'passt-stream' if flavour == 'passt' else conform.known_qemu()
    if variant == 'legacy':
        known = 'qemu-legacy'
    assert_known(report, known, tmp_path)
    assert report.verdict == (0 if variant == 'legacy' else 1)
    if variant != 'legacy':
        assert 'what the driver had put there: the device has not written it' in report.words


@pytest.mark.parametrize('release, variant, known', [
    ('early', 'modern', 'passt-2025-05'), ('early', 'transitional', 'passt-2025-05'),
    ('repaired', 'modern', 'passt-2026-07'),
    ('repaired', 'transitional', 'passt-2026-transitional'),
    ('newest', 'modern', 'passt-2026-10'), ('newest', 'transitional', 'passt-2026-transitional')])
def test_known_answers_of_passt(release, variant, known, machine, enter, www, tmp_path):
    """The real one, which dies of two of these."""
    www.file('256k', MIB // 4)
    net = enter(passt.attach(release))
    report = conform.run(machine, net, variant, knobs={'url': net.url('256k')})
    assert_known(report, known, tmp_path)


def test_without_a_url_and_an_address_there_is_traffic_too(attach, machine):
    net = attach('tap')
    report = conform.run(machine, net, knobs={'ip': '192.0.2.77/24 192.0.2.1'})
    assert report.broken() == {'DEV-31'} | conform.QEMU, report.offences()
    assert report.scenes('DEV-42')['no-csum'] and report.scenes('DEV-34')['mrg-64']


def test_a_device_that_offers_a_feature_without_its_prerequisite(attach, machine):
    report = conform.run(machine, attach('tap'), guest_csum='off')
    assert report.broken() == {'DEV-02', 'DEV-31'} | conform.QEMU, report.offences()


@pytest.mark.parametrize('mtu, broken', [(1300, {'DEV-31', 'DEV-35'}), (1500, {'DEV-31'})])
def test_frames_beyond_the_mtu_are_asked_for(mtu, broken, attach, machine):
    """QEMU gives the guest whatever the tap, whose MTU is 1500, hands over."""
    report = conform.run(machine, attach('tap'), host_mtu=mtu)
    assert report.broken() == broken | conform.QEMU, report.offences()
    assert report.verdict == 1
    if 'DEV-35' in broken:
        assert {'as-skiff', 'mrg-64', 'no-csum'} & {p.scene for p in report.points if p.row
                                                    == 'DEV-35' and not p.ok}


def test_a_device_that_refuses_a_valid_set(attach, machine):
    """ACCESS_PLATFORM may be insisted on, so every configuration has it."""
    report = conform.run(machine, attach('user'), 'modern', iommu_platform='on')
    assert report.broken() == {'DEV-31'} | conform.QEMU, report.offences()


@pytest.mark.parametrize('properties', [
    {'rx_queue_size': 1024}, {'packed': 'on'}, {'host_mtu': 65535},
    {'event_idx': 'off', 'indirect_desc': 'off'},
    {'page-per-vq': 'on'}, {'modern-pio-notify': 'on'}, {'vectors': 0}], ids=str)
def test_shapes_of_the_device(properties, attach, machine):
    report = conform.run(machine, attach('user'), 'modern', **properties)
    # QEMU's used descriptors of packed rings lack WRITE; its PCI_CFG window looks at offsets and
    # not at the BAR, so that a doorbell in the second one is written to the first one's registers.
    own = {'DEV-83'} if 'packed' in properties else set()
    if 'modern-pio-notify' in properties:
        own = {'DEV-69'}
    assert report.broken() == {'DEV-31'} | own | conform.QEMU, report.offences()
    if 'packed' in properties:
        wanted = {'packed', 'packed-linux', 'packed-mrg', 'packed-smallest'}
        assert wanted <= set(report.scenes('DEV-28'))
    # It came up in every configuration.
    wanted = {'as-skiff', 'minimal', 'mrg-64', 'queue-largest', 'ring-reset'}
    assert wanted <= set(report.scenes('DEV-20'))


def test_probes_ask_everything_of_a_tap(attach, machine):
    """None is left out for want of an answer: whoever has a kernel behind it answers them all."""
    net = attach('tap', ipv6=True)
    report = conform.run(machine, net, knobs={'ip': '192.0.2.77/24 192.0.2.1'})
    rows = {f'DEV-{n}' for n in (60, 61, 63, 64, 65, *range(67, 73), *range(74, 82), 87)}
    assert not [row for row in rows if not report.scenes(row)], report.text
    assert report.broken() == {'DEV-31'} | conform.QEMU, report.offences()
    assert not report.scenes('DEV-86'), 'nobody asked for that'


def test_hostile_drivers_are_named_before_they_act():
    """QEMU 7.2 ends at one of the last three; what it does before is survived, each time with a
    life behind it."""
    source = (TOP / 'tests' / 'conform' / 'hostile.c').read_text()
    acts = re.findall(r'^\t\{ \.what = "(.+?)"', source, re.MULTILINE)
    done = conform.script(KNOBS='hostile=1 only=hostile')
    report = conform.Report(done.stdout, done.returncode)
    named = re.findall(r'^# \[hostile\] (.+)$', report.text, re.MULTILINE)
    assert '# hostile=1: the device is driven as no driver may' in report.text, done
    if report.plan is None:
        assert conform.qemu_version() == '7.2' and named[-1] in acts[-3:], done
        assert 'before the report did' in done.stderr, done
        assert named == acts[:len(named)], done
        return
    assert named == acts and report.plan == len(report.points), done
    assert 'hostile' in report.scenes('DEV-85') and 'hostile' in report.scenes('DEV-86'), done
    # QEMU 10 and 11 ignore a queue_select beyond what they can have.
    assert report.broken() <= {'DEV-85'} and done.returncode == len(report.broken()), done


def test_bar_above_4_gib(attach, machine):
    net = attach('user')
    guest = machine([nic(net.netdev, 'modern', rom=conform.ROM)], net=net, memory='1G',
                    arguments=[*BELOW_4_GIB_IS_FULL, '-device', 'isa-debug-exit'])
    guest.wait_for(r'^(not )?ok 1 ')
    assert_bar_above_4_gib(guest)
    assert guest.wait_exit(60) == 35
    guest.stop()
    assert conform.Report(guest.text, 1).broken() == {'DEV-31'} | conform.QEMU


@pytest.mark.parametrize('variant', ['transitional', 'modern'])
def test_as_a_uefi_application(variant, attach, part):
    net = attach('tap')
    guest = part(uefi.Machine([uefi.nic(net.netdev, variant)], disk=uefi.removable(conform.EFI),
                              net=net, arguments=['-device', 'isa-debug-exit']))
    assert guest.wait_exit(90) == 35
    guest.stop()
    report = conform.Report(guest.text, 1)
    assert report.broken() == {'DEV-31'} | conform.QEMU, report.offences()
    assert report.plan == len(report.points)
    assert ('legacy' in report.scenes('DEV-20')) == (variant == 'transitional')


# --- knobs, verdicts -----------------------------------------------------------------------------

def test_only_repeats_one_point(attach, machine):
    report = conform.run(machine, attach('user'),
                         knobs={'only': 'dev-31,as-skiff', 'seed': '0xabc'})
    assert [(p.row, p.scene) for p in report.points] == [('DEV-31', 'as-skiff')]
    assert 'only=DEV-31,as-skiff seed=0xabc' in report.text
    assert report.verdict == 1


def test_features_are_masked(attach, machine):
    report = conform.run(machine, attach('user'), knobs={'features': '0x20', 'only': 'as-skiff'})
    assert 'negotiated: |\n    0x100000020 MAC VERSION_1' in report.text


@pytest.mark.parametrize('knobs, words', [
    ({'only': 'DEV-99'}, 'only names "DEV-99"'),
    ({'csum': 'auto'}, 'there is no key "csum"'),
    ({'seed': 'xyz'}, 'seed is a hexadecimal number'),
    ({'limit': '0'}, 'limit is a number of seconds'),
    ({'url': 'nonsense'}, 'url'),
], ids=str)
def test_a_bad_knob_bails_out_with_a_sentence(knobs, words, attach, machine):
    report = conform.run(machine, attach('user'), knobs=knobs)
    assert report.verdict == 2 and words in report.bail_out


def test_a_network_of_silence_bails_out(enter, machine):
    tap = enter(network.Tap('tap9', address=None))       # not even a group is joined
    net = servers.Attachment('tap', tap.netdev(), '', 1500, {'tap': tap})
    report = conform.run(machine, net, knobs={'deadline': '1'})
    assert 'not one frame came back' in report.bail_out
    # What was seen counts all the same, and a MUST that is broken would go before.
    assert report.verdict == 2 and report.broken() == conform.QEMU


def test_a_limit_ends_with_a_summary():
    """On a wire that nobody else is on; a line says what is missing."""
    done = conform.script(NETDEV='hubport,hubid=7', KNOBS='limit=2')
    report = conform.Report(done.stdout, done.returncode)
    assert done.returncode == 2, done
    assert report.bail_out == 'the limit of 2 s was reached before the end', done
    assert report.plan == len(report.points)
    assert '# not reached:' in report.text and 'minimal' in report.words
    assert not report.scenes('DEV-40') and 'as-skiff' in report.scenes('DEV-26'), report.text


def test_a_slow_server_costs_little(attach, machine, tmp_path, part):
    """A file that takes sixteen seconds, in each of sixteen configurations:
    rows do not need all of it."""
    (tmp_path / '256k').write_bytes(bytes(MIB // 4))
    part(servers.Nginx(tmp_path, port=8081, locations='limit_rate 16k;'))
    net = attach('tap')
    report = conform.run(machine, net, knobs={'url': f'http://{net.host}:8081/256k'})
    assert report.broken() == {'DEV-31'} | conform.QEMU and not report.bail_out, report.offences()
    assert float(re.search(r'points in ([\d.]+) s', report.text)[1]) < 40


def test_without_the_exit_device_the_next_boot_device_gets_its_turn(attach, machine, tmp_path):
    net = attach('user')
    guest = machine([nic(net.netdev, rom=conform.ROM)], net=net, fw_cfg={'only': 'registers'},
                    arguments=next_device(tmp_path))
    guest.wait_for(NEXT_DEVICE)
    assert conform.Report(guest.text, 0).points
