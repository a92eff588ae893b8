# SPDX-License-Identifier: Apache-2.0
# timeout: 400
# The account store as its administrator holds it (init, passwd, export, import), and its faults under the running daemon.
. "$TERN_SRC/tests/system/lib.sh"
MSRPCD=$TERN_BUILD/daemons/msrpcd
LOAD=$TERN_BUILD/tests/system/store_load
HOST=$LAB_NET.93
OTHER=$LAB_NET.94
DIR=$TERN_WORK/s
STORE=$DIR/sam.db
python=/usr/bin/python3
export MSRPCD_ADMIN_PASSWORD='Secret-1' TERN_PASSWORD='Secret-1' NA_USER=admin NA_PASSWORD='Secret-1'

[ -x "$MSRPCD" ] || {
    echo "1..0 # SKIP built without msrpcd"
    exit 0
}

# start [DIR ADDRESS OPTION...]: sets PID
start()
{
    local dir=${1:-$DIR} address=${2:-$HOST}
    shift $(($# < 2 ? $# : 2))
    : >"$TERN_WORK/ready"
    "$MSRPCD" --scratch "$dir" --listen "$address" "$@" >"$TERN_WORK/ready" 2>"$TERN_WORK/err.log" &
    PID=$!
    await_line '^ready ' "$TERN_WORK/ready" $PID || { cat "$TERN_WORK/err.log" >&2; return 1; }
}

stop()
{
    kill -TERM "${1:-$PID}"
    wait "${1:-$PID}"
}

rpc() { rpcclient --configfile=/dev/null -U "admin%${2:-Secret-1}" "$HOST" -c "$1"; }
tcp() { "$TERN" rpc call --transport tcp -S "${1:-$HOST}" -U admin rpcecho.echo_AddOne '{"in_data": 41}'; }
sql() { "$python" -c 'import sqlite3, sys
c = sqlite3.connect(sys.argv[1]); print(*[r[0] for r in c.execute(sys.argv[2])]); c.commit()' "$STORE" "$1"; }
# hold SECONDS: another program has the store
hold() { "$python" -c 'import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute("BEGIN IMMEDIATE"); time.sleep(float(sys.argv[2]))' "$STORE" "$1"; }
# noise FILE PAGE: a page of 4096 octets that is none
noise() { head -c 4096 /dev/urandom | dd of="$1" bs=4096 seek="$2" conv=notrunc 2>/dev/null; }

# ---- init ----
D=$TERN_WORK/plain.db
export -n MSRPCD_ADMIN_PASSWORD
fails "init: no names" 2 '--name and --workgroup' "$MSRPCD" init --store "$D"
fails "init: no store" 2 'one of --store, --scratch and --config' "$MSRPCD" init --name BOX --workgroup WG
fails "init: a name that cannot be" 2 'up to 15 characters' env MSRPCD_ADMIN_PASSWORD=x "$MSRPCD" init --store "$D" --name 'A/B' --workgroup WG
fails "init: no password, no terminal" 2 'no terminal to ask at' setsid "$MSRPCD" init --store "$D" --name BOX --workgroup WG
fails "init: a password on the command line" 2 "option '--password' is ambiguous" "$MSRPCD" init --store "$D" --name BOX --workgroup WG --password x
fails "init: an owner that is nobody" 2 'there is no (such )?user' "$MSRPCD" init --store "$D" --name BOX --workgroup WG --owner nobody-at-all
ok "init: nothing is left behind" test -z "$(ls "$TERN_WORK"/plain.db* 2>/dev/null)"
ok "init" "$MSRPCD" init --store "$D" --name BOX --workgroup WG --realm LAB.EXAMPLE --admin root --password-stdin <<<'Secret-1'
is "init: for its owner only" 600 "$(stat -c %a "$D")"
fails "init: something is there" 1 'there is something already' "$MSRPCD" init --store "$D" --name BOX --workgroup WG
ok "init: for another user" env MSRPCD_ADMIN_PASSWORD=x "$MSRPCD" init --store "$D.2" --name BOX --workgroup WG --owner nobody
is "init: it is that user's" nobody "$(stat -c %U "$D.2")"
printf 'listen = 127.0.0.1\nstore = %s\nname = CONF\nworkgroup = WG\n' "$D.3" >"$TERN_WORK/conf"
ok "init: as the configuration says" env MSRPCD_ADMIN_PASSWORD=x "$MSRPCD" init --config "$TERN_WORK/conf"
like "init: the names are those" '"machine": "CONF"' "$MSRPCD" export --config "$TERN_WORK/conf"
# the terminal: asked twice, nothing is shown
cat >"$TERN_WORK/terminal.py" <<'END'
import os, pty, sys
answers = sys.argv[1].split(",")
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
shown = b""
try:
    while True:
        got = os.read(fd, 1000)
        shown += got
        if got.rstrip().endswith(b":") and answers:
            os.write(fd, answers.pop(0).encode() + b"\n")
except OSError:
    pass
print(shown.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
like "passwd: asks at the terminal" 'New password of root' "$python" "$TERN_WORK/terminal.py" Hidden-2,Hidden-2 "$MSRPCD" passwd --store "$D"
ok "passwd: shows nothing of it" test -z "$(grep Hidden <<<"$OUT")"
fails "passwd: two that differ" 2 'not the same' "$python" "$TERN_WORK/terminal.py" Hidden-2,Hidden-3 "$MSRPCD" passwd --store "$D"

# ---- export, import ----
ok "export" "$MSRPCD" export --store "$D" "$TERN_WORK/a.json"
ok "export: no keys" test -z "$(grep nt_hash "$TERN_WORK/a.json")"
ok "export with keys" "$MSRPCD" export --store "$D" --with-keys "$TERN_WORK/k.json"
ok "says what that is" test -n "$(grep 'can log on as anybody' <<<"$ERR")"
is "the file is its owner's" 600 "$(stat -c %a "$TERN_WORK/k.json")"
for j in a k; do
    keys=()
    [ $j = a ] || keys=(--with-keys)
    ok "$j.json: import" "$MSRPCD" import --store "$TERN_WORK/$j.db" "$TERN_WORK/$j.json"
    "$MSRPCD" export --store "$TERN_WORK/$j.db" "${keys[@]}" >"$TERN_WORK/$j.2.json" 2>/dev/null
    ok "$j.json: comes out the same" cmp "$TERN_WORK/$j.json" "$TERN_WORK/$j.2.json"
done
fails "import: a store is there" 1 '--replace replaces' "$MSRPCD" import --store "$TERN_WORK/a.db" "$TERN_WORK/k.json"
ok "import: --replace" "$MSRPCD" import --store "$TERN_WORK/a.db" --replace "$TERN_WORK/k.json"
ok "import: it is that one now" cmp <("$MSRPCD" export --store "$TERN_WORK/a.db" --with-keys 2>/dev/null) "$TERN_WORK/k.json"
sed 's/"rid": 501/"rid": 500/' "$TERN_WORK/k.json" >"$TERN_WORK/bad.json"
fails "import: a mistake is named by line and path" 1 'bad.json:[0-9]+:[0-9]+: users\[1\].rid: another has this RID' \
    "$MSRPCD" import --store "$TERN_WORK/a.db" --replace "$TERN_WORK/bad.json"
ok "import: nothing has changed" cmp <("$MSRPCD" export --store "$TERN_WORK/a.db" --with-keys 2>/dev/null) "$TERN_WORK/k.json"
# hostile files: refused, within bounds of memory and time
limited() { (ulimit -v 1500000 && timeout 20 "$@"); }
fails "import: brackets without end" 1 '1:513: this is nested too deeply' \
    limited bash -c "head -c 50000000 /dev/zero | tr '\0' '[' | '$MSRPCD' import --store '$TERN_WORK/x.db'"
fails "import: a string of a gigabyte" 1 'at most 128 MiB' \
    limited bash -c "{ printf '\"'; head -c 1G /dev/zero | tr '\0' a; } | '$MSRPCD' import --store '$TERN_WORK/x.db'"
fails "import: empty objects without end" 1 'more than an account store can have' \
    limited bash -c "{ printf '['; yes '{},{},{},{},{},{},{},{}' | head -c 100000000 | sed 's/\$/,/'; } | '$MSRPCD' import --store '$TERN_WORK/x.db'"
fails "import: not UTF-8" 1 '1:3: this is not UTF-8' bash -c "printf '{\"\\377\": 1}' | '$MSRPCD' import --store '$TERN_WORK/x.db'"
fails "import: a member twice" 1 'this member is given twice' bash -c "echo '{\"format\": 1, \"format\": 1}' | '$MSRPCD' import --store '$TERN_WORK/x.db'"
fails "import: nothing" 1 'the text ends too early' "$MSRPCD" import --store "$TERN_WORK/x.db" /dev/null
ok "import: none of them has left a file" test -z "$(ls "$TERN_WORK"/x.db* 2>/dev/null)"
export MSRPCD_ADMIN_PASSWORD

# ---- a daemon that serves it ----
ok "it starts" start
ok "passwd while it runs" env MSRPCD_ADMIN_PASSWORD=Other-22 "$MSRPCD" passwd --scratch "$DIR"
like "the new one counts at once" 'os version' rpc srvinfo Other-22
fails "the old one does not" 0 'LOGON_FAILURE' rpc srvinfo
fails "passwd: of nobody" 1 'there is no such user' "$MSRPCD" passwd --scratch "$DIR" somebody
sql 'UPDATE domain SET min_length = 12' >/dev/null
fails "passwd: the policy counts" 1 'policy .* forbids' "$MSRPCD" passwd --scratch "$DIR"
ok "passwd: but for --force" "$MSRPCD" passwd --scratch "$DIR" --force
sql 'UPDATE domain SET min_length = 0' >/dev/null
like "and that counts" 'os version' rpc srvinfo
"$MSRPCD" export --scratch "$DIR" --with-keys >"$TERN_WORK/live.json" 2>/dev/null
ok "import while it runs" "$MSRPCD" import --scratch "$DIR" --replace "$TERN_WORK/live.json"
like "it goes on" 'netname: IPC' rpc 'netshareenum 1'
sql "INSERT INTO setting VALUES ('srvsvc.comment', 'by hand')" >/dev/null
like "a setting that another has changed is seen at once" 'by hand' rpc srvinfo

ok "user add while it runs" env MSRPCD_ADMIN_PASSWORD=Berta-99 "$MSRPCD" user add --scratch "$DIR" --full-name 'Berta B' --administrator berta
like "user list" "^1[0-9]*.-.berta.Berta B\$" "$MSRPCD" user list --scratch "$DIR"
like "who is an administrator" 'netname: IPC' rpcclient --configfile=/dev/null -U 'berta%Berta-99' "$HOST" -c 'netshareenum 502'
fails "user add: the name is taken" 1 'BERTA: .*exists' env MSRPCD_ADMIN_PASSWORD=x "$MSRPCD" user add --scratch "$DIR" BERTA
ok "user del" "$MSRPCD" user del --scratch "$DIR" Berta
fails "and nobody knows that name" 0 'LOGON_FAILURE' rpcclient --configfile=/dev/null -U 'berta%Berta-99' "$HOST" -c srvinfo
fails "user del: not the account 500" 1 'admin: ' "$MSRPCD" user del --scratch "$DIR" admin
fails "user: a verb that is none" 2 'list, add or del' "$MSRPCD" user frob

# ---- kill -9 in the middle of eight writers ----
(sleep 2 && kill -KILL $PID) &
"$LOAD" "$HOST" write 8 "$TERN_WORK/acks" >/dev/null 2>&1
wait 2>/dev/null
ok "it starts again after kill -9" start
P=$LOAD
points "all that was acknowledged is there" "$HOST" verify "$TERN_WORK/acks"

# ---- another program holds the store ----
"$LOAD" "$HOST" tod 8 9 >"$TERN_WORK/tod" &
tod=$!
"$LOAD" "$HOST" set 4711 2 >"$TERN_WORK/set.1" &
"$LOAD" "$HOST" set 4712 3 >"$TERN_WORK/set.2" &
sleep 1
hold 10 &
held=$!
sleep 2
fails "busy: nobody new is let in, and is told so" 0 'NO_LOGON_SERVERS' rpc srvinfo
fails "busy: over TCP neither" 0 '.' tcp
like "busy: an export does not wait" '"machine"' timeout 2 "$MSRPCD" export --scratch "$DIR"
wait $tod
note "$(cat "$TERN_WORK/tod")"
ok "busy: who asks for the time does not notice: p99 below 100 ms, none failed" \
    awk '{ split($4, p, "="); exit !($2 == "failed=0" && p[2] < 100) }' "$TERN_WORK/tod"
like "busy: a setting is refused as busy, 170, after 5 s" '^code=170 ms=(4[89]|5[0-4])..$' cat "$TERN_WORK/set.1"
like "busy: one that waits behind it, too" '^code=170 ' cat "$TERN_WORK/set.2"
is "busy: neither has changed anything" "" "$(sql "SELECT value FROM setting WHERE key = 'srvsvc.disc' AND value IN ('4711', '4712')")"
wait $held
like "then it goes on" '^code=0 ' "$LOAD" "$HOST" set 4713
is "and that is kept" 4713 "$(sql "SELECT value FROM setting WHERE key = 'srvsvc.disc'")"

# ---- 64 guess at once, over both transports, with a second daemon on the same store and a restart in between ----
first=$PID
ok "a second daemon on the same store" start "$TERN_WORK/s2" "$OTHER" --store "$STORE"
second=$PID
guess() # guess N
{
    local i guesses=()
    for i in $(seq "$1"); do
        export TERN_PASSWORD=wrong$i
        case $((i % 4)) in
        0) "$TERN" share list --server "$HOST" --user admin ;;
        1) tcp "$HOST" ;;
        2) "$TERN" share list --server "$OTHER" --user admin ;;
        3) tcp "$OTHER" ;;
        esac >>"$TERN_WORK/guess.$2.$i" 2>&1 &
        guesses+=($!)
    done
    wait "${guesses[@]}"
}
(guess 6 a)
is "six guesses are counted" 6 "$(sql 'SELECT bad_count FROM user JOIN principal USING (id) WHERE rid = 500')"
kill -KILL $first $second
wait $first $second 2>/dev/null
MSRPCD_ADMIN_PASSWORD='' start
first=$PID
MSRPCD_ADMIN_PASSWORD='' start "$TERN_WORK/s2" "$OTHER" --store "$STORE"
second=$PID
is "also after kill -9" 6 "$(sql 'SELECT bad_count FROM user JOIN principal USING (id) WHERE rid = 500')"
(guess 64 b)
is "64 more make it ten, the lockout count" 10 "$(sql 'SELECT bad_count FROM user JOIN principal USING (id) WHERE rid = 500')"
n=$(grep -lE 'LOGON_FAILURE' "$TERN_WORK"/guess.b.* | wc -l)
ok "no more than four of them were told that they are wrong ($n over SMB)" test "$n" -le 4
ok "nobody was let in" test -z "$(grep -lE 'out_data|IPC' "$TERN_WORK"/guess.*)"
fails "who knows it finds it locked" 0 'ACCOUNT_LOCKED_OUT' rpc srvinfo
fails "over TCP, too" 0 '.' tcp
ok "passwd --unlock" "$MSRPCD" passwd --scratch "$DIR" --unlock
like "lets in again" 'os version' rpc srvinfo
like "over TCP, too" '"out_data": *42' tcp
stop $second
PID=$first
ok "it ends in order" stop

# ---- a full disk ----
FULL=$TERN_WORK/full
mkdir -p "$FULL"
if mount -t tmpfs -o size=2m,mode=0700 tmpfs "$FULL" 2>/dev/null; then
    ok "on a small disk: it starts" start "$FULL/s"
    like "a share is added" 'share before' "$TERN" share add before --path 'C:\tmp' --server "$HOST" --user admin
    cat /dev/zero >"$FULL/fill" 2>/dev/null
    fails "full: a change is refused with the right code" 0 'ERROR_DISK_FULL|not enough space|disk is full' \
        "$TERN" share add toomuch --path 'C:\tmp' --server "$HOST" --user admin
    like "full: others are served" 'netname: before' rpc 'netshareenum 1'
    like "full: over TCP, too" '"out_data": *42' tcp
    rm "$FULL/fill"
    like "there is room again: changes work" 'share after' "$TERN" share add after --path 'C:\tmp' --server "$HOST" --user admin
    unlike "what was refused is not there" 'netname: toomuch' rpc 'netshareenum 1'
    ok "it ends in order" stop
    is "the file is whole" ok "$(STORE=$FULL/s/sam.db sql 'PRAGMA integrity_check')"
    umount "$FULL"
else
    skip "a full disk" "nothing can be mounted here"
fi
# the limit of a process: its signal must not end the daemon
(ulimit -f 100 && exec "$MSRPCD" --scratch "$DIR" --listen "$HOST" >"$TERN_WORK/ready" 2>"$TERN_WORK/err.log") &
PID=$!
sleep 1
for i in $(seq 60); do
    "$TERN" share add "limit$i" --path 'C:\tmp' --server "$HOST" --user admin >"$TERN_WORK/limit" 2>&1 || break
done
like "a limit of the kernel: the disk is full" 'DISK_FULL|not enough space|disk is full' cat "$TERN_WORK/limit"
like "and others are served" 'netname: IPC' rpc 'netshareenum 1'
stop >/dev/null 2>&1

# ---- a store that is not as it should be ----
hash() { for f in "$STORE" "$STORE-wal"; do [ ! -s "$f" ] || sha256sum <"$f"; done; }
refused() # refused TEXT REGEX
{
    local before
    before=$(hash)
    fails "$1: start refuses and says why" 1 "sam.db: .*$2" "$MSRPCD" --scratch "$DIR" --listen "$HOST"
    is "$1: the file is as it was" "$before" "$(hash)"
}
sql 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
cp "$STORE" "$TERN_WORK/good.db"
# good: the store as it was, without a log that belongs to what was made of it
good()
{
    rm -f "$STORE-wal" "$STORE-shm"
    install -m 600 "$TERN_WORK/good.db" "$STORE"
}
chmod 644 "$STORE"
refused "anybody may read it" 'mode 0644.*chmod 600'
fails "export refuses, too" 1 'mode 0644' "$MSRPCD" export --scratch "$DIR"
chmod 600 "$STORE"
sql 'PRAGMA user_version = 99' >/dev/null
refused "a newer version" 'version 99, made by a newer program'
good
noise "$STORE" 3
refused "a page of noise" '([Pp]age 4|malformed|damaged)'
good
truncate -s 20000 "$STORE"
refused "cut off" '(damaged|malformed|size)'
rm -f "$STORE-wal" "$STORE-shm"
: >"$STORE"
refused "empty" 'the file is empty'
head -c 8192 /dev/urandom >"$STORE"
refused "something else" '(not a|damaged|file is)'
rm -f "$STORE"
mkdir "$STORE"
fails "a directory" 1 'not a regular file' "$MSRPCD" --scratch "$DIR" --listen "$HOST"
rmdir "$STORE"
good
if chattr +i "$STORE" 2>/dev/null; then
    refused "it cannot be written to" '(write|denied|permitted)'
    chattr -i "$STORE"
else
    skip "a file that cannot be written to" "no chattr here"
fi

# ---- damaged while it runs ----
ok "it starts" start
like "it serves" 'netname: IPC' rpc 'netshareenum 1'
sql 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
for page in $(seq 2 14); do noise "$STORE" "$page"; done
"$python" - "$STORE" <<'END' # the cache of the daemon is out of date by this
import os, sys
with open(sys.argv[1], "r+b") as f:
    f.seek(24); n = int.from_bytes(f.read(4), "big"); f.seek(24); f.write((n + 1).to_bytes(4, "big"))
END
before=$(sha256sum <"$STORE")
for i in 1 2 3; do
    "$TERN" share add "broken$i" --path 'C:\tmp' --server "$HOST" --user admin >"$TERN_WORK/broken.$i" 2>&1
done
ok "damaged under it: no change is acknowledged" test -z "$(grep -l added "$TERN_WORK"/broken.*)"
ok "damaged under it: it does not fall" kill -0 $PID
is "damaged under it: the file is not written to" "$before" "$(sha256sum <"$STORE")"
stop >/dev/null 2>&1
is "nor at the end" "$before" "$(sha256sum <"$STORE")"
refused "and it does not start again" '.'
done_testing
