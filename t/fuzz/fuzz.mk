# Fuzzing with clang's libFuzzer.  It starts from the cases of t/cases and the
# seeds, which are the corpus that is kept in the repository: each is a real
# message that somebody can read, and each finding becomes one.  What a run
# adds to it stays in FUZZ_CORPUS for the next one; a crash leaves its input
# beside the program and fails the target.

FUZZ_CC       ?= clang-14
FUZZ_SECONDS  ?= 60
FUZZ_FLAGS    := -std=c11 -D_GNU_SOURCE -g -O1 -Isrc -It \
                 -DCX_ARENA_MALLOC -fno-omit-frame-pointer \
                 -fno-sanitize-recover=undefined \
                 -fsanitize=fuzzer,address,undefined
FUZZ_CORPUS   ?= $(B)/fuzz
# One target for each adapter; its cases are its first inputs.
FUZZ_TYPES    := whatsapp instagram messenger rcs google_business twilio \
                 mailgun sendgrid postmark ses webchat
# And for each AI provider: whole answers, and those in pieces.
FUZZ_AI       := openai responses anthropic gemini vapi
FUZZERS       := json mime zone agent mask knowledge $(FUZZ_TYPES) $(FUZZ_AI:%=ai-%)

.PHONY: fuzz
fuzz: $(FUZZERS:%=fuzz-%)   ## fuzz the parsers, FUZZ_SECONDS=60 each

fuzz-%: $(B)/fuzz/%
	@mkdir -p $(FUZZ_CORPUS)/corpus-$* $(B)/fuzz/corpus-$*
	@cp -n t/fuzz/seeds/$*-* $(B)/fuzz/corpus-$*/ 2>/dev/null || true
	cd $(B)/fuzz && ./$* -max_total_time=$(FUZZ_SECONDS) \
	  -max_len=$(if $(filter ai-%,$*),16384,4096) \
	  $(addprefix -dict=,$(abspath $(wildcard t/fuzz/$*.dict))) -timeout=5 -print_final_stats=1 \
	  -verbosity=1 -artifact_prefix=./ \
	  $(abspath $(FUZZ_CORPUS))/corpus-$* corpus-$*

$(B)/fuzz/json: t/fuzz/json.c t/fuzz/json_compare.h $(wildcard src/core/*.[ch])
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ t/fuzz/json.c src/core/*.c \
	  -lcrypto -ljansson -lm

$(B)/fuzz/agent: t/fuzz/agent.c $(wildcard src/ai/*.[ch] src/core/*.[ch])
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ t/fuzz/agent.c src/ai/*.c src/core/*.c \
	  -lcrypto -ljansson -lm

$(B)/fuzz/mask: t/fuzz/mask.c $(wildcard src/ai/*.[ch] src/core/*.[ch])
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ t/fuzz/mask.c src/ai/*.c src/core/*.c \
	  -lcrypto -ljansson -lm

$(B)/fuzz/knowledge: t/fuzz/knowledge.c \
                     $(wildcard src/ai/*.[ch] src/core/*.[ch])
	@mkdir -p $(@D) $(B)/fuzz/corpus-knowledge
	@for c in t/cases/split/*/in; do \
	  { printf '\000'; cat $$c; } \
	    > $(B)/fuzz/corpus-knowledge/$$(basename $$(dirname $$c)); done
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ t/fuzz/knowledge.c src/ai/*.c \
	  src/core/*.c -lcrypto -ljansson -lm

$(B)/fuzz/mime: t/fuzz/mime.c $(wildcard src/core/*.[ch])
	@mkdir -p $(@D) $(B)/fuzz/corpus-mime
	@for c in t/cases/sendgrid/*/in.form t/cases/mailgun/*/in.form; do \
	  cp $$c $(B)/fuzz/corpus-mime/$$(basename $$(dirname $$c)); done
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ t/fuzz/mime.c src/core/*.c \
	  -lcrypto -ljansson -lm

$(B)/fuzz/zone: t/fuzz/zone.c $(wildcard src/core/*.[ch])
	@mkdir -p $(@D) $(B)/fuzz/corpus-zone
	@for z in Europe/Berlin America/New_York Etc/UTC; do \
	  cp /usr/share/zoneinfo/$$z $(B)/fuzz/corpus-zone/$$(basename $$z); done
	@echo 'mo-fr 09:00-12:30 14:00-18:00, sa 22:00-06:00' \
	  > $(B)/fuzz/corpus-zone/hours
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ t/fuzz/zone.c src/core/*.c \
	  -lcrypto -ljansson -lm

$(FUZZ_TYPES:%=$(B)/fuzz/%): $(B)/fuzz/%: t/fuzz/channel.c \
                    $(wildcard src/channel/*.[ch] src/core/*.[ch])
	@mkdir -p $(@D) $(B)/fuzz/corpus-$*
	@for c in t/cases/$*/*/in.*; do \
	  cp $$c $(B)/fuzz/corpus-$*/$$(basename $$(dirname $$c)); done
	$(FUZZ_CC) $(FUZZ_FLAGS) -DCX_FUZZ_TYPE='"$*"' -o $@ t/fuzz/channel.c \
	  src/channel/*.c src/core/*.c -lcrypto -ljansson -lm

$(FUZZ_AI:%=$(B)/fuzz/ai-%): $(B)/fuzz/ai-%: t/fuzz/ai.c \
                    $(wildcard src/ai/*.[ch] src/core/*.[ch])
	@mkdir -p $(@D) $(B)/fuzz/corpus-ai-$*
	@for c in $(wildcard t/cases/$*/*/in.http t/cases/$*-whole/*/in.http \
	                     t/cases/$*-stream/*/in.sse); do \
	  sed '1,/^$$/d' $$c \
	    > $(B)/fuzz/corpus-ai-$*/$$(basename $$(dirname $$c))-$${c##*.}; done
	$(FUZZ_CC) $(FUZZ_FLAGS) -DCX_FUZZ_PROVIDER='"$*"' -o $@ t/fuzz/ai.c \
	  src/ai/*.c src/core/*.c -lcrypto -ljansson -lm
