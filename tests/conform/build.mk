# skiff-conform, as option ROM and UEFI application: tests/conform in the place of arch/skiff.c.
# Included by Makefile.

CONFORM := $(call find,tests/conform)
conform_rom_OBJECTS := $(call objects,rom,$(CONFORM)) $(filter-out %/arch/skiff.o,$(rom_OBJECTS))
-include $(patsubst %.o,%.d,$(call objects,rom,$(CONFORM)))

$(B)/skiff-conform.elf: $(B)/skiff.ld $(conform_rom_OBJECTS)
	$(call say,LD)$(LD) $(rom_LINK) -T $< -o $@ $(conform_rom_OBJECTS)
$(eval $(call uefi_program,skiff-conform,$(CONFORM)))

# The report of a device and its back end; NETDEV= DEVICE= URL= and the knobs: tests/conform/run.
.PHONY: conform
export NETDEV DEVICE KNOBS URL LIMIT KNOWN PCAP
conform: $(B)/skiff-conform.rom | need-qemu
	@SKIFF_CONFORM_ROM=$< tests/conform/run
