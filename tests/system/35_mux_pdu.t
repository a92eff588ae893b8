# SPDX-License-Identifier: Apache-2.0
# needs: standalone dc
# timeout: 300
# Bound pipes that npcmuxd lends, against msrpcd and Samba: srvsvc, lsarpc and samr by whole PDUs, in both byte orders, with and
# without the daemon; pipes and sessions that have ended meanwhile; tickets that end and are renewed; a password that is wrong.
. "$TERN_SRC/tests/system/lib.sh"
pdu=$TERN_BUILD/tests/system/mux_pdu
unset TERN_USER TERN_PASSWORD TERN_DOMAIN TERN_CCACHE TERN_NPC XDG_RUNTIME_DIR
S=$TERN_WORK/m/socket
HOST=$LAB_NET.97
PASSWORD='Geheim-35-xyzzy'
PIDS=()
trap 'kill -9 "${PIDS[@]}" 2>/dev/null' EXIT
mkdir -m 700 "$TERN_WORK/m"

start_server()
{
    MSRPCD_ADMIN_PASSWORD=$PASSWORD "$TERN_BUILD/daemons/msrpcd" --scratch "$TERN_WORK/srv" --listen "$HOST" >"$TERN_WORK/ready" \
        2>>"$TERN_WORK/srv.log" &
    SERVER=$!
    PIDS+=("$SERVER")
    await_line '^ready ' "$TERN_WORK/ready" "$SERVER"
}

# mux_set PATTERN USER PASSWORD
mux_set() { printf '%s\n' "$3" | TERN_NPC=$S "$TERN" mux set "$1" -U "$2" --password-stdin >/dev/null; }
by_mux() { TERN_NPC=$S "$@"; }
# had SERVER COUNT OPTION...: of each service how its last pipe was had: "srvsvc mux=1 warm=1 bound=1 STATUS_SUCCESS" ...
had()
{
    run env TERN_NPC="$S" "$pdu" "$@"
    sed 's/ STATUS_SUCCESS$//; s/ mux=/ /; s/ warm=//; s/ bound=//; s/:.*//' <<<"$OUT" | tr '\n' ';'
}

"$TERN_BUILD/daemons/npcmuxd" --user --socket "$S" >"$TERN_WORK/mux.ready" 2>>"$TERN_WORK/mux.log" &
MUXER=$!
PIDS+=("$MUXER")
ok "npcmuxd starts" await_line '^ready' "$TERN_WORK/mux.ready" "$MUXER"
ok "msrpcd starts" start_server
mux_set "$HOST" admin "$PASSWORD"
mux_set "$LAB_SRV" root "$LAB_SRV_PASSWORD"
mux_set "$LAB_DC_ADDR" "$LAB_DC_DOMAIN\\$LAB_DC_ADMIN" "$LAB_DC_PASSWORD"

CONF=$LAB_SRV_DIR/smb.conf
COLD='srvsvc 100;lsarpc 110;samr 110;' HOT='srvsvc 111;lsarpc 111;samr 111;' OWN='srvsvc 000;lsarpc 000;samr 000;'
ours() { sed 's/samr .*/samr 000 RPC_NT_UNKNOWN_IF;/' <<<"$1"; } # msrpcd has no samr
for server in "$HOST" "$LAB_SRV" "$LAB_DC_ADDR"; do
    cold=$COLD hot=$HOT
    [ "$server" != "$HOST" ] || cold=$(ours "$COLD") hot=$(ours "$HOT")
    is "$server: the first time" "$cold" "$(had "$server" 1)"
    is "  again, on the same pipes" "$hot" "$(had "$server" 20)"
    is "  big-endian" "$hot" "$(had "$server" 3 --big)"
    is "  in one go with the request for the pipe" "$hot" "$(had "$server" 20 --ahead)"
done
is "without the daemon" "$OWN" "$(PDU_USER=root PDU_PASSWORD=$LAB_SRV_PASSWORD had "$LAB_SRV" 3 --own)"
is "  in one go" "$(ours "$OWN")" "$(PDU_USER=admin PDU_PASSWORD=$PASSWORD had "$HOST" 3 --own --ahead --big)"
fails "no credentials" 1 "no credentials" by_mux "$pdu" 192.0.2.1 1 --ahead

# ---- what has ended meanwhile ----
pids=$(for p in /proc/[0-9]*; do
    c=$(tr '\0' ' ' <"$p/cmdline") 2>/dev/null || continue
    case $c in
    *rpcd_classic*"$CONF"* | *rpcd_lsad*"$CONF"*) echo "${p#/proc/}" ;;
    esac
done)
if [ -n "$pids" ]; then
    # shellcheck disable=SC2086 # a list
    kill -9 $pids
    sleep 1.2 # from here on it is doubtful whether they are there
    is "Samba's workers behind the pipes were killed: nobody notices" "$HOT" "$(had "$LAB_SRV" 1)"
else
    note "no workers of Samba found"
fi
kill "$SERVER"
wait "$SERVER" 2>/dev/null
fails "the server is gone" 1 "STATUS_CONNECTION_REFUSED" by_mux "$pdu" "$HOST" 1
ok "msrpcd starts again" start_server
is "  and is had at once" "$(ours "$COLD")" "$(had "$HOST" 1)"
is "  warm" "$(ours "$HOT")" "$(had "$HOST" 1)"

# ---- a password that is wrong ----
mux_set "$HOST" admin 'not this one'
fails "a wrong password" 1 "STATUS_LOGON_FAILURE" by_mux "$pdu" "$HOST" 1
fails "  is not tried again" 1 "not tried again for [0-9]+ s" by_mux "$pdu" "$HOST" 1
mux_set "$HOST" admin "$PASSWORD"
is "  until there is another" "$(ours "$COLD")" "$(had "$HOST" 1)"

# ---- tickets ----
CACHE=$TERN_WORK/m/tickets # beside its socket: the daemon reads not everything
kinit_for() { kinit -c "$CACHE" -l "$1" -kt "$LAB_DC_KEYTAB" "$LAB_DC_ADMIN"; }
ok "tickets for an hour" kinit_for 1h
ok "their cache, by name" by_mux "$TERN" mux set "$LAB_DC" --ccache "$CACHE"
is "  a session" "$COLD" "$(had "$LAB_DC" 1)"
is "  kept" "$HOT" "$(had "$LAB_DC" 1)"
ok "renewed, in the same file" kinit_for 2h
is "  they are taken at once" "$COLD" "$(had "$LAB_DC" 1)"
is "  warm" "$HOT" "$(had "$LAB_DC" 1)"
cp "$TERN_WORK/m/tickets" "$TERN_WORK/m/aside"
rm "$TERN_WORK/m/tickets"
fails "no tickets any more: neither pipes nor a session of before" 1 "STATUS_NO_SUCH_LOGON_SESSION|tickets" by_mux "$pdu" "$LAB_DC" 1
mv "$TERN_WORK/m/aside" "$TERN_WORK/m/tickets"
is "  there again" "$COLD" "$(had "$LAB_DC" 1)"
ok "a keytab, which gets tickets by itself" by_mux "$TERN" mux set "$LAB_DC" --keytab "$LAB_DC_KEYTAB" -U "$LAB_DC_ADMIN@$LAB_DC_REALM"
is "  a session" "$COLD" "$(had "$LAB_DC" 1)"
done_testing
