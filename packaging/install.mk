# make install: programs, manual, completions, units, example configuration, documentation.
#
# PREFIX is the folder in which nnnd will be used. DESTDIR is put before all paths, to install into a staging folder.
# systemd searches only /usr/lib and /usr/local/lib: for another PREFIX, such as /opt/nnnd, also set UNITDIR,
# SYSUSERSDIR and TMPFILESDIR to folders there. Settings are always in /etc/nnnd.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/nnnd
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# The folder with the built programs, by default that of `make static`.
BIN ?= $(STATIC_BIN)

UNITS := nnnd.service nnnd.socket nnnd@.service nnnd@.socket
DATA = install -m 644
# Copies a file ($1 to $2) and replaces the paths in it by those of this installation.
placed = sed 's|/usr/bin/nnnd|$(BINDIR)/nnnd|; s|/usr/share/doc/nnnd|$(DOCDIR)|' $(1) > $(2) && chmod 644 $(2)

.PHONY: install
install:
	@test -x $(BIN)/nnnd -a -x $(BIN)/nnnctl || { echo "there are no programs in $(BIN): run 'make static' first" >&2; exit 1; }
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(MANDIR) $(DOCDIR)/docs $(DOCDIR)/monitoring $(DOCDIR)/examples \
	  $(UNITDIR) $(SYSUSERSDIR) $(TMPFILESDIR) $(BASHDIR) $(ZSHDIR) $(FISHDIR) /etc/nnnd)
	install $(BIN)/nnnd $(BIN)/nnnctl $(DESTDIR)$(BINDIR)
	python3 packaging/manual.py --bin $(BIN) --to $(DESTDIR)$(MANDIR)
	sed -i 's|/usr/share/doc/nnnd|$(DOCDIR)|' $(DESTDIR)$(MANDIR)/man8/nnnd.8
	set -o pipefail; for program in nnnd nnnctl; do \
	  $(BIN)/$$program --generate-completion-script bash | sed '1{/^#!/d}' > $(DESTDIR)$(BASHDIR)/$$program && \
	  $(BIN)/$$program --generate-completion-script zsh > $(DESTDIR)$(ZSHDIR)/_$$program && \
	  $(BIN)/$$program --generate-completion-script fish > $(DESTDIR)$(FISHDIR)/$$program.fish || exit 1; done
	$(foreach unit,$(UNITS),$(call placed,systemd/$(unit),$(DESTDIR)$(UNITDIR)/$(unit)) &&) true
	$(DATA) systemd/sysusers.d/nnnd.conf $(DESTDIR)$(SYSUSERSDIR)
	$(DATA) systemd/tmpfiles.d/nnnd.conf $(DESTDIR)$(TMPFILESDIR)
	@# An existing configuration is kept.
	test -e $(DESTDIR)/etc/nnnd/nnnd.yaml || $(DATA) systemd/nnnd.yaml $(DESTDIR)/etc/nnnd
	$(DATA) README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE $(DESTDIR)$(DOCDIR)
	cp -r docs/. $(DESTDIR)$(DOCDIR)/docs && chmod -R u=rwX,go=rX $(DESTDIR)$(DOCDIR)/docs
	$(DATA) monitoring/* $(DESTDIR)$(DOCDIR)/monitoring
	cp -r Examples/wordnet $(DESTDIR)$(DOCDIR)/examples && chmod -R u=rwX,go=rX $(DESTDIR)$(DOCDIR)/examples
	python3 packaging/notices.py --objects .build/release --to $(DESTDIR)$(DOCDIR)/copyright
	$(if $(DESTDIR),,@echo "Now: systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload")
