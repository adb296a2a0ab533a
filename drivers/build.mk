# build/libskiff.a, the driver for other people's firmware, included by the Makefile;
# drivers/README.md tells how to embed it. One object, linked of core and drivers as far as the
# names in drivers/exports need them; all other names are local. For another processor:
# make build/libskiff.a CC=… OBJCOPY=… AR=… LIB_FLAGS=…

OBJCOPY = objcopy
LIB_FLAGS = -O2 -m64 -fpie -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fcf-protection=none

LIB_EXPORTS := $(shell sed 's/\#.*//' drivers/exports)
# GCC makes of the loop in memset() a call of memset(), unless it is told not to;
# clang neither does nor knows the option.
lib_no_calls := $(shell \
	echo | $(CC) -fno-tree-loop-distribute-patterns -xc -E - >/dev/null 2>&1 && \
	echo -fno-tree-loop-distribute-patterns)
lib_FLAGS    := -std=c11 -ffreestanding -fno-common -ffunction-sections -fdata-sections -g -I. \
	-ffile-prefix-map=$(CURDIR)=. $(lib_no_calls) $(LIB_FLAGS)
LIB_OBJECTS := $(patsubst %,$(B)/lib/%.o,$(basename $(call find,core drivers)))
# Others try other flags: every make looks whether they are new.
export LIB_COMMAND := $(CC) $(lib_FLAGS)
$(B)/lib/command: FORCE ; $(call write,LIB_COMMAND)
$(B)/lib/%.o: %.c $(B)/lib/command Makefile drivers/build.mk | need-cc
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(lib_FLAGS) -MMD -MP -c -o $@ $<
$(B)/lib/parts.a: $(LIB_OBJECTS)
	@rm -f $@
	$(call say,AR)$(AR) rcsD $@ $^
$(B)/libskiff.o: $(B)/lib/parts.a drivers/exports
	$(call say,LD)$(CC) $(LIB_FLAGS) -nostdlib -r -Wl,--gc-sections $(LIB_EXPORTS:%=-Wl,-u,%) \
		-o $@ $< && $(OBJCOPY) --keep-global-symbols=drivers/exports $@
$(B)/libskiff.a: $(B)/libskiff.o
	@rm -f $@
	$(call say,AR)$(AR) rcsD $@ $<
-include $(LIB_OBJECTS:.o=.d)

# What drivers/virtio_net.h includes, and so on, below one root.
LIB_HEADERS = $(sort $(filter %.h,$(shell $(CC) -I. -MM drivers/virtio_net.h)))
.PHONY: install-library
all: $(B)/libskiff.a
install: install-library
install-library: $(B)/libskiff.a
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/lib" $<
	for header in $(LIB_HEADERS); do \
		install -D -m 644 $$header "$(DESTDIR)$(PREFIX)/include/skiff/$$header" || exit 1; \
	done

structure: check-library
.PHONY: check-library
LOGS += $(B)/library.log
check-library: $(B)/libskiff.a
	@tests/setup/unit $(B)/library.log tests/library $<
