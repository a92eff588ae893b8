# SPDX-License-Identifier: Apache-2.0
# A standalone server; sourced by lab. Its Unix accounts live in passwd and group files inside DIR (nss_wrapper), so
# that creating users over the wire never touches the machine's own.

ADDR=${LAB_ADDR:-127.0.0.31}
PORT=${LAB_PORT:-445}
NAME=${LAB_NAME:-TERNSRV}
ALIAS_FIRST=300000
ALIAS_COUNT=500
DCERPCD=/usr/libexec/samba/samba-dcerpcd

write_conf()
{
    local on_demand=yes
    [ "${LAB_TCP:-no}" = no ] || on_demand=no
    {
        echo "[global]"
        common_conf
        cat <<CONF
    workgroup = TERNGROUP
    server role = standalone server
    server string = Tern test server
    passdb backend = tdbsam:$DIR/private/passdb.tdb
    smb ports = $PORT
    disable netbios = yes
    server signing = ${LAB_SIGNING:-default}
    ntlm auth = ntlmv2-only
    rpc start on demand helpers = $on_demand
    idmap config * : backend = tdb
    idmap config * : range = $ALIAS_FIRST-$((ALIAS_FIRST + ALIAS_COUNT - 1))
    add user script = $LAB_HOME/hooks user-add $DIR "%u"
    add machine script = $LAB_HOME/hooks user-add $DIR "%u"
    delete user script = $LAB_HOME/hooks user-del $DIR "%u"
    rename user script = $LAB_HOME/hooks user-rename $DIR "%uold" "%unew"
    add group script = $LAB_HOME/hooks group-add $DIR "%g"
    delete group script = $LAB_HOME/hooks group-del $DIR "%g"
    add user to group script = $LAB_HOME/hooks join $DIR "%u" "%g"
    delete user from group script = $LAB_HOME/hooks leave $DIR "%u" "%g"
    set primary group script = $LAB_HOME/hooks primary $DIR "%u" "%g"
[encrypted]
    path = $DIR/share1
    comment = always encrypted
    smb encrypt = required
    read only = no
CONF
        common_shares
    } >"$DIR/smb.conf"
}

make_accounts()
{
    local u
    if [ ! -e "$DIR/passwd" ]; then
        unix_accounts
        # SAMR makes a local group only where the Unix side knows the number that winbindd allocates for it
        for ((u = ALIAS_FIRST; u < ALIAS_FIRST + ALIAS_COUNT; u++)); do echo "alias$u:x:$u:"; done >>"$DIR/group"
        for u in user1 user2; do "$LAB_HOME/hooks" user-add "$DIR" "$u"; done
    fi
    [ ! -e "$DIR/.accounts" ] || return 0
    for u in root user1 user2; do
        printf '%s\n%s\n' "$PASS" "$PASS" | lab_exec pdbedit -s "$DIR/smb.conf" -a -t -u "$u" \
            >>"$DIR/log/accounts.out" 2>&1 || { tail -n 5 "$DIR/log/accounts.out" >&2; die "could not add $u"; }
    done
    touch "$DIR/.accounts"
}

# Groups of a domain need a mapping to a Unix group before SAMR shows them.
map_groups()
{
    [ ! -e "$DIR/.groups" ] || return 0
    lab_exec net -s "$DIR/smb.conf" groupmap add rid=513 ntgroup=None unixgroup=users type=domain \
        >>"$DIR/log/accounts.out" 2>&1 || die "could not map a group (log: $DIR/log/accounts.out)"
    touch "$DIR/.groups"
}

lab_up()
{
    need_programs smbd pdbedit rpcclient net
    if [ -n "$(lab_pids)" ]; then
        say "already up in $DIR"
        return 0
    fi
    ! answers "$ADDR" "$PORT" || die "something answers on $ADDR port $PORT already"
    make_dirs
    write_conf
    make_accounts
    map_groups
    env_lines LAB_SRV_DIR "$DIR" LAB_SRV "$ADDR" LAB_SRV_PORT "$PORT" LAB_SRV_NAME "$NAME" LAB_SRV_ADMIN root \
        LAB_SRV_USER user1 LAB_SRV_PASSWORD "$PASS"
    trap '[ $? = 0 ] || kill_all' EXIT
    if [ "${LAB_WINBIND:-yes}" = yes ]; then
        need_programs winbindd
        lab_start winbindd winbindd -F --no-process-group --debug-stdout -s "$DIR/smb.conf"
    fi
    if [ "${LAB_TCP:-no}" != no ]; then
        lab_start dcerpcd "$DCERPCD" -F --libexec-rpcds --configfile="$DIR/smb.conf" --debug-stdout
        wait_for "port 135" "$DIR/log/dcerpcd.out" answers "$ADDR" 135
    fi
    lab_start smbd smbd -F --no-process-group --debug-stdout -s "$DIR/smb.conf"
    wait_for "RPC" "$DIR/log/smbd.out" rpcclient --configfile=/dev/null -p "$PORT" -U "root%$PASS" \
        "ncacn_np:$ADDR" -c 'lsaquery;srvinfo'
    say "standalone up on $ADDR port $PORT ($DIR)"
}
