# The UEFI application, included by Makefile: a PE32+ file, made with Debian's mingw-w64 GCC of our
# sources alone. From gnu-efi come the definitions of protocols, and no code.

UEFI_CC = x86_64-w64-mingw32-gcc-win32

# This compiler takes `printf` for Microsoft's, which knows no %zu; ours is GNU's as far as it goes.
# The stack has 128 KiB (UEFI 2.10, 2.3.4.2) and needs no probes. Interrupt handlers use it too: no
# red zone.
uefi_CC    := $(UEFI_CC)
uefi_FLAGS := $(CFLAGS) $(GRAPH) -ffreestanding -m64 -mno-red-zone -mgeneral-regs-only \
	-mno-stack-arg-probe -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-tree-loop-distribute-patterns -fno-ident \
	-Os -Dprintf=gnu_printf -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
uefi_LINK   = -nostdlib -s -T $(1) -Wl,--subsystem,10,--image-base,0,--file-alignment,$(2) \
	-Wl,--section-alignment,4096,--no-insert-timestamp,--fatal-warnings

# arch/x86/linux.c is the BIOS's.
UEFI_PORT := $(call without,x86_64) arch/smbios.c $(call find,arch/uefi arch/x86/x86_64) \
	$(filter-out arch/x86/linux.c,$(call find,arch/x86))
need-uefi: need-cc ; $(call need,$(UEFI_CC)@gcc-mingw-w64-x86-64-win32 \
	/usr/include/efi/efi.h@gnu-efi)
$(eval $(call compile,uefi,need-uefi,$(UEFI_PORT)))
UNPACK_OBJECTS := $(call objects,uefi,$(filter-out %/packed.S,$(call find,arch/uefi/unpack)))
$(uefi_OBJECTS) $(UNPACK_OBJECTS): arch/uefi/build.mk
-include $(uefi_OBJECTS:.o=.d) $(UNPACK_OBJECTS:.o=.d)

# $(call uefi_program,NAME,SOURCES): build/NAME.efi is the port with this program behind
# arch/program.h; NAME.plain.efi is the same before arch/uefi/unpack is put around it. The image
# version, which is ours to define, is a checksum of what is packed: headers tell builds apart that
# are of the same sizes (pe_is_build() in arch/uefi/pe.c).
define uefi_program
$(B)/$(1).plain.efi: arch/uefi/unpack/plain.ld $(uefi_OBJECTS) $(call objects,uefi,$(2))
	$$(call say,LD)$(UEFI_CC) $$(call uefi_LINK,$$<,4096) -Wl,-Map,$(B)/$(1).plain.map -o $$@ \
		$(uefi_OBJECTS) $(call objects,uefi,$(2))
$(B)/$(1).efi.packed.o: arch/uefi/unpack/packed.S $(B)/$(1).plain.efi
	$$(call say,XZ)xz -T1 --format=raw --lzma1=preset=9e,lc=3,lp=0,pb=0 -c $(B)/$(1).plain.efi \
		>$(B)/$(1).efi.packed && \
		$(UEFI_CC) $(uefi_FLAGS) -DPACKED='"$(B)/$(1).efi.packed"' \
		-DPLAIN_LEN=$$$$(wc -c <$(B)/$(1).plain.efi) -c -o $$@ $$<
$(B)/$(1).efi: arch/uefi/skiff.ld $(UNPACK_OBJECTS) $(B)/$(1).efi.packed.o
	$$(call say,EFI)crc=$$$$(cksum <$(B)/$(1).efi.packed) && crc=$$$${crc%% *} && \
		$(UEFI_CC) $$(call uefi_LINK,$$<,512) \
		-Wl,--major-image-version,$$$$((crc >> 16)) \
		-Wl,--minor-image-version,$$$$((crc & 0xffff)) -o $$@ \
		$(UNPACK_OBJECTS) $(B)/$(1).efi.packed.o
-include $(patsubst %.o,%.d,$(call objects,uefi,$(2)))
endef
$(eval $(call uefi_program,skiff,arch/skiff.c))
