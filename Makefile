# SPDX-License-Identifier: Apache-2.0
#
# quorum11. `make help` lists the targets.
#
# Each folder is one archive, built from all its *.c by wildcard; a file named *_main.c is a program and stays out of
# the archive. Everything made goes to build/<flavour>/. One room's test alone, whatever the state of the others:
#	make ROOMS='apdu base' build/release/test/unit/test_apdu

.DELETE_ON_ERROR:
.SECONDEXPANSION:
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

PREFIX     ?= /usr/local
prefix     ?= $(PREFIX)
libdir     ?= $(prefix)/lib
libexecdir ?= $(prefix)/libexec
bindir     ?= $(prefix)/bin
sbindir    ?= $(prefix)/sbin
datadir    ?= $(prefix)/share
mandir     ?= $(datadir)/man
docdir     ?= $(datadir)/doc/quorum11
sysconfdir ?= /etc
# Where p11-kit looks: pkg-config --variable=p11_module_configs p11-kit-1
p11kitdir  ?= $(datadir)/p11-kit/modules
bashcompdir ?= $(datadir)/bash-completion/completions
zshcompdir ?= $(datadir)/zsh/site-functions
fishcompdir ?= $(datadir)/fish/vendor_completions.d
systemddir ?= $(prefix)/lib/systemd
sysusersdir ?= $(prefix)/lib/sysusers.d
udevdir    ?= $(prefix)/lib/udev
FLAVOUR    ?= release
PKG_CONFIG ?= pkg-config
AR         := $(if $(filter default,$(origin AR)),gcc-ar,$(AR))
B          := build/$(FLAVOUR)

# ---- what is there ----

# From the top down: an archive may need those after it (docs/ARCHITECTURE.md has the include table).
SERVER := server server/http server/front server/api server/web server/tls server/srv server/notify server/ceremony \
          server/call server/event server/store server/target server/policy server/base
MODULE := pkcs11 pkcs11/login pkcs11/crypto pkcs11/store pkcs11/module pkcs11/mech pkcs11/object pkcs11/ck
CLI := cli cli/domain cli/audit cli/run cli/approve cli/inbox cli/enrol cli/custodian cli/status cli/key cli/trust \
       cli/card cli/remote cli/book cli/line
ROOMS ?= $(SERVER) tell agent $(CLI) $(MODULE) login pka ramoverhttp sc-hsm test attest apdu apdu/usb test/vcard base
# What tests share: test/fake replaces SCard* and others, the rest are helpers of tests.
FAKES := test/fake test/unit test/p11
TOOL_ROOMS := test/bench test/e2e/tools
LIBS  := libcrypto libpcsclite libusb-1.0 libcurl libmicrohttpd gnutls jansson sqlite3 inih p11-kit-1 \
         libseccomp libqrencode

sources = $(filter-out %_main.c $1/test_%.c,$(wildcard $1/*.c))
archive = $(addprefix $(B)/,$(addsuffix .a,$(subst /,-,$(foreach r,$1,$(if $(call sources,$r),$r)))))

PROGRAMS := $(addprefix $(B)/,quorum11.so quorum11 connect quorum11-agent quorum11-server quorum11-tell quorum11-vcard \
            quorum11-rehearsal quorum11-rehearse quorum11.bash quorum11.zsh quorum11.fish quorum11.conf.5)
TESTS    := $(patsubst %.c,$(B)/%,$(wildcard test/unit/test_*.c test/p11/test_*.c))
REPLAYS  := $(patsubst %_fuzz.c,$(B)/%_replay,$(wildcard test/fuzz/*_fuzz.c))
TOOLS    := $(patsubst %_main.c,$(B)/%,$(wildcard test/e2e/tools/*_main.c test/bench/*_main.c))

# ---- how it is compiled ----

# The goals that install what is missing call make again when it is there.
AGAIN := fuzz deps build-deps check check-next check-32 check-systemd demo demo-batch deb clean help
ifneq ($(filter-out $(AGAIN),$(or $(MAKECMDGOALS),all)),)
ENOUGH := build-deps
ifneq ($(filter-out all install $(B)/quorum11% $(B)/connect,$(MAKECMDGOALS)),)
LIBS += cmocka expat
ENOUGH := deps
endif
ifneq ($(shell $(PKG_CONFIG) --exists $(LIBS) && echo yes),yes)
$(error some of "$(LIBS)" are missing; run "make $(ENOUGH)")
endif
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(LIBS)))
endif

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
            -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough
X86      := $(filter x86_64% i686% i386%,$(shell $(CC) -dumpmachine 2>/dev/null))
HARDEN_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection \
                  $(if $(X86),-fcf-protection)
HARDEN_asan := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
HARDEN_tsan := -O1 -fno-omit-frame-pointer -fsanitize=thread
HARDEN_fuzz := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
# A sanitizer's run-time library is found only when the program starts, so there may be undefined symbols.
LINK_release := -Wl,-z,defs
LINK_asan := -fsanitize=address,undefined
LINK_tsan := -fsanitize=thread
LINK_fuzz := -fsanitize=fuzzer,address,undefined
ifndef HARDEN_$(FLAVOUR)
$(error FLAVOUR is release, asan, tsan or fuzz)
endif

CPP_ALL := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. $(PKG_CFLAGS) -DQUORUM11_LIBEXECDIR='"$(libexecdir)/quorum11"' \
           -DQUORUM11_SYSCONFDIR='"$(sysconfdir)/quorum11"' \
           -DQUORUM11_MODULE='"$(libdir)/pkcs11/quorum11.so"' $(CPPFLAGS)
C_ALL   := -std=c11 $(WARNINGS) $(HARDEN_$(FLAVOUR)) -g -fPIC -fvisibility=hidden -pthread $(CFLAGS)
LD_ALL  := $(LINK_$(FLAVOUR)) -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -pthread $(LDFLAGS)

# Which foreign library a program may need. --as-needed drops what it does not use; test/check/exports.sh looks at the
# module's list.
NEED_module := -lcrypto -lpcsclite -lusb-1.0 -linih
NEED_all    := -lcrypto -lpcsclite -lusb-1.0 -linih -lcurl -lmicrohttpd -lgnutls -ljansson -lsqlite3 -lseccomp \
               -lqrencode

.PHONY: all tools tests
all: $(PROGRAMS)
tools: $(TOOLS)
tests: all tools $(TESTS) $(REPLAYS)

# V=1 shows the commands in full.
Q   := $(if $(V),,@)
say = @$(if $(V),:,echo '  $1 $@')

# A change of flags makes everything again.
COMPILE := $(CC) $(CPP_ALL) $(C_ALL)
$(shell mkdir -p $(B))
$(file >$(B)/flags.new,$(COMPILE) / $(LD_ALL))
$(shell cmp -s $(B)/flags.new $(B)/flags && rm -f $(B)/flags.new || mv $(B)/flags.new $(B)/flags)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# One archive per folder; made from nothing each time, so that a deleted file is gone from it too.
define archive_rule
$(call archive,$1): $$(patsubst %.c,$$(B)/%.o,$$(call sources,$1)) $$(B)/list-$$(subst /,-,$1)
	@rm -f $$@
	$$(call say,AR)
	$$(Q)$$(AR) rcs $$@ $$(filter %.o,$$^)
$$(B)/list-$$(subst /,-,$1): FORCE
	@echo '$$(call sources,$1)' | cmp -s - $$@ || echo '$$(call sources,$1)' >$$@
endef
.PHONY: FORCE
FORCE:
$(foreach r,$(ROOMS) $(FAKES) $(TOOL_ROOMS),$(if $(call sources,$r),$(eval $(call archive_rule,$r))))

# What a browser is given stands in the program (server/web/asset.h).
ASSETS := $(sort $(wildcard server/web/assets/*)) docs/openapi.json
$(B)/server/web/assets.c: server/web/embed.sh $(ASSETS)
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)server/web/embed.sh $(ASSETS) >$@
$(B)/server/web/assets.o: $(B)/server/web/assets.c $(B)/flags
	$(call say,CC)
	$(Q)$(COMPILE) -c -o $@ $<
$(call archive,server/web): $(B)/server/web/assets.o

# Tokens that are known by their numbers.
$(B)/apdu/usb/devices.c: udev/devices.list udev/make.sh
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)udev/make.sh table >$@
$(B)/apdu/usb/devices.o: $(B)/apdu/usb/devices.c apdu/usb/usb_find.h $(B)/flags
	$(call say,CC)
	$(Q)$(COMPILE) -c -o $@ $<
$(call archive,apdu/usb): $(B)/apdu/usb/devices.o

# Some four hundred programs of tests are linked, each from all archives: by the linker that takes half the time, where
# there is one. What is installed is linked by the compiler's own.
FAST_LINKER := $(and $(shell command -v ld.gold),-fuse-ld=gold)
$(TESTS) $(TOOLS) $(REPLAYS): LINKER := $(FAST_LINKER)

define PROGRAM
$(call say,LD)
$(Q)$(CC) $(C_ALL) $(LD_ALL) $(LINKER) -pie -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
    $1
endef

BELOW_LOGIN := login pka ramoverhttp sc-hsm attest apdu apdu/usb base

# Symbolic: libp11-kit has functions of the same names, and would have ours call them.
$(B)/quorum11.so: $(call archive,$(MODULE) $(BELOW_LOGIN)) pkcs11/exports.map
	$(call say,LD)
	$(Q)$(CC) $(C_ALL) $(LD_ALL) -shared -Wl,-soname,quorum11.so -Wl,--version-script=pkcs11/exports.map -o $@ \
	    -Wl,-Bsymbolic \
	    -Wl,--whole-archive $(B)/pkcs11.a -Wl,--no-whole-archive \
	    -Wl,--start-group $(filter-out $(B)/pkcs11.a,$(filter %.a,$^)) -Wl,--end-group $(NEED_module)
$(B)/quorum11: $(B)/cli/quorum11_main.o $(call archive,$(CLI) $(BELOW_LOGIN))
	$(call PROGRAM,$(NEED_all))
# Completion for shells, from the tables of the command itself.
$(B)/quorum11.bash $(B)/quorum11.zsh $(B)/quorum11.fish: $(B)/quorum11.%: $(B)/quorum11
	$(call say,GEN)
	$(Q)$< completion $* >$@
# What a setting is stands in the example.
$(B)/quorum11.conf.5: man/conf.awk packaging/quorum11.conf.example man/quorum11.conf.5.in
	$(call say,GEN)
	$(Q)awk -f $^ >$@
$(B)/connect: $(B)/login/connect_main.o $(call archive,$(BELOW_LOGIN))
	$(call PROGRAM,$(NEED_all))
$(B)/quorum11-agent: $(B)/agent/agent_main.o $(call archive,agent $(BELOW_LOGIN))
	$(call PROGRAM,$(NEED_all))
$(B)/quorum11-server: $(B)/server/server_main.o \
    $(call archive,$(SERVER) tell pka ramoverhttp sc-hsm attest apdu base)
	$(call PROGRAM,$(NEED_all))
# The command with virtual cards in place of PC/SC and USB.
$(B)/quorum11-rehearsal: $(B)/cli/quorum11_main.o $(B)/rehearse/pcsc.o $(B)/rehearse/usb.o \
    $(call archive,$(CLI) $(BELOW_LOGIN) test/vcard)
	$(call PROGRAM,$(NEED_all))
$(B)/quorum11-rehearse: rehearse/rehearse.sh
	$(call say,CP)
	$(Q)install -m 0755 $< $@.new && mv $@.new $@
$(B)/quorum11-tell: $(B)/tell/tell_main.o $(call archive,tell ramoverhttp apdu base)
	$(call PROGRAM,$(NEED_all))
$(B)/quorum11-vcard: $(B)/test/vcard/vcard_main.o $(call archive,test/vcard base)
	$(call PROGRAM,-lcrypto -linih)

# A test is linked with all archives, and SCard* comes from test/fake: no test of these ever meets a real reader. A line
#	/* fake: clock rand */
# in a test links test/fake/clock.c and test/fake/rand.c in place of the functions that they define.
FAKED := $(shell awk '/^\/\* fake: /{f=FILENAME;sub(/\.c$$/,"",f);for(i=3;i<NF;i++)print f":"$$i}' \
	$(wildcard test/unit/test_*.c test/p11/test_*.c) /dev/null)
fakes = $(patsubst $1:%,$(B)/test/fake/%.o,$(filter $1:%,$(FAKED)))
$(TESTS): $(B)/%: $(B)/%.o $$(call fakes,$$*) $(call archive,$(FAKES) $(ROOMS))
	$(call PROGRAM,-lcmocka -lexpat $(NEED_all))
$(filter-out %/bench/usb,$(TOOLS)): $(B)/%: $(B)/%_main.o $(call archive,$(TOOL_ROOMS) $(ROOMS))
	$(call PROGRAM,-lssl $(NEED_all))

# What a command costs over USB: with the fakes, as a test.
$(B)/test/bench/usb: $(B)/test/bench/usb_main.o $(call archive,$(TOOL_ROOMS) $(FAKES) $(ROOMS))
	$(call PROGRAM,-lcmocka -lexpat $(NEED_all))

# The same without libFuzzer, for what they begin with (test/check/fuzz.sh).
$(REPLAYS): $(B)/%_replay: $(B)/%_fuzz.o $(B)/test/fuzz/replay.o $(call archive,$(FAKES) $(ROOMS))
	$(call PROGRAM,-lcmocka $(NEED_all))

# Made with FLAVOUR=fuzz CC=clang only.
FUZZERS := $(patsubst %.c,$(B)/%,$(wildcard test/fuzz/*_fuzz.c))
$(FUZZERS): $(B)/%: $(B)/%.o $(call archive,$(FAKES) $(ROOMS))
	$(call PROGRAM,-lcmocka $(NEED_all))

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- targets ----

.PHONY: build-deps deps
.PHONY: check check-usb check-next check-32 check-systemd check-package
.PHONY: check-asan check-tsan check-server-asan check-server-tsan
.PHONY: check-model
.PHONY: demo demo-batch bench install clean help

deps:
	test/deps.sh build test package
# What tests need is seven times as much.
build-deps:
	test/deps.sh build

# Without the guest its own test fails, and says so; the others are not kept from running.
GUEST := test/qemu/fetch.sh build/qemu
check:
	test/deps.sh build test package
	-$(GUEST)
	$(MAKE) tests
	test/run.sh $(B) check unit p11 tpdu e2e
# The token without pcscd: also a reader on a real USB stack, in a machine in the machine.
check-usb:
	test/deps.sh build test
	-$(GUEST)
	$(MAKE) tests
	test/run.sh $(B) tpdu extended short
	test/run.sh $(B) e2e -- usb
check-package: deb
	$(MAKE) all
	test/e2e/package.sh build/deb
check-asan:
	$(MAKE) FLAVOUR=asan check-programs
check-tsan:
	$(MAKE) FLAVOUR=tsan check-programs
# The server's end-to-end tests with its programs instrumented; not those in which other programs load the module. SLOW:
# how many times as long they may take.
check-server-asan:
	$(MAKE) FLAVOUR=asan check-server
check-server-tsan:
	$(MAKE) FLAVOUR=tsan check-server
# In a chroot, kept in build/next: OpenSSL 3.5 with pkcs11-provider, a newer OpenSC, pesign, openvpn; in build/32: a
# processor of 32 bits. Needs root.
check-next check-32: check-%:
	test/deps.sh chroot
	test/chroot.sh build/$* $*
# The packages in a machine of QEMU with systemd as its init, whose disk is kept in build/systemd. Needs root.
check-systemd: deb
	test/deps.sh chroot machine
	test/systemd/image.sh build/systemd build/deb/quorum11_*.deb build/deb/quorum11-server_*.deb
	test/run.sh $(B) systemd
check-model: $(B)/quorum11-server
	test/run.sh $(B) check -- model
.PHONY: check-programs check-server
check-programs: tests
	test/run.sh $(B) unit p11
check-server: all tools
	SLOW=5 test/run.sh $(B) e2e -- server strangers operation notify end kill openapi

# How long each fuzzer runs.
FUZZ_SECONDS ?= 60
.PHONY: fuzz fuzz-programs
fuzz:
	test/deps.sh build test fuzz
	$(MAKE) FLAVOUR=fuzz CC=clang fuzz-programs
fuzz-programs: $(FUZZERS)
	test/fuzz/run.sh $(B) $(FUZZ_SECONDS)

demo:
	test/deps.sh build demo
	$(MAKE) all tools
	test/demo/demo.sh $(B)
demo-batch:
	test/deps.sh build demo
	$(MAKE) all tools
	test/demo/demo-batch.sh $(B)
bench: all tools
	-$(GUEST)
	test/bench/bench.sh $(B)

# What pages have links to, besides each other: where the links say.
LINKED := packaging/quorum11.conf.example test/demo/image.its udev/devices.list docs/openapi.json
install: all
	install -D -m 0644 $(B)/quorum11.so $(DESTDIR)$(libdir)/pkcs11/quorum11.so
	install -D -m 0755 $(B)/connect $(DESTDIR)$(libexecdir)/quorum11/connect
	install -D -m 0755 $(B)/quorum11-agent $(DESTDIR)$(libexecdir)/quorum11/agent
	install -D -m 0755 $(B)/quorum11-rehearsal $(DESTDIR)$(libexecdir)/quorum11/rehearsal
	install -D -m 0755 $(B)/quorum11-vcard $(DESTDIR)$(libexecdir)/quorum11/vcard
	install -D -m 0755 rehearse/rehearse.sh $(DESTDIR)$(libexecdir)/quorum11/rehearse
	install -D -m 0755 $(B)/quorum11-tell $(DESTDIR)$(libexecdir)/quorum11/tell
	install -D -m 0755 $(B)/quorum11 $(DESTDIR)$(bindir)/quorum11
	install -D -m 0755 $(B)/quorum11-server $(DESTDIR)$(sbindir)/quorum11-server
	install -D -m 0644 $(B)/quorum11.bash $(DESTDIR)$(bashcompdir)/quorum11
	install -D -m 0644 $(B)/quorum11.zsh $(DESTDIR)$(zshcompdir)/_quorum11
	install -D -m 0644 $(B)/quorum11.fish $(DESTDIR)$(fishcompdir)/quorum11.fish
	install -d $(DESTDIR)$(sysconfdir)/quorum11 $(DESTDIR)$(p11kitdir)
	sed 's,@MODULE@,$(libdir)/pkcs11/quorum11.so,' packaging/quorum11.module \
	    >$(DESTDIR)$(p11kitdir)/quorum11.module
	chmod 0644 $(DESTDIR)$(p11kitdir)/quorum11.module
	for page in README.md $(wildcard docs/*.md) $(LINKED); do \
	    install -D -m 0644 $$page $(DESTDIR)$(docdir)/$$page || exit 1; done
	for unit in $(patsubst packaging/systemd/%,%,$(wildcard packaging/systemd/*/*)); do \
	    install -d $(DESTDIR)$(systemddir)/$${unit%/*} && \
	    sed 's,@LIBEXECDIR@,$(libexecdir),; s,@SBINDIR@,$(sbindir),; s,@BINDIR@,$(bindir),' \
	        packaging/systemd/$$unit >$(DESTDIR)$(systemddir)/$$unit && \
	    chmod 0644 $(DESTDIR)$(systemddir)/$$unit || exit 1; done
	install -d $(DESTDIR)$(sysusersdir)
	install -m 0644 packaging/sysusers/*.conf $(DESTDIR)$(sysusersdir)
	install -d $(DESTDIR)$(udevdir)/rules.d $(DESTDIR)$(udevdir)/hwdb.d
	udev/make.sh rules >$(DESTDIR)$(udevdir)/rules.d/70-quorum11.rules
	udev/make.sh hwdb >$(DESTDIR)$(udevdir)/hwdb.d/70-quorum11.hwdb
	for page in $(wildcard man/*.[1-8]) $(B)/quorum11.conf.5; do \
	    install -D -m 0644 $$page $(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/} || exit 1; done

# Debian packages, into build/deb.
.PHONY: deb
deb:
	test/deps.sh build package
	packaging/deb.sh

clean:
	rm -rf build/release build/asan build/tsan build/fuzz

help:
	@echo 'make             the module, the programs and the virtual card, in build/release'
	@echo 'make build-deps  install the Debian packages that building needs'
	@echo 'make deps        the same, and those that tests and packages need'
	@echo 'make check       install what is missing, then all tests'
	@echo 'make check-asan  the C tests under AddressSanitizer; check-tsan: ThreadSanitizer'
	@echo 'make check-server-asan, check-server-tsan  the server end to end, under the same'
	@echo 'make check-usb   a card in a reader of QEMU, on a real USB stack; make check does it, too'
	@echo 'make check-package  the Debian packages, built twice, to the same bytes; make check tries them, too'
	@echo 'make check-next  the next Debian (pkcs11-provider, OpenSC, pesign, openvpn) in a chroot, as root'
	@echo 'make check-32    the C tests on a processor of 32 bits, in a chroot, as root'
	@echo 'make check-systemd  the Debian packages under systemd, in a machine of QEMU, as root'
	@echo 'make check-model the ceremony, all its states by spin (docs/model)'
	@echo 'make demo        four virtual cards, one approved mkimage run, checked as U-Boot does'
	@echo 'make demo-batch  twenty images by twenty mkimage under one approval, with a receipt'
	@echo 'make fuzz        what parses hostile input, by libFuzzer; FUZZ_SECONDS each'
	@echo 'make bench       speed, against the module of OpenSC on the same card'
	@echo 'make install     to prefix ($(prefix)), with libdir, libexecdir, sysconfdir, p11kitdir, bashcompdir,'
	@echo '                 zshcompdir, fishcompdir,'
	@echo '                 systemddir, sysusersdir, udevdir, DESTDIR'
	@echo 'make deb         Debian packages, into build/deb'
	@echo 'make clean'
