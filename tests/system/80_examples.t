# SPDX-License-Identifier: Apache-2.0
# needs: standalone
# The programs of examples/ that talk to a server.
. "$TERN_SRC/tests/system/lib.sh"

pipe() # pipe PASSWORD PIPE
{
    "$TERN_BUILD/examples/example-pipe" -p "$LAB_SRV_PORT" "$LAB_SRV" root "$2" <<<"$1"
}

like "a call by hand over a pipe" '^listening   yes$' pipe "$LAB_SRV_PASSWORD" srvsvc
is "on 3.1.1" "dialect     3.1.1" "$(grep '^dialect' <<<"$OUT")"
is "encrypted" "encryption  AES-128-GCM" "$(grep '^encryption' <<<"$OUT")"
like "the same pipe by its long name" '^bind        accepted' pipe "$LAB_SRV_PASSWORD" '\pipe\srvsvc'
fails "a wrong password" 1 'STATUS_LOGON_FAILURE' pipe wrong srvsvc

pipe_fd() # pipe_fd ARGUMENT...: the password, if one is needed, on standard input
{
    "$TERN_BUILD/examples/example-pipe_fd" -p "$LAB_SRV_PORT" "$LAB_SRV" srvsvc "$@"
}
like "a pipe as a descriptor, without a muxer" '^listening   yes$' env TERN_NPC=off "$TERN_BUILD/examples/example-pipe_fd" \
    -p "$LAB_SRV_PORT" "$LAB_SRV" srvsvc root <<<"$LAB_SRV_PASSWORD"
is "which is one's own" "route       direct" "$(grep '^route' <<<"$OUT")"
"$TERN_BUILD/daemons/npcmuxd" --socket "$TERN_WORK/mux" >"$TERN_WORK/mux.ready" 2>"$TERN_WORK/mux.log" &
MUXER=$!
trap 'kill "$MUXER" 2>/dev/null' EXIT
await_line '^ready' "$TERN_WORK/mux.ready" "$MUXER" || note "$(cat "$TERN_WORK/mux.log")"
export TERN_NPC=$TERN_WORK/mux
like "credentials for the muxer" . "$TERN" mux set "$LAB_SRV" -U root --password-stdin <<<"$LAB_SRV_PASSWORD"
like "the same program by the muxer" '^listening   yes$' pipe_fd
is "which lends it" "route       muxer" "$(grep '^route' <<<"$OUT")"
unset TERN_NPC
fails "a pipe that is not there" 1 'STATUS_OBJECT_NAME_NOT_FOUND' pipe "$LAB_SRV_PASSWORD" nosuch

shares() { "$TERN_BUILD/examples/example-shares" "$LAB_SRV" "$2" <<<"$1"; }
serverinfo() { "$TERN_BUILD/examples/example-serverinfo" "${@:2}" "$LAB_SRV" root <<<"$1"; }

like "shares, as written for Windows" '^share1 +disk +first test share$' shares "$LAB_SRV_PASSWORD" root
like "with the pipes" '^IPC[$] +pipes' shares "$LAB_SRV_PASSWORD" root
fails "with a wrong password" 1 'error 1326' shares wrong root
like "serverinfo" "^name +$LAB_SRV_NAME\$" serverinfo "$LAB_SRV_PASSWORD"
like "with the clock" "^time +$(date -u +%Y-%m-%d)" serverinfo "$LAB_SRV_PASSWORD"
fails "with a wrong password" 1 'STATUS_LOGON_FAILURE' serverinfo wrong
fails "over TCP, which this server has not" 1 'endpoint mapper' serverinfo "$LAB_SRV_PASSWORD" -t
async() { "$TERN_BUILD/examples/example-rpc_async" "ncacn_np:$LAB_SRV" root <<<"$1"; }
like "asynchronous calls on one loop" '^level 2: [1-9][0-9]* shares$' async "$LAB_SRV_PASSWORD"
fails "and a wrong password" 1 'STATUS_LOGON_FAILURE' async wrong
done_testing
