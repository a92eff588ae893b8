# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# make demo, after the build: complete without root, and what it prints of npcmuxd: times of both ways, lists, a tap; nothing stays.
. "$TERN_SRC/tests/system/lib.sh"
unset TERN_NPC TERN_USER TERN_PASSWORD TERN_SERVER

if [ ! -x "$TERN_BUILD/daemons/msrpcd" ]; then
    echo "1..0 # SKIP built without SQLite"
    exit 0
fi
as=()
if setpriv --reuid=65534 --regid=65534 --clear-groups "$TERN" --version >/dev/null 2>&1; then
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
before=$(find /tmp -maxdepth 1 -name 'tern-demo.*' | sort)
like "it comes to its end${as:+, without root}" '^demo: complete$' env TERN_DEMO_ADDRESS="$LAB_NET.94" HOME=/ "${as[@]}" \
    "$TERN_SRC/scripts/demo" "$TERN_BUILD"
is "nothing stays" "$before" "$(find /tmp -maxdepth 1 -name 'tern-demo.*' | sort)"
# rows: "tern ... COLD NPCMUXD RATIO"
rows() { grep -E '^tern .* [0-9]+\.[0-9] +[0-9]+\.[0-9] +[0-9]+\.[0-9]$' <<<"$OUT"; }
is "four calls here and four behind a line" 8 "$(rows | wc -l)"
is "behind the line npcmuxd saves the logon" 4 "$(rows | tail -n 4 | awk '$NF >= 1.3' | wc -l)"
is "no password of it is shown with tern mux" 0 "$(sed -n '/^# npcmuxd/,$p' <<<"$OUT" | grep -c Geheim)"
is "pipes of two processes are listed" 2 "$(grep -cE '^ *[0-9]+ +[0-9]+ tern .* rpcecho ' <<<"$OUT")"
like "the daemon forgets" '^1 credential forgotten$' printf '%s\n' "$OUT"
done_testing
