# `make bench`: CONNEXT and its peers in one run (docs/PERFORMANCE.md).
# BENCH=quick: one short run, nothing written.  AREA=edge or worker, ONLY=name.

BENCH ?= full
AREA  ?= edge,worker
ONLY  ?= .

# Only a whole run makes the page.
BENCH_DOCS = $(if $(filter full:edge$(comma)worker:.,$(BENCH):$(AREA):$(ONLY)),\
               --docs docs/PERFORMANCE.md)
comma := ,

.PHONY: bench
bench: module worker $(B)/bench/node/node_modules  ## beside the peers; BENCH=quick: short
	@sh packaging/deps.sh bench
	@perl bench/bench.pl --build $(B) --module $(abspath $(MODULE)) \
	  --worker $(B)/connext-worker --area $(AREA) --only '$(ONLY)' \
	  $(if $(filter quick,$(BENCH)),--quick) $(BENCH_DOCS)

$(B)/bench/node/node_modules: bench/package.json
	@sh packaging/deps.sh bench
	@mkdir -p $(@D)
	cp $< $(@D)
	cd $(@D) && npm_config_nodedir=/usr npm_config_build_from_source=true \
	  npm install --no-audit --no-fund --loglevel=error
	@touch $@

# Both on the same disk; the server syncs as one in production does.
.PHONY: bench-store
bench-store: $(B)/store-bench  ## what the record costs, alone
	@$(B)/store-bench -d $(B)
	@echo
	@TMPDIR=$(abspath $(B)) \
	  CONNEXT_POSTGRESQL_CONF='fsync = on; full_page_writes = on' \
	  perl t/lib/postgres.pl sh bench/store.sh $(B)/store-bench

$(B)/store-bench: bench/store.c $(STORE) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(STORE) $(CORE) $(LDFLAGS) $(STORE_LIBS) $(PURE_LIBS)

# Indexing and finding, alone, on both; prints figures, writes nothing.
.PHONY: bench-knowledge
bench-knowledge: $(B)/knowledge-bench  ## what knowledge costs, alone
	@$(B)/knowledge-bench -d $(B)
	@TMPDIR=$(abspath $(B)) \
	  CONNEXT_POSTGRESQL_CONF='fsync = on; full_page_writes = on' \
	  perl t/lib/postgres.pl sh bench/store.sh $(B)/knowledge-bench

$(B)/knowledge-bench: bench/knowledge.c $(STORE) $(AI) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(STORE) $(AI) $(CORE) $(LDFLAGS) \
	  $(STORE_LIBS) $(PURE_LIBS)

# Event streams beside nchan's: memory, time to the browser.  BENCH=quick: one
# short run, nothing written.
.PHONY: bench-push
bench-push: module $(B)/push-client  ## streams to browsers, beside nchan
	@sh packaging/deps.sh bench
	@perl bench/push.pl --build $(B) --module $(abspath $(MODULE)) \
	  --client $(B)/push-client \
	  $(if $(filter quick,$(BENCH)),--runs 1 --seconds 3, \
	    --docs docs/PERFORMANCE.md)

# From a token of the model to the browser.  BENCH=quick: nothing written.
.PHONY: bench-tokens
bench-tokens: $(EDGE) $(B)/connext-worker $(B)/double  ## tokens to browsers
	@CONNEXT_BUILD=$(B) perl -It/lib bench/tokens.pl \
	  $(if $(filter quick,$(BENCH)),--pages 50 --tokens 10, \
	    --docs docs/PERFORMANCE.md)

$(B)/push-client: bench/push/client.c $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(CORE) $(LDFLAGS) $(PURE_LIBS)
