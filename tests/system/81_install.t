# SPDX-License-Identifier: Apache-2.0
# What is installed suffices: headers, libraries and pkg-config files, for C and C++, shared and static.
. "$TERN_SRC/tests/system/lib.sh"
root=$TERN_WORK/root
CC=${CC:-cc}

ok "installs" env DESTDIR="$root" meson install -C "$TERN_BUILD" --no-rebuild --quiet
pc=$(dirname "$(find "$root" -name librpcrt.pc)")
libs=$(dirname "$pc")
include=$(dirname "$(find "$root" -name rpc.h)")
prefix=$(sed -n 's/^prefix=//p' "$pc/librpcrt.pc")
private=$(sed -n 's/^Requires.private: //p' "$pc/libntbase.pc" | sed 's/ >= [0-9.]*//g; s/,//g')

if nm -D "$libs/librpcrt.so" | grep -q __asan_; then
    skip "programs of users" "this build has sanitizers"
    done_testing
fi

pkg() { PKG_CONFIG_PATH=$pc pkg-config --define-variable=prefix="$root$prefix" "$@"; }

# build LIBRARY SOURCE OUTPUT, with what pkg-config says; static LIST SOURCE OUTPUT, with our archives
# shellcheck disable=SC2046
build() { "$CC" -Wall -Wextra -Werror "$2" -o "$3" $(pkg --cflags --libs "$1") -Wl,-rpath-link,"$libs"; }
# shellcheck disable=SC2046,SC2086
static() { (cd "$libs" && "$CC" -Wall -Werror "$2" -o "$3" -I"$include/.." $1 $(pkg-config --libs $private)); }

ok "a program of librpcrt" build librpcrt "$TERN_SRC/examples/bindings.c" "$TERN_WORK/bindings"
like "runs" '^ncacn_np:srv1' env LD_LIBRARY_PATH="$libs" "$TERN_WORK/bindings" ncacn_np:srv1
ok "a program of libnpc" build libnpc "$TERN_SRC/examples/pipe.c" "$TERN_WORK/pipe"
printf '#include <lm.h>\nint main(void) { return (int)NetApiBufferFree(0); }\n' >"$TERN_WORK/lm.c"
ok "a program of libnetapi32" build libnetapi32 "$TERN_WORK/lm.c" "$TERN_WORK/lm"
ok "runs" env LD_LIBRARY_PATH="$libs" "$TERN_WORK/lm"
ok "a program with our archives" static "librpcrt.a libnpc.a libntbase.a libunistr.a" "$TERN_SRC/examples/bindings.c" \
    "$TERN_WORK/bindings-static"
like "runs" '^ncacn_np:srv1' "$TERN_WORK/bindings-static" ncacn_np:srv1

for header in "$include"/*.h; do
    name=msrpc/$(basename "$header")
    echo "#include <$name>" >"$TERN_WORK/one.c"
    ok "<$name> alone, in C" "$CC" -std=c11 -Wall -Werror -fsyntax-only -I"$include/.." "$TERN_WORK/one.c"
    if command -v c++ >/dev/null; then
        ok "<$name> alone, in C++" c++ -x c++ -std=c++11 -Wall -Werror -fsyntax-only -I"$include/.." "$TERN_WORK/one.c"
    fi
done
for page in idlc.1 libntbase.3 librpcrt.3; do
    ok "$page is there" test -s "$root$prefix/share/man/man${page##*.}/$page"
done
ok "design.md is there" test -s "$root$prefix/share/doc/tern/design.md"
done_testing
