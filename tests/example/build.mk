# build/example.elf: lwIP over libskiff.a, a program for `qemu-system-x86_64 -kernel`; included by
# the Makefile. drivers/README.md has the command line.

LWIP         = $(shell $(CC) -print-file-name=liblwip.so)
LWIP_INCLUDE = /usr/include/lwip

# Of a bare PC's port the BIOS's files do for all but the console.
EXAMPLE := $(call find,tests/example) $(addprefix core/,mem.c sha256.c text.c) \
	$(addprefix arch/x86/,io.c random.c time.c tsc.c) \
	$(addprefix arch/pcbios/,bar.c pci.c pit.c)
EXAMPLE_OBJECTS := $(patsubst %,$(B)/example/%.o,$(basename $(EXAMPLE)))
example_FLAGS := $(CFLAGS) -D_GNU_SOURCE -m64 -O2 -ffreestanding -fno-pic -fno-pie -mno-red-zone \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	-fno-tree-loop-distribute-patterns -isystem $(LWIP_INCLUDE)

# What lwIP's binary has for sockets, threads, taps and serial lines, nothing here calls: whoever
# did would halt. All else that it wants is there, or the link fails.
EXAMPLE_UNUSED := __ctype_b_loc __errno_location __fdelt_chk __fprintf_chk __printf_chk \
	__snprintf_chk __stack_chk_fail abort calloc exit fcntl fflush fopen getenv getpid \
	gettimeofday ioctl open perror puts read select sigaction srand strncmp strncpy strtol \
	__isoc23_strtol system tcflush tcgetattr tcsetattr write \
	$(addprefix vde_,open_real datafd recv send) \
	$(addprefix pthread_,create setname_np mutex_init mutex_destroy cond_init cond_destroy \
	cond_wait cond_timedwait cond_broadcast condattr_init condattr_destroy condattr_setclock)
EXAMPLE_LINK := -m elf_x86_64 -z noexecstack --build-id=none --no-warn-rwx-segments \
	--fatal-warnings $(EXAMPLE_UNUSED:%=--defsym=%=halt) \
	--defsym=__memcpy_chk=memcpy --defsym=strlen=text_len \
	$(patsubst %,--defsym=pthread_%=one_thread,self mutex_lock mutex_unlock)

.PHONY: need-lwip
need-lwip: need-cc ; $(call need,$(LWIP_INCLUDE)/lwip/init.h@liblwip-dev)
$(B)/example/%.o: %.c Makefile tests/example/build.mk | need-lwip
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(example_FLAGS) -MMD -MP -c -o $@ $<
$(B)/example/%.o: %.S Makefile tests/example/build.mk | need-lwip
	@mkdir -p $(@D)
	$(call say,AS)$(CC) $(example_FLAGS) -MMD -MP -c -o $@ $<
$(B)/example/lwip.o: tests/example/embed Makefile tests/example/build.mk | need-lwip
	@mkdir -p $(@D)
	$(call say,EMBED)$< $(LWIP) >$(B)/example/lwip.s && $(CC) -c -o $@ $(B)/example/lwip.s
$(B)/example.elf: tests/example/example.ld $(EXAMPLE_OBJECTS) $(B)/example/lwip.o $(B)/libskiff.a
	$(call say,LD)$(LD) $(EXAMPLE_LINK) -T $< -o $@ $(filter-out $<,$^)
-include $(EXAMPLE_OBJECTS:.o=.d)

test test-qemu: $(B)/example.elf
