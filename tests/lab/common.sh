# SPDX-License-Identifier: Apache-2.0
# What both kinds of server share; sourced by lab.

PASS=${LAB_PASSWORD:-Tern-Lab.1}
LIMIT=${LAB_TIMEOUT:-60}
NSSW=libnss_wrapper.so
HOSTS_MARK="# tern-lab"

say() { echo "lab: $*" >&2; }
die() { say "$*"; exit 1; }
need_root() { [ "$(id -u)" = 0 ] || die "this needs root: the servers bind ports below 1024 and switch users"; }

# lab_dir DIR make|may|must: sets DIR to the absolute path and REAL to the same without symbolic links; "may" fails
# quietly where there is nothing
lab_dir()
{
    if [ "$2" = make ]; then
        mkdir -p "$1"
        chmod 755 "$1"
    elif [ ! -e "$1/.tern-lab" ]; then
        [ "$2" = must ] && die "$1: no server was started here"
        return 1
    fi
    DIR=$(cd "$1" && pwd -L)
    REAL=$(cd "$1" && pwd -P)
    [ ${#DIR} -lt 70 ] || die "$DIR: the path is too long for the sockets inside it; a short symbolic link helps"
}

# Every Samba process that holds a file inside DIR open. All of them do (logs, databases, their standard output),
# whoever their parent is by now and whatever they made of their process group.
lab_pids()
{
    local p exe
    for p in /proc/[0-9]*; do
        exe=$(readlink "$p/exe" 2>/dev/null) || continue
        case $exe in
        */smbd | */samba | */winbindd | */samba-dcerpcd | */rpcd_* | */samba_dnsupdate) ;;
        *) continue ;;
        esac
        # shellcheck disable=SC2012  # link targets are what is wanted
        if ls -l "$p/fd" 2>/dev/null | grep -qF -- "-> $REAL/"; then echo "${p#/proc/}"; fi
    done
}

kill_all()
{
    local pids i
    for i in TERM TERM KILL KILL; do
        pids=$(lab_pids)
        [ -n "$pids" ] || return 0
        # shellcheck disable=SC2086  # a list of numbers
        kill -"$i" $pids 2>/dev/null || true
        wait_gone 40
    done
    [ -z "$(lab_pids)" ] || die "processes of $DIR do not end: $(lab_pids | tr '\n' ' ')"
}

wait_gone()
{
    local i
    for ((i = 0; i < $1; i++)); do
        [ -n "$(lab_pids)" ] || return 0
        sleep 0.1
    done
}

lab_down()
{
    hosts_line del
    if [ -n "$(lab_pids)" ]; then
        kill_all
        say "down ($DIR)"
    fi
    rm -f "$DIR"/run/*.pid
}

# The line for the domain controller's name in /etc/hosts; the file may be a bind mount, hence no rename. A line that
# another lab left behind for the same name goes: of two servers with one name the last one started is reached.
hosts_line()
{
    local keep name
    (
        flock 9
        name=${2:-}
        name=${name#* }
        if [ -n "$name" ] && grep -F " $name $HOSTS_MARK" /etc/hosts | grep -qvF "$HOSTS_MARK $DIR"; then
            keep=$(grep -vF " $name $HOSTS_MARK" /etc/hosts || true)
            printf '%s\n' "$keep" >/etc/hosts
        fi
        if grep -qF "$HOSTS_MARK $DIR" /etc/hosts; then
            keep=$(grep -vF "$HOSTS_MARK $DIR" /etc/hosts || true)
            printf '%s\n' "$keep" >/etc/hosts
        fi
        [ "$1" != add ] || printf '%s %s\n' "$2" "$HOSTS_MARK $DIR" >>/etc/hosts
    ) 9>/run/tern-lab.lock
}

answers() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# wait_for WHAT LOG COMMAND...: until the command succeeds; a server that has gone ends the wait
wait_for()
{
    local what=$1 log=$2 end=$((SECONDS + LIMIT)) n=0
    shift 2
    until "$@" >"$DIR/log/wait.out" 2>&1; do
        n=$((n + 1))
        if [ $SECONDS -ge $end ] || { [ $((n % 20)) = 0 ] && [ -z "$(lab_pids)" ]; }; then
            tail -n 15 "$DIR/log/wait.out" "$log" >&2 || true
            die "waited in vain for $what (log: $log)"
        fi
        sleep 0.1
    done
}

need_programs()
{
    local p
    for p in "$@"; do
        [ -n "$(command -v "$p")" ] || die "$p is missing; scripts/setup test installs it"
    done
}

# unix_accounts: the files that stand for the machine's passwd and group, unless they are there already
unix_accounts()
{
    [ ! -e "$DIR/passwd" ] || return 0
    cat >"$DIR/passwd" <<PASSWD
root:x:0:0:root:/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
PASSWD
    printf 'root:x:0:\nnogroup:x:65534:\nusers:x:100:\n' >"$DIR/group"
}

# lab_exec COMMAND...: with the accounts of the server and with its winbindd. Where nss_wrapper is present, Samba's
# programs look for winbindd in the directory that is named here, and not in the one of the machine.
lab_exec()
{
    local krb=()
    [ ! -s "$DIR/krb5.conf" ] || krb=(KRB5_CONFIG="$DIR/krb5.conf")
    env LD_PRELOAD="$NSSW" NSS_WRAPPER_PASSWD="$DIR/passwd" NSS_WRAPPER_GROUP="$DIR/group" \
        SELFTEST_WINBINDD_SOCKET_DIR="$DIR/run/winbindd" "${krb[@]}" "$@"
}

# lab_start NAME COMMAND...: a daemon in its own session, without our descriptors
lab_start()
{
    local name=$1
    shift
    (
        cd /
        lab_exec setsid "$@" </dev/null >"$DIR/log/$name.out" 2>&1 9>&- &
    )
}

make_dirs()
{
    mkdir -p "$DIR"/{private,state,cache,lock,run/ncalrpc,log,share1}
    chmod 700 "$DIR/private"
    chmod 1777 "$DIR/share1"
    [ -e "$DIR/share1/hello.txt" ] || echo hello >"$DIR/share1/hello.txt"
    touch "$DIR/.tern-lab"
}

# Lines of smb.conf that do not depend on the kind of server.
common_conf()
{
    cat <<CONF
    netbios name = $NAME
    interfaces = $ADDR/8
    bind interfaces only = yes
    private dir = $DIR/private
    state directory = $DIR/state
    cache directory = $DIR/cache
    lock directory = $DIR/lock
    pid directory = $DIR/run
    ncalrpc dir = $DIR/run/ncalrpc
    winbindd socket directory = $DIR/run/winbindd
    usershare path =
    log file = $DIR/log/log.%m
    log level = ${LAB_LOG_LEVEL:-1}
    max log size = 20000
    max open files = 16384
    load printers = no
    disable spoolss = yes
    printing = bsd
    printcap name = /dev/null
    server min protocol = ${LAB_MIN_PROTOCOL:-SMB2_02}
    server max protocol = ${LAB_MAX_PROTOCOL:-SMB3_11}
    server smb encrypt = ${LAB_ENCRYPT:-if_required}
    add share command = $LAB_HOME/hooks share-set
    change share command = $LAB_HOME/hooks share-set
    delete share command = $LAB_HOME/hooks share-del
CONF
    [ -z "${LAB_CIPHERS:-}" ] || echo "    server smb3 encryption algorithms = $LAB_CIPHERS"
    [ -z "${LAB_SIGN_ALGOS:-}" ] || echo "    server smb3 signing algorithms = $LAB_SIGN_ALGOS"
    [ -z "${LAB_EXTRA:-}" ] || tr ';' '\n' <<<"$LAB_EXTRA" | sed 's/^ */    /'
}

common_shares()
{
    cat <<CONF
[share1]
    path = $DIR/share1
    comment = first test share
    read only = no
[readonly]
    path = $DIR/share1
    comment = the same, read only
    read only = yes
[hidden\$]
    path = $DIR/share1
    read only = no
CONF
    # shares that NetShareAdd made are kept in a file of their own, see hooks
    touch "$DIR/shares.conf"
    echo "include = $DIR/shares.conf"
}

# env_lines NAME VALUE...: the assignments that `lab ... env` prints
env_lines()
{
    while [ $# -ge 2 ]; do
        printf "export %s='%s'\n" "$1" "$2"
        shift 2
    done >"$DIR/env"
}
