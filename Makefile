# CONNEXT.  `make help` lists what there is.
#
# BUILD=release (default) or asan.  Everything lands in build/$(BUILD).

BUILD  ?= release
B      := build/$(BUILD)
JOBS   ?= $(shell nproc)

CC     ?= gcc
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
          -Wvla -Wwrite-strings -Wpointer-arith -Werror
HARD   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIC
BASE   := -std=c11 -D_GNU_SOURCE -g -Isrc -MMD -MP $(WARN)

ifeq ($(BUILD),asan)
SAN    := -fsanitize=address,undefined -fno-sanitize-recover=undefined
CFLAGS := $(BASE) -O1 -fno-omit-frame-pointer $(SAN) -DCX_ARENA_MALLOC
LDFLAGS := $(SAN)
else
CFLAGS := $(BASE) -O2 $(HARD)
LDFLAGS := -Wl,-z,relro -Wl,-z,now
endif

PURE_LIBS   := -lcrypto -ljansson -lm
STORE_LIBS  := -lsqlite3 -lpq
WORKER_LIBS := -luv -lcurl -lhiredis -lmicrohttpd -linih $(STORE_LIBS) \
               $(PURE_LIBS) -lpthread
CTL_LIBS    := -lcurl $(PURE_LIBS)

layer = $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/$(1)/*.c))

CORE    := $(call layer,core)
CHANNEL := $(call layer,channel)
AI      := $(call layer,ai)
STORE   := $(call layer,store)
WORKER  := $(filter-out $(B)/obj/worker/main.o,$(call layer,worker))
CTL     := $(call layer,ctl)
# The worker with failpoints: tests only.
WORKER_FP := $(patsubst $(B)/obj/worker/%,$(B)/obj/worker-fp/%,\
               $(call layer,worker))

.PHONY: all help
all: module worker ctl

help:           ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | \
	  sed -E 's/:.*## /\t/' | expand -t 18

.PHONY: worker ctl
worker: $(B)/connext-worker     ## the daemon
ctl: $(B)/connextctl            ## the command line tool

$(B)/connext-worker: $(B)/obj/worker/main.o $(WORKER) $(STORE) $(AI) \
                     $(CHANNEL) $(CORE)
	$(CC) $(LDFLAGS) -o $@ $^ $(WORKER_LIBS)

$(B)/connext-worker-fp: $(WORKER_FP) $(STORE) $(AI) $(CHANNEL) $(CORE)
	$(CC) $(LDFLAGS) -o $@ $^ $(WORKER_LIBS)

$(B)/connextctl: $(CTL) $(CHANNEL) $(CORE)
	$(CC) $(LDFLAGS) -o $@ $^ $(CTL_LIBS)

$(B)/obj/worker-fp/%.o: src/worker/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DCX_FAILPOINTS -c -o $@ $<

$(B)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

.PHONY: clean
clean:          ## forget all builds
	rm -rf build

include packaging/deps.mk
include packaging/demo.mk
include packaging/install.mk
include src/edge/module.mk
include t/test.mk
include t/lint/lint.mk
include t/fuzz/fuzz.mk
-include bench/bench.mk
-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
