# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# docs/mux.md: the commands of the page, as they stand there, against msrpcd; and that what it names is there.
. "$TERN_SRC/tests/system/lib.sh"
HOST=$LAB_NET.94
PAGE=$TERN_SRC/docs/mux.md
unset TERN_DOMAIN TERN_CCACHE KRB5CCNAME TERN_USER TERN_SERVER TERN_NPC
export PATH=$TERN_BUILD/tools:$TERN_BUILD/daemons:$PATH XDG_RUNTIME_DIR=$TERN_WORK/run TERN_PASSWORD=Geheim-1

if [ ! -x "$TERN_BUILD/daemons/msrpcd" ]; then
    echo "1..0 # SKIP built without SQLite"
    exit 0
fi
mkdir -m 700 "$XDG_RUNTIME_DIR"
MSRPCD_ADMIN_PASSWORD=$TERN_PASSWORD msrpcd --scratch "$TERN_WORK/srv" --listen "$HOST" >"$TERN_WORK/ready" 2>"$TERN_WORK/srv.log" &
server=$!
trap 'kill $server 2>/dev/null; kill %2 2>/dev/null' EXIT
ok "a server" await_line '^ready ' "$TERN_WORK/ready" $server

# Commands of the page stand behind "$ "; its server is ours. The end of the daemon comes last.
sed -n 's/^\$ //p' "$PAGE" | sed "s/[*]\.lab\.example/$HOST/; s/srv1\.lab\.example/$HOST/g; s/LAB.admin/admin/" >"$TERN_WORK/lines"
{ grep -v -e ' drop ' -e ' clear' -e '^kill' "$TERN_WORK/lines"; grep -e ' drop ' -e ' clear' -e '^kill' "$TERN_WORK/lines"; } >"$TERN_WORK/script"
is "there are commands" True "$([ "$(wc -l <"$TERN_WORK/script")" -ge 11 ] && echo True)"

daemon=
while IFS= read -r line <&9; do
    case $line in
    'npcmuxd '*'&')
        eval "$line" >"$TERN_WORK/mux.ready" 2>"$TERN_WORK/mux.log"
        daemon=$!
        ok "$line" await_line '^ready ' "$TERN_WORK/mux.ready" "$daemon"
        ;;
    'kill %1')
        kill "$daemon"
        wait "$daemon"
        is "$line: it ends in order" 0 $?
        ;;
    'tern rpc facts'*)
        ok "$line" bash -c "$line"
        is "  says by which way" "True True" "$(json '"%s %s" % (d["facts"]["muxer"], d["facts"]["warm"])')"
        ;;
    *' --check '*) like "$line" 'lets it in: SMB 3\.1\.1, encrypted' bash -c "$line" ;;
    'tern mux connections') like "$line" "$HOST +admin +" bash -c "$line" ;;
    *) ok "$line" bash -c "$line" ;;
    esac
done 9<"$TERN_WORK/script"

# ---- what it says of the daemon's keys and the system ----
for pair in session_idle:60 drain_timeout:10 max_connections:10000 max_credentials_per_uid:64 max_sessions_per_uid:256; do
    like "${pair%%:*} is as the page says" "^#? *${pair%%:*} *= *${pair##*:}\$" npcmuxd --example
done
if [ -e "$TERN_SRC/packaging/systemd/npcmuxd.socket" ]; then
    like "the system's socket" '^ListenStream=/run/npcmux/socket$' cat "$TERN_SRC/packaging/systemd/npcmuxd.socket"
fi
done_testing
