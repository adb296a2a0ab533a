# The boot programs of the tests, included by the Makefile: build/probe.0, the one that the PXE API
# is tried with, and build/floppy.0, what a disk in memory has in its first sectors.
NBP_OBJECTS := $(patsubst %.S,$(B)/nbp.d/%.o,$(wildcard tests/nbp/*.S))
$(B)/nbp.d/%.o: %.S Makefile tests/nbp/build.mk | need-cc
	@mkdir -p $(@D)
	$(call say,AS)$(CC) -m32 -I. -Wa,--fatal-warnings -MMD -MP -c -o $@ $<
$(B)/probe.0: $(B)/nbp.d/tests/nbp/v86.o
# The first object's first byte is the entry.
$(B)/%.0: $(B)/nbp.d/tests/nbp/%.o
	$(call say,LD)$(LD) -m elf_i386 -z noexecstack --no-warn-rwx-segments --fatal-warnings \
		-Ttext 0x7c00 -o $(B)/nbp.d/$*.elf $(sort $^) && \
		objcopy -O binary -j .text $(B)/nbp.d/$*.elf $@
.SECONDARY: $(NBP_OBJECTS)
-include $(NBP_OBJECTS:.o=.d)
