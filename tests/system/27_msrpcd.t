# SPDX-License-Identifier: Apache-2.0
# msrpcd: start and end, command line and configuration, reload and drain, several addresses and instances, and the clients of
# others: rpcclient, Impacket, Samba's Python.
. "$TERN_SRC/tests/system/lib.sh"
MSRPCD=$TERN_BUILD/daemons/msrpcd
HOST=$LAB_NET.90
SECOND=$LAB_NET.93
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
    await_line '^ready ' "$TERN_WORK/ready" $PID || return 1
    EPM=$(sed -n 's/^ready.* epm=\([0-9]*\).*/\1/p' "$TERN_WORK/ready")
    LOCAL=$(sed -n 's/^ready.* ncalrpc=//p' "$TERN_WORK/ready")
    TCP=$(sed -n 's/^ready.* tcp=\([0-9]*\).*/\1/p' "$TERN_WORK/ready")
}

# said REGEX: standard error has such a line now or within three seconds
said()
{
    for _ in $(seq 30); do
        ! grep -Eq -- "$1" "$TERN_WORK/err.log" || return 0
        sleep 0.1
    done
    return 1
}

# over_pipe, over_tcp JSON-CALL...: our client as admin
over_pipe() { "$TERN" rpc call -S "$HOST" -U admin "$@"; }
over_tcp() { "$TERN" rpc call --transport tcp -S "$HOST" -U admin "$@"; }

# stop: it ends with 0
stop()
{
    kill -TERM $PID
    wait $PID
}

# ---- without standard descriptors: no client's socket may get their numbers ----
("$MSRPCD" --scratch "$TERN_WORK/bare" --listen "$HOST" >"$TERN_WORK/ready" 0<&- 2>&- & echo $! >"$TERN_WORK/pid")
for _ in $(seq 50); do ! grep -q '^ready ' "$TERN_WORK/ready" || break; sleep 0.1; done
PID=$(cat "$TERN_WORK/pid")
is "closed standard descriptors are made to lead nowhere" "/dev/null /dev/null" "$(readlink "/proc/$PID/fd/0" "/proc/$PID/fd/2" | xargs)"
kill $PID
for _ in $(seq 50); do kill -0 $PID 2>/dev/null || break; sleep 0.1; done

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
is "and says when, and nothing but who was not let in" 'ready; has ended;' "$(grep -v ' logon .* result=failed ' "$TERN_WORK/err.log" |
    sed 's/.* message text="\(ready\|has ended\).*/\1;/' | tr '\n' ' ' | sed 's/ $//')"

ok "with other ports, over IPv6" start --listen ::1 --port-epm 0 --port-tcp 0 --port-smb 0
like "our client finds echo there" '"out_data": *42' "$TERN" rpc call --transport tcp -S ::1 -p "$EPM" -U admin rpcecho.echo_AddOne '{"in_data": 41}'
like "our client at the socket" '"out_data": *42' "$TERN" rpc call --binding "ncalrpc:[$LOCAL]" rpcecho.echo_AddOne '{"in_data": 41}'
like "who started it is an administrator there" '"shi2_path"' "$TERN" rpc call --binding "ncalrpc:[$LOCAL]" srvsvc.NetrShareGetInfo \
    '{"NetName": "IPC$", "Level": 2}'
like "also of the workstation" '"wki102_lanroot"' "$TERN" rpc call --binding "ncalrpc:[$LOCAL]" wkssvc.NetrWkstaGetInfo '{"Level": 102}'
ok "it ends in order" stop

# ---- several addresses, what lasts ----

ok "at three addresses" start --listen "$HOST $SECOND ::1"
ok "a share is added" "$TERN" share add kept --path 'C:\tmp' -S "$HOST" -U admin
like "another address has it" '^kept ' "$TERN" share list -S "$SECOND" -U admin
like "and IPv6" '^kept ' "$TERN" share list -S ::1 -U admin
enum='{"InfoStruct": {"Level": 0, "XportInfo": {"Level0": {"EntriesRead": 0, "Buffer": null}}}, "PreferedMaximumLength": 4294967295}'
run over_tcp srvsvc.NetrServerTransportEnum "$enum"
is "it tells all of them, over TCP, too" "$HOST $SECOND ::1" \
    "$(json '" ".join(x["svti0_networkaddress"] for x in d["out"]["InfoStruct"]["XportInfo"]["Level0"]["Buffer"])')"
one='{"inquiry_type": 0, "object": null, "Ifid": null, "vers_option": 1, "max_ents": 1}'
for host in "$HOST" "$SECOND"; do
    run "$TERN" rpc call --binding "ncacn_np:$host[epmapper]" -U admin epmapper.ept_lookup "$one"
    is "the mapper by its pipe at $host tells this address" "$(printf %s "$host" | od -An -tx1 | tr -d ' \n')00" \
        "$(json 'd["out"]["entries"][0]["tower"]["tower_octet_string"][-2 * len("'"$host"'") - 2:]')"
done
run over_tcp srvsvc.NetrShareDel '{"NetName": "kept", "Reserved": 0}'
is "an administrator deletes a share over TCP" ERROR_SUCCESS "$(json 'd["out"]["result"]')"
ok "a share is added again" "$TERN" share add kept --path 'C:\tmp' -S "$HOST" -U admin
mkdir -m 700 "$TERN_WORK/s3"
MSRPCD_ADMIN_PASSWORD=Another-1 "$MSRPCD" --scratch "$TERN_WORK/s3" --listen "$LAB_NET.94" >"$TERN_WORK/ready3" 2>&1 &
OTHER=$!
for _ in $(seq 50); do ! grep -q '^ready ' "$TERN_WORK/ready3" && sleep 0.1; done
unlike "another instance has other shares" '^kept ' env TERN_PASSWORD=Another-1 "$TERN" share list -S "$LAB_NET.94" -U admin
fails "and another password" 0 'LOGON_FAILURE' "$TERN" share list -S "$LAB_NET.94" -U admin
kill $OTHER
wait $OTHER
is "it ends in order" 0 $?
ok "and so does the first" stop
unset MSRPCD_ADMIN_PASSWORD
ok "it starts again without a password" start
like "the share, and the old password" '^kept ' "$TERN" share list -S "$HOST" -U admin
ok "it ends in order" stop
export MSRPCD_ADMIN_PASSWORD='Changed-1'
ok "with another password" start
fails "the old one is none any more" 0 'LOGON_FAILURE' "$TERN" share list -S "$HOST" -U admin
like "but the new one" '^kept ' env TERN_PASSWORD=Changed-1 "$TERN" share list -S "$HOST" -U admin
ok "it ends in order" stop
export MSRPCD_ADMIN_PASSWORD='Secret-1'

# ---- the configuration ----

CONF=$TERN_WORK/msrpcd.conf
# wrong TEXT REGEX LINE...: such a file is refused, at its last line
wrong()
{
    local text=$1 regex=$2
    shift 2
    printf '%s\n' "$@" >"$CONF"
    fails "a configuration with $text" 2 "msrpcd: .*msrpcd.conf:$#: $regex" "$MSRPCD" --check --config "$CONF"
}
wrong "an unknown key" 'unknown key: prot_smb' '# a comment' '' 'prot_smb = 445'
wrong "a key in another case" 'unknown key: Listen' 'Listen = ::1'
wrong "a key that is there twice" 'port_smb: is set in line 1 already' 'port_smb = 445' 'port_epm = 135' 'port_smb = 446'
wrong "no value" 'ntlm: a value is missing' 'ntlm =   # yes'
wrong "a line without =" 'not "key = value"' 'ntlm yes'
wrong "a line without a key" 'not "key = value"' '= yes'
wrong "a switch that is none" 'ntlm: neither yes nor no: true' 'ntlm = true'
wrong "a port that is none" 'port_tcp: not a port number: 65536' 'port_tcp = 65536'
wrong "a negative number" 'idle_timeout: not a number: -1' 'idle_timeout = -1'
wrong "a number with more behind it" 'idle_timeout: not a number: 10s' 'idle_timeout = 10s'
wrong "a number that is too large" 'idle_timeout: out of range: 9999999999' 'idle_timeout = 9999999999'
wrong "a number with too many digits" 'idle_timeout: out of range: 99999999999' 'idle_timeout = 99999999999'
wrong "a name that is too long" 'name: not a NetBIOS name' 'name = much-longer-than-15'
wrong "a name with a path in it" 'workgroup: not a NetBIOS name' 'workgroup = a/b'
wrong "no connections" 'max_connections: out of range: 0' 'max_connections = 0'
wrong "a word that is none" 'smb_signing: not one of the words that are known: disabled; it takes required, optional$' 'smb_signing = disabled'
wrong "a word twice" 'smb_ciphers: a word is there twice' 'smb_ciphers = aes-128-gcm  aes-128-gcm'
wrong "an unknown interface" 'interfaces: not one of the words that are known: srvsvc samr' 'interfaces = srvsvc samr'
wrong "a name for an address" 'listen: a numeric address is needed: localhost' 'listen = localhost'
wrong "an address twice" 'listen: an address is there twice' 'listen = ::1 127.0.0.1 ::1'
wrong "all addresses and one" 'listen: \* is all addresses, and stands alone' 'listen = * ::1'
wrong "too many addresses" 'listen: too many addresses' "listen = $(seq -s ' ' -f 127.0.1.%g 17)"
wrong "a relative path" 'run_dir: an absolute path is needed: run' 'run_dir = run'
printf 'x = 1\nport_smb = x\n' >"$CONF"
fails "all that is wrong is told: one" 2 ':1: unknown key: x' "$MSRPCD" --check --config "$CONF"
fails "all that is wrong is told: two" 2 ':2: port_smb' "$MSRPCD" --check --config "$CONF"
printf 'name = \0\n' >"$CONF"
fails "a NUL" 2 ':1: name: there is a NUL in it' "$MSRPCD" --check --config "$CONF"
printf 'name = \377\n' >"$CONF"
fails "what is not UTF-8" 2 'msrpcd.conf: not UTF-8' "$MSRPCD" --check --config "$CONF"
fails "a file that is not there" 2 'none: No such file' "$MSRPCD" --check --config "$TERN_WORK/none"
fails "a directory" 2 'Is a directory' "$MSRPCD" --check --config "$TERN_WORK"
fails "a device that has no end" 2 'zero: not a configuration' "$MSRPCD" --check --config /dev/zero
printf 'user = nobody-at-all\n' >"$CONF"
fails "a user who is not there" 2 'there is no user nobody-at-all' "$MSRPCD" --check --config "$CONF"
printf 'ntlm = no\n' >"$CONF"
fails "keys that do not go together" 2 'nobody could log on' "$MSRPCD" --check --config "$CONF"
fails "an option that cannot be" 2 '--max-connections: not a number: many' "$MSRPCD" --check --config /dev/null --max-connections many
fails "an address of another machine" 1 'port 0 of 192.0.2.7: this machine does not have that address' env MSRPCD_ADMIN_PASSWORD=x "$MSRPCD" \
    --scratch "$TERN_WORK/elsewhere" --listen 192.0.2.7 --port-smb 0
fails "no configuration and no directory" 2 '--config or --scratch is missing' "$MSRPCD" --check
printf '  listen =\t%s \t%s   # two\r\n#port_smb = 1\nname = B#X\nsmb_min_dialect=3.0' "$HOST" "$SECOND" >"$CONF"
run "$MSRPCD" --check --config "$CONF" --name OTHER
is "a right one is right" 0 $RC
is "blanks, comments, ends of lines of all kinds" "listen = $HOST $SECOND smb_min_dialect = 3.0 port_smb = 445" \
    "$(grep '^listen =' <<<"$OUT") $(grep '^smb_min_dialect' <<<"$OUT") $(grep '^port_smb' <<<"$OUT")"
is "the command line counts more" 'name = OTHER' "$(grep '^name' <<<"$OUT")"
"$MSRPCD" --check --config "$CONF" >"$TERN_WORK/again.conf"
is "what it tells is a configuration that says the same" "$(cat "$TERN_WORK/again.conf")" \
    "$("$MSRPCD" --check --config "$TERN_WORK/again.conf")"
is "with all keys of the manual page" "$(grep -o '^\.It Ic .*' "$TERN_SRC/docs/man/msrpcd.conf.5" | grep -o 'Ic [a-z_]* No =' | cut -d' ' -f2 | sort)" \
    "$(sed -E 's/^# ([a-z_]+) is not set/\1 =/; s/ =.*//' "$TERN_WORK/again.conf" | sort)"
ok "which --help lists, too" test "$("$MSRPCD" --help | grep -c '^  --[a-z-]*  ')" -ge "$(wc -l <"$TERN_WORK/again.conf")"

# ---- reload ----

old_client() { rpcclient --configfile=/dev/null --option=clientipcmaxprotocol=SMB2_10 -U 'admin%Secret-1' "$HOST" -c srvinfo; }
echo "listen = $HOST" >"$CONF"
ok "with a configuration" start --config "$CONF"
like "SMB 2.1 may come" 'os version' old_client
printf 'listen = %s\nsmb_min_dialect = 3.1.1\nport_tcp = 4711\nmax_connections = 100\n' "$HOST" >"$CONF"
kill -HUP $PID
ok "it is read anew" said 'the configuration has been read anew'
fails "SMB 2.1 may not come any more" 1 'NT_STATUS_' old_client
like "3.1.1 may" IPC "$TERN" share list -S "$HOST" -U admin
ok "what can change is named" said 'smb_min_dialect is another"?$'
ok "what cannot is named, too" said 'port_tcp is another: that counts from the next start'
ok "what has not changed is not" test "$(grep -c 'is another' "$TERN_WORK/err.log")" = 3
printf 'listen = %s\nsmb_min_dialect = 2.0.2\nbad\n' "$HOST" >"$CONF"
kill -HUP $PID
ok "an invalid one is refused" said 'the configuration stays as it was'
ok "with file and line" said 'msrpcd.conf:3: not .?"key = value'
fails "and nothing of it counts" 1 'NT_STATUS_' old_client
printf 'listen = %s\nkeytab = %s/none\n' "$HOST" "$TERN_WORK" >"$CONF"
kill -HUP $PID
ok "nor of one with a keytab that is not there" said 'keytab: .*none: No such file'
rm "$CONF"
kill -HUP $PID
ok "nor when it has gone" said 'msrpcd.conf: No such file'
like "it goes on" IPC "$TERN" share list -S "$HOST" -U admin
ok "it ends in order" stop

# ---- the end ----

# drain SECONDS ARGUMENT...: calls of six seconds over a pipe and TCP, a read that waits; then it is told to end
drain()
{
    local seconds=$1
    shift
    start "$@" || return 1
    over_pipe rpcecho.echo_TestSleep "{\"seconds\": $seconds}" >"$TERN_WORK/pipe" 2>&1 &
    calls=($!)
    over_tcp rpcecho.echo_TestSleep "{\"seconds\": $seconds}" >"$TERN_WORK/tcp" 2>&1 &
    calls+=($!)
    "$python" "$TERN_SRC/tests/system/pending_read.py" "$HOST" 445 admin Secret-1 srvsvc >"$TERN_WORK/read" 2>&1 &
    calls+=($!)
    for _ in $(seq 50); do ! grep -q waiting "$TERN_WORK/read" && sleep 0.1; done
    sleep 0.5
    kill -TERM $PID
    sleep 0.3
}
ok "calls run" drain 4
fails "it listens no more" 0 'CONNECTION_REFUSED|refused' "$TERN" share list -S "$HOST" -U admin
ok "it waits for them" kill -0 $PID
wait $PID
is "it ends in order" 0 $?
wait "${calls[@]}"
like "the call over a pipe had its answer" '"result": 4' cat "$TERN_WORK/pipe"
like "the one over TCP, too" '"result": 4' cat "$TERN_WORK/tcp"
is "who read heard of the end" 'waiting STATUS_PIPE_DISCONNECTED' "$(tr '\n' ' ' <"$TERN_WORK/read" | sed 's/ $//')"

began=$(date +%s)
ok "calls run that are too long" drain 30 --drain-timeout 1
wait $PID
is "it ends in order" 0 $?
ok "and soon" test $(($(date +%s) - began)) -le 15
wait "${calls[@]}"
like "the call over a pipe hears of it" 'STATUS_PIPE_DISCONNECTED' cat "$TERN_WORK/pipe"
like "the one over TCP is cut off" 'STATUS_CONNECTION_DISCONNECTED' cat "$TERN_WORK/tcp"

ok "calls run" drain 30
ok "it waits for them" kill -0 $PID
kill -TERM $PID
wait $PID
is "told again it ends at once" 0 $?
wait "${calls[@]}"
done_testing
