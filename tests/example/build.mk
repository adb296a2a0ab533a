# build/example.elf: lwIP over libskiff.a, a program for `qemu-system-x86_64 -kernel`; included by
# the Makefile. drivers/README.md has the command line. lwIP is Debian's source of it.

LWIP = build/lwip/src

# Of a bare PC's port the BIOS's files do for all but the console.
EXAMPLE := $(call find,tests/example) $(wildcard core/sha256*.c) \
	$(addprefix core/,mem.c text.c) \
	$(addprefix arch/x86/,io.c random.c time.c tsc.c) \
	$(addprefix arch/pcbios/,bar.c pci.c pit.c)
EXAMPLE_OBJECTS := $(patsubst %,$(B)/example/%.o,$(basename $(EXAMPLE)))
example_FLAGS := $(CFLAGS) -D_GNU_SOURCE -m64 -O2 -ffreestanding -fno-pic -fno-pie -mno-red-zone \
	-mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -fno-tree-loop-distribute-patterns -Itests/example \
	-isystem $(LWIP)/include
EXAMPLE_LINK := -m elf_x86_64 -z noexecstack --build-id=none --no-warn-rwx-segments \
	--fatal-warnings --gc-sections --defsym=strlen=text_len

.PHONY: need-lwip
need-lwip: need-cc ; $(call need,$(LWIP)/include/lwip/init.h@lwip)
$(B)/example/%.o: %.c Makefile tests/example/build.mk | need-lwip
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(example_FLAGS) -MMD -MP -c -o $@ $<
$(B)/example/%.o: %.S Makefile tests/example/build.mk | need-lwip
	@mkdir -p $(@D)
	$(call say,AS)$(CC) $(example_FLAGS) -MMD -MP -c -o $@ $<
# All of lwIP that the options leave in, in one piece; its warnings are its own.
$(B)/example/lwip.o: tests/example/lwipopts.h tests/example/arch/cc.h Makefile \
		tests/example/build.mk | need-lwip
	@mkdir -p $(B)/example/lwip
	$(call say,LWIP)cd $(B)/example/lwip && \
		$(CC) $(filter-out $(WARN) -I% -isystem $(LWIP)/include,$(example_FLAGS)) -w \
		-ffunction-sections -fdata-sections \
		-I$(CURDIR)/tests/example -I$(CURDIR)/$(LWIP)/include -c \
		$(CURDIR)/$(LWIP)/core/*.c $(CURDIR)/$(LWIP)/core/ipv4/*.c \
		$(CURDIR)/$(LWIP)/netif/ethernet.c && $(LD) -r -o ../lwip.o *.o
$(B)/example.elf: tests/example/example.ld $(EXAMPLE_OBJECTS) $(B)/example/lwip.o $(B)/libskiff.a
	$(call say,LD)$(LD) $(EXAMPLE_LINK) -T $< -o $@ $(filter-out $<,$^)
-include $(EXAMPLE_OBJECTS:.o=.d)

test test-qemu: $(B)/example.elf
