# SPDX-License-Identifier: Apache-2.0
# What can be seen of a running msrpcd: log, metrics, captures; with clients of others, hostile names, sinks that are full.
. "$TERN_SRC/tests/system/lib.sh"
MSRPCD=$TERN_BUILD/daemons/msrpcd
HOST=$LAB_NET.97
W=$TERN_WORK
SOCK=$W/metrics.sock
export MSRPCD_ADMIN_PASSWORD='Secret-1' TERN_PASSWORD='Secret-1'

if [ ! -x "$MSRPCD" ]; then
    echo "1..0 # SKIP built without SQLite"
    exit 0
fi
peer() { /usr/bin/python3 "$TERN_SRC/tests/system/watch_peer.py" "$@"; }

# start DIR ARGUMENT...: sets PID; standard error goes to $ERRORS
ERRORS=$W/err.log
start()
{
    local dir=$1
    shift
    : >"$W/ready"
    "$MSRPCD" --scratch "$W/$dir" --listen "$HOST" "$@" >"$W/ready" 2>"$ERRORS" &
    PID=$!
    await_line '^ready ' "$W/ready" $PID
}

stop()
{
    kill -TERM $PID
    wait $PID
}

by_tcp() { rpcclient --configfile=/dev/null -U 'admin%Secret-1' "ncacn_ip_tcp:${HOST}[seal]" -c "$1"; }
by_pipe() { rpcclient --configfile=/dev/null -U 'admin%Secret-1' "ncacn_np:${HOST}$2" -c "$1"; }
by_tern() { "$TERN" rpc call --transport "$1" -S "$HOST" -U admin rpcecho.echo_AddOne '{"in_data": 41}'; }

# logged COUNT FILE EVENT KEY=VALUE...: so many lines; the thread that writes may need a moment
logged()
{
    local want=$1 text="log: $*"
    shift
    for _ in $(seq 30); do
        run peer log "$@"
        [ "$RC" = 0 ] || break
        [ "$OUT" != "$want" ] || break
        sleep 0.1
    done
    is "$text" "$want" "$OUT"
}

look() { peer metrics "$SOCK" >"$W/metrics.$1" || cat "$W/metrics.$1"; }
# grown BY NAME KEY=VALUE...: since `look before`
grown()
{
    local by=$1
    shift
    is "metrics: $* by $by" "$by" "$(($(peer sample "$W/metrics.after" "$@") - $(peer sample "$W/metrics.before" "$@")))"
}

# ---- JSON, all calls, a capture ----

ok "it starts with all of it" start s --log-format json --log-calls all --log-file "$W/log" --metrics "$SOCK" --pcap "$W/clear.pcapng"
is "the socket of the metrics is not for everybody" 660 "$(stat -c %a "$SOCK")"
is "the capture is its owner's alone" 600 "$(stat -c %a "$W/clear.pcapng")"
logged 1 "$W/log" capture state=running file="$W/clear.pcapng"
ok "metrics before" look before
for _ in 1 2 3; do
    like "rpcclient over TCP" '41 \+ 1 = 42' by_tcp 'echoaddone 41'
done
like "tern over TCP" '"out_data": *42' by_tern tcp
like "tern over a pipe" '"out_data": *42' by_tern pipe
like "rpcclient: srvinfo over a pipe" 'os version' by_pipe srvinfo ''
like "rpcclient: shares over a pipe, sealed by RPC, too" 'IPC' by_pipe 'netshareenum 1' '[seal]'
fails "rpcclient: a session that there is not" 0 'NAME_NOT_FOUND|NERR|WERR' by_pipe 'netsessdel nobody nobody' ''
fails "a wrong password over SMB" 0 'LOGON_FAILURE' rpcclient -U 'admin%wrong' "$HOST" -c srvinfo
fails "a wrong password over TCP" 0 'LOGON_FAILURE|ACCESS_DENIED' \
    rpcclient --configfile=/dev/null -U 'admin%wrong' "ncacn_ip_tcp:${HOST}[seal]" -c 'echoaddone 41'
fails "a pipe that there is not" 0 'NOT_FOUND' "$TERN" rpc call --binding "ncacn_np:$HOST[\\pipe\\nothing]" -U admin rpcecho.echo_AddOne '{"in_data": 41}'
ok "metrics after" look after
grown 4 msrpcd_calls_total interface=rpcecho operation=echo_AddOne transport=ncacn_ip_tcp result=ok
grown 1 msrpcd_calls_total interface=rpcecho operation=echo_AddOne transport=ncacn_np result=ok
grown 1 msrpcd_calls_total interface=rpcecho operation=echo_AddOne result=fault # of who had the wrong password
grown 6 msrpcd_call_duration_seconds_count interface=rpcecho operation=echo_AddOne
grown 20 msrpcd_call_bytes_total interface=rpcecho operation=echo_AddOne direction=out
grown 1 msrpcd_calls_total interface=srvsvc operation=NetrServerGetInfo result=ok
grown 1 msrpcd_calls_total interface=srvsvc operation=NetrShareEnumSticky result=ok
grown 1 msrpcd_logons_total over=smb provider=ntlm result=failed
grown 1 msrpcd_logons_total over=rpc provider=ntlm result=failed
is "all pipes and connections have gone" "0 0 0 0" \
    "$(for t in ncacn_np ncacn_ip_tcp smb; do peer sample "$W/metrics.after" msrpcd_connections transport=$t; done | xargs) $(peer sample "$W/metrics.after" msrpcd_smb_sessions)"
if command -v promtool >/dev/null; then
    ok "promtool has nothing against it" promtool check metrics <"$W/metrics.after"
else
    skip "promtool has nothing against it" "no promtool"
fi
logged 5 "$W/log" call operation=echo_AddOne result=ok executed=true 'account=SERVER\admin'
logged 4 "$W/log" call operation=echo_AddOne result=ok level=privacy transport=ncacn_ip_tcp
logged 1 "$W/log" call operation=echo_AddOne result=fault executed=false account= status=STATUS_ACCESS_DENIED
logged 1 "$W/log" call operation=echo_AddOne transport=ncacn_np 'endpoint=\pipe\rpcecho'
logged 1 "$W/log" call operation=NetrServerGetInfo interface=srvsvc status=ERROR_SUCCESS transport=ncacn_np
logged 1 "$W/log" call operation=NetrShareEnumSticky level=privacy
ok "log: the pipe that there is not" test "$(peer log "$W/log" pipe pipe=nothing result=refused status=STATUS_OBJECT_NAME_NOT_FOUND)" -ge 1
logged 1 "$W/log" logon transport=smb result=failed status=STATUS_LOGON_FAILURE
logged 1 "$W/log" logon transport=ncacn_ip_tcp result=failed status=STATUS_LOGON_FAILURE provider=ntlm
JSON_FIELDS=$(peer fields "$W/log" echo_AddOne)

# ---- hostile names ----

# shellcheck disable=SC1003
ok "a name with controls and ends of lines" peer logon "$HOST" 'eve\r\n{"event":"logon","account":"root"}\x1b[31m\u202e\x85"\\x'
logged 2 "$W/log" logon transport=smb result=failed
ok "the name is there, as data" grep -q 'eve' "$W/log"
logged 0 "$W/log" logon account=root
ok "a very long name" peer logon "$HOST" "$(printf 'A%.0s' $(seq 3000))"
is "no line is longer than 2 048 octets" 0 "$(awk 'length($0) > 2047' "$W/log" | wc -l)"
ok "no password is in the log" sh -c "! grep -q 'Secret-1' '$W/log' '$W/metrics.after'"

# ---- rotation ----

mv "$W/log" "$W/log.1"
kill -HUP $PID
for _ in $(seq 50); do [ ! -e "$W/log" ] || break; sleep 0.1; done
like "a call after the rotation" '"out_data": *42' by_tern tcp
logged 1 "$W/log" call operation=echo_AddOne
is "and none in the old file" 6 "$(peer log "$W/log.1" call operation=echo_AddOne)"

# ---- HTTP ----

http() { peer http "$SOCK" "$1"; }
like "another path" '404' http 'GET /x HTTP/1.1\r\n\r\n'
like "another method" '405' http 'DELETE /metrics HTTP/1.1\r\n\r\n'
like "HEAD" '200' http 'HEAD /metrics HTTP/1.0\r\n\r\n'
like "something else" '400' http '\x16\x03\x01\x00\n'
like "a header without end" '400' http "GET /metrics HTTP/1.1\\r\\nX: $(printf 'A%.0s' $(seq 9000))"
mkfifo "$W/hold"
peer crowd "$SOCK" 8 <"$W/hold" >"$W/crowd" &
exec 8>"$W/hold"
for _ in $(seq 50); do ! grep -q there "$W/crowd" || break; sleep 0.1; done
fails "with 8 that say nothing there is no ninth" 0 '.' peer metrics "$SOCK"
like "which holds nobody up" '41 \+ 1 = 42' by_tcp 'echoaddone 41'
exec 8>&-
sleep 0.3
ok "when they have gone there is room" look last
is "who was refused is counted" 1 "$(peer sample "$W/metrics.last" msrpcd_refused_total ceiling=metrics_connections)"
logged 1 "$W/log" refused ceiling=metrics_connections
ok "it ends in order" stop
is "and takes the socket away" no "$(test -e "$SOCK" && echo yes || echo no)"

# ---- the capture ----

fails "a file that is there is not written to" 1 'pcap .*File exists' "$MSRPCD" --scratch "$W/s" --listen "$HOST" --pcap "$W/clear.pcapng"
ln -s "$W/elsewhere" "$W/link.pcapng"
fails "nor is a link followed" 1 'pcap .*File exists' "$MSRPCD" --scratch "$W/s" --listen "$HOST" --pcap "$W/link.pcapng"
ok "nothing was made there" test ! -e "$W/elsewhere"
run "$TERN" rpc decode --pcap "$W/clear.pcapng" --json
is "tern decodes all calls, with arguments" 7 \
    "$(/usr/bin/python3 -c 'import json,sys
print(sum(1 for l in sys.stdin for d in [json.loads(l)] if d["type"] == "call" and d["operation"] == "echo_AddOne"
          and d["request"]["arguments"] == {"in_data": 41} and d["response"]["arguments"] == {"out_data": 42}))' <<<"$OUT")"
is "and has nothing to note" 0 "$(grep -c '"type": *"note"' <<<"$OUT")"
is "no token of a logon is in it" 0 "$(grep -c NTLMSSP "$W/clear.pcapng")"
if command -v tshark >/dev/null; then
    shark() { tshark -r "$W/clear.pcapng" "$@" 2>/dev/null; }
    is "tshark: requests and answers of NetrServerGetInfo on a pipe" 2 "$(shark -Y 'srvsvc.opnum == 21' | wc -l)"
    like "tshark: with their parameters" '101' shark -Y 'srvsvc.opnum == 21 && dcerpc.pkt_type == 0' -T fields -e srvsvc.srvsvc_NetSrvGetInfo.level
    like "tshark: NetrShareEnum, which was sealed" 'IPC' shark -Y 'srvsvc.opnum == 36' -V
    is "tshark: the mapper's answers" "$(shark -Y 'epm.opnum == 3 && dcerpc.pkt_type == 0' | wc -l)" "$(shark -Y 'epm.opnum == 3 && dcerpc.pkt_type == 2' | wc -l)"
    is "tshark: nothing malformed" 0 "$(shark -Y '_ws.malformed || _ws.expert.severity == error' | wc -l)"
    is "tshark: checksums are right" 0 "$(shark -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -Y 'ip.checksum.status == Bad || tcp.checksum.status == Bad' | wc -l)"
    is "tshark: no segment is lost" 0 "$(shark -Y 'tcp.analysis.lost_segment || tcp.analysis.retransmission' | wc -l)"
    like "tshark: real addresses and ports" "$HOST" shark -Y 'srvsvc && tcp.dstport == 445' -T fields -e ip.dst
else
    skip "tshark" "no tshark"
fi
rm -f "$W/clear.pcapng"
ok "with a ceiling" start s --pcap "$W/small.pcapng" --pcap-max 1 --metrics "$SOCK"
kill -HUP $PID
sleep 0.3
data=$(printf '{"len": 200000}')
for _ in 1 2 3 4 5 6 7; do
    "$TERN" rpc call --transport tcp -S "$HOST" -U admin rpcecho.echo_SourceData "$data" >/dev/null 2>&1
done
ok "it does not grow beyond it" test "$(stat -c %s "$W/small.pcapng")" -le 1048576 -a "$(stat -c %s "$W/small.pcapng")" -ge 900000
logged 1 "$ERRORS" capture state=full file="$W/small.pcapng"
look last
is "which the metrics tell, too" 0 "$(peer sample "$W/metrics.last" msrpcd_capture_running)"
ok "it ends in order" stop

# ---- text, failed calls only ----

ok "text on standard error" start s --log-calls all
like "a call" '41 \+ 1 = 42' by_pipe 'echoaddone 41' '[\pipe\rpcecho]'
logged 1 "$ERRORS" call operation=echo_AddOne result=ok 'account=SERVER\admin'
is "the same fields in both forms" "$JSON_FIELDS" "$(peer fields "$ERRORS" echo_AddOne)"
ok "it ends in order" stop
ok "failed calls only" start s --log-calls failed
like "a call that succeeds" '41 \+ 1 = 42' by_tcp 'echoaddone 41'
fails "one that does not" 0 'denied|DENIED|fault' "$TERN" rpc call --transport tcp -S "$HOST" -U admin rpcecho.echo_TestCall2 '{"level": 99}'
logged 1 "$ERRORS" call operation=echo_TestCall2 result=fault
logged 0 "$ERRORS" call result=ok
logged 0 "$ERRORS" connect
ok "it ends in order" stop

# ---- sinks that take nothing ----

ok "a full disk" start s --log-calls all --log-file /dev/full --metrics "$SOCK"
like "calls are served" '41 \+ 1 = 42' by_tcp 'echoaddone 41'
sleep 0.3
look last
ok "lines that were lost are counted" test "$(peer sample "$W/metrics.last" msrpcd_log_dropped_total)" -ge 3
is "none was written" 0 "$(peer sample "$W/metrics.last" msrpcd_log_lines_total)"
ok "it ends in order" stop
mkfifo "$W/slow"
exec 7<>"$W/slow"
ERRORS=$W/slow
ok "standard error that nobody reads" start s --log-calls all --metrics "$SOCK"
for _ in 1 2 3; do # some hundred lines each: more than a pipe holds
    timeout 60 "$TERN" rpc call --transport tcp -S "$HOST" -U admin rpcecho.echo_AddOne '{"in_data": 41}' >/dev/null 2>&1
    timeout 60 smbclient -L "$HOST" -U 'admin%Secret-1' >/dev/null 2>&1
done
for _ in $(seq 12); do by_tcp "$(printf 'echoaddone 41;%.0s' $(seq 60))"; done >"$W/many" 2>/dev/null
is "all calls are served" 720 "$(grep -c '41 + 1 = 42' "$W/many")"
ok "metrics, too" look last
begin=$(date +%s)
ok "it ends in order" stop
ok "without waiting for long" test $(($(date +%s) - begin)) -le 5
exec 7<&-

# ---- places that are none ----

fails "metrics nowhere" 2 'metrics: .*ADDRESS:PORT' "$MSRPCD" --scratch "$W/s" --listen "$HOST" --metrics here
fails "a log in no directory" 1 'log_file .*No such file' "$MSRPCD" --scratch "$W/s" --listen "$HOST" --log-file "$W/none/log"
done_testing
