# SPDX-License-Identifier: Apache-2.0
# needs: standalone
# timeout: 120
# The command line when something is wrong: exit codes, names, sentences, time limits, secrets.
. "$TERN_SRC/tests/system/lib.sh"
export TERN_SERVER=$LAB_SRV TERN_USER=root TERN_PASSWORD=$LAB_SRV_PASSWORD
unset TERN_DOMAIN TERN_CCACHE KRB5CCNAME
tern() { "$TERN" "$@"; }
long() { printf "%$1s" '' | tr ' ' x; }
# said TEXT REGEX: the failure before
said() { is "$1" yes "$(grep -Eq -- "$2" <<<"$ERR" && echo yes)"; }
# within SECONDS TEXT CODE REGEX COMMAND...
within()
{
    local limit=$1 start=$SECONDS
    shift
    fails "$@"
    is "  in time" yes "$([ $((SECONDS - start)) -le "$limit" ] && echo yes)"
}

# ---- the command line ----
fails "nothing" 2 'Usage: tern' tern
ok "--help" tern --help
like "--version" '^tern [0-9]' tern --version
ok "help of a noun" tern user --help
like "help of a verb" '--full-name TEXT' tern user add --help
fails "no such noun" 2 "'nosuch' is no noun" tern nosuch list
fails "no such verb" 2 "has no verb 'nosuch'" tern user nosuch
fails "no such option" 2 "unknown option '--nosuch'" tern user list --nosuch
fails "an option without its argument" 2 'wants an argument' tern user list -S
fails "a switch with an argument" 2 'takes no argument' tern user list --json=yes
fails "an argument too many" 2 'one argument too many' tern user list x
fails "an argument too few" 2 'is missing' tern user show
fails "a number that is none" 2 'takes a number' tern share add x --path /x --max-uses many
fails "a dialect that is none" 2 'is no value of --dialect' tern server info --dialect 1.0
fails "a date that is none" 2 'is no date' tern user set user1 --expires tomorrow
fails "a filter that is none" 2 'is no list of kinds' tern user list --filter nosuch
fails "what excludes each other" 2 'exclude each other' tern user list -k --ntlm
fails "dialects in the wrong order" 2 'older one first' tern user list --dialect 3.0-2.1
fails "encryption that no dialect has" 2 'from dialect 3.0 on' tern user list -e --dialect 2.1
fails "a check that would check nothing" 2 'not for it' tern use check --transport tcp
fails "a user without a password" 2 'password-stdin' tern user add bob
fails "nothing to change" 2 'nothing to change' tern user set user1
fails "an argument that is not UTF-8" 2 'not UTF-8' tern user show $'\xff\xfe'
fails "no terminal to ask on" 1 'no terminal' env -u TERN_PASSWORD setsid "$TERN" server info
fails "a file that is not there" 1 'cannot read /nonexistent' tern server info -A /nonexistent
fails "standard output that is closed" 1 'cannot write' bash -c '"$0" share list >&-' "$TERN"
fails "standard output that is full" 1 'cannot write' bash -c '"$0" share list >/dev/full' "$TERN"

# ---- a password on a terminal ----
# on_terminal CODE ANSWERS COMMAND...: answers each silence of the command on a terminal of its own; prints what it shows
on_terminal()
{
    /usr/bin/python3 -c '
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
answers, shown = sys.argv[1].encode().decode("unicode_escape").split("|"), b""
for _ in range(30):
    try:
        if select.select([fd], [], [], 0.4)[0]:
            shown += os.read(fd, 4096)
        elif answers:
            os.write(fd, answers.pop(0).encode())
    except OSError:
        break
else:
    os.kill(pid, 9)
print(shown.decode().replace("\r", ""))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$@"
}
like "it is asked for" '^name ' on_terminal "$LAB_SRV_PASSWORD\n" env -u TERN_PASSWORD "$TERN" server info
is "  without echo" 0 "$(grep -c "$LAB_SRV_PASSWORD" <<<"$OUT")"
fails "  Ctrl-C ends it" 1 '^Password of root: $' on_terminal 'Ter' env -u TERN_PASSWORD "$TERN" server info
fails "a new one twice" 1 'not the same' on_terminal 'one
|two
' "$TERN" user add bob --password-prompt

# ---- reaching the server ----
fails "an unknown host" 1 ERROR_BAD_NETPATH tern server info -S nosuchhost.invalid
fails "a refused port" 1 'ERROR_CONNECTION_REFUSED.*' tern server info -p 1
said "  which is named" 'port 1\)'
fails "a port behind the name" 1 '-p takes the port' tern server info -S "$LAB_SRV:445"
fails "a name that cannot be one" 1 NERR_InvalidComputer tern server info -S 'a b'
fails "a name that is too long" 1 NERR_InvalidComputer tern server info -S "$(long 300)"
/usr/bin/python3 -c '
import socket, sys, time
s = socket.socket(); s.bind((sys.argv[1], 0)); s.listen(8)
open(sys.argv[2], "w").write(str(s.getsockname()[1])); time.sleep(60)' "$LAB_SRV" "$TERN_WORK/port" &
silent=$!
while [ ! -s "$TERN_WORK/port" ]; do sleep 0.05; done
port=$(cat "$TERN_WORK/port")
within 4 "a server that says nothing" 1 'ERROR_SEM_TIMEOUT' tern server info -p "$port" -t 2
within 4 "the same over TCP" 1 'ERROR_SEM_TIMEOUT' tern server info --transport tcp -p "$port" -t 2

# no secret in what `ps` shows
"$TERN" server info -p "$port" -t 5 2>/dev/null &
pid=$!
sleep 0.5
is "no secret in the arguments of a running tern" 0 \
    "$(tr '\0' ' ' <"/proc/$pid/cmdline" | grep -c -- "$TERN_PASSWORD")"
kill "$pid" 2>/dev/null
kill "$silent" 2>/dev/null
wait 2>/dev/null

# ---- logging on ----
fails "a wrong password" 1 ERROR_LOGON_FAILURE env TERN_PASSWORD=wrong "$TERN" server info
said "  is told with who, what, how" 'as root with ntlm'
is "  once" 1 "$(grep -o 'name or password is wrong' <<<"$ERR" | wc -l)"
fails "a user who is unknown" 1 ERROR_LOGON_FAILURE tern server info -U nobodyhere
printf 'username = user1\npassword = %s\n' "$LAB_SRV_PASSWORD" >"$TERN_WORK/auth"
ok "an authentication file" env -u TERN_USER -u TERN_PASSWORD "$TERN" server info -A "$TERN_WORK/auth"
fails "NTLM without a user" 2 'NTLM wants a user' env -u TERN_USER "$TERN" server info --ntlm
fails "neither user nor ticket" 1 'Kerberos' env -u TERN_USER -u TERN_PASSWORD "$TERN" server info
said "  with a hint" 'hint: no user was given'
lab_net() { "$TERN_LAB" exec "$LAB_SRV_DIR" pdbedit -s "$LAB_SRV_DIR/smb.conf" "$@"; }
ok "accounts are locked after three bad passwords" lab_net -P "bad lockout attempt" -C 3
for i in 1 2 3 4; do env TERN_PASSWORD=wrong "$TERN" server info -U user2 2>/dev/null; done
fails "a locked account" 1 ERROR_ACCOUNT_LOCKED_OUT tern server info -U user2
like "  is shown as such" 'locked' tern user show user2
ok "  until it is unlocked" tern user set user2 --unlock
ok "  and then it lets in" tern server info -U user2
lab_net -P "bad lockout attempt" -C 0 >/dev/null 2>&1

# ---- the server says no ----
fails "access denied" 1 ERROR_ACCESS_DENIED tern session list -U user1
is "  prints nothing to standard output" "" "$OUT"
said "  and says to whom" 'refuses this to user1 over SMB 3.1.1'
fails "an information level that the server lacks" 1 ERROR_INVALID_LEVEL tern session list --brief
fails "errors as JSON" 1 '"name": "NERR_UserNotFound"' tern user show nosuch --json
OUT=$ERR
is "  are JSON" "1 NERR_UserNotFound 2221 nosuch" \
    "$(json '"%d %s %d %s" % (d["version"], d["error"]["name"], d["error"]["code"], d["error"]["object"])')"
fails "an over-long user name" 1 NERR_BadUsername tern user add "$(long 300)" --no-password
fails "an over-long share name" 1 ERROR_INVALID_PARAMETER tern share add "$(long 300)" --path /tmp
fails "an empty name" 1 'tern: share show' tern share show ''
fails "an existing user" 1 NERR_UserExists tern user add user1 --no-password
ok "an account without a password" tern user add blank --no-password
ok "  gets one" bash -c 'echo Blank-pw.1 | "$0" user password blank --set --password-stdin' "$TERN"
ok "  and can log on" env TERN_USER=blank TERN_PASSWORD=Blank-pw.1 "$TERN" use check
ok "  and goes" tern user delete blank
fails "no second line for the new password" 1 'New password of user1' bash -c 'echo x | "$0" user password user1 --password-stdin' "$TERN"
fails "an operation that the server lacks" 1 RPC_S_PROCNUM_OUT_OF_RANGE tern share check 'C:\tmp'
fails "a second of several" 1 '1 of 2 deleted before' bash -c '"$0" user add twin --no-password && "$0" user delete twin nosuch' "$TERN"
done_testing
