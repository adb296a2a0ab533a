# Fuzzing: the sources and the hosted port under libFuzzer, ASan and UBSan, 64 and 32 bit.
# Included by the Makefile.
#
#   make fuzz SECONDS=60 TARGET=http BITS=64 JOBS=1   each target for so long (tests/fuzz/README.md)
#   make fuzz-replay                 the kept inputs through every target, then a few seconds each;
#                                    part of `make test`
#   make fuzz-corpus TARGET=http     what is worth keeping of build/fuzz/NAME goes to
#                                    tests/fuzz/corpus

SECONDS = 60
JOBS    = 1
BITS    = 64 32
REPLAY_SECONDS = 3
FUZZED := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
TARGET  = $(FUZZED)

# What clang warns of beyond gcc is not looked for here. The runtime is C++, and the 32-bit
# libstdc++ comes without a link to it.
NOT_CLANGS := -Wa$(,)--fatal-warnings -Wlogical-op -Wduplicated-cond -Wconversion -Wsign-conversion
FUZZFLAGS := $(filter-out $(NOT_CLANGS),$(CFLAGS)) -Wno-format-nonliteral -D_GNU_SOURCE -O2 \
	-fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
# Only what runs in the ROM counts as covered. Tracing comparisons as well
# (COVERAGE=inline-8bit-counters,pc-table,trace-cmp B=build/cmp) finds constants by itself and takes
# three times as long; the dictionaries have them.
COVERAGE    = inline-8bit-counters,pc-table
covered     = $(if $(findstring /arch/hosted/,$@)$(findstring /tests/,$@),,\
	-fsanitize-coverage=$(COVERAGE)$(1))
width64    := -m64
width32    := -m32 -idirafter /usr/include/x86_64-linux-gnu

FUZZ_MODEL  := $(filter-out %/tcp_lab.c %/http_lab.c %/neighbour.c %/neighbour6.c %/csum_x64.c %.S,\
	$(call find,tests/model))
FUZZ_SHARED := $(filter-out tests/fuzz/fuzz_%,$(call find,tests/fuzz))
FUZZ_SOURCES := $(COMMON) $(PURE) $(call find,arch/hosted) $(FUZZ_MODEL) $(FUZZ_SHARED)

clang_rt = /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-i386.a
need-fuzz: need-hosted ; $(call need,clang@clang xz@xz-utils \
	$(firstword $(wildcard $(clang_rt)) $(clang_rt))@libclang-rt-dev)

# fuzzBITS is for all targets. loadsBITS is the same with a call before each load,
# for the one that changes memory meanwhile.
define fuzz
fuzz$(1)_CC     := clang
loads$(1)_CC    := clang
fuzz$(1)_FLAGS   = $$(FUZZFLAGS) $$(width$(1)) $$(call covered)
loads$(1)_FLAGS  = $$(FUZZFLAGS) $$(width$(1)) $$(call covered,$$(,)trace-loads)
$(eval $(call compile,fuzz$(1),need-fuzz,$(FUZZ_SOURCES)))
$(eval $(call compile,loads$(1),need-fuzz,$(COMMON)))
made$(1) := $$(fuzz$(1)_OBJECTS) $$(loads$(1)_OBJECTS) $(FUZZED:%=$(B)/fuzz$(1)/tests/fuzz/fuzz_%.o)
-include $$(made$(1):.o=.d)
$$(made$(1)): tests/fuzz/build.mk
$(B)/fuzz$(1)/libskiff.a: $$(fuzz$(1)_OBJECTS)
$(B)/loads$(1)/libskiff.a: $$(loads$(1)_OBJECTS)
$(B)/fuzz$(1)/libskiff.a $(B)/loads$(1)/libskiff.a:
	@rm -f $$@
	$$(call say,AR)$$(AR) rcsD $$@ $$^
$(B)/fuzz$(1)/ring: $(B)/loads$(1)/libskiff.a
$(FUZZED:%=$(B)/fuzz$(1)/%): $(B)/fuzz$(1)/%: $(B)/fuzz$(1)/tests/fuzz/fuzz_%.o \
		$(B)/fuzz$(1)/libskiff.a
	$$(call say,LINK)clang $$(FUZZFLAGS) $$(width$(1)) -fsanitize=fuzzer -nostdlib++ -o $$@ \
		$$(filter %.o,$$^) $$(filter %/loads$(1)/libskiff.a,$$^) \
		$$(filter %/fuzz$(1)/libskiff.a,$$^) -l:libstdc++.so.6
endef
$(eval $(call fuzz,64))
$(eval $(call fuzz,32))

FUZZERS = $(foreach b,$(BITS),$(TARGET:%=$(B)/fuzz$(b)/%))
.PHONY: fuzz fuzz-replay fuzz-corpus
fuzz: $(FUZZERS)
	@printf '%s\n' $^ | nice -n 19 xargs -n 1 -P $(JOBS) tests/fuzz/run fuzz $(SECONDS); \
		status=$$?; tests/fuzz/run sum; exit $$status
fuzz-corpus: $(TARGET:%=$(B)/fuzz64/%)
	@for f in $^; do tests/fuzz/run keep $$f || exit; done

FUZZ_LOGS := $(foreach b,64 32,$(FUZZED:%=$(B)/fuzz$(b)/%.log))
$(FUZZ_LOGS): %.log: % FORCE
	@tests/setup/unit $@ tests/fuzz/run replay $(REPLAY_SECONDS) $<
fuzz-replay: $(FUZZ_LOGS)
	@tests/setup/total $^
