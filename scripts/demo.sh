# SPDX-License-Identifier: Apache-2.0
# For demo and demo-samba; sourced. Commands shown as one would type them, and the round through npcmuxd.
# From the caller: dir (a directory that goes away), failed, and on PATH tern and npcmuxd.
muxer='' line='' sleepers=()

# quote WORD...: the command as one would type it
quote()
{
    local w text=
    for w in "$@"; do
        case $w in
        *[!A-Za-z0-9_./:=,+@%-]* | '') text+=" '${w//\'/\'\\\'\'}'" ;;
        *) text+=" $w" ;;
        esac
    done
    echo "${text# }"
}

show() # show COMMAND...
{
    printf '\n$ %s\n' "$(quote "$@")"
    "$@" || { echo "demo: that ended with code $?" >&2; failed=1; }
}

refused() # refused COMMAND...: it has to fail
{
    printf '\n$ %s\n' "$(quote "$@")"
    "$@" && { echo "demo: that should have been refused" >&2; failed=1; }
}

# wait_for FILE PID: it has something in it, within ten seconds
wait_for()
{
    for _ in $(seq 200); do
        [ ! -s "$1" ] || return 0
        kill -0 "$2" 2>/dev/null || break
        sleep 0.05
    done
    [ -s "$1" ]
}

stop_muxer()
{
    [ ${#sleepers[@]} = 0 ] || kill "${sleepers[@]}" 2>/dev/null
    [ -z "$line" ] || kill "$line" 2>/dev/null
    [ -z "$muxer" ] || kill "$muxer" 2>/dev/null
}

# ---- cold, and through npcmuxd ----

# cold COMMAND..., warm COMMAND...: with the user's name and password; without them, through the muxer
cold() { TERN_NPC=off TERN_USER=$mux_user TERN_PASSWORD=$mux_password "$@"; }
warm() { env -u TERN_USER -u TERN_PASSWORD "$@"; }

# millis HOW COMMAND...: sets took to the time it took, in microseconds; what it says is not shown
millis()
{
    local from=${EPOCHREALTIME/./} how=$1
    shift
    "$how" "$@" >"$dir/said" 2>&1 || { cat "$dir/said" >&2; failed=1; }
    took=$((${EPOCHREALTIME/./} - from))
}

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# compare RUNS COMMAND...: one row of the table; the two take turns, so that what else the machine does meets both
compare()
{
    local runs=$1 i took
    shift
    rm -f "$dir/cold" "$dir/warm"
    millis warm "$@" # opens the session, where that is not there
    for ((i = 0; i < runs; i++)); do
        millis cold "$@"
        echo "$took" >>"$dir/cold"
        millis warm "$@"
        echo "$took" >>"$dir/warm"
    done
    awk -v name="$(quote "$@")" -v c="$(median <"$dir/cold")" -v w="$(median <"$dir/warm")" \
        'BEGIN { printf "%-66s %8.1f %11.1f %7.1f\n", name, c / 1000, w / 1000, c / w }'
}

# compare_head RUNS WHERE; the first row says how much of the rest is the start of the program
compare_head()
{
    local took i
    printf '\n# ms from the start of the program to its end, median of %s runs by turns; %s\n' "$1" "$2"
    printf '%-66s %8s %11s %7s\n' '' cold npcmuxd ratio
    : >"$dir/cold"
    for ((i = 0; i < $1; i++)); do
        millis env tern --version
        echo "$took" >>"$dir/cold"
    done
    awk -v t="$(median <"$dir/cold")" 'BEGIN { printf "%-66s %8.1f %11.1f\n", "tern --version (no call: only the program)", t / 1000, t / 1000 }'
}

# start_line ADDRESS PORT MS: sets line_port; a server on this machine is no distance away, which no other server is
start_line()
{
    "$scripts/demo_line.py" "$1" "$1" "$2" "$3" >"$dir/line" 2>"$dir/line.log" &
    line=$!
    wait_for "$dir/line" "$line" || { cat "$dir/line.log" >&2; failed=1; return 1; }
    line_port=$(cat "$dir/line")
}

end_line()
{
    kill "$line"
    wait "$line" 2>/dev/null
    line=
}

start_muxer()
{
    printf '\n$ npcmuxd --socket npcmux &\n'
    npcmuxd --socket "$dir/npcmux" >mux.ready 2>mux.log &
    muxer=$!
    wait_for mux.ready "$muxer" || { cat mux.log >&2; echo "demo: npcmuxd does not start" >&2; failed=1; return 1; }
    sed "s,$dir/,," mux.ready
    export TERN_NPC=$dir/npcmux
    printf '\n$ export TERN_NPC=$PWD/npcmux\n'
    printf '\n$ echo ... | %s\n' "$(quote tern mux set "$1" -U "$mux_user" --password-stdin)"
    echo "$mux_password" | tern mux set "$1" -U "$mux_user" --password-stdin || failed=1
}

# Two more processes hold a pipe each, in the session that is there; then a third gets one.
two_processes() # two_processes TERN-OPTION...
{
    printf '\n# two more processes, each with a pipe of its own in that one session: no password, no logon\n'
    for _ in 1 2; do
        printf '$ %s &\n' "$(quote tern rpc call rpcecho.echo_TestSleep '{"seconds": 3}' "$@")"
        warm tern rpc call rpcecho.echo_TestSleep '{"seconds": 3}' "$@" >/dev/null &
        sleepers+=($!)
    done
    sleep 0.5
    show tern mux connections
    for p in "${sleepers[@]}"; do
        wait "$p" || { echo "demo: a call through the muxer failed" >&2; failed=1; }
    done
    sleepers=()
}

# What goes over the pipes is there to be seen, for whose they are.
tap_one() # tap_one COMMAND...
{
    printf '\n$ tern mux tap --output calls.pcapng --seconds 1 &\n'
    tern mux tap --output calls.pcapng --seconds 1 2>tap.log &
    sleepers=($!)
    wait_for tap.log "${sleepers[0]}" || failed=1
    cat tap.log
    show "$@"
    wait "${sleepers[0]}" || { echo "demo: the tap failed" >&2; failed=1; }
    sleepers=()
    [[ $(tern rpc --help) != *--pcap* ]] || show tern rpc decode --pcap calls.pcapng
}

end_muxer()
{
    kill "$muxer"
    wait "$muxer" || { echo "demo: npcmuxd did not end in order" >&2; failed=1; }
    muxer=
    unset TERN_NPC
}
