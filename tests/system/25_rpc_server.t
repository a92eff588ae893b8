# SPDX-License-Identifier: Apache-2.0
# Our RPC server, with Samba's client on the other side: every level, provider, byte order and transfer syntax.
. "$TERN_SRC/tests/system/lib.sh"
peer=$TERN_SRC/tests/system/rpc_echo_peer.py

# start LEVEL: a server on a free port; sets PORT and SERVER
start()
{
    mkfifo "$TERN_WORK/stop$1"
    ECHO_LEVEL=${1%%[a-z]} "$TERN_BUILD/tests/system/rpc_echod" 127.0.0.1 0 <"$TERN_WORK/stop$1" >"$TERN_WORK/ready$1" &
    SERVER=$!
    exec 7>"$TERN_WORK/stop$1"
    for _ in $(seq 50); do
        PORT=$(sed -n 's/^ready //p' "$TERN_WORK/ready$1")
        [ -z "$PORT" ] || break
        sleep 0.1
    done
}

stop()
{
    exec 7>&-
    wait "$SERVER"
}

python=/usr/bin/python3
samba() { "$python" "$peer" "ncacn_ip_tcp:127.0.0.1[$PORT$1]" "${@:2}"; }

start 1
ok "the server is ready" test -n "$PORT"
for o in "" ,bigendian ,ndr64; do
    like "a stranger${o:+, }${o#,}" '^passed$' samba "$o"
done
for how in connect sign seal spnego,connect spnego,sign spnego,seal ntlm,seal sign,bigendian seal,bigendian seal,ndr64; do
    like "NTLM: $how" '^passed$' samba ",$how" echo Echo-1
done
fails "a wrong password" 1 'refused (c000006d|c0000022)' samba ,seal echo wrong
fails "an unknown user" 1 'refused (c000006d|c0000022|c0000064)' samba ,seal nobody Echo-1
ok "it ends in order" stop

start 6
fails "least level privacy: a stranger" 1 'refused c0000022' samba ""
fails "least level privacy: only signed" 1 'refused c0000022' samba ,sign echo Echo-1
like "least level privacy: sealed" '^passed$' samba ,seal echo Echo-1
ok "it ends in order" stop

# ncalrpc: the kernel tells who calls
export ECHO_LOCAL=$TERN_WORK/lrpc/echo ECHO_TRUST=1
mkdir "$TERN_WORK/lrpc"
start 6
local_call() { "$TERN" rpc call --binding "ncalrpc:[$ECHO_LOCAL$1]" "${@:2}" rpcecho.echo_AddOne '{"in_data":41}'; }
like "ncalrpc: the server's own user" '"out_data": 42' local_call ""
TERN_PASSWORD=Echo-1 like "ncalrpc: NTLM, sealed" '"out_data": 42' local_call ,seal,ntlm -U echo
TERN_PASSWORD=wrong fails "ncalrpc: a wrong password" 1 'LOGON_FAILURE|ACCESS_DENIED' local_call ,seal,ntlm -U echo
ok "it ends in order" stop
ok "and its socket is gone" test ! -e "$ECHO_LOCAL"
fails "ncalrpc: nobody there" 1 'CONNECTION_REFUSED' local_call ""
fails "ncalrpc: an endpoint that is no path" 0 'no absolute path' "$TERN" rpc call --binding 'ncalrpc:[echo]' rpcecho.echo_AddOne '{"in_data":41}'
ECHO_TRUST=0 start 6a
fails "ncalrpc: nobody is trusted" 1 'ACCESS_DENIED' local_call ""
ok "it ends in order" stop

if command -v smbtorture >/dev/null; then
    start 1
    torture() { smbtorture -U 'echo%Echo-1' --option=torture:quick="$2" "ncacn_ip_tcp:127.0.0.1[$PORT,$1]" rpc.echo | grep -c '^success: echo'; }
    like "smbtorture rpc.echo, sealed: all ten" '^10$' torture seal no
    lrpc() { smbtorture -U 'echo%Echo-1' --option="ncalrpc dir=$TERN_WORK/lrpc" "ncalrpc:[echo]" rpc.echo | grep -c '^success: echo'; }
    like "smbtorture rpc.echo over ncalrpc: all ten" '^10$' lrpc
    like "smbtorture rpc.echo, signed and big endian: all but the one that sleeps" '^9$' torture sign,bigendian yes
    ok "it ends in order" stop
else
    note "no smbtorture here: rpc.echo was not run"
fi
done_testing
