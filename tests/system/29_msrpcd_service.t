# SPDX-License-Identifier: Apache-2.0
# needs: dc
# timeout: 120
# msrpcd as a service: what it gives up, a keytab that only root can read, systemd's sockets and notifications, its units, a store
# that is another user's.
. "$TERN_SRC/tests/system/lib.sh"
MSRPCD=$TERN_BUILD/daemons/msrpcd
HOST=$LAB_NET.94
USER_ID=54321
export TERN_PASSWORD='Secret-1' TERN_USER=admin TERN_SERVER=$HOST
chmod 711 "$TERN_WORK" "$(dirname "$TERN_WORK")"

if [ ! -x "$MSRPCD" ]; then
    echo "1..0 # SKIP built without SQLite"
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "1..0 # SKIP not root"
    exit 0
fi

begin() # begin COMMAND...: starts it, waits until it is ready; sets PID
{
    : >"$TERN_WORK/ready"
    "$@" >"$TERN_WORK/ready" 2>"$TERN_WORK/err.log" &
    PID=$!
    await_line '^ready ' "$TERN_WORK/ready" $PID || { cat "$TERN_WORK/err.log" >&2; return 1; }
}

stop()
{
    kill -TERM $PID
    wait $PID
}

of_process() { sed -n "s/^$1:[[:blank:]]*//p" "/proc/$PID/status" | tr '\t' ' '; }
ticket()
{
    /usr/bin/python3 "$TERN_SRC/tests/system/token_peer.py" krb5 "ncacn_ip_tcp:${HOST}[$TCP,seal,krb5,target_hostname=$LAB_DC]" \
        "$LAB_DC_USER" "$LAB_DC_PASSWORD" "$LAB_DC_REALM"
}

# ---- started by root ----
install -d -m 700 -o $USER_ID "$TERN_WORK/state"
cp "$LAB_DC_DIR/private/secrets.keytab" "$TERN_WORK/keytab"
chmod 600 "$TERN_WORK/keytab"
cat >"$TERN_WORK/conf" <<EOF
listen = $HOST
run_dir = $TERN_WORK/run
store = $TERN_WORK/state/sam.db
interfaces = srvsvc wkssvc rpcecho
keytab = FILE:$TERN_WORK/keytab
user = $USER_ID
EOF
chmod 644 "$TERN_WORK/conf"
ok "a store for that user" env MSRPCD_ADMIN_PASSWORD=Secret-1 "$MSRPCD" init --config "$TERN_WORK/conf" --name BOX --workgroup WORK
is "is the user's" "$USER_ID 600" "$(stat -c '%u %a' "$TERN_WORK/state/sam.db")"
sed '/^user/d' "$TERN_WORK/conf" >"$TERN_WORK/nobody"
fails "root has to say who is to serve" 1 'user is not set, and this is root' "$MSRPCD" --config "$TERN_WORK/nobody"
fails "and it has to be somebody" 1 'there is no user nobody-of-this-name' "$MSRPCD" --config "$TERN_WORK/conf" --user nobody-of-this-name

ok "it starts as root" begin "$MSRPCD" --config "$TERN_WORK/conf" --verbose
TCP=$(sed -n 's/^ready.* tcp=\([0-9]*\).*/\1/p' "$TERN_WORK/ready")
is "and is another user" "$USER_ID $USER_ID $USER_ID $USER_ID" "$(of_process Uid)"
is "of another group" "$USER_ID $USER_ID $USER_ID $USER_ID" "$(of_process Gid)"
is "without others" "$USER_ID " "$(of_process Groups)"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do is "$set is empty" 0000000000000000 "$(of_process $set)"; done
is "no new privileges" 1 "$(of_process NoNewPrivs)"
if grep -q 'no filter of system calls: built with sanitizers' "$TERN_WORK/err.log"; then
    skip "the sandbox" "built with sanitizers"
elif grep -q 'no filter of system calls' "$TERN_WORK/err.log"; then
    skip "the sandbox" "$(sed -n 's/.*no filter of system calls: //p' "$TERN_WORK/err.log")"
else
    is "system calls are filtered, in each thread" "2" "$(sed -n 's/^Seccomp:[[:blank:]]*//p' /proc/$PID/task/*/status | sort -u)"
fi
like "no core dumps" 'core file size  *0  *0 ' cat "/proc/$PID/limits"
ok "descriptors for 10 000 connections, or as many as may be had" \
    test "$(awk '/^Max open files/ { print ($4 >= 20000 || $4 == $5) }' "/proc/$PID/limits")" = 1
is "the sockets' directory is the user's" "$USER_ID 755" "$(stat -c '%u %a' "$TERN_WORK/run")"
is "the sockets are for everybody" "$USER_ID 666" "$(stat -c '%u %a' "$TERN_WORK/run/msrpcd")"
like "it serves by NTLM" 'IPC' "$TERN" share list
ok "it changes the store" "$TERN" share add data --path 'C:\tmp'
like "it serves by Kerberos, from a keytab that it cannot read" '^passed$' ticket
like "and again: the replay cache takes it" '^passed$' ticket
kill -HUP $PID
sleep 0.5
like "still after a reload" '^passed$' ticket
ok "it ends in order" stop

# ---- the sandbox off, and a keytab that the user can read ----
chown $USER_ID "$TERN_WORK/keytab"
ok "it starts without a sandbox" begin "$MSRPCD" --config "$TERN_WORK/conf" --sandbox no
TCP=$(sed -n 's/^ready.* tcp=\([0-9]*\).*/\1/p' "$TERN_WORK/ready")
is "there is no filter then" 0 "$(of_process Seccomp)"
like "Kerberos from the file" '^passed$' ticket
like "what was there is there" 'data' "$TERN" share list
ok "it ends in order" stop

# ---- as systemd would: sockets, readiness, watchdog; never root ----
cat >"$TERN_WORK/manager.py" <<'EOF'
"""A service manager: hands over sockets, listens to notifications. manager.py OUT ADDRESS USER COMMAND...: a line of OUT for each
message, or how it ended."""
import os, signal, socket, subprocess, sys, time

out, address, user, command = open(sys.argv[1], "w", buffering=1), sys.argv[2], int(sys.argv[3]), sys.argv[4:]
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind("\0tern-manager-%d" % os.getpid())
notify.settimeout(0.2)
socks = []
for port in (445, 135, 0):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(64)
    socks.append(s)
out.write("rpc port %d\n" % socks[2].getsockname()[1])
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    fds = [os.dup2(os.dup(s.fileno()), 100 + i) for i, s in enumerate(socks)]
    for i, fd in enumerate(fds):
        os.dup2(fd, 3 + i)
    env = dict(os.environ, LISTEN_FDS="3", LISTEN_FDNAMES="smb:epmapper:rpc", LISTEN_PID=str(os.getpid()),
               NOTIFY_SOCKET="@tern-manager-%d" % os.getppid(), WATCHDOG_USEC="400000", WATCHDOG_PID=str(os.getpid()))
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    os.execve(command[0], command, env)
for s in socks:
    pass  # the manager keeps them, so that nobody is refused while the service starts again
while True:
    try:
        out.write("said %s\n" % notify.recv(512).decode().replace("\n", " "))
    except TimeoutError:
        pass
    pid, status = os.waitpid(-1, os.WNOHANG)
    if pid:
        out.write("ended %d\n" % status)
        break
EOF
said() # said REGEX: within five seconds
{
    for _ in $(seq 50); do
        ! grep -Eq "$1" "$TERN_WORK/manager.log" || return 0
        sleep 0.1
    done
    cat "$TERN_WORK/manager.log"
    return 1
}
chown $USER_ID "$TERN_WORK/keytab"
: >"$TERN_WORK/manager.log"
/usr/bin/python3 "$TERN_WORK/manager.py" "$TERN_WORK/manager.log" "$HOST" $USER_ID "$MSRPCD" --config "$TERN_WORK/conf" \
    >"$TERN_WORK/ready" 2>"$TERN_WORK/err.log" &
MANAGER=$!
ok "it says that it is ready" said '^said READY=1'
PID=$(pgrep -P $MANAGER)
TCP=$(sed -n 's/^rpc port //p' "$TERN_WORK/manager.log")
like "the line names the ports that were handed over" "^ready smb=445 epm=135 tcp=$TCP " cat "$TERN_WORK/ready"
is "it never was root" "$USER_ID $USER_ID $USER_ID $USER_ID" "$(of_process Uid)"
like "SMB from the socket" 'data' "$TERN" share list
like "the mapper from the socket knows the other" '"out_data": 42' "$TERN" rpc call --transport tcp rpcecho.echo_AddOne '{"in_data": 41}'
like "Kerberos" '^passed$' ticket
ok "its loop shows that it turns" said '^said WATCHDOG=1'
ok "nothing of the manager is in its environment" \
    bash -c '! tr "\0" "\n" <"/proc/$1/environ" 2>/dev/null | grep -q XYZZY' - "$PID"
kill -HUP "$PID"
like "it serves after a reload" 'data' "$TERN" share list
kill -TERM "$PID"
ok "it says that it stops" said '^said STOPPING=1'
ok "and ends with success" said '^ended 0$'
wait $MANAGER
if command -v systemd-socket-activate >/dev/null; then
    systemd-socket-activate -l "$HOST:445" --fdname=other "$MSRPCD" --config "$TERN_WORK/conf" >"$TERN_WORK/ready" 2>"$TERN_WORK/err.log" &
    PID=$!
    sleep 0.5
    "$TERN" time >/dev/null 2>&1
    wait $PID
    is "a socket with a strange name ends the start" 1 $?
    like "and is named" 'descriptor 3 is called "other"' cat "$TERN_WORK/err.log"
    systemd-socket-activate -l "$HOST:445" --fdname=smb "$MSRPCD" --config "$TERN_WORK/conf" >"$TERN_WORK/ready" 2>"$TERN_WORK/err.log" &
    PID=$!
    sleep 0.5
    like "systemd's own tool: the first call starts it" 'data' "$TERN" share list
    like "only what is handed over is served" '^ready smb=445 ncalrpc=' cat "$TERN_WORK/ready"
    ok "it ends in order" stop
else
    skip "systemd-socket-activate" "not installed"
fi

# ---- what is packaged ----
"$MSRPCD" --example >"$TERN_WORK/example"
for key in $("$MSRPCD" --check --config "$TERN_WORK/conf" | sed -n 's/^\(# \)\?\([a-z_]*\) .*/\2/p'); do
    grep -Eq "^#$key = " "$TERN_WORK/example" || missing="${missing:-} $key"
done
is "the example has all keys" "" "${missing:-}"
sed -n 's/^#\([a-z_]* = [^.].*\)/\1/p' "$TERN_WORK/example" >"$TERN_WORK/defaults"
ok "and its defaults are accepted" "$MSRPCD" --check --config "$TERN_WORK/defaults"
is "and are those that count anyway" "$("$MSRPCD" --check --config "$TERN_WORK/example")" "$OUT"
units=$TERN_SRC/packaging/systemd
if command -v systemd-analyze >/dev/null; then
    mkdir -p "$TERN_WORK/units"
    for u in "$units"/*.service "$units"/*.socket; do # the program is not in its place here, and pages are not installed
        sed "s,/usr/sbin/msrpcd,$MSRPCD,; s,/usr/sbin/npcmuxd,${MSRPCD%/*}/npcmuxd,; /^Documentation=/d" "$u" >"$TERN_WORK/units/${u##*/}"
    done
    run systemd-analyze verify "$TERN_WORK"/units/*
    is "systemd finds nothing wrong with the units" "0 " "$RC $(grep -v 'IPC\|cgroup' <<<"$ERR$OUT")"
    run systemd-analyze security --offline=true --threshold=20 "$units/msrpcd.service"
    note "$(grep 'Overall exposure' <<<"$OUT")"
    is "exposure of the service is at most 2.0 of 10" 0 "$RC"
else
    skip "systemd-analyze" "not installed"
fi
done_testing
