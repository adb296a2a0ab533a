# skiff: the build. Sources are found by their folder: a new .c or .S file needs no edit here.
#
#: make            build/skiff.rom, the option ROM, build/skiff.efi and build/libskiff.a; built-in
#:                 defaults: make url=http://... csum=off ...
#: make deps       installs the Debian packages that are missing, fetches a kernel to boot
#: make run        boots that kernel over HTTP in QEMU; yours: KERNEL= INITRD= CMDLINE= MEM=
#:                 QEMU_ARGS=; FIRMWARE=uefi
#: make analyse    what gcc's analyser, clang-tidy and cppcheck find; part of make test
#: make check      unit tests, 64 and 32 bit, and the rules of the structure
#: make test       the same, and the tests in QEMU
#: make test-qemu  the tests in QEMU alone; make test-sid does that with the QEMU, firmware and
#:                 passt of Debian's unstable
#: make fuzz       hostile input for everything that reads any: SECONDS=60 TARGET=name; more in
#:                 tests/fuzz/README.md
#: make bench      the comparison with iPXE: RUNS=10 ONLY=parts FLAVOURS=user,tap,passt,vhost
#:                 RIVAL=another.rom PLOT=file.svg (tests/bench/README.md)
#: make conform    what skiff-conform says of a device: NETDEV= URL= DEVICE= KNOBS= KNOWN= PCAP=
#:                 (tests/conform/run)
#: make install    into $(DESTDIR)$(PREFIX)/share/skiff; PREFIX=/usr/local
#: make clean      removes what was built, but not what deps fetched
#: V=1 shows the commands; B=build/other builds there.

VERSION := 0.1.0

B      = build
CC     = gcc
PYTHON = /usr/bin/python3
PREFIX = /usr/local

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all help deps check units structure test test-qemu test-sid bench run install clean FORCE
.PHONY: need-cc need-hosted need-qemu need-ovmf need-test
export PATH := $(PATH):/usr/sbin:/sbin

# With `make deps run`, everything else is the work of a second make,
# which starts when deps is done; also with -j.
REST := $(filter-out deps,$(MAKECMDGOALS))
ifneq (,$(and $(filter deps,$(MAKECMDGOALS)),$(REST)))
.PHONY: $(REST) rest
$(REST): rest ; @:
rest: deps ; @$(MAKE) --no-print-directory $(REST)
else

all: $(B)/skiff.rom $(B)/skiff.sym $(B)/skiff.efi
help: ; @sed -n 's/^#: //p' Makefile

# $(call say,WHAT) before a command prints a short line in its place.
say = $(if $(V),,@printf '  %-8s%s\n' $(1) $@;)

# The tools of a target, as TOOL-OR-FILE@PACKAGE:
# the first that is missing is named with its package.
need = @$(foreach t,$(1),$(call need1,$(subst @, ,$(t)))):
need1 = { command -v $(word 1,$(1)) || test -e $(word 1,$(1)); } >/dev/null || { \
	echo "$(word 1,$(1)) is missing: package $(word 2,$(1)); 'make deps' installs it" >&2; \
	exit 1; };
need-cc: ; $(call need,$(CC)@gcc $(LD)@binutils xz@xz-utils /usr/include/stdio.h@libc6-dev)
gcc_release = $(firstword $(subst ., ,$(shell $(CC) -dumpversion)))
need-hosted: need-cc ; $(call need,/usr/include/cmocka.h@libcmocka-dev \
	/usr/lib/gcc/x86_64-linux-gnu/$(gcc_release)/32/libasan.so@gcc-$(gcc_release)-multilib \
	$(CMOCKA32)@libcmocka0:i386)
need-qemu: ; $(call need,qemu-system-x86_64@qemu-system-x86 nginx@nginx)
need-test: need-qemu ; $(call need,dnsmasq@dnsmasq-base kea-dhcp4@kea-dhcp4-server passt@passt \
	ip@iproute2 prove@perl $(PYTHON)@python3-pytest \
	/usr/lib/python3/dist-packages/pytest@python3-pytest \
	/usr/lib/python3/dist-packages/xdist@python3-pytest-xdist \
	/usr/lib/python3/dist-packages/scapy@python3-scapy)

## Flags ###########################################################################################

WARN := -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wredundant-decls -Wnested-externs -Wvla \
	-Wundef -Wpointer-arith -Wcast-align -Wcast-qual -Wwrite-strings -Wformat=2 -Wlogical-op \
	-Wduplicated-cond -Wimplicit-fallthrough -Werror
CFLAGS := -std=c11 -fno-common -g -I. -ffile-prefix-map=$(CURDIR)=. -Wa,--fatal-warnings $(WARN)
# Beside every object of a program lies NAME.ci: who calls whom,
# with how much stack (tests/analyse/stack).
GRAPH := -fcallgraph-info=su

rom_FLAGS := $(CFLAGS) $(GRAPH) -ffreestanding -m32 -march=i686 -mtune=i386 -mregparm=3 \
	-mpreferred-stack-boundary=2 -mgeneral-regs-only -fno-pic -fno-pie -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fcf-protection=none \
	-fno-tree-loop-distribute-patterns -ffunction-sections -fdata-sections \
	-Os -fno-gcse -fno-code-hoisting -fno-tree-pre -fno-shrink-wrap -malign-data=abi \
	-fno-caller-saves -fno-tree-sink -fno-tree-dominator-opts -fno-if-conversion \
	-fno-jump-tables -fno-inline-functions-called-once -fno-tree-fre -fno-tree-loop-im
rom_LINK  := -m elf_i386 --gc-sections --build-id=none -z noexecstack -z norelro \
	--no-warn-rwx-segments --fatal-warnings

UNITFLAGS := $(CFLAGS) -D_GNU_SOURCE -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
CMOCKA32  := build/cmocka32/libcmocka.so.0
unit64_FLAGS := $(UNITFLAGS) -m64
unit64_LIBS  := -lcmocka
unit32_FLAGS := $(UNITFLAGS) -m32 -idirafter /usr/include/x86_64-linux-gnu
# The ROM's assembly is not position-independent.
unit32_LIBS  := -no-pie $(CMOCKA32) -Wl,-rpath,$(abspath $(dir $(CMOCKA32)))

## Sources and objects #############################################################################

find    = $(sort $(foreach d,$(1),$(wildcard $(d)/*.c $(d)/*.S)))
COMMON := $(call find,core drivers net net/tcp net/boot)
# What arch/x86/i386 and arch/x86/x86_64 have takes the place of the file of the same name in core.
without = $(filter-out \
	$(patsubst arch/x86/$(1)/%,core/%.c,$(basename $(call find,arch/x86/$(1)))),$(COMMON))
SHARED := $(call without,i386)
PCBIOS := $(SHARED) \
	$(filter-out arch/pcbios/mkrom.c, \
		$(call find,arch/x86 arch/x86/i386 arch/pcbios arch/pcbios/pxe arch))
# Pure logic of the ports runs in unit tests, too.
PURE   := arch/smbios.c $(addprefix arch/x86/,e820.c linux.c tsc.c x86_64/uefi.c) \
	$(addprefix arch/pcbios/,acpi.c bar.c place.c) \
	$(addprefix arch/uefi/,granted.c options.c path.c pe.c ucs2.c unpack/lzma.c unpack/plain.c)
HOSTED := $(COMMON) $(PURE) $(call find,arch/hosted tests/model) \
	$(filter-out tests/conform/main.c,$(call find,tests/conform))
# What a test takes the place of.
test_conform_lies_LINK := -Wl,--wrap=ring_peek
TESTS  := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
objects = $(patsubst %,$(B)/$(1)/%.o,$(basename $(2)))

define compile
$(1)_CC ?= $$(CC)
$(1)_OBJECTS := $(call objects,$(1),$(3) gen/version.c gen/builtin.c)
$(B)/$(1)/%.o: %.c Makefile | $(2)
	@mkdir -p $$(@D)
	$$(call say,CC)$$($(1)_CC) $$($(1)_FLAGS) -MMD -MP -c -o $$@ $$<
$(B)/$(1)/%.o: %.S Makefile | $(2)
	@mkdir -p $$(@D)
	$$(call say,AS)$$($(1)_CC) $$($(1)_FLAGS) -DSKIFF_VERSION='"$(VERSION)"' -MMD -MP -c \
		-o $$@ $$<
$(B)/$(1)/gen/%.o: $(B)/gen/%.c Makefile | $(2)
	@mkdir -p $$(@D)
	$$(call say,CC)$$($(1)_CC) $$($(1)_FLAGS) -MMD -MP -c -o $$@ $$<
endef
$(eval $(call compile,rom,need-cc,$(PCBIOS)))
# What every frame passes has back what costs the others too many bytes.
$(call objects,rom,net/flow.c net/tcp/tcp_rx.c drivers/virtio_net.c drivers/vnet.c): \
	rom_FLAGS += -ftree-fre -fif-conversion -finline-functions-called-once
$(eval $(call compile,unit64,need-hosted,$(HOSTED)))
$(eval $(call compile,unit32,need-hosted,$(HOSTED)))
-include $(patsubst %.o,%.d,$(rom_OBJECTS) $(unit64_OBJECTS) $(unit32_OBJECTS) \
	$(foreach w,64 32,$(TESTS:%=$(B)/unit$(w)/tests/unit/%.o)))

# Configuration that is built in: from the command line only, and any character as it stands,
# `$` and quotes too.
KEYS := url initrd cmdline fetch sha256 csum features ip deadline nbp
define NL


endef
, := ,
c_string  = "$(subst $(NL),\n,$(subst ?,\?,$(subst ",\",$(subst \,\\,$(value $(1))))))"
c_include = \#include "core/builtin.h"$(NL)
c_keys    = $(foreach k,$(KEYS),$(if $(filter command,$(origin $k)),\
	{ "$k"$(,) $(call c_string,$k) }$(,)$(NL)))
export VERSION_C := $(c_include)const char skiff_version[] = "$(VERSION)";
export BUILTIN_C := $(c_include)const struct builtin_key builtin_keys[] = \
	{$(NL)$(c_keys){ 0, 0 }$(NL)};

# Every make looks, but writes only when the text has changed.
FORCE:
write = @mkdir -p $(@D); printf '%s\n' "$$$(1)" | cmp -s - $@ || printf '%s\n' "$$$(1)" >$@
$(B)/gen/version.c: FORCE ; $(call write,VERSION_C)
$(B)/gen/builtin.c: FORCE ; $(call write,BUILTIN_C)

## The option ROM ##################################################################################

$(B)/skiff.ld: arch/pcbios/skiff.ld arch/pcbios/layout.h Makefile | need-cc
	@mkdir -p $(@D)
	$(call say,CPP)$(CC) -E -P -undef -x c -I. -o $@ $<
$(B)/skiff.elf: $(B)/skiff.ld $(rom_OBJECTS)
	$(call say,LD)$(LD) $(rom_LINK) -T $< -Map $(B)/skiff.map -o $@ $(rom_OBJECTS)
$(B)/skiff.sym: $(B)/skiff.elf
	$(call say,NM)nm -n $< >$@
# The body is packed; arch/pcbios/lzma.S knows these parameters.
$(B)/%.rom: $(B)/%.elf $(B)/mkrom | need-cc
	$(call say,ROM)objcopy -O binary $< $(B)/$*.bin && \
		$(B)/mkrom body $(B)/$*.bin $(B)/$*.body && \
		xz -T1 --format=raw --lzma1=preset=9e,lc=3,lp=0,pb=0,mf=bt2,nice=40 -c \
			$(B)/$*.body >$(B)/$*.packed && \
		$(B)/mkrom rom $(B)/$*.bin $(B)/$*.packed $@
$(B)/mkrom: arch/pcbios/mkrom.c arch/pcbios/layout.h Makefile | need-cc
	@mkdir -p $(@D)
	$(call say,CC)$(CC) -std=c11 -O1 -I. $(WARN) -o $@ $<

## The UEFI application ############################################################################

include arch/uefi/build.mk
include tests/uefi/build.mk

include tests/conform/build.mk
include tests/nbp/build.mk

install: $(B)/skiff.rom $(B)/skiff.efi
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/skiff" $(filter $(B)/%,$^)
clean:
	rm -rf $(filter-out $(addprefix %/,kernel busybox ipxe nbp shell cmocka32 passt lwip tftpd \
		fresh rival),$(wildcard $(B)/*))

## Unit tests: the same sources in a POSIX process, 64 and 32 bit ##################################

define unit
$(B)/$(1)/libskiff.a: $($(1)_OBJECTS)
	@rm -f $$@
	$$(call say,AR)$$(AR) rcsD $$@ $$^
$(TESTS:%=$(B)/$(1)/%): $(B)/$(1)/%: $(B)/$(1)/tests/unit/%.o $(B)/$(1)/libskiff.a
	$$(call say,LINK)$$(CC) $$($(1)_FLAGS) $$($$(@F)_LINK) -o $$@ $$^ $$($(1)_LIBS)
$(TESTS:%=$(B)/$(1)/%.log): %.log: % FORCE
	@tests/setup/unit $$@ $$<
units: $(B)/$(1)/libskiff.a $(TESTS:%=$(B)/$(1)/%.log)
endef
$(eval $(call unit,unit64))
$(eval $(call unit,unit32))
LOGS := $(addprefix $(B)/,layering.log format.log documents.log rows.log stack-rom.log \
	stack-pxe.log) \
	$(B)/stack-efi.log $(TESTS:%=$(B)/unit64/%.log) $(TESTS:%=$(B)/unit32/%.log)

include tests/fuzz/build.mk
include drivers/build.mk
include tests/example/build.mk

# The BIOS port's own stack, less 1 KiB for exceptions; under UEFI half of the firmware's 128 KiB
# (UEFI 2.10, 2.3.4.2), as its services use the other.
STACK_LEN = $(shell sed -n 's/^.define STACK_LEN //p' arch/pcbios/flat.S)

structure: $(rom_OBJECTS) $(uefi_OBJECTS) $(call objects,uefi,arch/skiff.c)
	@tests/setup/unit $(B)/layering.log tests/layering $(call objects,rom,$(SHARED))
	@tests/setup/unit $(B)/documents.log tests/documents
	@tests/setup/unit $(B)/format.log tests/format
	@tests/setup/unit $(B)/rows.log tests/rows check
	@tests/setup/unit $(B)/stack-rom.log tests/analyse/stack skiff.rom \
		$$(($(STACK_LEN) - 1024)) pcbios_main $(rom_OBJECTS)
	@tests/setup/unit $(B)/stack-pxe.log tests/analyse/stack "calls of boot programs" \
		$$(($(STACK_LEN) - 1024)) pxe_service $(rom_OBJECTS)
	@tests/setup/unit $(B)/stack-efi.log tests/analyse/stack skiff.efi 0x10000 efi_main \
		$(uefi_OBJECTS) $(call objects,uefi,arch/skiff.c)

check: all units structure
	@tests/setup/total $(LOGS)

# Three analysers, clean or excused line by line; of `make test` a part.
ANALYSES := $(foreach a,gcc clang-tidy cppcheck,$(B)/analyse-$(a).log)
need-analysers: need-uefi need-lwip ; $(call need,clang-tidy@clang-tidy cppcheck@cppcheck)
.PHONY: analyse need-analysers
$(ANALYSES): $(B)/analyse-%.log: FORCE | need-analysers
	@mkdir -p $(@D)
	@UNIT_TIMEOUT=900 tests/setup/unit $@ tests/analyse/run $*
analyse: $(ANALYSES)
	@tests/setup/total $^

## Whole machines ##################################################################################

KERNEL  = build/kernel/vmlinuz
INITRD  = build/initramfs.gz
CMDLINE = console=ttyS0 panic=1
RAW_CMDLINE = $(value CMDLINE)
FIRMWARE = bios
export SKIFF_ROM := $(abspath $(B)/skiff.rom)
export SKIFF_EFI := $(abspath $(B)/skiff.efi)
export KERNEL INITRD RAW_CMDLINE FIRMWARE MEM QEMU_ARGS RUNS

build/kernel/vmlinuz: ; $(call need,$@@linux-image-cloud-amd64)
build/busybox/busybox: ; $(call need,$@@busybox-static)
build/ipxe/ipxe.efi: ; $(call need,$@@ipxe)
build/nbp/versions: ; $(call need,$@@pxelinux)
build/passt/repaired/run: ; $(call need,$@@passt)
build/tftpd/tftpd-hpa: ; $(call need,$@@tftpd-hpa)
build/tftpd/atftpd: ; $(call need,$@@atftpd)
build/initramfs.gz: tests/demo/init build/busybox/busybox Makefile
	@rm -rf build/initramfs && mkdir -p $(addprefix build/initramfs/,bin dev proc sys)
	@cp build/busybox/busybox build/initramfs/bin && cp tests/demo/init build/initramfs
	@chmod -R 755 build/initramfs && find build/initramfs -exec touch -d @0 {} +
	$(call say,CPIO)cd build/initramfs && find . | LC_ALL=C sort | \
		bin/busybox cpio -o -H newc -R 0:0 --ignore-devno --renumber-inodes | \
		gzip -9n >../initramfs.gz

need-ovmf: ; $(call need,/usr/share/OVMF/OVMF_CODE_4M.fd@ovmf)
run: $(if $(filter uefi,$(FIRMWARE)),$(B)/skiff.efi,$(B)/skiff.rom) \
		$(filter build/kernel/vmlinuz,$(KERNEL)) $(filter build/initramfs.gz,$(INITRD)) | \
		need-qemu $(if $(filter uefi,$(FIRMWARE)),need-ovmf)
	@CMDLINE="$$RAW_CMDLINE" tests/demo/run

MACHINES := all $(B)/backend $(B)/skiff-conform.rom $(B)/skiff-conform.efi \
	build/kernel/vmlinuz build/initramfs.gz build/ipxe/ipxe.efi build/nbp/versions \
	build/passt/repaired/run build/tftpd/tftpd-hpa build/tftpd/atftpd \
	$(B)/probe.0 $(B)/floppy.0
# Machines that wait sleep, so half again as many as there are processors keep these busy.
define test_machines
@rm -f $(B)/qemu.xml
@tests/qemu/enter $(PYTHON) -m pytest -n $$(($$(nproc) * 3 / 2)) \
	--junitxml=$(B)/qemu.xml tests/qemu || [ $$? = 1 ] || rm -f $(B)/qemu.xml
endef
test: units structure $(ANALYSES) $(FUZZ_LOGS) $(MACHINES) | need-test
	$(test_machines)
	@tests/setup/total $(LOGS) $(ANALYSES) $(FUZZ_LOGS) $(B)/qemu.xml
test-qemu: $(MACHINES) | need-test
	$(test_machines)
	@tests/setup/total $(B)/qemu.xml
# Of HEAD, in a bare root of unstable: newer machine types, firmware and back ends. As root;
# not part of .ci/run.
test-sid:
	@tests/setup/fresh --user sid make -j$$(nproc) deps test-qemu

bench: all $(B)/backend build/count.so build/kernel/vmlinuz | need-test
	@tests/qemu/enter $(PYTHON) tests/bench/bench.py
include tests/backend/build.mk
build/count.so: tests/bench/count.c Makefile | need-cc
	@mkdir -p $(@D)
	$(call say,CC)$(CC) -std=c11 -O2 -fPIC -shared $(WARN) -o $@ $<

endif

deps:
	@tests/setup/deps
