# SPDX-License-Identifier: Apache-2.0
# A thin front to Meson. `make demo` and `make check` do all set-up of a Debian machine themselves.
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
REPEAT ?= 20
SOAK_SECONDS ?= 3600
SOAK_BUILD ?= plain
SANITIZE = -Dwerror=true -Db_lundef=false -Doptimization=1
export JOBS SOAK_SECONDS

.PHONY: all setup demo demo-samba static check-ntlm deb deb-test check conformance asan tsan fuzz bench soak repeat lint format corpus symbols install clean

all: setup build/build.ninja
	ninja -C build -j $(JOBS)

setup:
	@scripts/setup build

build/build.ninja:
	CC=$${CC:-gcc} meson setup build -Dwerror=true

# build, then a complete round with both ends ours; no Samba is needed
demo: all
	@scripts/demo build

# the same and more against a Samba server of its own
demo-samba:
	@scripts/setup build test
	@$(MAKE) --no-print-directory all
	@scripts/demo-samba build

# one file without libraries and without Kerberos: docs/packaging.md
static: all
	[ -f build-static/build.ninja ] || CC=$${CC:-gcc} meson setup build-static --buildtype=release -Dgssapi=disabled
	ninja -C build-static -j $(JOBS) daemons/msrpcd-static
	@scripts/static build-static build/tools/tern

# the tests of a build without Kerberos
check-ntlm:
	@scripts/setup build test
	[ -f build-static/build.ninja ] || CC=$${CC:-gcc} meson setup build-static --buildtype=release -Dgssapi=disabled
	ninja -C build-static -j $(JOBS)
	meson test -C build-static --no-rebuild --suite unit --suite pair --print-errorlogs

# Debian packages in build-deb/, and what they do in a scratch copy of this system (root)
deb:
	@scripts/setup build deb
	@scripts/deb build-deb

deb-test:
	@scripts/setup build deb
	@tests/deb/run build-deb

check:
	@scripts/setup build test
	@scripts/check

# msrpcd in Samba's test suites; docs/conformance.md
conformance:
	@scripts/setup build test
	@$(MAKE) --no-print-directory all
	@[ -f build-conformance/build.ninja ] || meson setup build-conformance -Dsmbd_disk=true -Dtests=false >/dev/null
	@ninja -C build-conformance daemons/msrpcd_disk
	@CONFORMANCE_DISK=$$PWD/build-conformance/daemons/msrpcd_disk tests/conformance/run build

asan:
	@scripts/setup build test
	@scripts/check clang

tsan:
	@scripts/setup build test
	[ -f build-tsan/build.ninja ] || CC=clang meson setup build-tsan $(SANITIZE) -Db_sanitize=thread
	ninja -C build-tsan -j $(JOBS)
	meson test -C build-tsan --no-rebuild --suite unit --suite pair --timeout-multiplier 8 --print-errorlogs

fuzz:
	@scripts/setup build test
	[ -f build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz $(SANITIZE) -Dfuzz=true -Dtests=false \
	    -Db_sanitize=address,undefined -Dc_args=-fsanitize=fuzzer-no-link
	ninja -C build-fuzz -j $(JOBS)
	@scripts/fuzz build-fuzz $(FUZZ_SECONDS)

bench:
	@scripts/setup build test bench
	[ -f build-release/build.ninja ] || CC=$${CC:-gcc} meson setup build-release --buildtype=release -Dtests=false
	ninja -C build-release -j $(JOBS)
	meson test -C build-release --no-rebuild --benchmark --verbose

# msrpcd among many clients, with faults thrown in, for an hour; SOAK_BUILD=asan|tsan; docs/soak.md
SOAK_DIR = $(if $(filter asan,$(SOAK_BUILD)),build-clang,$(if $(filter tsan,$(SOAK_BUILD)),build-tsan,build))
SOAK_FLAGS = $(if $(filter asan,$(SOAK_BUILD)),-Db_sanitize=address$(comma)undefined,-Db_sanitize=thread)
comma = ,
soak:
	@scripts/setup build test
ifeq ($(SOAK_BUILD),plain)
	@$(MAKE) --no-print-directory build/build.ninja
else
	[ -f $(SOAK_DIR)/build.ninja ] || CC=clang meson setup $(SOAK_DIR) $(SANITIZE) $(SOAK_FLAGS)
endif
	ninja -C $(SOAK_DIR) -j $(JOBS) daemons/msrpcd tools/tern tests/system/msrpcd_probe
	@tests/soak/run $(SOAK_DIR)

# the same tests again and again, to find what fails now and then
repeat:
	@scripts/setup build test
	@$(MAKE) --no-print-directory all
	meson test -C build --no-rebuild --suite unit --suite pair --repeat $(REPEAT)
	meson test -C build --no-rebuild --suite system --repeat 3

lint:
	@scripts/setup build test lint
	@python3 tests/lint/lint.py .
	@shellcheck -x -s bash -S warning -e SC1090,SC1091,SC2034,SC2154,SC2010,SC2206 tests/lab/lab tests/lab/*.sh tests/system/run \
	    tests/system/lib.sh tests/system/*.t scripts/setup scripts/check scripts/deb scripts/demo scripts/demo-samba scripts/demo.sh scripts/static tests/deb/run tests/deb/inside scripts/fuzz .ci/run
	@git ls-files '*.c' '*.h' ':!tests/golden' | xargs clang-format --dry-run 2>&1 | sed -n 's/:.*-Wclang-format-violations.*//p' | \
	    uniq -c | sed 's/^/unformatted lines: /'

format:
	@scripts/setup lint
	@git ls-files '*.c' '*.h' ':!tests/golden' | xargs clang-format -i

# compiles collections of IDL that are not ours to keep: make corpus CORPUS='DIR ...'; docs/idl-corpus.md
corpus: all
	@tests/corpus/run build $(CORPUS)

# writes the lists of exported symbols anew; look at the difference before you commit it
symbols: all
	@for l in build/src/lib*.so.0; do n=$$(basename $$l .so.0); n=$${n#lib}; \
	    python3 tests/abi/check_symbols.py $$l tests/abi/$$n.symbols --update; done

# a release build; warnings are not errors there, for compilers that we have not seen
install: setup
	[ -f build-release/build.ninja ] || CC=$${CC:-gcc} meson setup build-release --buildtype=release -Dtests=false
	meson configure build-release -Dprefix=$(PREFIX)
	ninja -C build-release -j $(JOBS)
	meson install -C build-release --no-rebuild
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig || true
	@pc=$$(find $(DESTDIR)$(PREFIX) -name librpcrt.pc -printf '%h' -quit); \
	[ -n "$(DESTDIR)" ] || pkg-config --exists librpcrt || printf '%s\n' "To use it from there:" \
	    "  export PATH=$(PREFIX)/bin:\$$PATH MANPATH=$(PREFIX)/share/man:" \
	    "  export PKG_CONFIG_PATH=$$pc LD_LIBRARY_PATH=$${pc%/pkgconfig}"

clean:
	rm -rf build build-clang build-tsan build-fuzz build-release build-static build-deb
