# SPDX-License-Identifier: Apache-2.0
# timeout: 180
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

# json_fails TEXT NAME COMMAND...: 1, nothing on standard output, one object with this name on standard error
json_fails()
{
    local text=$1 name=$2
    shift 2
    fails "$text, in JSON" 1 "$name" "$@" --json
    keep
    is "  is JSON" "1 $name True" "$(OUT=$ERR json '"%d %s %s" % (d["version"], d["error"]["name"], len(d["error"]["text"]) > 10)' 2>&1)"
    is "  and nothing on standard output" '' "$OUT"
}
# row LIST EXPRESSION: that of the only member of OUT's list
row() { json "[$2 for r in d[\"$1\"]][0] if len(d[\"$1\"]) == 1 else len(d[\"$1\"])"; }

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
fails "nobody is there" 1 '^tern: mux status: ERROR_CONNECTION_REFUSED \(1225\): no npcmuxd answers$' mux status
said=$ERR
like "  it says where it looked" "^  $TERN_NPC: there is no such socket$" printf %s "$said"
like "  and what starts one" '^  hint: .*systemctl start npcmuxd\.socket.*npcmuxd --user' printf %s "$said"
fails "a call where the muxer is required" 1 "no muxer listens at $TERN_NPC" "$TERN" time
like "  what helps is said of npcmuxd, not of servers" "^  hint: 'tern mux status' tells which npcmuxd" printf %s "$ERR"
fails "a value that is none" 1 'TERN_NPC for the muxer is "yes"' env TERN_NPC=yes "$TERN" time
is "  has no hint about tickets" '' "$(grep hint <<<"$ERR")"
fails "both sockets are looked at" 1 "$TERN_WORK/npcmux/socket: there is no such socket; /run/npcmux/socket: " \
    env TERN_NPC= XDG_RUNTIME_DIR="$TERN_WORK" "$TERN" mux connections
fails "the same of auto" 1 "$TERN_WORK/npcmux/socket: .*; /run/npcmux/socket: " \
    env TERN_NPC=auto XDG_RUNTIME_DIR="$TERN_WORK" "$TERN" mux drop
fails "TERN_NPC=off" 1 'TERN_NPC=off: no npcmuxd is asked' env TERN_NPC=off "$TERN" mux status
fails "a file that is no socket" 1 "$TERN_WORK/ready: nobody listens there" mux status --socket "$TERN_WORK/ready"
for verb in status credentials connections clear drop; do
    json_fails "no daemon: $verb" ERROR_CONNECTION_REFUSED mux "$verb"
done
json_fails "no daemon: set" ERROR_CONNECTION_REFUSED mux set x -N
ok "it starts" start_muxer --socket "$TERN_NPC"
PIDS+=("$MUXER")

cd "$TERN_WORK/s" || exit 1
like "a socket of this directory" '^pipes +0$' env TERN_NPC=/nosuch "$TERN" mux status --socket socket
cd "$TERN_WORK" || exit 1
like "--mux says it, too" '^pipes +0$' env TERN_NPC=/nosuch "$TERN" mux status --mux "$TERN_NPC"
fails "--mux off" 1 '--mux off: no npcmuxd is asked' mux status --mux off

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
is "  the domain is a thing of its own" "LAB other" "$(json '[c["domain"] + " " + c["user"] for c in d["credentials"] if c["servers"] == "*.lab.example"][0]')"
for pattern in 'a*b' '' 'x y' 'a/b' '\\srv' '**x' "$(printf 'a%.0s' {1..256})"; do
    fails "no pattern: '${pattern:0:20}'" 2 "is no pattern for servers: .*srv1, \*\.lab\.example" mux set "$pattern" -N
done
fails "nobody was named, and there are no tickets" 1 'no Kerberos tickets' env KRB5CCNAME="FILE:$TERN_WORK/nocache" "$TERN" mux set x
like "  which says what would help" '^  hint: no user was given.* -U NAME, --keytab or -N' printf %s "$ERR"
json_fails "no tickets there" ERROR_NO_SUCH_LOGON_SESSION mux set x --ccache "FILE:$TERN_WORK/nocache"
fails "a keytab of nobody" 2 '-U says whose' mux set x --keytab /nosuch
json_fails "a keytab that is not there" ERROR_FILE_NOT_FOUND mux set x --keytab /nosuch -U x
: >"$TERN_WORK/empty"
json_fails "an empty keytab" ERROR_INVALID_PARAMETER mux set x --keytab "$TERN_WORK/empty" -U x
fails "Kerberos alone cannot be had" 2 'Kerberos where it can, else NTLM: no --kerberos' mux set x -k -U x
fails "two ways at once" 2 'one of --keytab and --ccache' mux set x --keytab a --ccache b
fails "a password for a cache" 2 '--password-stdin goes with -U' mux set x --ccache b --password-stdin
fails "whose password" 2 'whose password' mux set x --password-stdin
fails "no terminal to ask on" 1 'no terminal' setsid "$TERN" mux set x -U x
fails "nothing to read" 1 'standard input has no line' mux set x -U x --password-stdin
fails "a lifetime that is none" 2 lifetime mux set x -N --lifetime soon
printf 'username = file\npassword = %s\ndomain = LAB\n' "$PASSWORD" >"$TERN_WORK/auth"
chmod 600 "$TERN_WORK/auth"
ok "of a file" mux set file -A "$TERN_WORK/auth"
keep
ok "of the environment" env TERN_USER=env TERN_PASSWORD="$PASSWORD" "$TERN" mux set env
keep
json_ok "  both are there" mux credentials --json
is "  with who they are" "env:|file:LAB" "$(json '"|".join(c["user"] + ":" + c["domain"] for c in d["credentials"] if c["servers"] in ("env", "file"))')"
ok "  and go" mux clear env
ok "  and go" mux clear file
ok "a name that plays with the terminal" mux set evil -U "$(printf 'a\033[31mb\302\233c')" --password-stdin <<<x
like "  is shown escaped" 'a\\033\[31mb\\302\\233c' mux credentials
ok "  in JSON, too" mux credentials --json
is "  by JSON's escapes" 'True' "$(json '[c["user"] for c in d["credentials"] if c["servers"] == "evil"] == ["a\x1b[31mb\x9bc"]')"
is "  and nothing raw" 0 "$(grep -c -P '[\x1b\x9b]' <<<"$OUT")"
ok "  and goes" mux clear evil

# ---- set --check ----
like "set --check" "^$HOST lets it in: SMB 3\.1\.1, encrypted, logon by ntlm$" with_input "$PASSWORD\n" "$TERN" mux set "$HOST" -U admin \
    --password-stdin --check "$HOST"
keep
json_ok "set --check --json" with_input "$PASSWORD\n" "$TERN" mux set "$HOST" -U admin --password-stdin --check "$HOST" --json
is "  says how" "3.1.1 ntlm True" "$(json '"%(dialect)s %(mechanism)s %(encrypted)s" % d["check"]')"
json_fails "a wrong password" ERROR_LOGON_FAILURE with_input 'xyzzy-wrong\n' "$TERN" mux set "$HOST" -U admin --password-stdin --check "$HOST"
is "  nothing was set" "nothing was set" "$(OUT=$ERR json 'd["error"]["context"]')"
ok "  the old one is there still" "$TERN" time
fails "a pattern that does not fit" 1 'the pattern does not fit that server' with_input "$PASSWORD\n" "$TERN" mux set nosuch -U admin \
    --password-stdin --check "$HOST"
fails "a server that is not there" 1 'ERROR_CONNECTION_REFUSED' with_input "$PASSWORD\n" "$TERN" mux set '*' -U admin --password-stdin \
    --check "$LAB_NET.95"
ok "an idle session is let go" mux drop

fails "set without a pattern" 2 'SERVERS is missing' mux set -U x

# ---- used ----
ok "a call" "$TERN" time
json_ok "connections --json" mux connections --json
is "  has the session, which nobody uses" "$HOST 0 None None session 3.1.1 ntlm True" \
    "$(row connections '"%(server)s %(users)d %(pid)s %(pipe)s %(mode)s %(dialect)s %(mechanism)s " % r + str(r["idle"] < 60 and r["age"] < 60)')"
"$TERN" rpc call rpcecho.echo_TestSleep '{"seconds": 4}' >/dev/null &
sleeper=$!
"$TERN" rpc call rpcecho.echo_TestSleep '{"seconds": 4}' >/dev/null &
second=$!
for _ in $(seq 30); do # until both have their pipe
    [ "$(mux connections | grep -c ' rpcecho ')" != 2 ] || break
    sleep 0.1
done
json_ok "connections while two calls last" mux connections --json
is "  has a pipe of each, in one session" "$(printf '%s\n' $sleeper $second | sort -n | tr '\n' ' ')| 1" \
    "$(json '" ".join(str(c["pid"]) for c in d["connections"] if c["pipe"] == "rpcecho") + " | " + str(len({(c["users"], c["peer"]) for c in d["connections"]}))')"
is "  with their program" tern "$(json '"".join({c["program"] for c in d["connections"] if c["pipe"]})')"
is "  in their order" True "$(json 'd["connections"] == sorted(d["connections"], key=lambda c: c["pid"])')"
like "  also as a table" "^ *0 +$sleeper tern +$HOST admin (proxy|message|pdu) +rpcecho 3\.1\.1 AES-256-GCM ntlm +0m" mux connections
keep
is "no secret in any command line" '' "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -o 'Geheim-[x]yzzy')"
wait $second
wait $sleeper
like "status counts" '^opened +[1-9]' mux status
keep

# ---- somebody without the right ----
ok "another account of the server" with_input "$PASSWORD\n" "$TERN_BUILD/daemons/msrpcd" user add --scratch "$TERN_WORK/srv" --password-stdin plain
ok "  has the muxer's session" with_input "$PASSWORD\n" "$TERN" mux set "$HOST" -U plain --password-stdin
fails "  what is refused to it says to whom" 1 'refuses this to plain over SMB' "$TERN" session list
ok "  and the administrator again" with_input "$PASSWORD\n" "$TERN" mux set "$HOST" -U admin --password-stdin

# ---- tap ----
fails "tap into nothing" 2 'where to\? --output FILE' mux tap
json_fails "tap into a file that is there" ERROR_ALREADY_EXISTS mux tap --output "$TERN_WORK/ready" --seconds 1
json_fails "tap into no directory" ERROR_PATH_NOT_FOUND mux tap --output "$TERN_WORK/nosuch/x" --seconds 1
mux tap --output "$TERN_WORK/calls.pcapng" --count 2 --seconds 20 --json >"$TERN_WORK/tap.out" 2>"$TERN_WORK/tap.err" &
tap=$!
ok "tap" await_line recording "$TERN_WORK/tap.err" $tap
ok "  a call meanwhile" "$TERN" time
wait $tap
is "  it ends after so many PDUs" 0 $?
OUT=$(cat "$TERN_WORK/tap.out")
is "  says so, in JSON" 1 "$(json 'd["version"]' 2>&1)"
is "  the file is ours alone" 600 "$(stat -c %a "$TERN_WORK/calls.pcapng")"
is "  there is no secret in it" 0 "$(grep -c xyzzy "$TERN_WORK/calls.pcapng")"

# ---- drop, clear ----
json_ok "drop of a server that nobody asked" mux drop nosuch --json
is "  there was none" 0 "$(json 'd["count"]')"
like "  as people say it" '^there was no session with nosuch$' mux drop nosuch
like "drop" '^1 session let go$' mux drop "$HOST"
keep
json_ok "  nothing is left" mux connections --json
is "  of it" '[]' "$(json 'd["connections"]')"
ok "  the next call opens another" "$TERN" time
like "clear one" '^1 credential forgotten$' mux clear 'guest*'
like "  it is gone" '^there was no credential$' mux clear 'guest*'
json_ok "clear all" mux clear --json
is "  counts" 2 "$(json 'd["count"]')"
is "  nothing is left" '[]' "$(mux credentials --json | tr -d '\n' | sed 's/.*: //; s/}//')"
fails "a call without credentials again" 1 'tern mux set' "$TERN" time

# ---- others ----
if ! command -v setpriv >/dev/null; then
    skip "other users" "setpriv is not installed"
elif ! setpriv --reuid=65534 --regid=65534 --clear-groups "$TERN" --version >/dev/null 2>&1; then
    skip "other users" "they may not read the build directory"
else
    chmod 711 "$TERN_WORK"
    as() { setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"; }
    ok "root has one" with_input "$PASSWORD\n" "$TERN" mux set "$HOST" -U admin --password-stdin
    ok "  and a session" "$TERN" time
    ok "another user sets his own" with_input 'other-xyzzy\n' as 65534 "$TERN" mux set "$HOST" -U stranger --password-stdin
    ok "  and sees" as 65534 "$TERN" mux credentials --json
    keep
    is "  only that" "65534 stranger" "$(row credentials '"%(uid)d %(user)s" % r')"
    ok "  of the connections" as 65534 "$TERN" mux connections --json
    is "  none" '[]' "$(json 'd["connections"]')"
    fails "  it is not root's password that he logs on with" 1 ERROR_LOGON_FAILURE as 65534 "$TERN" time
    json_fails "  --all is not for him" ERROR_ACCESS_DENIED as 65534 "$TERN" mux credentials --all
    fails "  neither connections" 1 'only root sees.*' as 65534 "$TERN" mux connections --all
    like "  which has a hint" '^  hint: without --all' printf %s "$ERR"
    like "  drop is for his own" '^there was no session$' as 65534 "$TERN" mux drop
    like "  clear, too" '^1 credential forgotten$' as 65534 "$TERN" mux clear
    ok "a third has nothing" as 65533 "$TERN" mux credentials --json
    is "  of both" '[]' "$(json 'd["credentials"]')"
    ok "root's are there still" "$TERN" time
    with_input 'other-xyzzy\n' as 65534 "$TERN" mux set "$HOST" -U stranger --password-stdin >/dev/null
    json_ok "root sees all with --all" mux credentials --all --json
    is "  of both" "0 admin|65534 stranger" "$(json '"|".join("%(uid)d %(user)s" % c for c in d["credentials"])')"
    ok "  without, his own" mux credentials --json
    is "  only" "0 admin" "$(row credentials '"%(uid)d %(user)s" % r')"
fi

kill "$MUXER"
wait "$MUXER"
is "it ends in order" 0 $?
fails "then nobody is there" 1 'no npcmuxd answers' mux status
is "no secret was printed" 0 "$(cat "$EVERYTHING" "$TERN_WORK/mux.log" | grep -c xyzzy)"
done_testing
