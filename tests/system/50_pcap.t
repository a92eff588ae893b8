# SPDX-License-Identifier: Apache-2.0
# needs: standalone dc
# Calls out of captures: what clients of three makes do with a server of the lab, read by tern-rpc-pcap and by tshark.
. "$TERN_SRC/tests/system/lib.sh"
pcap=$TERN_BUILD/tools/tern-rpc-pcap
live=$TERN_BUILD/tests/system/rpc_live
py=/usr/bin/python3
export PATH=/usr/sbin:$PATH

skip_all()
{
    echo "1..0 # SKIP $1"
    exit 0
}
for p in tcpdump tshark editcap; do command -v $p >/dev/null || skip_all "$p is not installed (scripts/setup test)"; done
[ -x "$pcap" ] || skip_all "built without libpcap"
cd "$TERN_WORK" || exit 1

# capture FILE COMMAND...: what goes over the loopback to and from the server meanwhile
capture()
{
    local file=$1 dumper i
    shift
    tcpdump -i lo -U --immediate-mode -B 32768 -s 0 -w "$file" host "$LAB_SRV" or host "$encrypting" or host "$LAB_DC_ADDR" 2>"$file.err" >/dev/null &
    dumper=$!
    for ((i = 0; i < 100; i++)); do
        grep -q 'listening on' "$file.err" && break
        sleep 0.1
    done
    "$@" >>traffic.out 2>&1
    sleep 0.5
    kill "$dumper"
    wait "$dumper"
    grep -q '0 packets dropped' "$file.err"
}

samba_client() { rpcclient --configfile=/dev/null --option=clientsmbencrypt=off -U "root%$LAB_SRV_PASSWORD" "$@"; }
our_client() { "$live" -n -u root -p "$LAB_SRV_PASSWORD" "$@"; }
our_tern() { TERN_USER=root TERN_PASSWORD=$LAB_SRV_PASSWORD "$TERN" "$@" -p "$LAB_SRV_PORT"; }
krb5_client() { "$live" -k -c "$KRB5CCNAME" "$@"; }

traffic()
{
    local how
    samba_client "ncacn_np:$LAB_SRV" -c 'enumdomusers;netshareenum;srvinfo;queryuser root;enumprivs'
    for how in connect sign seal; do samba_client "ncacn_ip_tcp:${LAB_SRV}[$how]" -c enumdomusers; done
    for how in none,ntlm sign,ntlm seal,ntlm sign,spnego seal,spnego; do
        our_client "ncacn_ip_tcp:${LAB_SRV}[,$how]" domains names:300
    done
    our_client -f 1432 "ncacn_ip_tcp:${LAB_SRV}[,sign,ntlm]" names:700
    our_client -f 1432 "ncacn_np:${LAB_SRV}[samr]" domains names:700 async:50
    our_tern user list --sign-only -S "$LAB_SRV"
    our_tern share list --sign-only -S "$LAB_SRV"
    our_tern user list --sign-only --dialect 2.0.2 -S "$LAB_SRV"
    our_tern server info --encrypt -S "$encrypting"
    for how in sign,krb5 seal,krb5 sign,spnego; do krb5_client "ncacn_ip_tcp:${LAB_DC}[,$how]" domains names:100; done
    $py "$TERN_SRC/tests/system/pcap_traffic.py" "$LAB_SRV" root "$LAB_SRV_PASSWORD" \
        "$LAB_DC" "$LAB_DC_DOMAIN" TERNWKS$
}

encrypting=$LAB_SRV
ok "a ticket" dc_kinit
ok "a server without encryption, with TCP" another_server pcap LAB_TCP=yes LAB_WINBIND=no LAB_ENCRYPT=off
ok "many users" "$TERN_LAB" populate "$LAB_SRV_DIR" 400
ok "a capture" capture all.pcap traffic

ok "is read, as JSON" "$pcap" --json all.pcap
cp out all.json
is "with totals on standard error" yes "$(grep -q ' calls: .* answered, [1-9][0-9]* faults, ' <<<"$ERR" && echo yes)"
is "and more than 120 calls" yes "$([ "$(grep -c '"type": "call"' all.json)" -gt 120 ] && echo yes)"
like "tshark has the same requests, answers, faults and binds" ': 0 differences$' \
    $py "$TERN_SRC/tests/system/pcap_oracle.py" all.pcap all.json
note "$OUT"
grep -v '"operation": "SamrOpenDomain"' all.json >less.json
fails "the comparison notices a missing call" 1 'only tshark: requests' $py "$TERN_SRC/tests/system/pcap_oracle.py" all.pcap less.json
sed 's/"opnum": 5,/"opnum": 6,/' all.json >other.json
fails "and another operation" 1 'only tern: requests' $py "$TERN_SRC/tests/system/pcap_oracle.py" all.pcap other.json

ok "lines" "$pcap" all.pcap
cp out all.txt
for line in '\\samr samr\.SamrEnumerateUsersInDomain #[0-9]* ' '\\srvsvc srvsvc\.NetrShareEnum #' \
    'samr\.SamrConnect[0-9]* #[0-9]* .* signed \(ntlm, integrity\)' 'samr\.SamrConnect[0-9]* #[0-9]* .* sealed \(spnego, privacy\)' \
    'signed \(krb5, integrity\)' 'sealed \(netlogon, privacy\)' 'SamrLookupNamesInDomain #[0-9]* .*[0-9]{5}/[0-9]{4} bytes ' \
    'fault ERROR_ACCESS_DENIED' 'fault nca_s_op_rng_error' 'provider rejection: unknown interface' 'epmapper\.ept_map' \
    'mgmt\.rpc__mgmt_inq_if_ids' 'note: frame [0-9]*, stream [0-9]*: SMB messages are encrypted' \
    'nosuchpipe note: .* not opened: STATUS_OBJECT_NAME_NOT_FOUND'; do
    is "have: $line" yes "$(grep -Eq -- "$line" all.txt && echo yes)"
done
is "have arguments and results" yes "$(grep -Eq \
    'SamrLookupDomainInSamServer #[0-9]+ STATUS_SUCCESS .* \{ServerHandle: .*, Name: "[A-Z0-9]+"\} -> \{DomainId: "S-1-5-21-' all.txt && echo yes)"
like "everything" '^ +Name: "TERN' "$pcap" --full all.pcap
is "all stubs are decoded but those that are sealed" "" "$($py - all.json <<'P'
import json, sys
with open(sys.argv[1]) as f:
    for d in map(json.loads, f):
        for side in ("request", "response"):
            why = d.get(side) and d[side].get("undecoded")
            if why and why != "sealed" and d["operation"]:
                print(d["frame"], d["operation"], side, why)
P
)"

like "one interface" 'samr\.' "$pcap" --quiet --iface samr all.pcap
unlike "and no other" ' srvsvc\.| epmapper\.' "$pcap" --quiet --iface SAMR all.pcap
like "an interface by its UUID" ' epmapper\.' "$pcap" --quiet --iface e1af8308-5d1f-11c9-91a4-08002b14a0fa all.pcap
like "one connection" '"operation": "Samr' "$pcap" --quiet --json --stream 0 all.pcap
unlike "and no other" '"stream": [1-9]' "$pcap" --quiet --json --stream 0 all.pcap
is "a host that takes no part" "" "$("$pcap" --quiet --host 192.0.2.1 all.pcap)"
is "all servers" "$(wc -l <all.txt)" \
    "$("$pcap" --quiet --host "$LAB_SRV" --host="$encrypting" --host "$LAB_DC_ADDR" all.pcap | wc -l)"

# The same packets in other files and worse captures.
editcap -F pcapng all.pcap all.pcapng
is "pcapng" "$(md5sum <all.json)" "$("$pcap" --quiet --json all.pcapng | md5sum)"
is "standard input" "$(md5sum <all.json)" "$("$pcap" --quiet --json - <all.pcap | md5sum)"
packets=$(capinfos -Mrc all.pcap | sed -n 's/.*Number of packets *= *//p')
[ -n "$packets" ] || packets=$(tshark -r all.pcap 2>/dev/null | wc -l)
half=$((packets / 2))
editcap -r all.pcap middle.pcap "$half-$packets"
ok "a capture that begins in the middle" "$pcap" --json middle.pcap
cp out middle.json
is "has calls, and no others" yes "$($py - all.json middle.json <<'P'
import json, sys
def calls(path, key):
    with open(path) as f:
        return [key(d) for d in map(json.loads, f) if d["type"] == "call" and d["request"]]
key = lambda d: (d["client"], d["call_id"], d["opnum"])
whole, part = set(calls(sys.argv[1], key)), calls(sys.argv[2], key)
print("yes" if len(part) > 50 and set(part) <= whole else "no: %d of %d" % (len(part), len(whole)))
P
)"
editcap all.pcap lost.pcap 40-42 90 133 200-203 301 402 555
ok "one with lost packets" "$pcap" --json lost.pcap
is "has most of the calls" yes "$([ "$(grep -c '"type": "call"' out)" -gt $(($(grep -c '"type": "call"' all.json) * 9 / 10)) ] && echo yes)"
editcap -s 200 all.pcap cut.pcap
like "one with cut packets" 'cut by the capture' "$pcap" cut.pcap
head -c $(($(stat -c %s all.pcap) - 20)) all.pcap >torn.pcap
fails "a file that ends too early: what is there, and why it is not all" 1 'truncated dump file.*after [0-9]+ packets' "$pcap" --json torn.pcap
is "with all calls but those of the last packet" yes "$([ "$(grep -c '"type": "call"' out)" -ge $(($(grep -c '"type": "call"' all.json) - 1)) ] && echo yes)"

is "tern runs it" "$(md5sum <all.txt)" "$("$TERN" rpc decode --pcap all.pcap --quiet | md5sum)"
fails "tern says what is missing" 2 'FILE is missing' "$TERN" rpc decode --json
fails "no file" 2 'FILE is missing' "$pcap"
fails "a file that is not there" 1 'nosuchfile' "$pcap" nosuchfile
fails "a file that is no capture" 1 'unknown file format' "$pcap" "$TERN_SRC/LICENSE"
fails "an unknown option" 2 "unknown option '--nosuch'" "$pcap" --nosuch x
fails "output that cannot be written" 1 'cannot write' sh -c "'$pcap' all.pcap >/dev/full"
done_testing
