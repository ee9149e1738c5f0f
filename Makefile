# Everything that is made is made below $(BUILD). `make help` lists the targets.

,        := ,
BUILD    := build
PREFIX   := /usr/local
LIBDIR   := $(PREFIX)/lib
ZSHDIR   := $(PREFIX)/share/zsh/site-functions
DESTDIR  :=
VERSION  := $(shell sed -n 's/^.define VERSION "\(.*\)"/\1/p' tui/cli/cmd.h)
SO       := liblamina.so
SONAME   := $(SO).0# another number when what is compiled against it would break
CFLAGS   := -O2 -g
PROP     ?= 1000# random images of the property test in `make test`
REUSE    ?= 40# those of the test of reuse, each written two dozen times
JOBS     ?= $(shell nproc)
FUZZ     ?= $(FUZZERS)# targets of `make fuzz`
FUZZ_TIME ?= 1200# seconds for each of them
FUZZ_CC  ?= clang

ifeq ($(origin CC),default)
CC       := gcc
endif

PACKAGES := jansson libcrypto libisal libdeflate libzstd sqlite3 ncursesw
LOADED   := libarchive libcurl# when they are needed: core/base/library.h
DEPS     := gcc make pkg-config libarchive-dev libjansson-dev libssl-dev libcurl4-openssl-dev libisal-dev libdeflate-dev libzstd-dev libsqlite3-dev \
            libncurses-dev python3
PEERS    := libcmocka-dev libvterm-dev clang libclang-rt-14-dev clang-format umoci skopeo buildah podman docker.io containerd runc docker-registry parallel apache2-utils openssl zstd tar libarchive-tools strace jq attr libcap2-bin tmux clang-tidy cppcheck
PAGES    := mandoc bash-completion zsh fish python3-jsonschema
PICTURES := xterm xvfb imagemagick fonts-dejavu-core xdotool tmux skopeo
PACKERS  := debhelper dpkg-dev fakeroot lintian mmdebstrap

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wstrict-prototypes \
            -Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Wnull-dereference -Wswitch-enum $(if $(WERROR),-Werror)
HARDEN   := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
# Asked for when something is compiled, and once: `make deps` works without the libraries, and before them.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(filter-out -D%_SOURCE -D_XOPEN_SOURCE=%,$(shell pkg-config --cflags $(PACKAGES) $(LOADED))))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $(shell pkg-config --libs $(PACKAGES)))$(PKG_LIBS)
COMPILE  = $(CC) -std=c17 -D_GNU_SOURCE $(CPPFLAGS) -Icore/include $(WARNINGS) $(PKG_CFLAGS) $(CFLAGS) -pthread -MMD -MP
LINK     = $(CC) $(CFLAGS) -pie -pthread -Wl,-z,relro,-z,now $(LDFLAGS)

CORE     := $(sort $(wildcard core/*/*.c))
TUI      := $(sort $(wildcard tui/*/*.c tui/*/*/*.c))
UNIT     := $(wildcard tests/unit/test_*.c)
SUPPORT  := $(wildcard tests/support/*.c)
PROBES   := $(wildcard tests/screen/*_probe.c)
FUZZ_C   := $(wildcard tests/fuzz/*.c)
FUZZERS  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
E2E      := $(filter-out %/demo.sh,$(wildcard tests/e2e/*.sh tests/e2e/*.py))
C_FILES  := $(wildcard core/*/*.[ch] core/include/lamina/*.h tui/*/*.[ch] tui/*/*/*.[ch] tests/*/*.[ch])

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all deps deps-build check bless check-asan check-tsan analyze analyze-objects fuzz fuzz-smoke e2e property coverage lint lint-quick format bench bench-screen bench-smoke screenshots demo test install deb deb-test clean help

all: $(BUILD)/lamina $(BUILD)/man $(BUILD)/completion ## build the program, build/lamina, its manual and completions

# The program's own tables, and what is made from them.
$(BUILD)/help.json: $(BUILD)/lamina
	$< help --json >$@
$(BUILD)/man: $(BUILD)/help.json tui/pages/man.py $(wildcard tui/pages/*.mdoc)
	rm -rf $@ && tui/pages/man.py $< $@
$(BUILD)/completion: $(BUILD)/help.json $(wildcard tui/pages/completion.*)
	rm -rf $@ && tui/pages/completion.py $< $@

# The shared library has what the public headers declare, and nothing else of it can be seen.
$(BUILD)/liblamina.map: $(wildcard core/include/lamina/*.h)
	@mkdir -p $(@D)
	{ echo 'LAMINA_0 { global:'; cat $^ | $(CC) -fpreprocessed -E -P - | grep -oE '\blam_[a-z0-9_]+\(' | tr '(' ';' | sort -u; \
		echo 'local: *; };'; } >$@
$(BUILD)/$(SO): $(BUILD)/liblamina.map $(CORE:%.c=$(BUILD)/%.o)
	$(CC) $(CFLAGS) -shared -pthread -Wl,-soname,$(SONAME) -Wl,--version-script=$< -Wl,-z,defs,-z,relro,-z,now,--as-needed \
		$(LDFLAGS) -o $@ $(filter %.o,$^) $(PKG_LIBS)

# One set of rules for each way to compile: $(1) its folder, $(2) its flags.
define variant
$(1)/lamina: $(TUI:%.c=$(1)/%.o) $(1)/liblamina.a
	$$(LINK) $(2) -o $$@ $$^ $$(PKG_LIBS)
$(1)/liblamina.a: $(CORE:%.c=$(1)/%.o)
	rm -f $$@ && $$(AR) qcs $$@ $$^
$(1)/libtui.a: $(patsubst %.c,$(1)/%.o,$(filter-out tui/cli/main.c,$(TUI)))
	rm -f $$@ && $$(AR) qcs $$@ $$^
$(1)/libsupport.a: $(SUPPORT:%.c=$(1)/%.o)
	rm -f $$@ && $$(AR) qcs $$@ $$^
$(1)/core/%.o: core/%.c | $(deps_first)
	@mkdir -p $$(@D)
	$$(COMPILE) $(2) -fPIC -fno-semantic-interposition -Icore -c -o $$@ $$<
$(1)/tui/%.o: tui/%.c | $(deps_first)
	@mkdir -p $$(@D)
	$$(COMPILE) $(2) -fPIE -Icore -Itui -c -o $$@ $$<
$(1)/tests/%.o: tests/%.c | $(deps_first)
	@mkdir -p $$(@D)
	$$(COMPILE) $(2) -fPIE -Icore -Itui -Itests/support -c -o $$@ $$<
$(1)/tests/test_%: $(1)/tests/unit/test_%.o $(1)/libsupport.a $(1)/libtui.a $(1)/liblamina.a
	$$(LINK) $(2) -o $$@ $$^ -lcmocka -lvterm -lm $$(PKG_LIBS)
$(1)/tests/%_probe: $(1)/tests/screen/%_probe.o $(1)/libtui.a $(1)/liblamina.a
	$$(LINK) $(2) -o $$@ $$^ $$(PKG_LIBS)
$(1)/tests/test_term: | $(1)/tests/term_probe
$(1)/tests/fuzz_%: $(1)/tests/fuzz/fuzz_%.o $(1)/tests/fuzz/fuzz.o $(1)/tests/fuzz/replay.o $(1)/libsupport.a $(1)/libtui.a $(1)/liblamina.a
	$$(LINK) $(2) -o $$@ $$^ -lm $$(PKG_LIBS)
$(1)/tests/%_bench: $(1)/tests/bench/%_bench.o $(1)/libsupport.a $(1)/libtui.a $(1)/liblamina.a
	$$(LINK) $(2) -o $$@ $$^ $$(PKG_LIBS)
.SECONDARY: $(patsubst %.c,$(1)/%.o,$(UNIT) $(PROBES) $(FUZZ_C) $(CORE) $(TUI) $(SUPPORT))
-include $(patsubst %.c,$(1)/%.d,$(UNIT) $(PROBES) $(FUZZ_C) $(CORE) $(TUI) $(SUPPORT))
endef
# Unit tests, and what replays the inputs that fuzzing has left.
unit = $(patsubst tests/unit/%.c,$(1)/tests/%,$(UNIT)) $(FUZZERS:%=$(1)/tests/fuzz_%)

# What is missing is installed before anything is compiled, where that is asked for.
deps_first := $(if $(filter test deps,$(MAKECMDGOALS)),deps,$(if $(filter demo,$(MAKECMDGOALS)),deps-build))

$(BUILD)/tests/fault.so: tests/e2e/fault.c | $(deps_first)
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE $(WARNINGS) -O2 -fPIC -shared -o $@ $<

$(eval $(call variant,$(BUILD),$(HARDEN)))
$(eval $(call variant,$(BUILD)/asan,-O1 -fno-omit-frame-pointer -fsanitize=address$(,)undefined -fno-sanitize-recover=all))
$(eval $(call variant,$(BUILD)/tsan,-O1 -fsanitize=thread))
$(eval $(call variant,$(BUILD)/cov,-O0 --coverage))

# Not asked of gcc 12's analyzer: leaks, as it loses a pointer that goes into an array which grows or into what a cleanup
# attribute frees (LeakSanitizer looks for them in unit tests and fuzzing), and values without a beginning, as it does not
# follow how far an array was filled (the compiler's own warning, which does, is on).
$(eval $(call variant,$(BUILD)/analyze,-fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value -Wno-error))

# libFuzzer is clang's.
FUZZ_FLAGS := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
$(BUILD)/fuzz/%: override CC = $(FUZZ_CC)
$(eval $(call variant,$(BUILD)/fuzz,$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link))
$(FUZZERS:%=$(BUILD)/fuzz/fuzz_%): $(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/tests/fuzz/fuzz_%.o $(BUILD)/fuzz/tests/fuzz/fuzz.o \
		$(BUILD)/fuzz/libsupport.a $(BUILD)/fuzz/libtui.a $(BUILD)/fuzz/liblamina.a
	$(LINK) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ -lm $(PKG_LIBS)

# $(1): Debian packages. Quiet where all are there.
define install_missing
@command -v dpkg-query >/dev/null || { echo "not Debian: these are needed under their names here: $(1)"; exit 0; }; \
missing=; for p in $(1); do \
	dpkg-query -W -f '$${Status}\n' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
[ -n "$$missing" ] || exit 0; \
sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
$$sudo apt-get update -qq && \
$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing
endef

deps: ## install what the build and the tests need (Debian packages)
	$(call install_missing,$(DEPS) $(PEERS) $(PAGES))

deps-build: ## install what the build alone needs
	$(call install_missing,$(DEPS))

check: $(call unit,$(BUILD)) ## run the unit tests
	@tests/run.sh $^

bless: $(call unit,$(BUILD)) ## run the unit tests and write their golden files anew
	@BLESS=1 tests/run.sh $^

check-asan: $(call unit,$(BUILD)/asan) $(BUILD)/asan/lamina ## the same, hostile images and properties under address and UB sanitizers
	@LAMINA=$(BUILD)/asan/lamina tests/run.sh $(call unit,$(BUILD)/asan) tests/e2e/hostile.sh \
		"tests/prop/run.py --seeds 100 --jobs $(JOBS) --umoci 0"

check-tsan: $(call unit,$(BUILD)/tsan) $(BUILD)/tsan/lamina ## unit tests and properties under the thread sanitizer
	@LAMINA=$(BUILD)/tsan/lamina tests/run.sh $(call unit,$(BUILD)/tsan) \
		"tests/prop/run.py --seeds 50 --jobs $(JOBS) --umoci 0" "tests/prop/reuse.py --seeds 10 --jobs $(JOBS)"

fuzz-smoke: $(FUZZERS:%=$(BUILD)/fuzz/fuzz_%) ## each fuzz target for 20 seconds
	@tests/fuzz/run.sh smoke $(FUZZERS)

fuzz: $(FUZZ:%=$(BUILD)/fuzz/fuzz_%) ## each for 20 minutes; FUZZ= which ones, FUZZ_TIME= seconds
	@tests/fuzz/run.sh $(FUZZ_TIME) $(FUZZ)

analyze: ## gcc's static analyzer over all of the program
	@BUILD=$(BUILD) tests/analyze.sh

analyze-objects: $(patsubst %.c,$(BUILD)/analyze/%.o,$(CORE) $(TUI))

e2e: $(BUILD)/lamina $(BUILD)/tests/fault.so ## run the program against other tools and odd images
	@tests/run.sh $(E2E)

property: $(BUILD)/lamina ## random images and plans against the reference; PROP= how many, SEED= repeats one
	@tests/prop/run.py --seeds $(PROP) --jobs $(JOBS)
	@tests/prop/reuse.py --seeds $(REUSE) --jobs $(JOBS)

bench: $(BUILD)/lamina ## lamina and its peers on real images; BENCH= stages, BENCH_IMAGES= where they are, BENCH_JSON= a file
	@[ -n "$(BENCH_IMAGES)" ] || tests/bench/images $(BUILD)/bench/images
	@tests/bench/run.py $(if $(BENCH_JSON),--json $(BENCH_JSON))

bench-screen: $(BUILD)/tests/screen_bench ## how long keys take on an image of a million paths
	@$<

bench-smoke: $(BUILD)/lamina ## the same on small images that it makes itself, once
	@BENCH_WORK=$(BUILD)/bench/smoke tests/bench/run.py --smoke

screenshots: $(BUILD)/lamina ## pictures of the program in a terminal; SCREENSHOT_IMAGE=oci:DIR[:TAG] of another image
	$(call install_missing,$(PICTURES))
	@tests/screenshots.py

demo: $(BUILD)/lamina ## a small image, inspected, cut anew and compared, without network or root
	@tests/e2e/demo.sh

test: $(deps_first) lint-changed $(call unit,$(BUILD)) $(BUILD)/lamina $(BUILD)/tests/fault.so $(FUZZERS:%=$(BUILD)/fuzz/fuzz_%) ## everything that CI runs; installs what is missing
	@tests/run.sh $(call unit,$(BUILD)) $(E2E) tests/e2e/demo.sh "tests/fuzz/run.sh smoke $(FUZZERS)" "tests/fuzz/seeds.py --check" \
		"tests/bench/run.py --smoke" "tests/bench/versions_table.py $(BUILD)/bench/smoke/versions --smoke" \
		"tests/prop/run.py --seeds $(PROP) --jobs $(JOBS)" \
		"tests/prop/reuse.py --seeds $(REUSE) --jobs $(JOBS)"

coverage: $(call unit,$(BUILD)/cov) $(BUILD)/cov/lamina ## line and branch coverage of unit tests and properties
	@find $(BUILD)/cov -name '*.gcda' -delete
	@LAMINA=$(BUILD)/cov/lamina tests/run.sh $(call unit,$(BUILD)/cov) $(E2E) \
		"tests/prop/run.py --seeds 100 --jobs $(JOBS) --umoci 0"
	@tests/coverage.sh $(BUILD)/cov

lint-quick: $(BUILD)/lamina ## format, floors, words that do not belong
	@BUILD=$(BUILD) tests/lint.sh quick

lint-changed: $(deps_first) $(BUILD)/lamina ## all of that, cppcheck, and clang-tidy on what the last commits changed
	@BUILD=$(BUILD) tests/lint.sh changed

lint: $(BUILD)/lamina ## all of that, and clang-tidy on everything
	$(call install_missing,$(PEERS))
	@BUILD=$(BUILD) tests/lint.sh

format: ## have clang-format write the C files
	clang-format -i $(C_FILES)

# $(1): mode, $(2): folder, $(3): files.
put = install -D -m $(1) -t $(DESTDIR)$(2) $(3)

install: all $(BUILD)/liblamina.a $(BUILD)/$(SO) ## install program, manual, completions and library below $(DESTDIR)$(PREFIX)
	$(call put,755,$(PREFIX)/bin,$(BUILD)/lamina)
	$(call put,644,$(PREFIX)/share/man/man1,$(BUILD)/man/*.1)
	$(call put,644,$(PREFIX)/share/man/man5,$(BUILD)/man/*.5)
	$(call put,644,$(PREFIX)/share/man/man7,$(BUILD)/man/*.7)
	install -D -m 644 $(BUILD)/completion/lamina.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/lamina
	$(call put,644,$(PREFIX)/share/fish/vendor_completions.d,$(BUILD)/completion/lamina.fish)
	$(call put,644,$(ZSHDIR),$(BUILD)/completion/_lamina)
	$(call put,644,$(PREFIX)/share/lamina/schema,tui/schema/*.json)
	$(call put,644,$(PREFIX)/include/lamina,core/include/lamina/*.h)
	$(call put,644,$(LIBDIR),$(BUILD)/liblamina.a)
	install -m 644 $(BUILD)/$(SO) $(DESTDIR)$(LIBDIR)/$(SO).$(VERSION)
	ln -sf $(SO).$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/$(SO)
	@mkdir -p $(DESTDIR)$(LIBDIR)/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|; s|@NEEDS@|$(filter-out ncursesw,$(PACKAGES))|' \
		core/lamina.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/lamina.pc

deb: ## Debian packages below build/deb, built and looked through by lintian
	$(call install_missing,$(DEPS) $(PACKERS))
	rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb/source/tests
	cp -r Makefile LICENSE core tui $(BUILD)/deb/source && cp -r tests/examples $(BUILD)/deb/source/tests
	mv $(BUILD)/deb/source/tui/debian $(BUILD)/deb/source/debian
	cd $(BUILD)/deb/source && dpkg-buildpackage -us -uc -b
	lintian --fail-on error,warning $(BUILD)/deb/lamina_*.changes

deb-test: $(BUILD)/lamina ## install, run and purge what `make deb` built, in a fresh Debian
	@tests/debian.sh $(BUILD)/deb

clean: ## remove all that was made
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14
