# SPDX-License-Identifier: Apache-2.0
# For tests/system/*.t; sourced: . "$TERN_SRC/tests/system/lib.sh"
#
# From the driver: TERN_SRC, TERN_BUILD, TERN_WORK (an empty directory for this test), LAB_NET, and what `lab env` prints for
# the servers named in "# needs:" (LAB_SRV..., LAB_DC..., KRB5_CONFIG). A test ends with `done_testing`.
set -uo pipefail
tap_n=0 tap_failed=0
TERN=$TERN_BUILD/tools/tern

tap() # tap ok|"not ok" TEXT
{
    tap_n=$((tap_n + 1))
    echo "$1 $tap_n - $2"
    [ "$1" = ok ] || tap_failed=$((tap_failed + 1))
}

note() { sed 's/^/# /' <<<"$*"; }

# run COMMAND...: sets OUT (standard output), ERR and RC
run()
{
    "$@" >"$TERN_WORK/out" 2>"$TERN_WORK/err"
    RC=$?
    OUT=$(cat "$TERN_WORK/out")
    ERR=$(cat "$TERN_WORK/err")
}

show() { note "exit code $RC"; note "${OUT:0:2000}"; note "${ERR:0:2000}"; }

# await_line REGEX FILE PID: the program has written such a line, within ten seconds
await_line()
{
    for _ in $(seq 200); do
        ! grep -q "$1" "$2" || return 0
        kill -0 "$3" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

# ok TEXT COMMAND...: the command succeeds
ok()
{
    local text=$1
    shift
    run "$@"
    if [ $RC = 0 ]; then tap ok "$text"; else tap "not ok" "$text"; show; fi
}

# fails TEXT CODE REGEX COMMAND...: ends with this code (0: any but success) and says this on standard error
fails()
{
    local text=$1 code=$2 regex=$3
    shift 3
    run "$@"
    if { [ "$code" = 0 ] && [ $RC = 0 ]; } || { [ "$code" != 0 ] && [ "$RC" != "$code" ]; } ||
        ! grep -Eq -- "$regex" <<<"$ERR$OUT"; then
        tap "not ok" "$text"
        show
    else
        tap ok "$text"
    fi
}

# points TEXT SUITE HOST [ARGUMENT...]: the checks that the program $P prints become points of this test
points()
{
    local text=$1 line
    shift
    run "$P" "$@"
    while IFS= read -r line; do
        case $line in
        "ok "*) tap ok "$text: ${line#ok }" ;;
        "not ok "*) tap "not ok" "$text: ${line#not ok }" ;;
        esac
    done <<<"$OUT"
    if [ "$(tail -n 1 <<<"$OUT")" = done ]; then tap ok "$text: came to its end"; else
        tap "not ok" "$text: came to its end"
        show
    fi
}

# points_of TEXT COMMAND...: the same of any program that says "done" or "N failed" at its end
points_of()
{
    local text=$1 line last
    shift
    run "$@"
    while IFS= read -r line; do
        case $line in
        "ok "*) tap ok "$text: ${line#ok }" ;;
        "not ok "*) tap "not ok" "$text: ${line#not ok }" ;;
        "# "*) echo "$line" ;;
        esac
    done <<<"$OUT"
    last=$(tail -n 1 <<<"$OUT")
    if [ "$last" != 'done' ] && ! [[ $last =~ ^[0-9]+\ failed$ ]]; then
        tap "not ok" "$text: came to its end"
        show
    fi
}

# like TEXT REGEX COMMAND...: succeeds and some line of its output matches
like()
{
    local text=$1 regex=$2
    shift 2
    run "$@"
    if [ $RC = 0 ] && grep -Eq -- "$regex" <<<"$OUT"; then tap ok "$text"; else tap "not ok" "$text"; show; fi
}

# unlike TEXT REGEX COMMAND...: succeeds and no line of its output matches
unlike()
{
    local text=$1 regex=$2
    shift 2
    run "$@"
    if [ $RC = 0 ] && ! grep -Eq -- "$regex" <<<"$OUT"; then tap ok "$text"; else tap "not ok" "$text"; show; fi
}

# is TEXT EXPECTED ACTUAL
is()
{
    if [ "$2" = "$3" ]; then tap ok "$1"; else
        tap "not ok" "$1"
        note "expected: $2"
        note "got:      $3"
    fi
}

skip() { tap ok "$1 # SKIP $2"; }

# json EXPRESSION: evaluates a Python expression over OUT as JSON in `d`
json() { /usr/bin/python3 -c 'import json, sys; d = json.loads(sys.argv[2]); print(eval(sys.argv[1]))' "$1" "$OUT"; }

# another_server NAME [SETTING=VALUE...]: one more standalone server, on an address of its own, with settings of `lab`;
# sets LAB_SRV and its kin to it. The driver stops it at the end; stop_server NAME does so at once.
another_server()
{
    local name=$1 address
    shift
    address=$(cat "$TERN_LABDIR/next-address")
    echo $((address + 1)) >"$TERN_LABDIR/next-address"
    env LAB_ADDR="$LAB_NET.$address" LAB_NAME="TERNSRV$address" "$@" "$TERN_LAB" standalone up "$TERN_LABDIR/$name" >&2 ||
        return 1
    eval "$("$TERN_LAB" standalone env "$TERN_LABDIR/$name")"
}

stop_server() { "$TERN_LAB" standalone wipe "$TERN_LABDIR/$1" >&2; }

# Samba's own client against the servers of the lab.
srv_rpcclient() { rpcclient --configfile=/dev/null -p "$LAB_SRV_PORT" -U "root%$LAB_SRV_PASSWORD" "ncacn_np:$LAB_SRV" -c "$1"; }
dc_rpcclient()
{
    rpcclient --configfile=/dev/null -U "$LAB_DC_DOMAIN/$LAB_DC_ADMIN%$LAB_DC_PASSWORD" "ncacn_np:$LAB_DC_ADDR" -c "$1"
}
dc_kinit() { kinit -c "$KRB5CCNAME" -kt "$LAB_DC_KEYTAB" "$LAB_DC_ADMIN"; }

done_testing()
{
    echo "1..$tap_n"
    exit 0
}
