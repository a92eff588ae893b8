# SPDX-License-Identifier: Apache-2.0
# An Active Directory domain controller; sourced by lab. Provisioned once for each DIR; what came out is kept, so that
# LAB_FRESH=yes starts from it again within a second.

ADDR=${LAB_ADDR:-127.0.0.30}
REALM=${LAB_REALM:-TERN.TEST}
NAME=${LAB_NAME:-TERNDC}
DNSDOM=${REALM,,}
DOMAIN=${DNSDOM%%.*}
DOMAIN=${DOMAIN^^}
FQDN=${NAME,,}.$DNSDOM

write_conf()
{
    {
        echo "[global]"
        common_conf
        cat <<CONF
    realm = $REALM
    workgroup = $DOMAIN
    server role = active directory domain controller
    server services = s3fs, rpc, ldap, cldap, kdc, winbindd, dns
    server signing = ${LAB_SIGNING:-mandatory}
    binddns dir = $DIR/bind-dns
    ntp signd socket directory = $DIR/run/ntp_signd
    dns forwarder =
    tls enabled = no
    vfs objects = dfs_samba4 acl_xattr xattr_tdb
    xattr_tdb:file = $DIR/state/xattr.tdb
[sysvol]
    path = $DIR/state/sysvol
    read only = no
[netlogon]
    path = $DIR/state/sysvol/$DNSDOM/scripts
    read only = no
CONF
        common_shares
    } >"$DIR/smb.conf"
    cat >"$DIR/krb5.conf" <<CONF
[libdefaults]
    default_realm = $REALM
    dns_lookup_realm = false
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
    forwardable = true
    default_ccache_name = FILE:$DIR/krb5cc_default
[realms]
    $REALM = {
        kdc = $ADDR
        admin_server = $ADDR
        kpasswd_server = $ADDR
    }
[domain_realm]
    .$DNSDOM = $REALM
    $DNSDOM = $REALM
CONF
}

# in_log COMMAND...: output goes to the provision log, shown only when the command fails
in_log()
{
    lab_exec "$@" >>"$DIR/log/provision.out" 2>&1 || { tail -n 20 "$DIR/log/provision.out" >&2; die "failed: $1 $2 $3"; }
}

provision()
{
    local u conf=$DIR/smb.conf
    say "making the domain $REALM in $DIR; this takes a while"
    rm -rf "$DIR"/{private,state,cache,lock,bind-dns}
    make_dirs
    mkdir -p "$DIR/bind-dns"
    write_conf
    # provisioning rewrites the file it is given
    cp "$conf" "$DIR/smb.conf.ours"
    in_log samba-tool domain provision -s "$conf" --configfile="$conf" --realm="$REALM" --domain="$DOMAIN" \
        --host-name="$NAME" --host-ip="$ADDR" --server-role=dc --dns-backend=SAMBA_INTERNAL --adminpass="$PASS" \
        --use-rfc2307
    mv "$DIR/smb.conf.ours" "$conf"
    in_log samba-tool domain passwordsettings set -s "$conf" --complexity=off --min-pwd-length=1 \
        --history-length=0 --min-pwd-age=0 --max-pwd-age=0
    for u in user1 user2; do in_log samba-tool user create "$u" "$PASS" -s "$conf"; done
    in_log samba-tool computer create TERNWKS -s "$conf"
    in_log samba-tool user setpassword "TERNWKS\$" --newpassword="$PASS" -s "$conf"
    in_log samba-tool domain exportkeytab "$DIR/admin.keytab" --principal=Administrator -s "$conf"
    tar -C "$DIR" --acls -cf "$DIR/fresh.tar" private state cache lock
    echo "$NAME $REALM $PASS" >"$DIR/.provisioned"
}

# ready: the domain in DIR is the one that is asked for
ready()
{
    [ "$(cat "$DIR/.provisioned" 2>/dev/null)" = "$NAME $REALM $PASS" ]
}

refresh()
{
    rm -rf "$DIR"/{private,state,cache,lock}
    tar -C "$DIR" --acls -xf "$DIR/fresh.tar"
}

lab_up()
{
    need_programs samba samba-tool rpcclient kinit
    if [ -n "$(lab_pids)" ]; then
        say "already up in $DIR"
        return 0
    fi
    ! answers "$ADDR" 445 || die "something answers on $ADDR port 445 already"
    make_dirs
    unix_accounts
    if ready; then
        [ "${LAB_FRESH:-no}" = no ] || refresh
        write_conf
    else
        provision
    fi
    env_lines LAB_DC_DIR "$DIR" LAB_DC "$FQDN" LAB_DC_ADDR "$ADDR" LAB_DC_NAME "$NAME" LAB_DC_REALM "$REALM" \
        LAB_DC_DOMAIN "$DOMAIN" LAB_DC_ADMIN Administrator LAB_DC_USER user1 LAB_DC_PASSWORD "$PASS" \
        LAB_DC_MACHINE TERNWKS LAB_DC_KEYTAB "$DIR/admin.keytab" KRB5_CONFIG "$DIR/krb5.conf" \
        KRB5CCNAME "FILE:$DIR/krb5cc_client"
    hosts_line add "$ADDR $FQDN ${NAME,,}"
    trap '[ $? = 0 ] || { kill_all; hosts_line del; }' EXIT
    lab_start samba samba -i --debug-stdout -s "$DIR/smb.conf"
    # the ports are open before winbindd and the RPC workers are ready, so make real calls on each way in
    wait_for "RPC over a pipe" "$DIR/log/samba.out" rpcclient --configfile=/dev/null \
        -U "$DOMAIN/Administrator%$PASS" "ncacn_np:$ADDR" -c 'lsaquery;srvinfo'
    wait_for "RPC over TCP" "$DIR/log/samba.out" rpcclient --configfile=/dev/null \
        -U "$DOMAIN/Administrator%$PASS" "ncacn_ip_tcp:${ADDR}[seal]" -c 'enumdomains'
    wait_for "the KDC" "$DIR/log/samba.out" env KRB5_CONFIG="$DIR/krb5.conf" \
        kinit -c "FILE:$DIR/run/wait.cc" -kt "$DIR/admin.keytab" Administrator
    rm -f "$DIR/run/wait.cc"
    say "domain controller up on $ADDR ($FQDN, $DIR)"
}
