# SPDX-License-Identifier: Apache-2.0
# needs: standalone dc
# timeout: 600
# RPC by npcmuxd against msrpcd and Samba: whose pipe is taken, RPC's own security through it, NetAPI and tern by it, who one is
# under tokens, kinds of credentials, and what happens when the daemon or the server goes.
. "$TERN_SRC/tests/system/lib.sh"
live=$TERN_BUILD/tests/system/rpc_live
who=$TERN_BUILD/tests/system/mux_who
unset TERN_USER TERN_PASSWORD TERN_DOMAIN TERN_CCACHE TERN_NPC XDG_RUNTIME_DIR
S=$TERN_WORK/m/socket
HOST=$LAB_NET.96
PASSWORD='Geheim-33-xyzzy'
PIDS=()
trap 'kill -9 "${PIDS[@]}" 2>/dev/null' EXIT
mkdir -m 755 "$TERN_WORK/m"

start_muxer()
{
    "$TERN_BUILD/daemons/npcmuxd" --socket "$S" >"$TERN_WORK/mux.ready" 2>>"$TERN_WORK/mux.log" &
    MUXER=$!
    PIDS+=("$MUXER")
    await_line '^ready' "$TERN_WORK/mux.ready" "$MUXER"
}

# start_server: our own, with its store in place
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
# facts ARGUMENT...: "muxer warm" of a connection to samr
facts()
{
    run "$TERN" rpc facts samr "$@"
    if [ $RC = 0 ]; then json '"%s %s" % (d["facts"]["muxer"], d["facts"]["warm"])'; else echo "$ERR"; fi
}

ok "npcmuxd starts" start_muxer

# ---- whose pipe ----
ROOT=(-S "$LAB_SRV" -U root)
export TERN_PASSWORD=$LAB_SRV_PASSWORD
mux_set "$LAB_SRV" root "$LAB_SRV_PASSWORD"
is "credentials that are given: our own" "False False" "$(by_mux facts "${ROOT[@]}")"
is "none are given: the muxer's, cold" "True False" "$(by_mux facts -S "$LAB_SRV")"
is "  and warm" "True True" "$(by_mux facts -S "$LAB_SRV")"
is "--mux PATH" "True True" "$(facts -S "$LAB_SRV" --mux "$S")"
is "--mux before TERN_NPC" "False False" "$(TERN_NPC=/nowhere/at/all facts "${ROOT[@]}" --mux off)"
is "the binding before TERN_NPC" "True True" "$(TERN_NPC=/nowhere/at/all facts --binding "ncacn_np:${LAB_SRV}[,mux=$S]")"
is "the binding says off" "False False" "$(TERN_USER=root by_mux facts --binding "ncacn_np:${LAB_SRV}[,mux=off]")"
is "ncacn, which may be a pipe" "True False" "$(facts --binding "ncacn:${LAB_SRV}[,mux=$S]")"
fails "a muxer that is not there" 1 "/nowhere/at/all" "$TERN" rpc facts samr -S "$LAB_SRV" --mux /nowhere/at/all
fails "one that has no credentials for the server" 1 "no credentials.*tern mux set" "$TERN" rpc facts samr -S "$HOST" --mux "$S"
fails "credentials that would not be used" 2 "tern mux set" "$TERN" rpc facts samr "${ROOT[@]}" --mux "$S"
fails "TCP by the muxer" 2 "exclude each other" "$TERN" rpc facts samr -S "$LAB_SRV" --mux "$S" --transport tcp
fails "  also in a binding" 1 "about named pipes" "$TERN" rpc facts samr --binding "ncacn_ip_tcp:${LAB_SRV}[,mux=on]"
unset TERN_PASSWORD

# ---- RPC's own security, end to end ----
ok "a ticket" dc_kinit
mux_set "$LAB_DC_ADDR" "$LAB_DC_DOMAIN\\$LAB_DC_ADMIN" "$LAB_DC_PASSWORD"
ok "a ticket cache for the daemon" by_mux "$TERN" mux set "$LAB_DC" --ccache "$KRB5CCNAME"
ntlm_live() { "$live" -n -u "$LAB_DC_DOMAIN\\$LAB_DC_ADMIN" -p "$LAB_DC_PASSWORD" "$@"; }
krb5_live() { "$live" -k -c "$KRB5CCNAME" "$@"; }
like "none: the transport's key" '^key STATUS_SUCCESS 16' ntlm_live "ncacn_np:${LAB_DC_ADDR}[,mux=$S]" domains names:1000 both key
for how in sign,ntlm seal,ntlm sign,spnego seal,spnego; do
    like "$how by NTLM" '^names 1000 of 1000' ntlm_live "ncacn_np:${LAB_DC_ADDR}[,$how,mux=$S]" domains names:1000 both
    like "  without header signing" '^names 100 of 100' ntlm_live -H "ncacn_np:${LAB_DC_ADDR}[,$how,mux=$S]" names:100
done
for how in sign,krb5 seal,krb5 sign,spnego seal,spnego; do
    like "$how by Kerberos" 'provider=.*krb5 header_sign=1' krb5_live "ncacn_np:${LAB_DC}[,$how,mux=$S]" domains names:1000 both
done
like "no session key with RPC security" '^key STATUS_NO_USER_SESSION_KEY' krb5_live "ncacn_np:${LAB_DC}[,seal,mux=$S]" domains key
like "several security contexts" '^security 3 level=6' ntlm_live "ncacn_np:${LAB_DC_ADDR}[samr,seal,ntlm,mux=$S]" securities:2
like "many calls at once" '^async 200 of 200' ntlm_live "ncacn_np:${LAB_DC_ADDR}[,mux=$S]" async:200
like "small fragments" '^names 500 of 500' ntlm_live -f 1432 "ncacn_np:${LAB_DC_ADDR}[,seal,mux=$S]" names:500
P=$TERN_BUILD/tests/system/netlogon_live
points "secure channel" "ncacn_np:${LAB_DC_ADDR}[,mux=$S]" "$LAB_DC_MACHINE" "$LAB_DC_DOMAIN" "$LAB_DC_PASSWORD" \
    "$LAB_DC_USER" "$LAB_DC_PASSWORD"
KRB5CCNAME=FILE:$TERN_WORK/nothing fails "privacy without credentials of one's own" 1 \
    'no Kerberos tickets.*the muxer.s credentials are for its pipe only' "$TERN" rpc facts samr -S "$LAB_DC" --mux "$S" --rpc-level privacy
like "privacy with some" '"level": "privacy"' "$TERN" rpc facts samr -S "$LAB_DC" --mux "$S" --rpc-level privacy -k

# ---- kinds of credentials ----
whoami() { "$who" lsa "ncacn_np:${1}[,mux=$S]"; }
like "password" "^$LAB_DC_ADMIN\$" whoami "$LAB_DC_ADDR"
like "ticket cache" "^$LAB_DC_ADMIN\$" whoami "$LAB_DC"
ok "a keytab for the daemon" by_mux "$TERN" mux set "$LAB_DC" --keytab "$LAB_DC_KEYTAB" -U "$LAB_DC_ADMIN@$LAB_DC_REALM"
like "keytab" "^$LAB_DC_ADMIN\$" whoami "$LAB_DC"
ok "a null session for the daemon" by_mux "$TERN" mux set "$LAB_SRV" -N
fails "anonymous: unsigned, which has to be asked for" 1 'neither signed nor encrypted' "$TERN" rpc facts lsarpc -S "$LAB_SRV" --mux "$S"
run "$TERN" rpc call lsarpc.LsarGetUserName '{}' -S "$LAB_SRV" -N
is "anonymous: the answer is as by our own" "$RC $OUT$ERR" \
    "$("$TERN" rpc call lsarpc.LsarGetUserName '{}' -S "$LAB_SRV" -N --mux "$S" >"$TERN_WORK/o" 2>&1; echo "$? $(cat "$TERN_WORK/o")")"
mux_set "$LAB_SRV" root wrong
fails "a wrong password is the daemon's" 1 'LOGON_FAILURE' whoami "$LAB_SRV"
mux_set "$LAB_SRV" root "$LAB_SRV_PASSWORD"
like "a right one in its place" '^root$' whoami "$LAB_SRV"

# ---- who one is: two tokens, two accounts ----
P=$who
by_mux "$TERN" mux clear >/dev/null
# one thread: with Samba 4.17 many binds at once in one session have run out of time after its workers had ended
points "tokens, Samba" tokens "$S" "$LAB_SRV" root user1 share1 1 <<<"$LAB_SRV_PASSWORD"$'\n'"$LAB_SRV_PASSWORD"
ok "the share is as it was" env TERN_NPC=off TERN_PASSWORD="$LAB_SRV_PASSWORD" "$TERN" share set share1 --comment 'first test share' -S "$LAB_SRV" -U root
mux_set "$LAB_SRV" root "$LAB_SRV_PASSWORD"
mux_set "$LAB_DC_ADDR" "$LAB_DC_DOMAIN\\$LAB_DC_ADMIN" "$LAB_DC_PASSWORD"

# ---- tern, by both ways ----
# same TEXT HOST USER PASSWORD ARGUMENT...: the same output cold and by the muxer
same()
{
    local text=$1 host=$2 user=$3 password=$4 cold
    shift 4
    cold=$(TERN_PASSWORD=$password "$TERN" "$@" -S "$host" -U "$user" 2>&1)
    is "$text: tern $1 $2" "$cold" "$(by_mux "$TERN" "$@" -S "$host" 2>&1)"
}
for verb in 'server info' 'workstation info' 'join info' 'share list' 'share show share1' 'user list' 'user show root --json' \
    'group list' 'localgroup list' 'policy show' 'share show nosuchshare' 'user show nosuchuser'; do
    # shellcheck disable=SC2086
    same "Samba" "$LAB_SRV" root "$LAB_SRV_PASSWORD" $verb
done
for verb in 'server info' 'user list --json' 'user show Administrator --json' 'group list' 'group members Domain_Users' 'localgroup list' \
    'policy show --json'; do
    # shellcheck disable=SC2086
    same "dc" "$LAB_DC_ADDR" "$LAB_DC_DOMAIN\\$LAB_DC_ADMIN" "$LAB_DC_PASSWORD" ${verb/_/ }
done

# passwords hide under the application key of the muxer's session
# passwords TEXT HOST DOMAIN\ 
passwords()
{
    ok "$1: a user with a password" by_mux "$TERN" user add muxed1 --password-stdin -S "$2" <<<'First-Pass.1'
    TERN_PASSWORD=First-Pass.1 ok "  who can log on" "$TERN" server info -S "$2" -U "$3muxed1"
    ok "$1: another password" by_mux "$TERN" user password muxed1 --set --password-stdin -S "$2" <<<'Second-Pass.2'
    TERN_PASSWORD=Second-Pass.2 ok "  which is good" "$TERN" server info -S "$2" -U "$3muxed1"
    TERN_PASSWORD=First-Pass.1 fails "  and the first is not" 1 LOGON_FAILURE "$TERN" server info -S "$2" -U "$3muxed1"
    ok "$1: and gone" by_mux "$TERN" user delete muxed1 -S "$2"
}
passwords "Samba" "$LAB_SRV" ''
passwords "dc" "$LAB_DC_ADDR" "$LAB_DC_DOMAIN\\"

# ---- the Net functions ----
P=$TERN_BUILD/tests/system/netapi_server
mux_set '*.invalid' root x
export NA_USER='' NA_PASSWORD='' TERN_NPC=$S
points "NetAPI" info "$LAB_SRV" "$LAB_SRV_NAME" TERNGROUP workgroup
points "NetAPI" shares "$LAB_SRV" "$LAB_SRV_DIR/share1"
points "NetAPI" refused "$LAB_SRV"
points "NetAPI" fork "$LAB_SRV"
points "NetAPI, dc" info "$LAB_DC_ADDR" "$LAB_DC_NAME" "$LAB_DC_DOMAIN" domain
points "NetAPI, threads" threads "$LAB_DC_ADDR" "$LAB_SRV"
unset TERN_NPC NA_USER NA_PASSWORD

# ---- the daemon goes ----
if [ ! -x "$TERN_BUILD/daemons/msrpcd" ]; then
    skip "msrpcd" "built without SQLite"
    done_testing
fi
ok "msrpcd starts" start_server
ok "  and has a second account" env MSRPCD_ADMIN_PASSWORD="$PASSWORD" "$TERN_BUILD/daemons/msrpcd" user add --scratch "$TERN_WORK/srv" berta
P=$who
points "tokens, msrpcd, 8 threads" tokens "$S" "$HOST" admin berta - 8 <<<"$PASSWORD"$'\n'"$PASSWORD"
mux_set "$HOST" admin "$PASSWORD"
for verb in 'server info' 'share list' 'share show nosuchshare'; do
    # shellcheck disable=SC2086
    same "msrpcd" "$HOST" admin "$PASSWORD" $verb
done

# a call that is at work on the server when the daemon is killed; others come and go all the time
LOADS=()
for i in 1 2 3 4 5 6; do
    "$who" load "$S" "$HOST" 6 >"$TERN_WORK/load$i" 2>&1 &
    LOADS+=($!)
done
by_mux "$TERN" rpc call rpcecho.echo_TestSleep '{"seconds": 5}' -S "$HOST" >"$TERN_WORK/sleeper" 2>&1 &
SLEEPER=$!
sleep 1.5
started=$(date +%s%N)
kill -9 "$MUXER"
wait "$MUXER" 2>/dev/null
wait "$SLEEPER"
is "the call in the middle fails" 1 $?
took=$((($(date +%s%N) - started) / 1000000))
if [ $took -lt 2000 ]; then tap ok "  at once"; else tap "not ok" "  at once: $took ms"; fi
like "  and says what it was" 'STATUS_(CONNECTION_(DISCONNECTED|RESET)|PIPE_DISCONNECTED)' cat "$TERN_WORK/sleeper"
ok "another daemon in its place" start_muxer
mux_set "$HOST" admin "$PASSWORD"
ok "the next call is as before" by_mux "$TERN" server info -S "$HOST"
# loads: all have failed and come back
loads()
{
    local i bad=''
    for i in "${!LOADS[@]}"; do
        wait "${LOADS[$i]}" || bad+=" $i:$?"
    done
    LOADS=()
    for i in 1 2 3 4 5 6; do
        grep -Eq '^good=[1-9][0-9]* failed=[0-9]+ unknown=0 .*last=STATUS_SUCCESS' "$TERN_WORK/load$i" || bad+=" $(cat "$TERN_WORK/load$i")"
    done
    is "$1" '' "$bad"
    note "$(cat "$TERN_WORK/load1")"
}
loads "six programs in its midst: known failures, then calls again"

# ---- the server goes ----
for i in 1 2 3 4 5 6; do
    "$who" load "$S" "$HOST" 6 >"$TERN_WORK/load$i" 2>&1 &
    LOADS+=($!)
done
by_mux "$TERN" rpc call rpcecho.echo_TestSleep '{"seconds": 5}' -S "$HOST" >"$TERN_WORK/sleeper" 2>&1 &
SLEEPER=$!
sleep 1.5
kill -9 "$SERVER"
wait "$SERVER" 2>/dev/null
wait "$SLEEPER"
is "the server is killed: the call in the middle fails" 1 $?
like "  and says what it was" 'STATUS_(CONNECTION_(DISCONNECTED|RESET)|PIPE_DISCONNECTED)' cat "$TERN_WORK/sleeper"
ok "it comes back" start_server
ok "the next call is as before" by_mux "$TERN" server info -S "$HOST"
loads "six programs in its midst: known failures, then calls again"
is "what was drained is gone" '' "$(by_mux "$TERN" mux connections --json | grep -o '"pipe": "[^"]*"')"
done_testing
