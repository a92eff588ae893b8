# SPDX-License-Identifier: Apache-2.0
# msrpcd: start and end, its command line, and the clients of others: rpcclient, Impacket, Samba's Python.
. "$TERN_SRC/tests/system/lib.sh"
MSRPCD=$TERN_BUILD/daemons/msrpcd
HOST=$LAB_NET.90
python=/usr/bin/python3
export MSRPCD_ADMIN_PASSWORD='Secret-1' TERN_PASSWORD='Secret-1'

if [ ! -x "$MSRPCD" ]; then
    echo "1..0 # SKIP built without SQLite"
    exit 0
fi

# start ARGUMENT...: sets PID, and EPM and TCP from the line that it prints
start()
{
    "$MSRPCD" --scratch "$TERN_WORK/s" --listen "$HOST" "$@" >"$TERN_WORK/ready" 2>"$TERN_WORK/err.log" &
    PID=$!
    EPM='' TCP=''
    for _ in $(seq 100); do
        if grep -q '^ready ' "$TERN_WORK/ready"; then
            EPM=$(sed -n 's/^ready.* epm=\([0-9]*\).*/\1/p' "$TERN_WORK/ready")
            LOCAL=$(sed -n 's/^ready.* ncalrpc=//p' "$TERN_WORK/ready")
            TCP=$(sed -n 's/^ready.* tcp=\([0-9]*\).*/\1/p' "$TERN_WORK/ready")
            return 0
        fi
        kill -0 $PID 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

# stop: it ends with 0
stop()
{
    kill -TERM $PID
    wait $PID
}

fails "no password" 2 'MSRPCD_ADMIN_PASSWORD is not set' env -u MSRPCD_ADMIN_PASSWORD "$MSRPCD" --scratch "$TERN_WORK/s" --listen "$HOST"
fails "an empty password" 2 'MSRPCD_ADMIN_PASSWORD is not set' env MSRPCD_ADMIN_PASSWORD= "$MSRPCD" --scratch "$TERN_WORK/s" --listen "$HOST"
fails "no address" 2 '--listen is missing' "$MSRPCD" --scratch "$TERN_WORK/s"
fails "a port that is none" 2 'not a port number: 65536' "$MSRPCD" --scratch "$TERN_WORK/s" --listen "$HOST" --port-epm 65536
fails "an argument too many" 2 'what is "x"' "$MSRPCD" --scratch "$TERN_WORK/s" --listen "$HOST" x
fails "an address that is not numeric" 2 'a numeric address is needed' "$MSRPCD" --scratch "$TERN_WORK/s" --listen localhost
fails "a keytab that is not there" 2 'keytab: .*/none: No such file' "$MSRPCD" --scratch "$TERN_WORK/s" --listen "$HOST" --keytab "FILE:$TERN_WORK/none"
touch "$TERN_WORK/file"
fails "a scratch directory that is a file" 1 '[Nn]ot a directory' "$MSRPCD" --scratch "$TERN_WORK/file" --listen "$HOST"
mkdir -m 777 "$TERN_WORK/open"
fails "a scratch directory for anybody" 1 'anybody may write there' "$MSRPCD" --scratch "$TERN_WORK/open" --listen "$HOST"
like "help" '^usage: msrpcd ' "$MSRPCD" --help
if command -v setpriv >/dev/null; then
    mkdir -m 700 "$TERN_WORK/nobody"
    chown 65534 "$TERN_WORK/nobody"
    chmod 711 "$TERN_WORK"
    fails "a scratch directory of somebody else" 1 'belongs to user 65534' "$MSRPCD" --scratch "$TERN_WORK/nobody" --listen "$HOST"
    fails "port 135 without privilege" 1 'port 135 of .* CAP_NET_BIND_SERVICE.* port_epm takes another' \
        setpriv --reuid=65534 --clear-groups "$MSRPCD" --scratch "$TERN_WORK/nobody" --listen "$HOST" --port-smb 0
fi

ok "it says that it is ready" start
is "the endpoint mapper is at its port" 135 "$EPM"
is "the directory is its owner's alone" 700 "$(stat -c %a "$TERN_WORK/s")"
fails "a second one at the same address" 1 'STATUS_ADDRESS_ALREADY_ASSOCIATED' "$MSRPCD" --scratch "$TERN_WORK/s2" --listen "$HOST"

for how in '' connect sign seal ntlm,seal spnego,seal; do
    like "rpcclient through the endpoint mapper${how:+, $how}" '^41 \+ 1 = 42$' \
        rpcclient --configfile=/dev/null -U 'admin%Secret-1' "ncacn_ip_tcp:${HOST}[$how]" -c 'echoaddone 41'
done
fails "rpcclient, a wrong password" 1 'NT_STATUS_(LOGON_FAILURE|ACCESS_DENIED)' \
    rpcclient --configfile=/dev/null -U 'admin%wrong' "ncacn_ip_tcp:${HOST}[seal]" -c 'echoaddone 41'
like "Samba's Python, sealed" '^passed$' "$python" "$TERN_SRC/tests/system/rpc_echo_peer.py" "ncacn_ip_tcp:${HOST}[seal]" admin Secret-1
like "a stranger finds echo" '^passed$' "$python" "$TERN_SRC/tests/system/rpc_echo_peer.py" "ncacn_ip_tcp:$HOST"
like "Impacket finds echo at its port" "ncacn_ip_tcp:$HOST\\[$TCP\\]" "$python" "$TERN_SRC/tests/system/epm_impacket.py" "$HOST" 60a15ec5-4de8-11d7-a637-005056a20182 1.0
like "Impacket lists the map, an entry at a time" '^all [1-9][0-9]* entries$' "$python" "$TERN_SRC/tests/system/epm_impacket.py" "$HOST"
like "our client finds echo" '"out_data": *42' "$TERN" rpc call --transport tcp -S "$HOST" -U admin rpcecho.echo_AddOne '{"in_data": 41}'
ok "it ends in order" stop
is "and says nothing" '' "$(cat "$TERN_WORK/err.log")"

ok "with other ports, over IPv6" start --listen ::1 --port-epm 0 --port-tcp 0 --port-smb 0
like "our client finds echo there" '"out_data": *42' "$TERN" rpc call --transport tcp -S ::1 -p "$EPM" -U admin rpcecho.echo_AddOne '{"in_data": 41}'
like "our client at the socket" '"out_data": *42' "$TERN" rpc call --binding "ncalrpc:[$LOCAL]" rpcecho.echo_AddOne '{"in_data": 41}'
ok "it ends in order" stop
done_testing
