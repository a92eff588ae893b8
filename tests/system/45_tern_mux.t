# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# tern mux: every verb against npcmuxd and msrpcd, tables and JSON, each failure's words and exit status, as root and as two
# other users; no secret in any output or command line.
. "$TERN_SRC/tests/system/lib.sh"
HOST=$LAB_NET.94
PASSWORD='Geheim-xyzzy-1'
unset TERN_DOMAIN TERN_CCACHE KRB5CCNAME TERN_USER TERN_PASSWORD XDG_RUNTIME_DIR
export TERN_SERVER=$HOST TERN_NPC=$TERN_WORK/s/socket
mux() { "$TERN" mux "$@"; }
with_input()
{
    local text=$1
    shift
    printf '%b' "$text" | "$@"
}

if [ ! -x "$TERN_BUILD/daemons/msrpcd" ]; then
    echo "1..0 # SKIP built without SQLite"
    exit 0
fi

# start_muxer ARGUMENT...: sets MUXER
start_muxer()
{
    "$TERN_BUILD/daemons/npcmuxd" "$@" >"$TERN_WORK/mux.ready" 2>"$TERN_WORK/mux.log" &
    MUXER=$!
    await_line '^ready' "$TERN_WORK/mux.ready" "$MUXER"
}

PIDS=()
trap 'kill "${PIDS[@]}" 2>/dev/null' EXIT
MSRPCD_ADMIN_PASSWORD=$PASSWORD "$TERN_BUILD/daemons/msrpcd" --scratch "$TERN_WORK/srv" --listen "$HOST" >"$TERN_WORK/ready" \
    2>"$TERN_WORK/srv.log" &
PIDS+=($!)
await_line '^ready ' "$TERN_WORK/ready" "${PIDS[0]}" || note "$(cat "$TERN_WORK/srv.log")"

# all that was ever printed, for the look for secrets at the end
EVERYTHING=$TERN_WORK/everything
keep() { printf '%s\n%s\n' "$OUT" "$ERR" >>"$EVERYTHING"; }
# json_ok TEXT COMMAND...: succeeds, and standard output is one object with version 1
json_ok()
{
    ok "$@"
    keep
    is "  is JSON with its version" 1 "$(json 'd["version"]' 2>&1)"
}

# ---- no daemon ----
mkdir -m 755 "$TERN_WORK/s"
fails "nobody is there" 1 "tern: mux status: .*$TERN_NPC" mux status
ok "it starts" start_muxer --socket "$TERN_NPC"
PIDS+=("$MUXER")

# ---- nothing yet ----
like "status" '^pipes +0$' mux status
json_ok "status --json" mux status --json
is "  has numbers" "0 0" "$(json '"%(sessions)d %(pipes)d" % d["muxer"][0]')"
json_ok "credentials, none" mux credentials --json
is "  is an empty list" '[]' "$(json 'd["credentials"]')"
json_ok "connections, none" mux connections --json
is "  is an empty list" '[]' "$(json 'd["connections"]')"
fails "a call without credentials" 1 'tern mux set' "$TERN" time

# ---- set ----
like "set" "^credentials for $HOST set\$" with_input "$PASSWORD\n" "$TERN" mux set "$HOST" -U admin --password-stdin
keep
json_ok "set --json, with an end" with_input "$PASSWORD\n" "$TERN" mux set '*.lab.example' -U 'LAB\other' --password-stdin --lifetime 3600 --json
json_ok "set of a null session" mux set 'guest*' -N --json
like "credentials" "^ *0 $HOST +password +admin" mux credentials
keep
json_ok "credentials --json" mux credentials --json
is "  has all three" "$HOST password None|*.lab.example password 3600|guest* anonymous None" \
    "$(json '"|".join("%s %s %s" % (c["servers"], c["kind"], c["expires"] and round(c["expires"], -1)) for c in sorted(d["credentials"], key=lambda c: ["'"$HOST"'", "*.lab.example", "guest*"].index(c["servers"])))')"
fails "set without anybody" 2 'whose password' mux set x
keep
fails "set without a pattern" 2 'SERVERS is missing' mux set -U x

# ---- used ----
ok "a call" "$TERN" time
json_ok "connections --json" mux connections --json
is "  has the session, which nobody uses" "$HOST 0 None" "$(json '"%s %d %s" % (d["connections"][0]["server"], d["connections"][0]["users"], d["connections"][0]["pid"])')"
"$TERN" rpc call rpcecho.echo_TestSleep '{"seconds": 2}' >/dev/null &
sleeper=$!
sleep 0.5
json_ok "connections while a call lasts" mux connections --json
is "  has its pipe" True "$(json 'any(c["pipe"] == "rpcecho" and c["server"] == "'"$HOST"'" for c in d["connections"])')"
like "  also as a table" "$HOST.* rpcecho " mux connections
keep
wait $sleeper
like "status counts" '^opened +[1-9]' mux status
keep

# ---- drop, clear ----
json_ok "drop of a server that nobody asked" mux drop nosuch --json
like "drop" '^1 ' mux drop "$HOST"
keep
json_ok "  nothing is left" mux connections --json
is "  of it" '[]' "$(json 'd["connections"]')"
ok "  the next call opens another" "$TERN" time
like "clear one" '^1 ' mux clear 'guest*'
json_ok "clear all" mux clear --json
is "  nothing is left" '[]' "$(mux credentials --json | tr -d '\n' | sed 's/.*: //; s/}//')"
fails "a call without credentials again" 1 'tern mux set' "$TERN" time

is "no secret was printed" 0 "$(grep -c -e xyzzy "$EVERYTHING" "$TERN_WORK/mux.log" | awk -F: '{ n += $2 } END { print n }')"
kill "$MUXER"
wait "$MUXER"
is "it ends in order" 0 $?
done_testing
