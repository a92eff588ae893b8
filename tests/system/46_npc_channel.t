# SPDX-License-Identifier: Apache-2.0
# examples/pipe_fd.c, unchanged, by npcmuxd and without it, as TERN_NPC and the sockets that there are say; and what it says
# when the daemon is killed, is stuck, or is somebody else's.
. "$TERN_SRC/tests/system/lib.sh"
HOST=$LAB_NET.96
PASSWORD='Geheim-xyzzy-2'
unset KRB5CCNAME TERN_NPC XDG_RUNTIME_DIR
if [ ! -x "$TERN_BUILD/daemons/msrpcd" ]; then
    echo "1..0 # SKIP built without SQLite"
    exit 0
fi
pipe_fd() { timeout 30 "$TERN_BUILD/examples/example-pipe_fd" "$@"; }
named() { pipe_fd "$HOST" srvsvc admin <<<"$PASSWORD"; }
unnamed() { pipe_fd "$HOST" srvsvc </dev/null; }
by() { TERN_NPC=$1 unnamed; }
by_user() { XDG_RUNTIME_DIR=$TERN_WORK/run unnamed; }

PIDS=()
trap 'kill -CONT "${PIDS[@]}" 2>/dev/null; kill "${PIDS[@]}" 2>/dev/null' EXIT
MSRPCD_ADMIN_PASSWORD=$PASSWORD "$TERN_BUILD/daemons/msrpcd" --scratch "$TERN_WORK/srv" --listen "$HOST" >"$TERN_WORK/ready" \
    2>"$TERN_WORK/srv.log" &
PIDS+=($!)
await_line '^ready ' "$TERN_WORK/ready" "${PIDS[0]}" || note "$(cat "$TERN_WORK/srv.log")"
mkdir -p "$TERN_WORK/run/npcmux"
SOCKET=$TERN_WORK/run/npcmux/socket
start_muxer()
{
    "$TERN_BUILD/daemons/npcmuxd" --socket "$SOCKET" >"$TERN_WORK/mux.ready" 2>"$TERN_WORK/mux.log" &
    MUXER=$!
    PIDS+=("$MUXER")
    await_line '^ready' "$TERN_WORK/mux.ready" "$MUXER" || note "$(cat "$TERN_WORK/mux.log")"
}

like "a pipe of one's own" '^listening   yes$' named
like "says so" '^route       direct$' cat <<<"$OUT"
like "and who we are" '^principal   .*admin' cat <<<"$OUT"
fails "nobody's, without a daemon" 1 'STATUS_' unnamed
fails "a daemon that is not there, required" 1 'no muxer listens' by "$SOCKET"
start_muxer
fails "one without credentials, required" 1 'no credentials' by "$SOCKET"
fails "not required: it goes directly" 1 "$HOST" by_user
like "credentials for it" . env TERN_NPC="$SOCKET" "$TERN" mux set "$HOST" -U admin --password-stdin <<<"$PASSWORD"
like "the same program by the daemon" '^listening   yes$' by "$SOCKET"
like "says so" '^route       muxer$' cat <<<"$OUT"
like "a second time it is warm" '^route       muxer, warm$' by "$SOCKET"
like "the user's daemon is found" '^route       muxer' by_user
fails "but not if it is not to be" 1 'STATUS_' env XDG_RUNTIME_DIR="$TERN_WORK/run" TERN_NPC=off "$TERN_BUILD/examples/example-pipe_fd" "$HOST" srvsvc
fails "a word that means nothing" 1 'auto, on, off' by perhaps

kill -STOP "$MUXER"
fails "one that is stuck" 1 'does not answer' by_user
kill -CONT "$MUXER"
kill -9 "$MUXER"
wait "$MUXER" 2>/dev/null
fails "one that was killed" 1 'no muxer listens' by "$SOCKET"
fails "is passed over where it is not required" 1 "$HOST" by_user
start_muxer
like "the next one" . env TERN_NPC="$SOCKET" "$TERN" mux set "$HOST" -U admin --password-stdin <<<"$PASSWORD"
like "is as good" '^route       muxer' by_user
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    # somebody else's socket: root and oneself are taken, nobody else
    chmod 755 "$TERN_WORK" 2>/dev/null
    mkdir -p "$TERN_WORK/else" && chown 65534 "$TERN_WORK/else"
    setpriv --reuid 65534 --clear-groups /usr/bin/python3 -c "
import socket, time
s = socket.socket(socket.AF_UNIX); s.bind('$TERN_WORK/else/s'); s.listen(9)
print('ready', flush=True); time.sleep(60)" >"$TERN_WORK/else.ready" 2>"$TERN_WORK/else.log" &
    PIDS+=($!)
    if await_line '^ready' "$TERN_WORK/else.ready" "$!"; then
        fails "somebody else's" 1 'from root or oneself' by "$TERN_WORK/else/s"
    else
        note "somebody else's socket cannot be made here: $(cat "$TERN_WORK/else.log")"
    fi
fi
done_testing
