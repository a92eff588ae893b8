# SPDX-License-Identifier: Apache-2.0
# needs: standalone dc
# The servers themselves, seen with Samba's client: what the other tests take for granted.
. "$TERN_SRC/tests/system/lib.sh"

like "standalone: a user list" 'user:\[user1\]' srv_rpcclient enumdomusers
like "standalone: a share list" 'share1' srv_rpcclient netshareenum
ok "standalone: a user can be made" srv_rpcclient 'createdomuser labprobe'
like "standalone: and is there" 'user:\[labprobe\]' srv_rpcclient enumdomusers
ok "standalone: and can be removed" srv_rpcclient 'deletedomuser labprobe'
unlike "standalone: and is gone" 'labprobe' srv_rpcclient enumdomusers
unlike "standalone: the machine's own accounts are untouched" 'labprobe|/nonexistent:.*tern' cat /etc/passwd
ok "standalone: a group of the domain" srv_rpcclient 'createdomgroup labgroup'
ok "standalone: a local group" srv_rpcclient 'createdomalias labalias'
like "standalone: and is there" 'group:\[labalias\]' srv_rpcclient 'enumalsgroups domain'
ok "standalone: a share can be made" srv_rpcclient "netshareadd $LAB_SRV_DIR/share1 labshare 5 probe"
like "standalone: and is there" 'netname: labshare' srv_rpcclient netshareenum
ok "standalone: and can be removed" srv_rpcclient 'netsharedel labshare'
fails "standalone: a wrong password" 1 LOGON_FAILURE \
    rpcclient --configfile=/dev/null -U root%wrong "ncacn_np:$LAB_SRV" -c srvinfo
ok "standalone: many users at once" "$TERN_LAB" populate "$LAB_SRV_DIR" 50
like "standalone: and can be opened" 'Full Name.*Bulk User 50$' srv_rpcclient 'queryuser bulk000050'

like "dc: a user list" 'user:\[user1\]' dc_rpcclient enumdomusers
ok "dc: a ticket" dc_kinit
like "dc: Kerberos over a pipe" 'user:\[user1\]' rpcclient --configfile=/dev/null -N --use-kerberos=required \
    --use-krb5-ccache="$KRB5CCNAME" "ncacn_np:$LAB_DC" -c enumdomusers
like "dc: Kerberos over TCP, sealed" 'user:\[user1\]' rpcclient --configfile=/dev/null -N --use-kerberos=required \
    --use-krb5-ccache="$KRB5CCNAME" "ncacn_ip_tcp:${LAB_DC}[krb5,seal]" -c enumdomusers
fails "dc: level connect is refused" 1 ACCESS_DENIED rpcclient --configfile=/dev/null \
    -U "$LAB_DC_DOMAIN/$LAB_DC_ADMIN%$LAB_DC_PASSWORD" "ncacn_ip_tcp:${LAB_DC_ADDR}[connect]" -c enumdomusers

ok "another server with its own settings" another_server old LAB_MAX_PROTOCOL=SMB2_02 LAB_SIGNING=mandatory LAB_TCP=yes \
    LAB_WINBIND=no
eval "$("$TERN_LAB" standalone env "$TERN_LABDIR/old")"
like "which answers over TCP" 'user:\[user1\]' rpcclient --configfile=/dev/null -U "root%$LAB_SRV_PASSWORD" \
    "ncacn_ip_tcp:${LAB_SRV}[seal]" -c enumdomusers
ok "and is stopped again" stop_server old
fails "with nothing left behind" 0 . ls "$TERN_LABDIR/old"
done_testing
