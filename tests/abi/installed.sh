#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# installed.sh BUILD SOURCE CC: installs into a scratch directory and builds users' programs from nothing but that, with
# the shared libraries and with the static ones.
set -eu
BUILD=$1 SOURCE=$2 CC=$3
unset PKG_CONFIG_PATH # where another Tern may be
DIR=$(mktemp -d "$BUILD/installed.XXXXXX")
trap 'rm -rf "$DIR"' EXIT
LC_ALL=C meson install -C "$BUILD" --no-rebuild --quiet --destdir "$DIR" >"$DIR/log" 2>&1 || { cat "$DIR/log"; exit 1; }

PC=$(find "$DIR" -name libnetapi32.pc -printf '%h\n')
LIB=$(dirname "$PC")
# dependencies of the system keep their own place
SYSTEM=$(pkg-config --variable pc_path pkg-config)
export PKG_CONFIG_LIBDIR=$PC:$SYSTEM
PREFIX=$(pkg-config --variable=prefix libnetapi32)
flags() # flags OPTION...: with our own paths moved into the scratch directory
{
    pkg-config "$@" | sed "s#\\(-[IL]\\)$PREFIX#\\1$DIR$PREFIX#g"
}

for name in unistr ntbase npc rpcrt msrpc msrpcinfo netapi32; do
    pkg-config --exists "lib$name" || { echo "no lib$name.pc"; exit 1; }
done

# every header by itself
for header in $(cd "$DIR$PREFIX/include/msrpc" && ls ./*.h); do
    echo "#include <msrpc/${header#./}>" >"$DIR/one.c"
    "$CC" -std=gnu11 -Wall -Wextra -Werror -fsyntax-only $(flags --cflags librpcrt libmsrpc) "$DIR/one.c"
    if command -v c++ >/dev/null; then
        c++ -x c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only $(flags --cflags librpcrt libmsrpc) "$DIR/one.c"
    fi
done
# where the loader does not look by itself they say where they are
if [ "$PREFIX" != /usr ]; then
    for f in "$DIR$PREFIX/bin/tern" "$DIR$PREFIX/libexec/tern/tern-rpc" "$LIB/librpcrt.so"; do
        readelf -d "$f" | grep -q "RUNPATH.*\[$PREFIX/lib" || { echo "$f: no path to the libraries"; exit 1; }
    done
fi
for f in man/man1/idlc.1 man/man3/librpcrt.3 doc/tern/design.md; do
    [ -s "$DIR$PREFIX/share/$f" ] || { echo "no $f"; exit 1; }
done

# libraries below NetAPI by themselves
for p in bindings:librpcrt pipe:libnpc; do
    "$CC" -Wall -Wextra -Werror "$SOURCE/examples/${p%:*}.c" -o "$DIR/${p%:*}" $(flags --cflags --libs "${p#*:}") \
        -Wl,-rpath-link,"$LIB"
done
LD_LIBRARY_PATH=$LIB "$DIR/bindings" 'ncacn_np:srv1[srvsvc]' | grep -Fqx 'ncacn_np:srv1[\pipe\srvsvc]'

build() # build NAME EXTRA-CFLAGS [--static]
{
    "$CC" -Wall -Werror $2 "$SOURCE/examples/$1.c" -o "$DIR/$1" $(flags --cflags --libs ${3-} libnetapi32) \
        -Wl,-rpath-link,"$LIB"
}
build shares -fshort-wchar
build serverinfo ''
for p in shares serverinfo; do
    rc=0
    LD_LIBRARY_PATH=$LIB "$DIR/$p" 2>"$DIR/said" || rc=$?
    [ $rc = 2 ] && grep -q "^usage: $p" "$DIR/said" || { echo "$p ends with $rc"; cat "$DIR/said"; exit 1; }
done

# Users' own IDL: the compiler and the files to import, as pkg-config names them.
mkdir "$DIR/pc" "$DIR/own"
for pc in "$PC"/*.pc; do
    sed "s#^prefix=.*#prefix=$DIR$PREFIX#" "$pc" >"$DIR/pc/${pc##*/}"
done
own() # own COMMAND...: with packages whose prefix is where they lie
{
    PKG_CONFIG_LIBDIR=$DIR/pc:$SYSTEM LD_LIBRARY_PATH=$LIB "$@"
}
IDLC=$(own pkg-config --variable=idlc librpcrt)
cat >"$DIR/own/own.idl" <<'END'
import "OAIdl.idl", "ms-dtyp.idl";
[object, uuid(0d2a1c5e-8f0b-4a57-9d4e-6c1f3b7a9e21)] interface IOwn : IDispatch
{
    HRESULT Give([in] BSTR name, [in] FILETIME when, [out, retval] IOwn **more);
}
END
"$IDLC" --system-dir "$(own pkg-config --variable=idldir librpcrt)" --depfile "$DIR/own/d" -o "$DIR/own" "$DIR/own/own.idl"
grep -q 'ms-oaut.idl' "$DIR/own/d" || { echo "own.idl: no import in the depfile"; exit 1; }
for part in ndr client server ops; do
    "$CC" -std=gnu11 -Wall -Wextra -Werror -fsyntax-only "$DIR/own/own_$part.c" $(own pkg-config --cflags librpcrt)
done
# the build files that docs/idl.md prints
for tool in meson make; do
    mkdir "$DIR/$tool"
    cp "$SOURCE/examples/hello/hello.idl" "$SOURCE/examples/hello/client.c" "$DIR/$tool"
done
doc() # doc LANGUAGE: what stands in the block of that language
{
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$SOURCE/docs/idl.md" | sed '1d;$d'
}
{ echo "project('own', 'c')"; doc meson; } >"$DIR/meson/meson.build"
{ doc make; echo 'all: hello.h ; $(CC) -c client.c hello_client.c hello_ndr.c $$(pkg-config --cflags librpcrt)'; } >"$DIR/make/Makefile"
if command -v meson >/dev/null; then
    { CC=$CC own meson setup "$DIR/meson/build" "$DIR/meson" && own ninja -C "$DIR/meson/build"; } >"$DIR/log" 2>&1 ||
        { cat "$DIR/log"; exit 1; }
    rc=0
    LD_LIBRARY_PATH=$LIB "$DIR/meson/build/client" || rc=$?
    [ $rc = 2 ] || { echo "client ends with $rc"; exit 1; }
fi
own make -s -C "$DIR/make" CC="$CC" all >"$DIR/log" 2>&1 || { cat "$DIR/log"; exit 1; }

# without the shared ones only the archives are left
rm "$LIB"/lib*.so*
build serverinfo '' --static
rc=0
"$DIR/serverinfo" nosuchhost.invalid user </dev/null 2>"$DIR/said" || rc=$?
[ $rc = 1 ] && grep -q 'nosuchhost.invalid' "$DIR/said" || { echo "serverinfo ends with $rc"; cat "$DIR/said"; exit 1; }
if ldd "$DIR/serverinfo" | grep -E 'lib(netapi32|msrpc|rpcrt|npc|ntbase|unistr)[.]'; then exit 1; fi
