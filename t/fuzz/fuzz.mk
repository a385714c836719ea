# Fuzzing with clang's libFuzzer.  What it finds stays in the corpus; a crash
# leaves its input beside it and fails the target.

FUZZ_CC       ?= clang-14
FUZZ_SECONDS  ?= 60
FUZZ_FLAGS    := -std=c11 -D_GNU_SOURCE -g -O1 -Isrc -It \
                 -DCX_ARENA_MALLOC -fno-omit-frame-pointer \
                 -fno-sanitize-recover=undefined \
                 -fsanitize=fuzzer,address,undefined
FUZZERS       := json whatsapp

.PHONY: fuzz
fuzz: $(FUZZERS:%=fuzz-%)   ## fuzz the parsers, FUZZ_SECONDS=60 each

fuzz-%: $(B)/fuzz/%
	@mkdir -p $(B)/fuzz/corpus-$*
	@cp -n t/fuzz/seeds/$*-* $(B)/fuzz/corpus-$*/
	cd $(B)/fuzz && ./$* -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
	  -dict=$(CURDIR)/t/fuzz/$*.dict -timeout=5 -print_final_stats=1 \
	  -verbosity=1 -artifact_prefix=./ corpus-$*

$(B)/fuzz/json: t/fuzz/json.c t/fuzz/json_compare.h $(wildcard src/core/*.[ch])
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ t/fuzz/json.c src/core/*.c \
	  -lcrypto -ljansson -lm

# Every case of t/cases/whatsapp is a seed.
$(B)/fuzz/whatsapp: t/fuzz/whatsapp.c $(wildcard src/channel/*.[ch]) \
                    $(wildcard src/core/*.[ch])
	@mkdir -p $(B)/fuzz/corpus-whatsapp
	@for c in t/cases/whatsapp/*/in.json; do \
	  cp $$c $(B)/fuzz/corpus-whatsapp/$$(basename $$(dirname $$c)); done
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ t/fuzz/whatsapp.c src/channel/*.c \
	  src/core/*.c -lcrypto -ljansson -lm
