# Fuzzing: the sources and the hosted port under libFuzzer, ASan and UBSan, 64 and 32 bit. Included by the Makefile.
#
#   make fuzz SECONDS=60 TARGET=http BITS=64 JOBS=1   each target for so long (tests/fuzz/README.md)
#   make fuzz-replay                 the kept inputs through every target, then a few seconds each; part of `make test`
#   make fuzz-corpus TARGET=http     what is worth keeping of build/fuzz/NAME goes to tests/fuzz/corpus

SECONDS = 60
JOBS    = 1
BITS    = 64 32
REPLAY_SECONDS = 3
FUZZED := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
TARGET  = $(FUZZED)

# What clang warns of beyond gcc is not looked for here. The runtime is C++, and the 32-bit libstdc++ comes without a link to it.
FUZZFLAGS := $(filter-out -Wa$(,)--fatal-warnings -Wlogical-op -Wduplicated-cond -Wconversion -Wsign-conversion,$(CFLAGS)) \
	-Wno-format-nonliteral -D_GNU_SOURCE -O2 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
fuzz64_CC    := clang
fuzz32_CC    := clang
# Only what runs in the ROM counts as covered. Tracing comparisons as well (COVERAGE+=,trace-cmp B=build/cmp) finds constants
# by itself and takes three times as long; the dictionaries have them.
COVERAGE    = inline-8bit-counters,pc-table
covered     = $(if $(findstring /arch/hosted/,$@)$(findstring /tests/,$@),,-fsanitize-coverage=$(COVERAGE))
fuzz64_FLAGS  = $(FUZZFLAGS) $(covered) -m64
fuzz32_FLAGS  = $(FUZZFLAGS) $(covered) -m32 -idirafter /usr/include/x86_64-linux-gnu

FUZZ_MODEL  := $(filter-out %/tcp_lab.c %/http_lab.c %/neighbour.c %/csum_x64.c %.S,$(call find,tests/model))
FUZZ_SHARED := $(filter-out tests/fuzz/fuzz_%,$(call find,tests/fuzz))
FUZZ_SOURCES := $(COMMON) $(PURE) $(call find,arch/hosted) $(FUZZ_MODEL) $(FUZZ_SHARED)

clang_rt = /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-i386.a
need-fuzz: need-hosted ; $(call need,clang@clang $(firstword $(wildcard $(clang_rt)) $(clang_rt))@libclang-rt-dev xz@xz-utils)

define fuzz
$(eval $(call compile,$(1),need-fuzz,$(FUZZ_SOURCES)))
-include $$($(1)_OBJECTS:.o=.d) $(FUZZED:%=$(B)/$(1)/tests/fuzz/fuzz_%.d)
$$($(1)_OBJECTS) $(FUZZED:%=$(B)/$(1)/tests/fuzz/fuzz_%.o): tests/fuzz/build.mk
$(B)/$(1)/libskiff.a: $$($(1)_OBJECTS)
	@rm -f $$@
	$$(call say,AR)$$(AR) rcsD $$@ $$^
$(FUZZED:%=$(B)/$(1)/%): $(B)/$(1)/%: $(B)/$(1)/tests/fuzz/fuzz_%.o $(B)/$(1)/libskiff.a
	$$(call say,LINK)$$($(1)_CC) $$($(1)_FLAGS) -fsanitize=fuzzer -nostdlib++ -o $$@ $$^ -l:libstdc++.so.6
endef
$(eval $(call fuzz,fuzz64))
$(eval $(call fuzz,fuzz32))

FUZZERS = $(foreach b,$(BITS),$(TARGET:%=$(B)/fuzz$(b)/%))
.PHONY: fuzz fuzz-replay fuzz-corpus
fuzz: $(FUZZERS)
	@printf '%s\n' $^ | nice -n 19 xargs -n 1 -P $(JOBS) tests/fuzz/run fuzz $(SECONDS)
	@tests/fuzz/run sum
fuzz-corpus: $(FUZZERS)
	@for f in $^; do tests/fuzz/run keep $$f || exit; done

FUZZ_LOGS := $(foreach b,64 32,$(FUZZED:%=$(B)/fuzz$(b)/%.log))
$(FUZZ_LOGS): %.log: % FORCE
	@tests/setup/unit $@ tests/fuzz/run replay $(REPLAY_SECONDS) $<
fuzz-replay: $(FUZZ_LOGS)
	@tests/setup/total $^
