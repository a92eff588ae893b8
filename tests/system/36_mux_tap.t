# SPDX-License-Identifier: Apache-2.0
# needs: standalone
# timeout: 180
# What goes over npcmuxd's pipes: captures of tern mux tap as tshark and tern rpc decode read them, against the Samba lab and
# msrpcd; who may tap whom; and the recording in the place of the servers (npcmuxd --replay).
. "$TERN_SRC/tests/system/lib.sh"
HOST=$LAB_NET.94
PASSWORD='Geheim-tap-1'
unset TERN_DOMAIN TERN_CCACHE KRB5CCNAME TERN_USER TERN_PASSWORD TERN_SERVER XDG_RUNTIME_DIR
export PATH=/usr/sbin:$PATH
NPCMUXD=$TERN_BUILD/daemons/npcmuxd
mkdir -m 755 "$TERN_WORK/s"
export TERN_NPC=$TERN_WORK/s/socket
PIDS=()
trap 'kill "${PIDS[@]}" 2>/dev/null' EXIT

with_input()
{
    local text=$1
    shift
    printf '%b' "$text" | "$@"
}

# start_muxer NAME ARGUMENT...: sets MUXER; log in NAME.log
start_muxer()
{
    local name=$1
    shift
    "$NPCMUXD" "$@" >"$TERN_WORK/$name.ready" 2>"$TERN_WORK/$name.log" &
    MUXER=$!
    PIDS+=("$MUXER")
    await_line '^ready' "$TERN_WORK/$name.ready" "$MUXER"
}

# start_tap FILE ARGUMENT...: sets TAP
start_tap()
{
    local file=$1
    shift
    "$TERN" mux tap --output "$file" "$@" >"$file.out" 2>"$file.err" &
    TAP=$!
    PIDS+=("$TAP")
    await_line recording "$file.err" "$TAP"
}

# end_tap TEXT FILE
end_tap()
{
    local rc
    sleep 0.3
    kill -INT "$TAP"
    wait "$TAP"
    rc=$?
    is "$1" 0 "$rc"
    [ $rc = 0 ] || note "$(cat "$2.err")"
}

# fields FILE FILTER FIELD...: of tshark
fields()
{
    local file=$1 filter=$2 args=() f
    shift 2
    for f; do args+=(-e "$f"); done
    tshark -2 -n -r "$file" -Y "$filter" -T fields "${args[@]}" 2>/dev/null
}

ok "npcmuxd starts" start_muxer live --socket "$TERN_NPC"
ok "credentials for the lab" with_input "$LAB_SRV_PASSWORD\n" "$TERN" mux set "$LAB_SRV" -U root --password-stdin
lab() { "$TERN" "$@" -S "$LAB_SRV" -p "$LAB_SRV_PORT"; }

# ---- a recording against Samba ----
samba=$TERN_WORK/samba.pcapng
ok "a tap of our own" start_tap "$samba"
ok "server info" lab server info
cp "$TERN_WORK/out" "$TERN_WORK/server.live"
ok "share list" lab share list
cp "$TERN_WORK/out" "$TERN_WORK/share.live"
ok "user list" lab user list
cp "$TERN_WORK/out" "$TERN_WORK/user.live"
ok "policy show" lab policy show
cp "$TERN_WORK/out" "$TERN_WORK/policy.live"
SHARES=$TERN_BUILD/examples/example-shares
if [ -x "$SHARES" ]; then
    ok "a program that uses NetAPI" "$SHARES" "$LAB_SRV" </dev/null
    cp "$TERN_WORK/out" "$TERN_WORK/shares.live"
fi
end_tap "the tap ends by a signal, well" "$samba"
like "  and says what it has" 'PDUs of [1-9][0-9]* pipes' cat "$samba.out"
is "  its file is ours alone" 600 "$(stat -c %a "$samba")"
fails "a file that is there is not written to" 1 'samba.pcapng' "$TERN" mux tap --output "$samba" --seconds 1

decode() { "$TERN" rpc decode --pcap "$1" --json --quiet; }
if [ -x "$TERN_BUILD/tools/tern-rpc-pcap" ]; then
    decode "$samba" >"$TERN_WORK/decoded"
    decoded() { /usr/bin/python3 -c 'import json, sys
d = [json.loads(l) for l in open(sys.argv[2])]
calls = [e for e in d if "operation" in e or "opnum" in e]
print(eval(sys.argv[1]))' "$1" "$TERN_WORK/decoded"; }
    like "tern rpc decode has the calls" 'NetrServerGetInfo' cat "$TERN_WORK/decoded"
    like "  of samr, too" 'Samr' cat "$TERN_WORK/decoded"
    unlike "  and each is answered" 'no answer|"outcome": *"none"|a PDU from' "$TERN" rpc decode --pcap "$samba"
    n_decoded=$(decoded 'len(calls)')
fi
if command -v tshark >/dev/null; then
    pdus() # TYPE: last fragments of it; a frame may have several PDUs
    {
        fields "$samba" dcerpc dcerpc.pkt_type dcerpc.cn_flags.last_frag |
            awk -F'\t' -v type="$1" '{ n = split($1, t, ","); split($2, l, ","); for (i = 1; i <= n; i++) c += t[i] == type && (l[i] == "1" || l[i] == "True") } END { print c + 0 }'
    }
    requests=$(pdus 0)
    responses=$(pdus 2)
    is "tshark: as many responses as requests" "$requests" "$responses"
    is "  more than four calls" 1 "$((requests > 4))"
    [ -z "${n_decoded:-}" ] || is "  and as many as tern rpc decode" "$n_decoded" "$requests"
    is "  no call without its answer" 0 "$(fields "$samba" 'dcerpc.pkt_type == 0 && !dcerpc.response_in' frame.number | wc -l)"
    is "  nothing is malformed" 0 "$(fields "$samba" '_ws.malformed' frame.number | wc -l)"
    like "  it names srvsvc's operations" 'NetSrvGetInfo response' tshark -n -r "$samba" -Y srvsvc
    like "  and its shares" 'NetShareEnum(All)? response' tshark -n -r "$samba" -Y srvsvc
    like "  and samr's" 'Connect[0-9]* response' tshark -n -r "$samba" -Y samr
    is "  each pipe is a connection of its own" "$(fields "$samba" 'dcerpc.pkt_type == 11' tcp.stream | sort -u | wc -l)" \
        "$(fields "$samba" 'tcp.flags.syn == 1 && tcp.flags.ack == 0' tcp.stream | sort -u | wc -l)"
else
    skip "tshark" "it is not installed (scripts/setup test)"
fi
like "the file says who recorded it" "npcmuxd [0-9.]+ on $(uname -n), tap 1" grep -a -o "npcmuxd .*, tap 1" "$samba"
is "no password is in it" 0 "$(grep -c -a -F "$LAB_SRV_PASSWORD" "$samba")"

# ---- the recording in the place of Samba ----
live=$TERN_NPC
export TERN_NPC=$TERN_WORK/s/replay
ok "npcmuxd --replay" start_muxer replay --socket "$TERN_NPC" --replay "$samba"
like "  says what it has" 'replay file=.*servers=1 ' cat "$TERN_WORK/replay.log"
for round in 1 2; do
    for x in server:"server info" share:"share list" user:"user list" policy:"policy show"; do
        # shellcheck disable=SC2086 # words
        run lab ${x#*:}
        is "round $round: ${x#*:}: the same as from Samba" "$(cat "$TERN_WORK/${x%%:*}.live")" "$OUT"
    done
done
if [ -x "$SHARES" ]; then
    run "$SHARES" "$LAB_SRV" </dev/null
    is "the program: the same as from Samba" "$(cat "$TERN_WORK/shares.live")" "$OUT"
fi
fails "what was not recorded" 1 'ERROR_NOT_FOUND' lab session list
ok "  is in the log" await_line 'replay_miss .*pipe=srvsvc .*was not recorded' "$TERN_WORK/replay.log" "$MUXER"
fails "a server that was not recorded" 1 'the recording has no server' "$TERN" server info -S "$HOST"
kill "$MUXER"
wait "$MUXER"

ok "npcmuxd --replay-strict" start_muxer strict --socket "$TERN_NPC" --replay "$samba" --replay-strict
fails "another order" 1 'ERROR_NOT_FOUND' lab share list
ok "  is in the log" await_line 'replay_miss .*operation 21 was next' "$TERN_WORK/strict.log" "$MUXER"
run lab server info
is "the recorded order" "$(cat "$TERN_WORK/server.live")" "$OUT"
run lab share list
is "  goes on" "$(cat "$TERN_WORK/share.live")" "$OUT"
kill "$MUXER"
wait "$MUXER"
head -c 3000 "$samba" >"$TERN_WORK/half.pcapng"
fails "half a file" 1 'half.pcapng: it ends in the middle' "$NPCMUXD" --socket "$TERN_NPC" --replay "$TERN_WORK/half.pcapng"
fails "no capture" 1 'no pcapng file' "$NPCMUXD" --socket "$TERN_NPC" --replay "$TERN_SRC/README.md"
fails "no file" 1 'nosuch: No such file' "$NPCMUXD" --socket "$TERN_NPC" --replay "$TERN_WORK/nosuch"
export TERN_NPC=$live

# ---- msrpcd, and a pipe that was open before ----
if [ -x "$TERN_BUILD/daemons/msrpcd" ]; then
    MSRPCD_ADMIN_PASSWORD=$PASSWORD "$TERN_BUILD/daemons/msrpcd" --scratch "$TERN_WORK/srv" --listen "$HOST" >"$TERN_WORK/srv.ready" \
        2>"$TERN_WORK/srv.log" &
    PIDS+=($!)
    await_line '^ready ' "$TERN_WORK/srv.ready" $! || note "$(cat "$TERN_WORK/srv.log")"
    ok "credentials for msrpcd" with_input "$PASSWORD\n" "$TERN" mux set "$HOST" -U admin --password-stdin
    own=$TERN_WORK/own.pcapng
    ok "a tap of one server and pipe" start_tap "$own" "$HOST" --pipe srvsvc --count 8
    ok "another server's pipe" lab server info
    for i in 1 2; do ok "call $i" "$TERN" server info -S "$HOST"; done
    wait "$TAP"
    is "the tap ends by its count" 0 $?
    like "  and has only that one's" "^  *127\.0\.0\.1:1024 > $HOST:445|> $HOST:445 " "$TERN" rpc decode --pcap "$own"
    unlike "  not the other's" "> $LAB_SRV:" "$TERN" rpc decode --pcap "$own"
    "$TERN" mux tap "$HOST" --output - --count 2 2>"$TERN_WORK/stdout.err" >"$TERN_WORK/stdout.pcapng" &
    TAP=$!
    await_line recording "$TERN_WORK/stdout.err" "$TAP"
    ok "a tap to standard output" "$TERN" share list -S "$HOST"
    wait "$TAP"
    like "  is a capture" 'srvsvc' "$TERN" rpc decode --pcap "$TERN_WORK/stdout.pcapng" --binds
else
    skip "msrpcd" "built without SQLite"
fi

# ---- who taps whom ----
if ! command -v setpriv >/dev/null; then
    skip "other users" "setpriv is not installed"
elif ! setpriv --reuid=65531 --regid=65531 --clear-groups "$TERN" --version >/dev/null 2>&1; then
    skip "other users" "they may not read the build directory"
else
    chmod 711 "$TERN_WORK"
    as() { setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"; }
    for u in 65531 65532; do
        mkdir "$TERN_WORK/u$u"
        chown "$u" "$TERN_WORK/u$u"
        ok "user $u has credentials" with_input "$LAB_SRV_PASSWORD\n" as "$u" "$TERN" mux set "$LAB_SRV" -U root --password-stdin
        as "$u" "$TERN" mux tap --output "$TERN_WORK/u$u/own.pcapng" --seconds 6 >/dev/null 2>"$TERN_WORK/u$u.err" &
        eval "TAP$u=$!"
        await_line recording "$TERN_WORK/u$u.err" $! || note "$(cat "$TERN_WORK/u$u.err")"
    done
    fails "not of all" 1 'ERROR_ACCESS_DENIED' as 65531 "$TERN" mux tap --all --output "$TERN_WORK/u65531/all.pcapng" --seconds 1
    fails "not of one other" 1 'ERROR_ACCESS_DENIED' as 65532 "$TERN" mux tap --uid 65531 --output "$TERN_WORK/u65532/other.pcapng" --seconds 1
    is "  and no file is left" 0 "$(ls "$TERN_WORK/u65531/all.pcapng" "$TERN_WORK/u65532/other.pcapng" 2>/dev/null | wc -l)"
    all=$TERN_WORK/all.pcapng
    ok "root may" start_tap "$all" --all
    roots=$TAP
    ok "root's own" start_tap "$TERN_WORK/root.pcapng"
    ok "one of them calls" as 65531 "$TERN" server info -S "$LAB_SRV" -p "$LAB_SRV_PORT"
    # shellcheck disable=SC2154 # by eval
    wait "$TAP65531"
    # shellcheck disable=SC2154
    wait "$TAP65532"
    end_tap "root's own ends" "$TERN_WORK/root.pcapng"
    TAP=$roots
    end_tap "and that of all" "$all"
    like "the caller has it" NetrServerGetInfo "$TERN" rpc decode --pcap "$TERN_WORK/u65531/own.pcapng"
    unlike "the other has nothing" . "$TERN" rpc decode --pcap "$TERN_WORK/u65532/own.pcapng" --quiet --binds
    like "root has it, of all" NetrServerGetInfo "$TERN" rpc decode --pcap "$all"
    unlike "root's own has it not" NetrServerGetInfo "$TERN" rpc decode --pcap "$TERN_WORK/root.pcapng"
    like "the log says who taps whom" 'tap .*uid=0 .*tap=' cat "$TERN_WORK/live.log"
    like "  and who was refused" 'uid=65531 .*ACCESS_DENIED' grep ' tap ' "$TERN_WORK/live.log"
fi
done_testing
