# Style, sizes, layers: what the compiler does not check.  The edge's objects
# are looked at when the module is built in the same folder.

LINT_OBJ := $(CORE) $(CHANNEL) $(AI) $(STORE) $(WORKER) $(CTL) \
            $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/worker/main.c))

.PHONY: lint
lint: $(LINT_OBJ)       ## layers, look, sizes, banned functions
	@sh t/lint/lint.sh $(B)
