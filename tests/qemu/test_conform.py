"""skiff-conform finds what is wrong with a device, and nothing else."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from scapy.utils import RawPcapNgReader

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

KNOWN = TOP / 'tests' / 'conform' / 'known'


def qemu_version():
    """'7.2'"""
    version = subprocess.run(['qemu-system-x86_64', '--version'], capture_output=True, text=True,
                             check=True).stdout
    return re.search(r'version (\d+\.\d+)', version)[1]


def known_qemu():
    """The file of this machine's QEMU, or of the newest that was looked at."""
    number = qemu_version()
    looked_at = sorted((path.name for path in KNOWN.glob('qemu-*.*')),
                       key=lambda name: float(name.split('-')[1]))
    return f'qemu-{number}' if f'qemu-{number}' in looked_at else looked_at[-1]


def assert_known(report, name, tmp_path):
    (tmp_path / 'report').write_text(report.text)
    done = conform_run('tests/conform/compare', KNOWN / name, tmp_path / 'report')
    assert done.returncode == 0, done.stderr + report.offences()


@pytest.mark.parametrize('variant', ['transitional', 'modern', 'legacy'])
@pytest.mark.parametrize('flavour', servers.FLAVOURS)
def test_known_answers_of_qemu(flavour, variant, attach, machine, www, tmp_path):
    www.file('256k', MIB // 4)
    net = attach(flavour)
    report = conform.run(machine, net, variant, knobs={'url': net.url('256k')})
    known = 'passt-stream' if flavour == 'passt' else known_qemu()
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
    done = conform_run(KNOBS='hostile=1 only=hostile')
    report = conform.Report(done.stdout, done.returncode)
    named = re.findall(r'^# \[hostile\] (.+)$', report.text, re.MULTILINE)
    assert '# hostile=1: the device is driven as no driver may' in report.text, done
    if report.plan is None:
        assert qemu_version() == '7.2' and named[-1] in acts[-3:], done
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
    done = conform_run(NETDEV='hubport,hubid=7', KNOBS='limit=2')
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


# --- make conform ---------------------------------------------------------------------------------

def conform_run(*words, **environment):
    """Runs tests/conform/run, or another command, at the top; what subprocess.run() says."""
    return subprocess.run(words or ['tests/conform/run'], cwd=TOP, text=True, timeout=120,
                          check=False, capture_output=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, 'SKIFF_CONFORM_ROM': str(conform.ROM), **environment})


def test_run_prints_the_report_and_nothing_else():
    done = conform_run()
    report = conform.Report(done.stdout, done.returncode)
    assert done.stdout.startswith('TAP version 13\n') and done.stderr == ''
    assert report.broken() == {'DEV-31'} | conform.QEMU and done.returncode == 1
    assert report.plan == len(report.points)
    # It has served a file.
    assert int(re.search(r'\[as-skiff\] (\d+) frames', done.stdout)[1]) > 150


@pytest.mark.parametrize('environment, status, words', [
    ({'KNOBS': 'only=DEV-01'}, 0, '1..1'),
    ({'KNOBS': 'only=DEV-31,minimal', 'DEVICE': 'disable-legacy=on'}, 1, '1af4:1041'),
    ({'KNOBS': 'only=DEV-00'}, 2, 'Bail out!'),
    ({'KNOBS': 'nonsense'}, 2, 'conform: KNOBS: "nonsense" is not KEY=VALUE'),
    ({'NETDEV': 'nonsense'}, 2, 'conform: QEMU ended with status 1, before the report did'),
    ({'DEVICE': 'rombar=0', 'LIMIT': '3'}, 2, 'conform: no verdict within 3 s'),
    ({'NETDEV': 'hubport,hubid=7', 'LIMIT': '6'}, 2, 'Bail out! the limit of 3 s'),
], ids=str)
def test_exit_status_of_run(environment, status, words):
    done = conform_run(**environment)
    assert done.returncode == status, done
    assert words in done.stdout + done.stderr, done


def test_make_conform():
    folder = os.path.relpath(conform.ROM.parent, TOP)
    done = conform_run('make', '-s', f'B={folder}', 'conform', 'KNOBS=only=DEV-01', 'NETDEV=user')
    assert done.returncode == 0 and '1..1' in done.stdout, done


def test_interrupt_leaves_nothing_behind(tmp_path):
    """A run that would wait for long ends at once, with all that it has started."""
    # What was started in the background of a shell ignores SIGINT, and so do its children.
    with subprocess.Popen(['env', '--default-signal=INT', TOP / 'tests' / 'conform' / 'run'],
                          cwd=TOP, text=True,
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
                          env={**os.environ, 'SKIFF_CONFORM_ROM': str(conform.ROM),
                               'DEVICE': 'rombar=0', 'TMPDIR': str(tmp_path)}) as process:
        network.wait_until(lambda: session(process.pid, 'qemu-system-x86'), 20, 'QEMU')
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(10) == 130
    assert not session(process.pid, '')
    assert not list(tmp_path.iterdir())


def session(leader, name):
    """The processes of that session whose name begins so, without those that have ended."""
    found = []
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            command, rest = stat.read_text().split('(', 1)[1].rsplit(')', 1)
            state, _, _, its_leader = rest.split()[:4]
            if int(its_leader) == leader and state != 'Z' and command.startswith(name):
                found.append(command)
    return found


def test_run_keeps_the_frames(tmp_path):
    """With their headers, an interface for each configuration; scapy and Wireshark read it."""
    done = conform_run(PCAP=str(tmp_path / 'seen'), KNOBS='only=as-skiff,mrg-64,minimal')
    data = (tmp_path / 'seen').read_bytes()
    frames = list(backend.frames(data))
    told = sum(int(n) for n in re.findall(r'\] (\d+) frames in', done.stdout))
    assert len([f for f in frames if f.received]) == told > 100, done.stdout
    assert all(name in data for name in (b'as-skiff', b'mrg-64', b'minimal'))
    assert {f.header['flags'] for f in frames} == {0}
    assert any(f.header['num_buffers'] > 20 and f.received and f.header['used_len'] == 64
               for f in frames), 'mrg-64'
    assert len(list(RawPcapNgReader(str(tmp_path / 'seen')))) == len(frames)


# --- known answers -------------------------------------------------------------------------------

REPORT = """TAP version 13
ok 1 - DEV-01 VERSION_1 is offered [registers]
not ok 2 - DEV-31 num_buffers is 1 without MRG_RXBUF [as-skiff]
  ---
  found: |
    not ok 9 - DEV-99 is no point, but quoted
  ...
ok 3 - DEV-40 flags are 0 on every frame [as-skiff] # SKIP no frame came
not ok 4 - DEV-42b no checksum is left 0 [minimal] # TODO SHOULD
ok 5 - DEV-31 num_buffers is 1 without MRG_RXBUF [minimal]
"""
END = '1..5\n# MUST: DEV-31\n'
DIES = 'Bail out! in [minimal] the link fell, and no frame has come since\n'


@pytest.mark.parametrize('known, report, status, words', [
    ('DEV-31\nDEV-42b\n', REPORT + END, 0, ''),
    ('# why\n\n  DEV-42b minimal\n', REPORT + END, 1, 'DEV-31 [as-skiff] is new'),
    ('DEV-31 as-skiff\nDEV-42b minimal', REPORT + END, 0, ''),
    ('DEV-31 minimal\nDEV-42b', REPORT + END, 1, 'DEV-31 [as-skiff] is new'),
    ('DEV-31 as-skiff minimal\nDEV-42b', REPORT + END, 1, 'DEV-31 [minimal] is gone'),
    ('DEV-31\nDEV-40\nDEV-42b', REPORT + END, 1, 'DEV-40 is gone'),
    ('DEV-31\nDEV-42b', REPORT + DIES, 2, 'the bail-out is new: in [minimal] the link fell'),
    ('DEV-31\nDEV-42b\nbail-out in [minimal] the link fell', REPORT + DIES, 0, ''),
    ('DEV-31\nDEV-42b\nbail-out in [legacy] the link fell', REPORT + DIES, 1, 'with other words'),
    ('DEV-31\nDEV-42b\nbail-out in [minimal]', REPORT + END, 1, 'the bail-out is gone'),
    ('DEV-31\nDEV-42b', REPORT, 2, 'the report has no end'),
    ('DEV-31\nDEV-42b\nDEV-31', REPORT + END, 2, 'DEV-31 stands there twice'),
    ('nonsense', REPORT + END, 2, '"nonsense" is neither a row'),
])
def test_a_report_against_known_answers(known, report, status, words, tmp_path):
    (tmp_path / 'known').write_text(known)
    (tmp_path / 'report').write_text(report)
    done = conform_run('tests/conform/compare', tmp_path / 'known', tmp_path / 'report')
    assert (done.returncode, done.stdout) == (status, ''), done
    assert (words in done.stderr) if words else done.stderr == '', done


def test_what_was_not_asked_for_is_not_gone(tmp_path):
    (tmp_path / 'known').write_text(
        'DEV-31 as-skiff minimal\nDEV-40\nDEV-42b minimal queue-smallest\nbail-out x\n')
    (tmp_path / 'report').write_text(REPORT + END)
    words = ['tests/conform/compare', tmp_path / 'known', tmp_path / 'report', 'partial']
    done = conform_run(*words)
    # DEV-31 was looked at in [minimal], and is good there.
    assert done.returncode == 1 and done.stderr.count('\n') == 1, done
    assert 'DEV-31 [minimal] is gone' in done.stderr, done


@pytest.mark.parametrize('known, knobs, status, words', [
    (None, '', 0, ''),
    (None, 'only=DEV-01', 0, ''),
    ('# nothing\n', 'only=DEV-31,as-skiff', 1, 'conform: DEV-31 [as-skiff] is new'),
    ('DEV-31\nDEV-36\n', 'only=DEV-31,DEV-36,as-skiff', 1, 'conform: DEV-36 is gone'),
    ('DEV-31\n', 'only=DEV-00', 2, 'conform: the bail-out is new: '),
], ids=str)
def test_run_with_known_answers(known, knobs, status, words, tmp_path):
    file = KNOWN / known_qemu()
    if known:
        file = tmp_path / 'known'
        file.write_text(known)
    done = conform_run(KNOWN=str(file), KNOBS=knobs)
    assert done.returncode == status and words in done.stderr, done
    assert words or done.stderr == '', done


# --- readers of the report -----------------------------------------------------------------------

def test_prove_reads_the_report(attach, machine, tmp_path):
    """Perl's TAP consumer: counts, directives, blocks, and MUSTs alone in its verdict."""
    report = conform.run(machine, attach('passt'))
    (tmp_path / 'report.tap').write_text(report.text)
    done = subprocess.run([shutil.which('prove'), '-e', 'cat', str(tmp_path / 'report.tap')],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    failed = [p.number for p in report.points if not p.ok and not p.directive]
    assert f'Tests: {report.plan} Failed: {len(failed)})' in done.stdout, done.stdout
    assert 'Parse errors' not in done.stdout and done.returncode == 1


def test_prove_is_content_with_a_good_device(attach, machine, tmp_path):
    report = conform.run(machine, attach('tap'), 'legacy')
    (tmp_path / 'report.tap').write_text(report.text)
    done = subprocess.run([shutil.which('prove'), '-e', 'cat', str(tmp_path / 'report.tap')],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0 and 'All tests successful' in done.stdout, done.stdout
