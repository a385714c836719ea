# The nginx module, built in nginx-dev's tree against Debian's own nginx:
# nothing is written outside $(B).  Results are moved into place: to write into
# a file that a running nginx has mapped would crash it.

NGINX_DEV  ?= /usr/share/nginx/src
MODULE     := $(B)/ngx_http_connext_module.so
NGINX_B    := $(abspath $(B))/nginx
NGINX_ASAN := $(abspath $(B))/nginx-src

MODULE_C   := ngx_http_connext_module.c \
              $(wildcard src/edge/*.c src/channel/*.c src/core/*.c)
MODULE_H   := $(wildcard src/edge/*.h src/channel/*.h src/channel/*.def src/core/*.h)

NGINX_WARN := -Wall -Wextra -Wshadow
NGINX_CC   := -g -O2 $(HARD) -Wformat -Werror=format-security $(NGINX_WARN)
NGINX_LD   := -Wl,-z,relro -Wl,-z,now -fPIC

.PHONY: module nginx-asan
module: $(MODULE)       ## the nginx module

$(MODULE): $(B)/nginx/Makefile $(MODULE_C) $(MODULE_H) connext.map
	$(MAKE) -C $(NGINX_DEV) -f $(NGINX_B)/Makefile modules
	cp $(B)/nginx/$(@F) $@.new && mv $@.new $@

# The Makefile of nginx knows the sources by name: it is made anew when a file
# comes or goes, not when one changes.
$(B)/nginx/Makefile: config src/edge/module.mk $(B)/module.list
	@test -x $(NGINX_DEV)/configure || \
	  { echo "$(NGINX_DEV) is missing: install nginx-dev"; exit 1; }
	cd $(NGINX_DEV) && bash -c '. ./conf_flags && ./configure \
	  --with-cc="$(CC)" --with-cc-opt="$(NGINX_CC)" \
	  --with-ld-opt="$(NGINX_LD)" "$${NGX_CONF_FLAGS[@]}" \
	  --add-dynamic-module=$(CURDIR) --builddir=$(NGINX_B)' \
	  > $(NGINX_B).configure 2>&1 || { tail -n 20 $(NGINX_B).configure; exit 1; }
	@touch $@

.PHONY: module-list
$(B)/module.list: module-list
	@mkdir -p $(B)
	@echo $(MODULE_C) $(MODULE_H) | cmp -s - $@ || \
	  echo $(MODULE_C) $(MODULE_H) > $@


# All of nginx with the module in it, under sanitizers: `BUILD=asan`.  nginx
# itself trips the two checks that are left out.  Each pool allocation is a
# malloc of its own, so that an overflow inside a pool shows.
ASAN_CC := -g -O1 -fsanitize=address,undefined \
           -fno-sanitize=nonnull-attribute,alignment \
           -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1 -DCX_ARENA_MALLOC \
           $(NGINX_WARN)
ASAN_LD := -fsanitize=address,undefined

nginx-asan: $(B)/nginx-asan     ## nginx under sanitizers, module inside

$(B)/nginx-asan: $(B)/nginx-asan-obj/Makefile $(MODULE_C) $(MODULE_H)
	$(MAKE) -C $(NGINX_ASAN) -f $(abspath $(B))/nginx-asan-obj/Makefile binary
	cp $(B)/nginx-asan-obj/nginx $@.new && mv $@.new $@

$(B)/nginx-asan-obj/Makefile: config src/edge/module.mk $(B)/module.list \
                            $(B)/nginx-src/configure
	cd $(NGINX_ASAN) && bash -c '. $(NGINX_DEV)/conf_flags && ./configure \
	  --with-cc="$(CC)" --with-cc-opt="$(ASAN_CC)" \
	  --with-ld-opt="$(ASAN_LD)" "$${NGX_CONF_FLAGS[@]}" \
	  --add-module=$(CURDIR) --builddir=$(abspath $(B))/nginx-asan-obj' \
	  > $(NGINX_ASAN).configure 2>&1 || \
	  { tail -n 20 $(NGINX_ASAN).configure; exit 1; }
	@touch $@

$(B)/nginx-src/configure:
	sh src/edge/nginx-src.sh $(NGINX_ASAN) $(abspath $(B))/apt
