# Unit tests: t/unit/<layer>/<name>.c, each a program that prints TAP.

UNIT := $(patsubst t/unit/%.c,$(B)/unit/%,$(wildcard t/unit/*/*.c))

.PHONY: unit
unit: $(UNIT)   ## build and run the unit tests
	@prove --norc --exec '' $(UNIT)

$(B)/unit/core/%: t/unit/core/%.c $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -It -o $@ $< $(CORE) $(LDFLAGS) $(PURE_LIBS)

$(B)/unit/channel/%: t/unit/channel/%.c $(CHANNEL) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -It -o $@ $< $(CHANNEL) $(CORE) $(LDFLAGS) $(PURE_LIBS)

$(B)/unit/ai/%: t/unit/ai/%.c $(AI) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -It -o $@ $< $(AI) $(CORE) $(LDFLAGS) $(PURE_LIBS)

$(B)/unit/store/%: t/unit/store/%.c $(STORE) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -It -o $@ $< $(STORE) $(CORE) $(LDFLAGS) -lsqlite3 $(PURE_LIBS) -lpthread

$(B)/unit/worker/%: t/unit/worker/%.c $(WORKER) $(STORE) $(AI) $(CHANNEL) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -It -o $@ $< $(WORKER) $(STORE) $(AI) $(CHANNEL) $(CORE) $(LDFLAGS) $(WORKER_LIBS)

# The test double and the load generator: for tests, demo and bench only.
DOUBLE := $(wildcard t/double/*.c)
FLOOD  := t/double/flood.c

.PHONY: double
double: $(B)/double $(B)/flood  ## the test double

$(B)/double: $(patsubst %.c,$(B)/obj/%.o,$(filter-out $(FLOOD),$(DOUBLE)))
	$(CC) $(LDFLAGS) -o $@ $^ -luv -ljansson -lcrypto

$(B)/flood: $(B)/obj/t/double/flood.o
	$(CC) $(LDFLAGS) -o $@ $^ -lcrypto

$(B)/obj/t/%.o: t/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
