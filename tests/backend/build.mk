# build/backend, the vhost-user back end of the tests: a host program, included by the Makefile.
BACKEND := $(patsubst %.c,$(B)/backend.d/%.o,$(sort $(wildcard tests/backend/*.c)))
BACKENDFLAGS := $(CFLAGS) -D_GNU_SOURCE -O2
$(B)/backend: $(BACKEND)
	$(call say,LINK)$(CC) $(BACKENDFLAGS) -o $@ $^
$(B)/backend.d/%.o: %.c Makefile tests/backend/build.mk | need-cc
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(BACKENDFLAGS) -MMD -MP -c -o $@ $<
-include $(BACKEND:.o=.d)
