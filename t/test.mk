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

# With what makes the terms that are kept.
$(B)/unit/store/%: t/unit/store/%.c $(STORE) $(AI) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -It -o $@ $< $(STORE) $(AI) $(CORE) $(LDFLAGS) $(STORE_LIBS) $(PURE_LIBS) -lpthread

# A unit of the worker may name the objects it needs, so that its test can
# stand in for the rest (a store that fails, an engine that counts).
part = $(addprefix $(B)/obj/worker/,$(addsuffix .o,$(1)))

UNIT_conf  := $(call part,conf secret log)
UNIT_log   := $(call part,log)
UNIT_db    := $(call part,db fp log)
UNIT_http  := $(call part,http http_call http_feed http_loop http_mail)
UNIT_breaker := $(call part,breaker)
UNIT_confirm := $(call part,confirm log) $(CHANNEL)
UNIT_slots  := $(call part,slots conversation log)
UNIT_rates := $(call part,rates) $(CHANNEL)
UNIT_redis := $(call part,redis redis_command redis_uv)
UNIT_api   := $(patsubst src/%.c,$(B)/obj/%.o,\
                $(wildcard src/worker/api*.c src/worker/json_out*.c)) \
              $(call part,archive db fp indexing log routing secret \
                secrets) $(STORE) $(AI) $(CHANNEL)
UNIT_api_people := $(UNIT_api)
UNIT_api_customers := $(UNIT_api)
UNIT_api_out    := $(UNIT_api)
UNIT_api_routing := $(UNIT_api)

.SECONDEXPANSION:
$(B)/unit/worker/%: t/unit/worker/%.c \
    $$(or $$(UNIT_$$*),$(WORKER) $(STORE) $(AI) $(CHANNEL)) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -It -o $@ $< $(filter %.o,$^) $(LDFLAGS) $(WORKER_LIBS)

# The example channel of docs/CHANNELS.md: what knows the list of types is
# compiled anew with one line more, all else is as it ships.
EXAMPLE_CHANNEL := $(filter-out $(B)/obj/channel/registry.o,$(CHANNEL)) \
                   $(B)/example/registry.o $(B)/example/pigeon.o

$(B)/example/registry.o: src/channel/registry.c t/example/channel/channels.def
	@mkdir -p $(@D)
	$(CC) -It/example $(CFLAGS) -c -o $@ $<

$(B)/example/pigeon.o: t/example/pigeon.c t/example/channel/channels.def
	@mkdir -p $(@D)
	$(CC) -It/example $(CFLAGS) -c -o $@ $<

$(B)/example/connext-worker: $(B)/obj/worker/main.o $(WORKER) $(STORE) \
                             $(AI) $(EXAMPLE_CHANNEL) $(CORE)
	$(CC) $(LDFLAGS) -o $@ $^ $(WORKER_LIBS)

$(B)/example/receive: t/example/receive.c $(EXAMPLE_CHANNEL) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -It -o $@ $< $(EXAMPLE_CHANNEL) $(CORE) $(LDFLAGS) \
	  $(PURE_LIBS)

# The test double and the load generator: for tests, demo and bench only.
DOUBLE := $(wildcard t/double/*.c)
FLOOD  := t/double/flood.c

.PHONY: double
double: $(B)/double $(B)/flood  ## the test double

$(B)/double: $(patsubst %.c,$(B)/obj/%.o,$(filter-out $(FLOOD),$(DOUBLE)))
	$(CC) $(LDFLAGS) -o $@ $^ -luv -ljansson -lcrypto -lm

$(B)/flood: $(B)/obj/t/double/flood.o
	$(CC) $(LDFLAGS) -o $@ $^ -lcrypto

$(B)/obj/t/%.o: t/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

# What the tests start.  With sanitizers the module lives inside an nginx of
# its own, because Debian's is not built with them.
ifeq ($(BUILD),asan)
EDGE := nginx-asan
else
EDGE := module
endif

TESTED := $(EDGE) $(B)/connext-worker $(B)/connext-worker-fp \
          $(B)/connextctl $(B)/double $(B)/flood \
          $(B)/example/connext-worker $(B)/example/receive

# More jobs than cores upset the tests that watch the clock.  The long ones go
# first, so that none is left alone in the end.
TEST_JOBS ?= 2
PROVE     := CONNEXT_BUILD=$(B) prove -j$(TEST_JOBS)
T_CHAOS   := $(wildcard t/chaos/*.t)
T_E2E     := $(wildcard t/e2e/*.t)
T_EDGE    := $(wildcard t/edge/*.t)
T_REST    := $(filter-out $(T_CHAOS) $(T_E2E) $(T_EDGE),$(wildcard t/*/*.t))

# All that has a store runs once more on a PostgreSQL server, which lives as
# long as its tests.  A disk that is full is the server's own business.
POSTGRES  := CONNEXT_STORE=postgresql CONNEXT_BUILD=$(B) \
             perl t/lib/postgres.pl prove -j$(TEST_JOBS)
T_STORED  := $(filter-out t/chaos/disk.t,\
               $(shell grep -lw worker $(T_CHAOS) $(T_E2E)))
UNIT_STORED := $(filter $(B)/unit/store/%,$(UNIT))

.PHONY: test check edge-test e2e chaos postgresql
test:           ## install what is missing, build, run every test
	$(MAKE) --no-print-directory deps-test
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory check

check: $(TESTED) $(UNIT)  ## every test, without installing anything
	$(PROVE) $(T_CHAOS) $(T_REST) $(T_E2E) $(T_EDGE) $(UNIT)
	$(POSTGRES) $(T_STORED) $(UNIT_STORED)

postgresql: $(TESTED) $(UNIT_STORED)  ## what has a store, on PostgreSQL
	$(POSTGRES) $(T_STORED) $(UNIT_STORED)

edge-test: $(EDGE)  ## the blocks of t/edge
	$(PROVE) $(T_EDGE)

e2e: $(TESTED)  ## end to end, with real processes
	$(PROVE) $(T_E2E)

chaos: $(TESTED)  ## kills, restarts, reloads
	$(PROVE) $(T_CHAOS)

# What runs in production, every access watched: the units of a release build,
# and whole installations with workers and all processes of nginx under
# valgrind (without nchan: its memory is its own business).  Memory that
# something still points into is no leak: threads of tests and forks of them
# end with much of that.
VALGRIND := valgrind -q --leak-check=full --show-leak-kinds=definite \
            --errors-for-leak-kinds=definite --error-exitcode=99 \
            --num-callers=25 --suppressions=$(CURDIR)/t/lib/valgrind.supp
T_VALGRIND := $(filter-out t/e2e/nchan.t,$(T_E2E)) \
              t/chaos/drain.t t/chaos/cut.t

.PHONY: valgrind
valgrind: $(TESTED) $(UNIT)  ## units, workers and nginx under valgrind
	CONNEXT_VALGRIND='$(VALGRIND)' $(PROVE) --exec '$(VALGRIND)' $(UNIT)
	CONNEXT_VALGRIND='$(VALGRIND)' $(PROVE) $(T_VALGRIND)
	@echo 'valgrind: $(words $(UNIT)) programs,' \
	      '$(words $(T_VALGRIND)) installations, 0 errors'
