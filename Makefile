# SPDX-License-Identifier: MIT
# GNU make.  "make help" lists the targets.

VERSION := $(shell sed -n 's/^\#define DPT_VERSION "\(.*\)"/\1/p' \
	include/dptext.h)
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/dptext
DESTDIR ?=

BUILD ?= build
CC ?= cc
CFLAGS ?= -O3 -g
SANITIZE ?=
Q := $(if $(V),,@)
SAY = $(if $(V),@:,@echo "  $(1)" $(patsubst $(BUILD)/%,%,$@))
PROGRAMS := dptext dptext-index dptext-audit
VECTORS := embeddings/glove-32k-100d.bin.gz
SONAME := libdptext.so.0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all demo check bench lint check-asan check-tsan check-valgrind fuzz \
	install uninstall dist clean help full run-tests check-man \
	check-sample check-stat check-examples check-faults

# ------------------------------------------------- what must be installed

# Each is PROBE:PACKAGE; a probe is a command, a pkg-config module (@name) or
# a header (/name); two are neither.
NEED_build := cc:gcc pkg-config:pkg-config @openblas:libopenblas-dev \
	@libpcre2-8:libpcre2-dev @zlib:zlib1g-dev \
	@libsodium:libsodium-dev @libxxhash:libxxhash-dev \
	/unistr.h:libunistring-dev /libstemmer.h:libstemmer-dev \
	/jsmn.h:libjsmn-dev
NEED_check := @check:check mandoc:mandoc python3:python3
NEED_lint := clang-format:clang-format cppcheck:cppcheck mandoc:mandoc \
	clang:clang g++:g++ shellcheck:shellcheck
NEED_bench := gnuplot:gnuplot-nox grep:grep
NEED_faiss := /faiss:python3-faiss
NEED_valgrind := valgrind:valgrind
NEED_fuzz := clang:clang llvm-symbolizer:llvm \
	/clang-rt:libclang-rt-14-dev
NEED_eval := /linear.h:liblinear-dev gnuplot:gnuplot-nox

# Make builds these files first, and so installs what is missing, before it
# reads its rules again with the flags in them.
GOALS := $(if $(MAKECMDGOALS),$(MAKECMDGOALS),all)
NEEDS := $(if $(filter-out clean help dist uninstall,$(GOALS)),build)
NEEDS += $(if $(filter check% run-tests sanitized compiled %/unit, \
	$(GOALS)),check)
NEEDS += $(if $(filter check-valgrind,$(GOALS)),valgrind)
NEEDS += $(if $(filter lint,$(GOALS)),lint)
NEEDS += $(if $(filter bench eval-full,$(GOALS)),bench \
	$(if $(filter 1,$(BENCH_FAISS)),faiss))
NEEDS += $(if $(filter fuzz run-fuzz_%,$(GOALS)),fuzz)
NEEDS += $(if $(filter eval% check% run-tests sanitized compiled lint \
	%/dptext-eval %/unit,$(GOALS)),eval)
include $(NEEDS:%=$(BUILD)/need-%.mk)

$(BUILD)/need-%.mk: Makefile
	@mkdir -p $(@D)
	@missing() { \
	  for need in $(NEED_$*); do \
	    probe=$${need%%:*}; package=$${need#*:}; \
	    case $$probe in \
	      @*) pkg-config --exists $${probe#@} ;; \
	      /clang-rt) ls /usr/lib/llvm-*/lib/clang/*/lib/linux/*fuzzer-* ;; \
	      /faiss) /usr/bin/python3 -c 'import faiss' ;; \
	      /*) echo "#include <$${probe#/}>" | cc -E - ;; \
	      *) command -v $$probe ;; \
	    esac >/dev/null 2>&1 || echo $$package; \
	  done; \
	}; \
	packages=$$(missing | tr '\n' ' '); \
	if [ -n "$$packages" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing missing packages: $$packages"; \
	    export DEBIAN_FRONTEND=noninteractive; \
	    apt-get update -qq && \
	    apt-get install -y -qq --no-install-recommends \
	      $$packages >/dev/null || exit 1; \
	  else \
	    echo "missing packages (Debian's names): $$packages"; \
	    echo "install them and run make again"; exit 1; \
	  fi; \
	fi
	@{ case $* in \
	  build) \
	    m="openblas libpcre2-8 zlib libsodium libxxhash"; \
	    echo "DEP_CFLAGS := $$(pkg-config --cflags $$m)"; \
	    echo "DEP_LIBS := $$(pkg-config --libs $$m) -lunistring -lstemmer" ;; \
	  check) \
	    echo "CHECK_CFLAGS := $$(pkg-config --cflags check)"; \
	    echo "CHECK_LIBS := $$(pkg-config --libs check)" ;; \
	  esac; } > $@.tmp && mv $@.tmp $@

# ----------------------------------------------------------------- objects

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wformat-security $(WERROR)
# Jumps only to where jumps may go; on processors that have this.
CET := $(shell echo | $(CC) -fcf-protection -xc -c -o /dev/null - 2>&1 || \
	echo no)
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	-fstack-clash-protection $(if $(CET),,-fcf-protection)
ALL_CFLAGS = -std=c17 -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L \
	-ffp-contract=off -fno-math-errno -fPIC -fvisibility=hidden $(HARDEN) \
	-pthread -MMD -MP $(WARN) -Iinclude $(DEP_CFLAGS) \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all -DDPT_SANITIZE -U_FORTIFY_SOURCE) $(CFLAGS)
ALL_LDFLAGS = -pthread -Wl,-z,relro,-z,now -Wl,--as-needed \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
LIBS = $(DEP_LIBS) -lm

LIB_SRC := $(sort $(wildcard src/*.c src/mech/*.c))
CLI_SRC := $(sort $(wildcard src/cli/*.c))
EVAL_SRC := $(sort $(wildcard eval/*.c))
TEST_SRC := $(sort $(wildcard tests/unit/*.c))
BENCH := $(patsubst tests/%.c,$(BUILD)/%,$(sort $(wildcard tests/bench-*.c)))
object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJ := $(call object,$(LIB_SRC))
CLI_COMMON := $(call object,$(filter-out \
	$(PROGRAMS:%=src/cli/%.c),$(CLI_SRC)))
EVAL_OBJ := $(call object,$(EVAL_SRC))
EVAL := $(BUILD)/dptext-eval

all: $(PROGRAMS:%=$(BUILD)/%) $(BUILD)/libdptext.a $(BUILD)/$(SONAME) \
	$(BUILD)/default.dpti

$(BUILD)/obj/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(call SAY,CC  )
	$(Q)$(CC) $(ALL_CFLAGS) -Isrc -c -o $@ $<

$(BUILD)/obj/src/kernels.o: ALL_CFLAGS += -ffast-math
$(BUILD)/obj/src/cli/%.o: src/cli/%.c
	@mkdir -p $(@D)
	$(call SAY,CC  )
	$(Q)$(CC) $(ALL_CFLAGS) -DDATADIR='"$(DATADIR)"' -c -o $@ $<

$(BUILD)/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call SAY,CC  )
	$(Q)$(CC) $(ALL_CFLAGS) $(CHECK_CFLAGS) -Isrc -Isrc/mech \
		-iquote src/cli -iquote eval -Itests/unit -c -o $@ $<

$(BUILD)/libdptext.a: $(LIB_OBJ)
	$(call SAY,AR  )
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# Functions in several versions are visible whatever their attributes say.
$(BUILD)/$(SONAME): $(LIB_OBJ) $(BUILD)/exports.map
	$(call SAY,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(SONAME) \
		-Wl,--version-script=$(BUILD)/exports.map -o $@ $(LIB_OBJ) \
		$(LIBS)

$(BUILD)/exports.map: include/dptext.h
	@mkdir -p $(@D)
	$(Q){ echo '{ global:'; sed '/^#/d' $< | tr '\n' ' ' | \
		grep -o 'DPT_API [^;(]*(' | sed 's/($$/;/; s/.*[ *]//'; \
		echo 'local: *; };'; } >$@

$(PROGRAMS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/obj/src/cli/%.o \
		$(CLI_COMMON) $(BUILD)/libdptext.a
	$(call SAY,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ $(LIBS)

$(BUILD)/unit: $(call object,$(TEST_SRC) \
		$(filter-out eval/dptext-eval.c,$(EVAL_SRC))) \
		$(CLI_COMMON) $(BUILD)/libdptext.a
	$(call SAY,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CHECK_LIBS) -llinear $(LIBS)

$(BUILD)/default.dpti: $(VECTORS) $(BUILD)/dptext-index
	$(BUILD)/dptext-index build -o $@ $<

-include $(patsubst %.o,%.d,$(call object,$(LIB_SRC) $(CLI_SRC) $(TEST_SRC)))

# ------------------------------------------------------------------- tests

# The shipped index; sanitized builds borrow that of the ordinary build.
INDEX ?= $(BUILD)/default.dpti

check: run-tests check-sample check-man

# Each suite of the unit tests in a process of its own, two at a time.
SUITES := $(shell sed -n 's/^SUITE(\(.*\))$$/\1/p' tests/unit/suites.def)
UNIT = printf '%s\n' $(SUITES) | xargs -n 1 -P 2 $(BUILD)/unit

run-tests: all $(EVAL) $(BUILD)/unit $(BUILD)/faults.so
	export CK_TIMEOUT_MULTIPLIER=5; $(UNIT)
	tests/run-cli $(BUILD) $(INDEX)
	tests/fault-bench $(BUILD) --quick

# Whatever call fails, whenever the program is killed: some minutes.
check-faults: all $(BUILD)/faults.so
	tests/fault-bench $(BUILD)

$(BUILD)/faults.so: tests/faults.c
	@mkdir -p $(@D)
	$(call SAY,LINK)
	$(Q)$(CC) -std=c17 -O1 -g $(WARN) -fPIC -shared -o $@ $<

# What the manual tells to type, on the default index: about a minute.
check-examples: all $(EVAL)
	man/examples $(BUILD) $(sort $(wildcard man/*.[1357]))

check-man:
	mandoc -Tlint -Wwarning man/*.[1357]

# Statistical tests.  Draws against the exact channel, and against one that is
# a little off, which must be noticed: a few seconds.
STAT := $(BUILD)/sample $(BUILD)/search
$(STAT): $(BUILD)/%: $(BUILD)/obj/tests/stat/%.o $(BUILD)/libdptext.a
	$(call SAY,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
-include $(STAT:$(BUILD)/%=$(BUILD)/obj/tests/stat/%.d)

check-sample: $(BUILD)/sample $(BUILD)/default.dpti
	$< $(INDEX)
	$< --power $(INDEX)

# And what takes minutes: whether random points beat the calibration, which
# they must if it is made worse, and whether audits confirm it.
EPSILONS := 0.1 0.5 1 2 3 5 8 20
POINTS ?= 2000
check-stat: check-sample all $(BUILD)/search $(BUILD)/3000.dpti
	$(BUILD)/search $(BUILD)/3000.dpti $(POINTS) $(EPSILONS)
	$(BUILD)/search --power $(BUILD)/3000.dpti $(POINTS) $(EPSILONS)
	tests/stat/confirm $(BUILD) $(INDEX) $(EPSILONS)

$(BUILD)/3000.dpti: $(VECTORS) $(BUILD)/dptext-index
	$(BUILD)/dptext-index build -q --max-words 3000 -o $@ $<

# Sanitizers: the same tests, built once more.
check-asan check-tsan: $(BUILD)/default.dpti
check-asan: export ASAN_OPTIONS = detect_leaks=1
check-asan:
	$(MAKE) BUILD=$(BUILD)/asan SANITIZE=address,undefined \
		CFLAGS='-O1 -g' sanitized
check-tsan:
	$(MAKE) BUILD=$(BUILD)/tsan SANITIZE=thread CFLAGS='-O1 -g' sanitized

.PHONY: sanitized
sanitized: $(PROGRAMS:%=$(BUILD)/%) $(EVAL) $(BUILD)/unit
	export CK_TIMEOUT_MULTIPLIER=20; $(UNIT)
	tests/run-cli $(BUILD) build/default.dpti

# Suites that handle foreign input and need no process for each test; those
# of numbers would take valgrind hours.
VALGRIND_SUITES ?= base token record stream
check-valgrind: $(BUILD)/unit
	CK_FORK=no CK_TIMEOUT_MULTIPLIER=50 valgrind -q --error-exitcode=1 \
		--leak-check=full $(BUILD)/unit $(VALGRIND_SUITES)

# Formatting, static analysis, what header and manual promise, and both
# compilers with their warnings as errors.
lint: all $(EVAL) check-man
	tests/lint $(BUILD)
	$(MAKE) BUILD=$(BUILD)/gcc CC=gcc WERROR=-Werror compiled
	$(MAKE) BUILD=$(BUILD)/clang CC=clang WERROR=-Werror compiled

.PHONY: compiled
compiled: $(PROGRAMS:%=$(BUILD)/%) $(BUILD)/$(SONAME) $(BUILD)/unit \
	$(EVAL) $(BENCH)

# Fuzzers: libFuzzer, one after the other; they are built with clang.
FUZZ_SECONDS ?= 300
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort \
	$(wildcard tests/fuzz/fuzz_*.c)))
fuzz:
	$(MAKE) -j1 BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O2 -g' \
		SANITIZE=fuzzer-no-link,address,undefined $(FUZZERS:%=run-%)

$(FUZZERS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/obj/tests/fuzz/%.o \
		$(BUILD)/libdptext.a
	$(call SAY,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(BUILD)/fuzz_gzip: $(call object,src/cli/input.c src/cli/msg.c)

$(FUZZERS:%=run-%): run-%: $(BUILD)/%
	@echo "$*: $(FUZZ_SECONDS) s"
	@mkdir -p $(BUILD)/corpus/$*
	$(Q)$< -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=4096 -timeout=20 \
		-verbosity=0 -print_funcs=0 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/ $(BUILD)/corpus/$*
-include $(FUZZERS:%=$(BUILD)/obj/tests/fuzz/%.d)

# -------------------------------------------------------------- evaluation

# Experiments, see eval/README.md; more than the programs is needed for them.
.PHONY: eval eval-full eval-baseline eval-files eval-density
$(BUILD)/obj/eval/%.o: eval/%.c
	@mkdir -p $(@D)
	$(call SAY,CC  )
	$(Q)$(CC) $(ALL_CFLAGS) -DCORPORA='"$(CURDIR)/corpora"' -Isrc/cli \
		-c -o $@ $<

# Style and script of the page of report, as lines of C.
PAGE_FILES := $(BUILD)/obj/eval/page_files.h
$(PAGE_FILES): eval/report.css eval/report.js
	@mkdir -p $(@D)
	$(Q){ for kind in css js; do \
		echo "static const char *const page_$$kind[] = {"; \
		sed 's/[\\"]/\\&/g; s/.*/"&",/' eval/report.$$kind; \
		echo '0};'; \
	done; } >$@
$(BUILD)/obj/eval/page.o: $(PAGE_FILES)
$(BUILD)/obj/eval/page.o: ALL_CFLAGS += -iquote $(BUILD)/obj/eval

$(EVAL): $(EVAL_OBJ) $(CLI_COMMON) $(BUILD)/libdptext.a
	$(call SAY,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -llinear $(LIBS)

-include $(EVAL_OBJ:.o=.d)

# Text as it is, beside what other programs made of it.
BASELINE := sst2 trec6 snips clinc150 sms-spam imdb
# Of the embedding alone: minutes.
TABLES := deciles truncation chains
DENSITY_deciles := -e 2 -m gumbel,exponential,density
DENSITY_truncation := -e 2,10 --draws 4000
DENSITY_chains := -e 2,10 --draws 1000 --words doctor,good
eval-density: $(EVAL) $(INDEX)
	@mkdir -p eval/results
	$(foreach t,$(TABLES),$(EVAL) density -x $(INDEX) --table $(t) \
		$(DENSITY_$(t)) -o eval/results/density-$(t).tsv &&) \
	cd eval/results && gnuplot ../density.gp

eval-baseline: $(EVAL)
	$(EVAL) baseline $(BASELINE:%=$(CORPORA)/%)

# Files of other people, whole, at this epsilon.
FILES_EPSILON ?= 5
eval-files: all $(EVAL)
	eval/files $(BUILD) $(CORPORA) $(FILES_EPSILON)

# A table grows run by run, and what is in it already is not measured again:
# so much for COMMAND,FOLDER,MECHANISMS, but for the corpus.
measure = $(EVAL) $(1) -x $(INDEX) -o $(2)/$(1).tsv $(3)

# On the shipped texts, which are too few to tell mechanisms apart.
OWN := intents reviews
OWN_MECHANISMS := -m all -e 1,3,10
eval: $(EVAL) $(INDEX)
	@mkdir -p $(BUILD)/eval
	$(EVAL) baseline $(OWN)
	$(foreach t,utility privacy attack,$(foreach c,$(OWN),$(call \
		measure,$(t),$(BUILD)/eval,$(OWN_MECHANISMS)) --corpus $(c) &&)) \
	$(EVAL) report -o $(BUILD)/eval/report.html $(BUILD)/eval

# The public corpora, in CORPORA/sst2 and so on.  Averaged vectors with the 150
# labels of CLINC150 would take as long as all else.
FULL_MECHANISMS := -m all -e 1,2,3,5,8,10,20
# It is not defined below 42.5.
PUBLISHED := -m gumbel-published -e 50
RESULTS := eval/results
FULL = $(call measure,$(1),$(RESULTS),$(FULL_MECHANISMS)) --corpus $(CORPORA)
ALSO = $(call measure,$(1),$(RESULTS),$(PUBLISHED)) --corpus $(CORPORA)
eval-full: $(EVAL) $(INDEX)
	@[ -d "$(CORPORA)" ] || { \
		echo 'make eval-full CORPORA=DIR, see corpora/README.md'; \
		exit 1; }
	@mkdir -p $(RESULTS)
	$(call FULL,utility)/sst2
	$(call FULL,utility)/clinc150 --features tfidf
	$(call FULL,utility)/trec6
	$(call FULL,utility)/snips
	$(foreach t,privacy attack,$(foreach c,sst2 clinc150,\
		$(call FULL,$(t))/$(c) && $(call ALSO,$(t))/$(c) &&)) \
	$(EVAL) report -o $(RESULTS)/report.html $(RESULTS)
	cd $(RESULTS) && gnuplot ../utility.gp
	awk -f eval/utility.awk $(RESULTS)/utility.tsv

# -------------------------------------------------------------------- use

demo: all
	@tests/demo $(BUILD)

# What is measured, and the variables for it: tests/bench.
BENCH_RESULTS ?= eval/results
$(BENCH): $(BUILD)/%: $(BUILD)/obj/tests/%.o $(BUILD)/libdptext.a
	$(call SAY,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
-include $(BENCH:$(BUILD)/%=$(BUILD)/obj/tests/%.d)

bench: all $(BENCH)
	@CC='$(CC)' tests/bench $(BUILD) $(BENCH_RESULTS)

# The full list of 341,479 words, fetched with npm: 118 MB.
full: all $(BUILD)/full.dpti
$(BUILD)/full.dpti: | $(BUILD)/dptext-index
	embeddings/make-vectors --words 0 --raw -o $(BUILD)/full.bin.gz
	$(BUILD)/dptext-index build -o $@ $(BUILD)/full.bin.gz

# dptext-eval is for the source tree.
MANUAL := $(filter-out man/dptext-eval.1,$(wildcard man/*.[1357]))
install: all
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBDIR) \
		$(INCLUDEDIR) $(DATADIR) $(MANDIR)/man1 $(MANDIR)/man3 \
		$(MANDIR)/man5 $(MANDIR)/man7)
	install $(PROGRAMS:%=$(BUILD)/%) $(DESTDIR)$(BINDIR)
	install -m 644 $(BUILD)/libdptext.a $(DESTDIR)$(LIBDIR)
	install $(BUILD)/$(SONAME) $(DESTDIR)$(LIBDIR)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libdptext.so
	install -m 644 include/dptext.h $(DESTDIR)$(INCLUDEDIR)
	install -m 644 $(BUILD)/default.dpti $(DESTDIR)$(DATADIR)
	for page in $(MANUAL); do install -m 644 $$page \
		$(DESTDIR)$(MANDIR)/man$${page##*.}; done

uninstall:
	rm -f $(PROGRAMS:%=$(DESTDIR)$(BINDIR)/%) \
		$(addprefix $(DESTDIR)$(LIBDIR)/,libdptext.a $(SONAME) \
		libdptext.so) $(DESTDIR)$(INCLUDEDIR)/dptext.h
	rm -rf $(DESTDIR)$(DATADIR)
	for page in $(MANUAL); do rm -f \
		$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; done

dist:
	mkdir -p $(BUILD)
	git archive --prefix=dptext-$(VERSION)/ \
		-o $(BUILD)/dptext-$(VERSION).tar.gz HEAD

clean:
	rm -rf $(BUILD)

help:
	@echo 'make             programs, library, default index'
	@echo 'make demo        rewrites real text with the shipped embedding'
	@echo 'make check       all tests; make run-tests: without the lint'
	@echo 'make check-examples  the examples of the manual pages'
	@echo 'make check-faults    calls that fail, and kills: minutes'
	@echo 'make check-stat  draws, calibration (POINTS tried), audits: minutes'
	@echo 'make bench       speed, beside grep, wc and sgemm: 10 minutes;'
	@echo '                 RUNS=5, MEGABYTES=112 and more, see tests/bench'
	@echo 'make lint        formatting, manual pages, static analysis'
	@echo 'make check-asan  tests with address and undefined sanitizers'
	@echo 'make check-tsan  tests with the thread sanitizer'
	@echo 'make check-valgrind  tests of foreign input under valgrind'
	@echo 'make fuzz        fuzzers, FUZZ_SECONDS each (300)'
	@echo 'make eval        experiments on the shipped texts, see eval/README.md'
	@echo 'make eval-full eval-baseline eval-files CORPORA=DIR  on public corpora'
	@echo 'make eval-density  of the embedding alone'
	@echo 'make full        fetches and indexes all 341,479 words'
	@echo 'make install uninstall dist clean; DESTDIR, PREFIX'
	@echo 'V=1              shows commands; SANITIZE=... builds with sanitizers'
