# SPDX-License-Identifier: Apache-2.0
# needs: dc
# timeout: 600
# Faults around a running npcmuxd (mux_faults.py), and tickets that expire and are renewed, at a domain controller.
. "$TERN_SRC/tests/system/lib.sh"
export MSRPCD=$TERN_BUILD/daemons/msrpcd NPCMUXD=$TERN_BUILD/daemons/npcmuxd MUX_HONEST=$TERN_BUILD/tests/system/mux_honest \
    MSRPCD_HOST=$LAB_NET.94 MSRPCD_NET=$LAB_NET MSRPCD_DIR=$TERN_WORK TERN PYTHONDONTWRITEBYTECODE=1
MUX_DIR=$(mktemp -d /tmp/mux.XXXXXX) # a path of sockets is short
export MUX_DIR
chmod 755 "$MUX_DIR"
python=/usr/bin/python3

scenarios=(bad_servers mute_servers passwords replaced server_killed lent)
if grep -q -e __asan_init -e __tsan_init "$NPCMUXD"; then
    export HOSTILE_SANITIZED=yes HOSTILE_DEADLINE_MS=20000
fi
for s in "${scenarios[@]}"; do
    points_of "$s" "$python" "$TERN_SRC/tests/system/mux_faults.py" "$s"
done

# A ticket of three minutes, for a daemon whose clock then jumps by four. The session that was made with it goes on as long as
# the server lets it; no new one is made with it.
if [ -n "${HOSTILE_SANITIZED:-}" ]; then
    skip "tickets that end" "nothing can be preloaded before a sanitizer"
    rm -rf "$MUX_DIR"
    done_testing
fi
head -c 8 /dev/zero >"$TERN_WORK/shift"
env LD_PRELOAD="$TERN_BUILD/tests/system/clock_shift.so" CLOCK_SHIFT_FILE="$TERN_WORK/shift" "$NPCMUXD" --socket "$MUX_DIR/k" \
    >"$TERN_WORK/k.out" 2>"$TERN_WORK/k.err" &
muxd=$!
trap 'kill $muxd 2>/dev/null; rm -rf "$MUX_DIR"' EXIT
await_line '^ready' "$TERN_WORK/k.out" $muxd
export TERN_NPC=$MUX_DIR/k
ticket() { kinit -c "$TERN_WORK/cc" -l "$1" -kt "$LAB_DC_KEYTAB" "$LAB_DC_ADMIN"; }
give() { "$TERN" mux set "*" --ccache "$TERN_WORK/cc"; }
info() { "$TERN" server info -S "$LAB_DC_NAME" -t 10; }
ok "tickets: one of three minutes" ticket 180s
ok "tickets: its cache is given to the muxer" give
ok "tickets: a call by it" info
printf '\360\0\0\0\0\0\0\0' | dd of="$TERN_WORK/shift" conv=notrunc status=none
ok "tickets: sessions are dropped" "$TERN" mux drop
fails "tickets: after its end no new session, and the reason is told" 1 'tickets .* have expired' info
ok "tickets: a new one, in the same place" ticket 10h
ok "tickets: given again" give
ok "tickets: and calls go on" info
like "tickets: by Kerberos" 'krb5' "$TERN" mux connections --json
kill $muxd
wait $muxd
is "tickets: the daemon ends in order" 0 $?
done_testing
