# SPDX-License-Identifier: Apache-2.0
# needs: dc
# timeout: 240
# npcmuxd as a daemon: its configuration, what it gives up, whose its socket is, Kerberos inside of its sandbox, log, metrics,
# reloads, the end, sockets that are handed over, a user's own instance, and what is left of secrets in its memory.
. "$TERN_SRC/tests/system/lib.sh"
NPCMUXD=$TERN_BUILD/daemons/npcmuxd
MSRPCD=$TERN_BUILD/daemons/msrpcd
PROBE=$TERN_BUILD/tests/system/mux_probe
HOST=$LAB_NET.94
SYSTEM_USER=54321 SOMEBODY=54322 ANOTHER=54323
PASSWORD='Xq7-Wort-Geheim-4711'
unset TERN_USER TERN_PASSWORD TERN_SERVER TERN_NPC XDG_RUNTIME_DIR

if [ ! -x "$MSRPCD" ]; then
    echo "1..0 # SKIP built without SQLite"
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "1..0 # SKIP not root"
    exit 0
fi
chmod 711 "$TERN_WORK" "$(dirname "$TERN_WORK")"
D=$(mktemp -d /tmp/tern-muxd-XXXXXX) || exit 1 # sockets need short paths, and other users a way to them
chmod 755 "$D"
cp "$KRB5_CONFIG" "$D/krb5.conf" && chmod 644 "$D/krb5.conf"
export KRB5_CONFIG=$D/krb5.conf
PID='' SERVER=''
trap 'kill $PID $SERVER 2>/dev/null; rm -rf "$D"' EXIT
if ! setpriv --reuid $SOMEBODY --regid $SOMEBODY --clear-groups test -x "$TERN"; then
    echo "1..0 # SKIP other users do not reach $TERN_BUILD"
    exit 0
fi

begin() # begin COMMAND...: starts it, waits until it is ready; sets PID
{
    : >"$D/ready"
    "$@" >"$D/ready" 2>"$D/err.log" &
    PID=$!
    await_line '^ready ' "$D/ready" $PID || { cat "$D/err.log" >&2; return 1; }
}
stop()
{
    kill -TERM $PID
    wait $PID
}
of_process() { sed -n "s/^$1:[[:blank:]]*//p" "/proc/$PID/status" | tr '\t' ' '; }
as() # as UID COMMAND...
{
    local uid=$1
    shift
    setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
}
give() # give UID PATTERN USER PASSWORD: credentials
{
    printf %s "$4" | as "$1" "$TERN" mux set "$2" -U "$3" --password-stdin
}
logged() # logged REGEX: within five seconds there is such a line
{
    for _ in $(seq 50); do
        ! grep -Eq -- "$1" "$D/log" || return 0
        sleep 0.1
    done
    tail -20 "$D/log"
    return 1
}
metric() # metric ROW: its value
{
    curl -s --unix-socket "$D/run/metrics" http://localhost/metrics | awk -v row="$1" '$1 == row { print $2 }'
}
peer_of() # peer_of SOCKET: the uid of who listens there
{
    /usr/bin/python3 -c 'import socket, struct, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
print(struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])' "$1"
}

MSRPCD_ADMIN_PASSWORD=$PASSWORD "$MSRPCD" --scratch "$D/srv" --listen "$HOST" >"$D/srv.out" 2>&1 &
SERVER=$!
ok "a server" await_line '^ready ' "$D/srv.out" $SERVER

# ---- the configuration ----
fails "nothing is said" 2 'config, --user or --socket is missing' "$NPCMUXD"
fails "an unknown option" 2 'unrecognized option' "$NPCMUXD" --nonsense
like "help names the keys" 'max-sessions-per-uid' "$NPCMUXD" --help
like "an example has all keys" '^#session_idle = 60' "$NPCMUXD" --example
"$NPCMUXD" --example >"$D/example"
ok "and is a configuration" "$NPCMUXD" --check --config "$D/example"
like "keys of the command line count more" '^session_idle = 7' "$NPCMUXD" --check --config "$D/example" --session-idle 7
printf '%s\n' 'sockets = x' 'session_idle = soon' 'socket_mode = 0777' 'max_connections = 5' 'max_connections_per_uid = 6' \
    'log_events = all' 'log_events = changes' 'lock_memory = perhaps' 'socket = relative' 'not a line' 'metrics = somewhere' >"$D/bad"
fails "mistakes are told" 2 'bad:1: unknown key: sockets' "$NPCMUXD" --check --config "$D/bad"
SAID=$ERR
for says in 'bad:2: session_idle: not a number: soon' 'bad:3: socket_mode: such permissions' 'bad:7: log_events: is set in line 6' \
    'bad:8: lock_memory: not one of the words that are known: perhaps; it takes required, try, no' 'bad:9: socket: an absolute path' \
    'bad:10: not "key = value"' 'bad:11: metrics: '; do
    ok "all of them: line ${says#bad:}" grep -qF -- "$says" <<<"$SAID"
done
printf 'max_connections = 5\nmax_connections_per_uid = 6\n' >"$D/bad"
fails "keys that do not go together" 2 'max_connections_per_uid is more than' "$NPCMUXD" --check --config "$D/bad"
fails "what a number may be is told" 2 '--workers: out of range: 0; it takes 1 to 256' "$NPCMUXD" --check --config "$D/example" --workers 0
if [ "$(id -u)" = 0 ]; then
    ok "root without run_as" "$NPCMUXD" --check --config "$D/example"
    like "  is told that a start will be refused" 'run_as is not set: a start by root will be refused' printf %s "$ERR"
fi
fails "a user who is not there" 2 'there is no user nobody-of-this-name' "$NPCMUXD" --check --config "$D/example" --run-as nobody-of-this-name
fails "no file" 2 'No such file' "$NPCMUXD" --check --config "$D/none"
fails "own instances are nobody else's" 2 'run_as: a user.s own' "$NPCMUXD" --check --user --socket "$D/x" --run-as root
fails "nor open to others" 2 'socket_mode: a user.s own' "$NPCMUXD" --check --user --socket "$D/x" --socket-mode 0666
fails "and have to have a place" 2 'XDG_RUNTIME_DIR' "$NPCMUXD" --check --user
like "which the environment names" '^socket = /run/user/7/npcmux/socket' env XDG_RUNTIME_DIR=/run/user/7 "$NPCMUXD" --check --user

# ---- a system's instance ----
cat >"$D/conf" <<END
run_as = $SYSTEM_USER
log_file = $D/log
log_events = all
metrics = $D/run/metrics
socket = $D/run/socket
END
sed '/^run_as/d' "$D/conf" >"$D/nobody"
fails "root has to say who is to serve" 1 'run_as is not set, and this is root' "$NPCMUXD" --config "$D/nobody"
install -o $SYSTEM_USER -m 640 /dev/null "$D/log"
ok "it starts as root" begin "$NPCMUXD" --config "$D/conf" --verbose
is "and is another user" "$SYSTEM_USER $SYSTEM_USER $SYSTEM_USER $SYSTEM_USER" "$(of_process Uid)"
is "of another group" "$SYSTEM_USER $SYSTEM_USER $SYSTEM_USER $SYSTEM_USER" "$(of_process Gid)"
is "without others" "$SYSTEM_USER " "$(of_process Groups)"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do is "$set is empty" 0000000000000000 "$(of_process $set)"; done
SANDBOX=
if grep -q 'no filter of system calls' "$D/log"; then
    skip "the sandbox" "$(sed -n 's/.*no filter of system calls: //p' "$D/log" | head -1)"
else
    SANDBOX=yes
    is "no new privileges" 1 "$(of_process NoNewPrivs)"
    is "system calls are filtered, in each thread" 2 "$(sed -n 's/^Seccomp:[[:blank:]]*//p' /proc/$PID/task/*/status | sort -u)"
    is "it is not dumpable: its memory is root's" 0 "$(stat -c %u "/proc/$PID/mem")"
    fails "not even the same user looks into it" 0 'Permission denied' as $SYSTEM_USER cat "/proc/$PID/environ"
fi
like "no core dumps" 'core file size  *0  *0 ' cat "/proc/$PID/limits"
is "the socket is for everybody" 666 "$(stat -c %a "$D/run/socket")"
is "and root listened, as clients see" 0 "$(peer_of "$D/run/socket")"
is "its directory" "$SYSTEM_USER 755" "$(stat -c '%u %a' "$D/run")"
if [ "$(of_process VmLck)" = "0 kB" ]; then
    ok "the log says that memory is not locked as a whole" logged 'memory is not locked'
else
    unlike "the log does not say that memory is not locked" 'memory is not locked' cat "$D/log"
fi
fails "that can be demanded" 1 'memory cannot be locked' prlimit --memlock=8388608:8388608 setpriv --bounding-set=-sys_resource,-ipc_lock \
    --inh-caps=-sys_resource,-ipc_lock "$NPCMUXD" --socket "$D/other" --lock-memory required

export TERN_NPC=$D/run/socket
ok "a user gives credentials" give $SOMEBODY "$HOST" admin "$PASSWORD"
ok "another gives his" give $ANOTHER "*" admin "wrong-$PASSWORD"
like "the first is served" 'platform' as $SOMEBODY "$TERN" server info -S "$HOST"
like "again, in the same session" 'platform' as $SOMEBODY "$TERN" server info -S "$HOST"
fails "the other by what he gave" 1 'LOGON_FAILURE|password' as $ANOTHER "$TERN" server info -S "$HOST"
ok "credentials in the log" logged "credentials uid=$SOMEBODY pid=[0-9]* .*pattern=$HOST account=admin kind=password result=ok"
ok "a session" logged "session uid=$SOMEBODY server=$HOST peer=$HOST:445 account=admin kind=password duration_us=[0-9]* result=ok"
ok "one that failed" logged "session uid=$ANOTHER .* result=failed status=STATUS_LOGON_FAILURE"
ok "a pipe" logged "pipe uid=$SOMEBODY pid=[0-9]* program=tern server=$HOST pipe=srvsvc mode=[a-z]* id=[0-9]* warm=true"
ok "its end, with its bytes" logged "pipe_end uid=$SOMEBODY .* bytes_in=[1-9][0-9]* bytes_out=[1-9]"
unlike "no password in the log" '[Gg]eheim' cat "$D/log"
give $SOMEBODY 'x.example' "$(printf 'ev\nil refused uid=0 \033[31m\342\200\256')" x >/dev/null 2>&1
ok "a strange name in the log" logged 'account="ev\\u000ail refused'
unlike "makes no lines of its own" '^il refused' cat "$D/log"
fails "nor moves a cursor" 1 '' grep -q "$(printf '\033')" "$D/log"
as $SOMEBODY "$TERN" mux clear x.example >/dev/null

# Kerberos: libkrb5 in the sandbox, with its KDC found, its plugins loaded
ok "credentials of the domain" give $SOMEBODY "$LAB_DC" "$LAB_DC_USER@$LAB_DC_REALM" "$LAB_DC_PASSWORD"
like "a session by Kerberos" 'platform' as $SOMEBODY "$TERN" server info -S "$LAB_DC"
run as $SOMEBODY "$TERN" mux connections --json
ok "is one" grep -q krb5 <<<"$OUT"
cp "$LAB_DC_KEYTAB" "$D/keytab" && chown $SOMEBODY "$D/keytab"
install -d -o $SOMEBODY "$D/tickets"
ok "tickets" as $SOMEBODY kinit -c "FILE:$D/tickets/cc" -kt "$D/keytab" "$LAB_DC_ADMIN"
ok "tickets of a cache, sent" as $SOMEBODY "$TERN" mux set "$LAB_DC" --ccache "FILE:$D/tickets/cc"
like "are of use" 'platform' as $SOMEBODY "$TERN" server info -S "$LAB_DC"
ok "a keytab, sent" as $SOMEBODY "$TERN" mux set "$LAB_DC" --keytab "$D/keytab" -U "$LAB_DC_ADMIN@$LAB_DC_REALM"
like "is of use" 'platform' as $SOMEBODY "$TERN" server info -S "$LAB_DC"
ok "that is in the log" logged 'kind=keytab .*result=ok'
as $SOMEBODY "$TERN" mux clear "$LAB_DC" >/dev/null
as $SOMEBODY "$TERN" mux drop "$LAB_DC" >/dev/null

# ---- numbers ----
ok "sessions are counted" test "$(metric 'npcmuxd_sessions_total{result="ok"}')" -ge 3
ok "warm connects" test "$(metric 'npcmuxd_connects_total{result="warm"}')" -ge 1
ok "failed ones" test "$(metric 'npcmuxd_connects_total{result="failed"}')" -ge 1
ok "bytes" test "$(metric 'npcmuxd_bytes_total{direction="in"}')" -ge 100
ok "users" test "$(metric npcmuxd_users)" -ge 2
is "the socket is for the group at most" 660 "$(stat -c %a "$D/run/metrics")"

# ---- a KDC that does not answer holds up nobody else ----
cat >"$D/hole.py" <<'END'
import socket, sys, time
s = socket.socket()
s.bind((sys.argv[1], 88))
s.listen(16)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind((sys.argv[1], 88))
time.sleep(60)
END
/usr/bin/python3 "$D/hole.py" "$LAB_NET.95" &
HOLE=$!
printf '[realms]\n HOLE.EXAMPLE = {\n  kdc = %s\n }\n[domain_realm]\n localhost = HOLE.EXAMPLE\n' "$LAB_NET.95" >>"$D/krb5.conf"
ok "credentials of a realm that is silent" give $ANOTHER "$LAB_DC" "user@HOLE.EXAMPLE" x
as $ANOTHER "$TERN" server info -S "$LAB_DC" -k -t 20 >"$D/stuck" 2>&1 &
STUCK=$!
sleep 0.7
start=$(date +%s%N)
like "others are served" 'platform' as $SOMEBODY "$TERN" server info -S "$HOST"
ok "at once" test $((($(date +%s%N) - start) / 1000000)) -lt 1500
ok "while that one waits" kill -0 $STUCK
kill $STUCK $HOLE 2>/dev/null
wait $STUCK $HOLE 2>/dev/null

# ---- reload ----
sed -i '/^socket = /d' "$D/conf"
printf 'max_credentials_per_uid = 2\nlog_format = json\nsocket = %s/elsewhere\n' "$D" >>"$D/conf"
kill -HUP $PID
ok "a reload says what has changed" logged 'max_credentials_per_uid is another'
ok "and what counts later" logged 'socket is another: that counts from the next start'
ok "it has been read" logged 'has been read anew'
ok "one credential is left to give" give $SOMEBODY "one" admin x
fails "then it is the ceiling" 1 'QUOTA|credentials already' give $SOMEBODY "two" admin x
ok "the format is another" logged '^\{"time":"[^"]*","event":"credentials","uid":54322.*"status":"STATUS_QUOTA_EXCEEDED"'
is "each line is JSON" 0 "$(sed -n '/^{/p' "$D/log" | /usr/bin/python3 -c 'import json, sys
bad = 0
for line in sys.stdin:
    try: json.loads(line)
    except ValueError: bad += 1
print(bad)')"
echo 'max_connections = lots' >>"$D/conf"
kill -HUP $PID
ok "mistakes are told" logged 'max_connections: not a number'
ok "and nothing changes" logged 'the configuration stays as it was'
fails "the ceiling stands" 1 'QUOTA|credentials already' give $SOMEBODY "two" admin x
sed -i '/lots/d' "$D/conf"
mv "$D/log" "$D/log.1" && install -o $SYSTEM_USER -m 640 /dev/null "$D/log"
kill -HUP $PID
ok "the log is opened anew" logged 'has been read anew'

# ---- the end in order ----
like "before the end" '"out_data": *42' as $SOMEBODY "$TERN" rpc call -S "$HOST" rpcecho.echo_AddOne '{"in_data": 41}'
as $SOMEBODY "$TERN" rpc call -S "$HOST" rpcecho.echo_TestSleep '{"seconds": 2}' >"$D/slow" 2>&1 &
SLOW=$!
sleep 0.7
kill -TERM $PID
sleep 0.3
ok "it waits for what is under way" kill -0 $PID
fails "nobody is let in any more" 1 '.' as $SOMEBODY "$TERN" mux status
wait $SLOW
is "which ends well" 0 $?
wait $PID
is "then the daemon does" 0 $?
ok "says so" logged '"text":"has ended"'
ok "has logged off" logged '"event":"session_end","uid":54322'
fails "its socket is gone" 1 '' test -e "$D/run/socket"
ok "to be cut off" begin "$NPCMUXD" --socket "$D/run/socket" --run-as $SYSTEM_USER --drain-timeout 1
give $SOMEBODY "$HOST" admin "$PASSWORD" >/dev/null
as $SOMEBODY "$TERN" rpc call -S "$HOST" rpcecho.echo_TestSleep '{"seconds": 6}' >"$D/slow" 2>&1 &
SLOW=$!
sleep 0.7
start=$(date +%s%N)
ok "drain_timeout is the limit" stop
ok "of the wait" test $((($(date +%s%N) - start) / 1000000)) -lt 4000
wait $SLOW
ok "who was cut off has heard of it" test $? != 0

# ---- sockets ----
ok "it starts again" begin "$NPCMUXD" --socket "$D/run/socket" --run-as $SYSTEM_USER
fails "a second one on its socket does not" 1 'somebody listens there already' "$NPCMUXD" --socket "$D/run/socket" --run-as $SYSTEM_USER
kill -KILL $PID
wait $PID 2>/dev/null
ok "what a dead one left" test -S "$D/run/socket"
ok "is replaced" begin "$NPCMUXD" --socket "$D/run/socket" --run-as $SYSTEM_USER
ok "it ends" stop
touch "$D/run/socket"
fails "a file is not" 1 'or it is no socket' "$NPCMUXD" --socket "$D/run/socket" --run-as $SYSTEM_USER
rm "$D/run/socket"
install -d "$D/open" && chmod 1777 "$D/open"
fails "where others may write no socket is made" 1 'others may write there' "$NPCMUXD" --socket "$D/open/socket"
install -d -m 755 -o $ANOTHER "$D/foreign"
fails "nor in somebody's directory" 1 "belongs to user $ANOTHER" "$NPCMUXD" --socket "$D/foreign/socket" --run-as $SYSTEM_USER
fails "nor in none" 1 'No such file' "$NPCMUXD" --socket "$D/no/where/socket"
ok "a mode of its own" begin "$NPCMUXD" --socket "$D/run/socket" --run-as $SYSTEM_USER --socket-mode 0660
is "is the socket's" 660 "$(stat -c %a "$D/run/socket")"
ok "it ends" stop

# ---- secrets in memory ----
hex() { /usr/bin/python3 -c 'import sys; print(sys.argv[1].encode(sys.argv[2]).hex())' "$1" "$2"; }
NTHASH=$(/usr/bin/python3 -c 'import sys; from impacket.ntlm import compute_nthash; print(compute_nthash(sys.argv[1]).hex())' "$PASSWORD")
peek() { /usr/bin/python3 "$TERN_SRC/tests/system/memory_peek.py" "$PID" "$@" | awk '{ print $1 }' | paste -sd ' '; }
ok "a daemon to look into" begin "$NPCMUXD" --socket "$D/run/socket" --run-as $SYSTEM_USER
ok "is given a password" give $SOMEBODY "$HOST" admin "$PASSWORD"
mkfifo "$D/hold"
as $SOMEBODY "$PROBE" "$D/run/socket" "$HOST" <"$D/hold" >"$D/keys" 2>&1 &
HOLDER=$!
exec 7>"$D/hold"
for _ in $(seq 50); do ! grep -q . "$D/keys" || break; sleep 0.1; done
read -r SESSION_KEY APPLICATION_KEY <"$D/keys"
HEX=("$(hex "$PASSWORD" utf-8)" "$(hex "$PASSWORD" utf-16-le)" "$NTHASH" "$SESSION_KEY" "$APPLICATION_KEY")
found=$(peek "${HEX[@]}")
note "in use: password (UTF-8, UTF-16), its hash, session key, application key: $found"
like "while it is kept it is there, once" '^1 0 1 ' echo "$found"
like "the session's keys too" '^. . . [1-9][0-9]* [1-9]' echo "$found"
exec 7>&-
wait $HOLDER
as $SOMEBODY "$TERN" mux clear "$HOST" >/dev/null
as $SOMEBODY "$TERN" mux drop "$HOST" >/dev/null
for _ in $(seq 30); do [ "$(peek "${HEX[@]}")" != "0 0 0 0 0" ] || break; sleep 0.1; done
is "forgotten, nothing of them is left" "0 0 0 0 0" "$(peek "${HEX[@]}")"
{ printf 'Needle-In-Content-99'; head -c 60000 /dev/zero; } >"$D/tickets/big"
chown $SOMEBODY "$D/tickets/big"
NEEDLE=$(hex Needle-In-Content-99 utf-8)
as $SOMEBODY /usr/bin/python3 - "$D/run/socket" "$D/tickets/big" <<'END'
import socket, struct, sys

def message(kind, number, body): return struct.pack("<IHHIII", 20 + len(body), kind, 0, number, 0, 0) + body
def text(s): return struct.pack("<H", len(s)) + s.encode()

s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(message(1, 1, struct.pack("<IHH", 0x4D43504E, 1, 1) + text("test")))
content = open(sys.argv[2], "rb").read()
m = message(2, 2, struct.pack("<Q", 0) + text("content.example") + b"\2" + text("") + text("") + text("") + struct.pack("<I", len(content)) +
            content + struct.pack("<I", 0))
for i in range(0, len(m), 999):  # in pieces, so that it has to be put together
    s.sendall(m[i:i + 999])
for _ in range(2):
    head = s.recv(20, socket.MSG_WAITALL)
    s.recv(struct.unpack_from("<I", head)[0] - 20, socket.MSG_WAITALL)
END
like "content is kept once, mapped and as a file" '^[12]$' peek "$NEEDLE"
as $SOMEBODY "$TERN" mux clear content.example >/dev/null
is "and is gone" 0 "$(peek "$NEEDLE")"
give $SOMEBODY "$LAB_DC" "$LAB_DC_USER@$LAB_DC_REALM" "$LAB_DC_PASSWORD" >/dev/null
as $SOMEBODY "$TERN" server info -S "$LAB_DC" >/dev/null
DCHEX=$(hex "$LAB_DC_PASSWORD" utf-8)
note "Kerberos, password in use: $(peek "$DCHEX")"
as $SOMEBODY "$TERN" mux clear "$LAB_DC" >/dev/null
as $SOMEBODY "$TERN" mux drop "$LAB_DC" >/dev/null
sleep 0.3
left=$(peek "$DCHEX")
note "Kerberos, password afterwards: $left"
ok "libkrb5 leaves no more than a copy or two" test "$left" -le 2
ok "it ends" stop

# ---- sockets that are handed over ----
cat >"$D/manager.py" <<'END'
"""A service manager: manager.py OUT SOCKET USER COMMAND...; starts the command when somebody connects, with the socket, and
again when that happens again. A line of OUT for each message and end."""
import os, select, signal, socket, sys

out, path, user, command = open(sys.argv[1], "w", buffering=1), sys.argv[2], int(sys.argv[3]), sys.argv[4:]
os.setgroups([])
os.setgid(user)
os.setuid(user)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind("\0tern-muxd-%d" % os.getpid())
notify.settimeout(0.2)
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(64)
out.write("listening\n")
signal.signal(signal.SIGTERM, signal.SIG_DFL)
while True:
    select.select([s], [], [])
    if os.fork() == 0:
        os.dup2(s.fileno(), 100)
        os.dup2(100, 3)
        env = dict(os.environ, LISTEN_FDS="1", LISTEN_FDNAMES="npcmux", LISTEN_PID=str(os.getpid()),
                   NOTIFY_SOCKET="@tern-muxd-%d" % os.getppid(), WATCHDOG_USEC="400000", WATCHDOG_PID=str(os.getpid()))
        os.execve(command[0], command, env)
    while True:
        try:
            out.write("said %s\n" % notify.recv(512).decode().replace("\n", " "))
        except TimeoutError:
            pass
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            out.write("ended %d\n" % status)
            break
END
said()
{
    for _ in $(seq 120); do
        ! grep -Eq "$1" "$D/manager.log" || return 0
        sleep 0.1
    done
    cat "$D/manager.log" "$D/err.log"
    return 1
}
install -d -o $SYSTEM_USER -m 755 "$D/sock"
install -o $SYSTEM_USER /dev/null "$D/manager.log"
/usr/bin/python3 "$D/manager.py" "$D/manager.log" "$D/sock/socket" $SYSTEM_USER "$NPCMUXD" --config "$D/example" --exit-idle 1 \
    >"$D/ready" 2>"$D/err.log" &
MANAGER=$!
ok "a manager listens" said '^listening'
fails "nothing runs yet" 1 '' grep -q said "$D/manager.log"
export TERN_NPC=$D/sock/socket
like "the first client starts it" 'connections' as $SYSTEM_USER "$TERN" mux status
ok "it is ready" said '^said READY=1'
like "and says what it serves" '^ready socket=handed-over' cat "$D/ready"
PID=$(pgrep -P $MANAGER)
is "nothing of it was ever root" "$SYSTEM_USER $SYSTEM_USER $SYSTEM_USER $SYSTEM_USER" "$(of_process Uid)"
ok "its loop shows that it turns" said '^said WATCHDOG=1'
kill -HUP "$PID"
ok "a reload is told" said '^said RELOADING=1'
ok "nobody needs it: it ends" said '^ended 0'
like "the next client starts it again" 'connections' as $SYSTEM_USER "$TERN" mux status
ok "credentials keep it" give $SYSTEM_USER '*' admin "$PASSWORD"
sleep 7
run as $SYSTEM_USER "$TERN" mux credentials
ok "for longer than exit_idle" grep -q admin <<<"$OUT"
ok "the socket is the manager's, and stays" test -S "$D/sock/socket"
PID=$(pgrep -P $MANAGER)
kill "$MANAGER" "$PID"
wait $MANAGER 2>/dev/null

# ---- a user's own instance ----
install -d -o $SOMEBODY -m 700 "$D/user"
own() { as $SOMEBODY env XDG_RUNTIME_DIR="$D/user" HOME="$D/user" "$@"; }
unset TERN_NPC
: >"$D/ready"
setpriv --reuid $SOMEBODY --regid $SOMEBODY --clear-groups env XDG_RUNTIME_DIR="$D/user" HOME="$D/user" "$NPCMUXD" --user --log-events all --log-file "$D/user/log" \
    >"$D/ready" 2>"$D/err.log" &
PID=$!
ok "a user starts his own" await_line '^ready ' "$D/ready" $PID
is "in a directory of his alone" "$SOMEBODY 700" "$(stat -c '%u %a' "$D/user/npcmux")"
is "at a socket of his alone" "$SOMEBODY 600" "$(stat -c '%u %a' "$D/user/npcmux/socket")"
[ -z "$SANDBOX" ] || is "in a sandbox, too" 2 "$(of_process Seccomp)"
export TERN_NPC=$D/user/npcmux/socket
like "it answers him" 'connections' own "$TERN" mux status
printf %s "$PASSWORD" >"$D/password"
ok "gives it credentials" own "$TERN" mux set "$HOST" -U admin --password-stdin <"$D/password"
like "is served" 'platform' own "$TERN" server info -S "$HOST"
cp "$D/tickets/cc" "$D/user/cc" && chown $SOMEBODY "$D/user/cc"
cat >"$D/name.py" <<'END'
"""SetAuthInfo with the name of a cache, as the page of the protocol has it: name.py SOCKET PATTERN NAME; prints the status."""
import socket, struct, sys

def message(kind, number, body): return struct.pack("<IHHIII", 20 + len(body), kind, 0, number, 0, 0) + body
def text(s): return struct.pack("<H", len(s.encode())) + s.encode()

def answer():
    head = s.recv(20, socket.MSG_WAITALL)
    if len(head) < 20:
        sys.exit("closed")
    length, _, _, _, status, _ = struct.unpack("<IHHIII", head)
    s.recv(length - 20, socket.MSG_WAITALL)
    return status

s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(message(1, 1, struct.pack("<IHH", 0x4D43504E, 1, 1) + text("test")))
answer()
s.sendall(message(2, 2, struct.pack("<Q", 0) + text(sys.argv[2]) + b"\2" + text("") + text("") + text(sys.argv[3]) + struct.pack("<II", 0, 0)))
print("%08x" % answer())
END
is "names of his caches are read" 00000000 "$(own /usr/bin/python3 "$D/name.py" "$D/user/npcmux/socket" "$LAB_DC" "FILE:$D/user/cc")"
like "and are of use" 'platform' own "$TERN" server info -S "$LAB_DC"
chmod 711 "$D/user" "$D/user/npcmux" && chmod 666 "$D/user/npcmux/socket" # what no umask would do
fails "root is refused" 0 'closed|reset|Broken' /usr/bin/python3 "$D/name.py" "$D/user/npcmux/socket" x y
fails "so is anybody" 0 'closed|reset|Broken' as $ANOTHER /usr/bin/python3 "$D/name.py" "$D/user/npcmux/socket" x y
sleep 0.3
like "that is in its log" 'refused ceiling=uid uid=0 ' cat "$D/user/log"
fails "none starts where others may go" 1 'others may go there' own "$NPCMUXD" --user
chmod 700 "$D/user/npcmux"
fails "nor where one serves" 1 'somebody listens there already' own "$NPCMUXD" --user
ok "it ends" stop
is "nothing is left" "" "$(ls "$D/user/npcmux")"
export TERN_NPC=$D/run/socket
begin "$NPCMUXD" --socket "$D/run/socket" --run-as $SYSTEM_USER
is "the system's reads no names" c0000022 "$(as $SOMEBODY /usr/bin/python3 "$D/name.py" "$D/run/socket" "$LAB_DC" "FILE:$D/user/cc")"
stop

# ---- what is packaged ----
units=$TERN_SRC/packaging/systemd
if command -v systemd-analyze >/dev/null; then
    for scope in . user; do
        mkdir -p "$D/units/$scope"
        for u in "$units/$scope"/npcmuxd.service "$units/$scope"/npcmuxd.socket; do # the program is not in its place here, nor are pages
            sed "s,/usr/sbin/npcmuxd,$NPCMUXD,; /^Documentation=/d" "$u" >"$D/units/$scope/${u##*/}"
        done
    done
    run systemd-analyze verify "$D"/units/npcmuxd.*
    is "systemd finds nothing wrong with the units" "0 " "$RC $(grep -v 'IPC\|cgroup' <<<"$ERR$OUT")"
    run systemd-analyze security --offline=true --threshold=22 "$units/npcmuxd.service"
    note "$(grep 'Overall exposure' <<<"$OUT")"
    is "exposure of the service is at most 2.2 of 10" 0 "$RC"
else
    skip "systemd-analyze" "not installed"
fi

# ---- how long a start takes ----
took=$(/usr/bin/python3 - "$NPCMUXD" "$D/run/socket" $SYSTEM_USER <<'END'
import subprocess, sys, time
best = 1e9
for _ in range(5):
    start = time.monotonic()
    p = subprocess.Popen([sys.argv[1], "--socket", sys.argv[2], "--run-as", sys.argv[3]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    p.stdout.readline()
    best = min(best, time.monotonic() - start)
    p.terminate()
    p.wait()
print(int(best * 1000))
END
)
note "ready after $took ms"
ok "it starts quickly" test "$took" -lt 200
done_testing
