# On a real server: docs/QUICKSTART.md goes on from here.  Settings that are
# there already stay; nothing is switched on.

PREFIX ?= /usr
ETC    ?= /etc

.PHONY: install
install: all    ## module, worker, tool, unit and example settings (DESTDIR)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/nginx/modules \
	  $(DESTDIR)$(PREFIX)/share/nginx/modules-available \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -d -m 755 $(DESTDIR)$(ETC)/connext
	install -m 755 $(B)/connext-worker $(B)/connextctl \
	  $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(MODULE) $(DESTDIR)$(PREFIX)/lib/nginx/modules
	echo 'load_module modules/$(notdir $(MODULE));' > \
	  $(DESTDIR)$(PREFIX)/share/nginx/modules-available/mod-http-connext.conf
	install -m 644 packaging/connext-worker.service \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system
	test -e $(DESTDIR)$(ETC)/connext/connext.conf || install -m 644 \
	  packaging/connext-worker.conf $(DESTDIR)$(ETC)/connext/connext.conf
