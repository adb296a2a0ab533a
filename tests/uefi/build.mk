# The test programs for UEFI, included by the Makefile behind arch/uefi/build.mk, with whose
# compiler and rules they are made.

LAB_PROGRAMS := $(B)/lab/say.efi $(B)/lab/shim.efi $(B)/lab/nx.efi
lab_objects   = $(patsubst %,$(B)/uefi/tests/uefi/%.o,lab $(1))
LAB_OBJECTS  := $(call lab_objects,say shim shim_pci nx nx_pages)

$(B)/lab/say.efi: $(call lab_objects,say)
$(B)/lab/shim.efi: $(call lab_objects,shim shim_pci)
$(B)/lab/nx.efi: $(call lab_objects,nx nx_pages)
$(LAB_PROGRAMS): tests/uefi/build.mk
	@mkdir -p $(@D)
	$(call say,EFI)$(UEFI_CC) $(call uefi_LINK,arch/uefi/skiff.ld,512) -o $@ $(filter %.o,$^)
-include $(LAB_OBJECTS:.o=.d)

.PHONY: need-lab
need-lab: ; $(call need,grub-mkimage@grub-common sbsign@sbsigntool openssl@openssl \
	/usr/lib/grub/x86_64-efi/chain.mod@grub-efi-amd64-bin)
need-test: need-lab need-ovmf
test test-qemu: $(LAB_PROGRAMS)
