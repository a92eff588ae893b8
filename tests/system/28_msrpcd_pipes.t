# SPDX-License-Identifier: Apache-2.0
# msrpcd over pipes: srvsvc and wkssvc with the clients of others, and with ours; what outlives the server.
. "$TERN_SRC/tests/system/lib.sh"
MSRPCD=$TERN_BUILD/daemons/msrpcd
HOST=$LAB_NET.92
export MSRPCD_ADMIN_PASSWORD='Secret-1' TERN_PASSWORD='Secret-1'
torture=$(command -v smbtorture)
guesses=()

start()
{
    "$MSRPCD" --scratch "$TERN_WORK/s" --listen "$HOST" --port-epm 0 --name BOX "$@" \
        >"$TERN_WORK/ready" 2>"$TERN_WORK/err.log" &
    PID=$!
    await_line '^ready .*smb=445' "$TERN_WORK/ready" $PID
}

stop()
{
    kill -TERM $PID
    wait $PID
}

if [ ! -x "$MSRPCD" ]; then
    echo "1..0 # SKIP built without SQLite"
    exit 0
fi

rpc() { rpcclient -U "admin%Secret-1" "$HOST" -c "$1"; }

ok "it starts" start
ok "its store is for its owner only" test "$(stat -c %a "$TERN_WORK/s/sam.db")" = 600
fails "a wrong password" 0 'LOGON_FAILURE' rpcclient -U 'admin%wrong' "$HOST" -c srvinfo
like "rpcclient: what it is" 'os version *:.10.0' rpc srvinfo
like "rpcclient: shares" 'netname: IPC' rpc 'netshareenum 1'
like "rpcclient: shares with descriptors" 'type:.0x80000003' rpc 'netshareenum 502'
like "rpcclient: open pipes" 'PIPE.srvsvc' rpc netfileenum
like "rpcclient: membership" 'WORKGROUP' rpc wkssvc_getjoininformation
like "rpcclient: names" 'BOX' rpc wkssvc_enumeratecomputernames
like "smbclient: shares" 'IPC\$ *IPC' smbclient -L "$HOST" -U 'admin%Secret-1'
like "tern: shares" 'IPC' "$TERN" share list --server "$HOST" --user admin
like "tern: the server" 'version *10.0' "$TERN" server info --server "$HOST" --user admin
like "tern: sessions" 'admin' "$TERN" session list --server "$HOST" --user admin
ok "a share is added" "$TERN" share add data --path 'C:\tmp' --server "$HOST" --user admin
like "it is there" 'netname: data' rpc 'netshareenum 1'
if [ -n "$torture" ]; then
    for suite in srvsvc wkssvc mgmt epmapper echo; do
        "$torture" "ncacn_np:$HOST" -U 'admin%Secret-1' "rpc.$suite" >"$TERN_WORK/$suite.log" 2>&1
    done
    for t in NetConnEnum NetFileEnum NetSessEnum NetShareEnumAll NetSrvGetInfo NetDiskEnum NetTransportEnum NetRemoteTOD \
        NetShareEnum NetShareGetInfo NetNameValidate; do
        ok "Samba's test: srvsvc $t" grep -q "^success: srvsvc (admin access).$t\$" "$TERN_WORK/srvsvc.log"
    done
    for t in NetWkstaGetInfo NetWkstaTransportEnum NetrAddAlternateComputerName NetWkstaEnumUsers NetrUseGetInfo NetrUseEnum \
        NetrValidateName2 NetrEnumerateComputerNames NetrGetJoinInformation NetrGetJoinableOus2 \
        NetrWorkstationStatisticsGet; do
        ok "Samba's test: wkssvc $t" grep -q "^success: wkssvc.$t\$" "$TERN_WORK/wkssvc.log"
    done
    ok "Samba's test: mgmt by a pipe" grep -q '^success: mgmt$' "$TERN_WORK/mgmt.log"
    for t in Map_simple Lookup_terminate_search; do # of the others docs/conformance.md tells
        ok "Samba's test: the mapper by its pipe: $t" grep -q "^success: epmapper.$t\$" "$TERN_WORK/epmapper.log"
    done
    ok "Samba's test: echo by a pipe" test "$(grep -c '^success: ' "$TERN_WORK/echo.log")" = 10
fi
if /usr/bin/python3 -c 'import impacket' 2>/dev/null; then
    like "Impacket asks the mapper by its pipe" '^all [0-9]* entries$' env EPM_PIPE=admin:Secret-1 /usr/bin/python3 \
        "$TERN_SRC/tests/system/epm_impacket.py" "$HOST"
fi
# our NetAPI, as an administrator, by each dialect
export NA_USER=admin NA_PASSWORD=$TERN_PASSWORD NA_PROTECT=1
for dialect in 0202 0210 0300 0302 0311; do
    NA_DIALECT=$dialect run "$TERN_BUILD/tests/system/netapi_server" shares "$HOST" 'C:\tmp'
    # that program expects a path as it was given; there are many more points than that one
    bad=$(grep -c '^not ok' <<<"$OUT")
    ok "NetAPI over $dialect: shares" test "$bad" -le 1 -a "$(grep -c '^ok' <<<"$OUT")" -ge 50
done

kill -KILL $PID
wait $PID 2>/dev/null
ok "it starts again after kill -9" start
like "the share has lasted" 'netname: data' rpc 'netshareenum 1'

# 64 clients guess at once: no more than the lockout count of a new store, 10, are told that they are wrong
for i in $(seq 64); do
    TERN_PASSWORD=wrong$i "$TERN" share list --server "$HOST" --user admin >"$TERN_WORK/guess.$i" 2>&1 &
    guesses+=($!)
done
wait "${guesses[@]}"
ok "ten guesses are judged" test "$(grep -l LOGON_FAILURE "$TERN_WORK"/guess.* | wc -l)" = 10
ok "the others find it locked" test "$(grep -l ACCOUNT_LOCKED_OUT "$TERN_WORK"/guess.* | wc -l)" = 54
fails "and so does who knows it" 0 'ACCOUNT_LOCKED_OUT' rpc srvinfo
ok "it ends in order" stop
printf 'damage' | dd of="$TERN_WORK/s/sam.db" bs=1 conv=notrunc 2>/dev/null
cp "$TERN_WORK/s/sam.db" "$TERN_WORK/copy"
fails "a damaged store is reported" 1 'sam.db' "$MSRPCD" --scratch "$TERN_WORK/s" --listen "$HOST" --port-epm 0
ok "and left as it is" cmp "$TERN_WORK/s/sam.db" "$TERN_WORK/copy"
done_testing
