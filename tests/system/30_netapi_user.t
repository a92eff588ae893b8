# SPDX-License-Identifier: Apache-2.0
# needs: standalone dc
# timeout: 500
# The Net* functions of samr (netapi_user.c) against both kinds of Samba server, and both ways with Samba's own tools.
. "$TERN_SRC/tests/system/lib.sh"
P=$TERN_BUILD/tests/system/netapi_user

# ---- standalone, NTLM ----
export NA_USER=root NA_PASSWORD=$LAB_SRV_PASSWORD
points "users" users "$LAB_SRV" "Alice Ångström"
points "users, Japanese" users "$LAB_SRV" "日本語"
points "refused" refused "$LAB_SRV"
points "passwords" passwords "$LAB_SRV" "ternpass"
points "groups" groups "$LAB_SRV"
points "aliases" aliases "$LAB_SRV" "$LAB_SRV_NAME"
points "modals" modals "$LAB_SRV" "$LAB_SRV_NAME"
NA_USER=user1 points "user1" denied "$LAB_SRV" user2
# other tests may have left accounts on this server: Samba's own count is the measure
points "few users" lists "$LAB_SRV" "$(srv_rpcclient enumdomusers | grep -c '^user:')"

# what we write Samba's client reads, and the other way round
points "for rpcclient" add "$LAB_SRV" "ternbjörn"
rid=$("$P" show "$LAB_SRV" "ternbjörn" | sed -n 's/.*|\([0-9]*\)|[0-9]*$/\1/p')
like "rpcclient lists the user" 'user:\[ternbjörn\]' srv_rpcclient enumdomusers
like "rpcclient reads the full name" 'Full Name.*Alice Ångström' srv_rpcclient "queryuser $rid"
like "and the comment" 'Description.*日本語 comment' srv_rpcclient "queryuser $rid"
like "and the workstations" 'Workstations.*WS1,WS2' srv_rpcclient "queryuser $rid"
like "net rpc lists the user" '^ternbjörn' net rpc user -S "$LAB_SRV" -p "$LAB_SRV_PORT" -U "root%$LAB_SRV_PASSWORD" \
    --configfile=/dev/null
points "for rpcclient" del "$LAB_SRV" "ternbjörn"
unlike "rpcclient sees the user no more" 'user:\[ternbjörn\]' srv_rpcclient enumdomusers
ok "rpcclient makes a user" srv_rpcclient 'createdomuser ternrpc'
like "which we read" '^# ternrpc\|' "$P" show "$LAB_SRV" ternrpc
ok "rpcclient gives it a password" srv_rpcclient 'setuserinfo2 ternrpc 26 Rpc.Client-1'
ok "rpcclient removes it" srv_rpcclient 'deletedomuser ternrpc'
like "and it is gone" '^# 2221' "$P" show "$LAB_SRV" ternrpc

# ---- standalone, other protections ----
another_server samr-enc LAB_WINBIND=no LAB_ENCRYPT=required
points "encryption required" passwords "$LAB_SRV" "ternenc"
stop_server samr-enc
for dialect in SMB2_02 SMB3_00; do
    another_server "samr-$dialect" LAB_WINBIND=no LAB_SIGNING=mandatory LAB_MAX_PROTOCOL=$dialect LAB_ENCRYPT=off
    points "$dialect, signed" passwords "$LAB_SRV" "terndia"
    stop_server "samr-$dialect"
done
another_server samr-tcp LAB_TCP=yes LAB_WINBIND=no
NA_PROTSEQ=ncacn_ip_tcp points "TCP" tcp "$LAB_SRV" "terntcp"
stop_server samr-tcp

# ---- domain controller ----
export NA_USER=$LAB_DC_DOMAIN\\$LAB_DC_ADMIN NA_PASSWORD=$LAB_DC_PASSWORD
points "dc, ntlm" users "$LAB_DC_ADDR" "Alice Ångström"
points "dc, ntlm" passwords "$LAB_DC_ADDR" "ternpass"
points "dc, ntlm" groups "$LAB_DC_ADDR"
points "dc, ntlm" modals "$LAB_DC_ADDR" "$LAB_DC_DOMAIN"
points "dc, ntlm" display "$LAB_DC_ADDR" "$(samba-tool computer list -s "$LAB_DC_DIR/smb.conf" | wc -l)"
NA_USER=$LAB_DC_DOMAIN\\user1 points "dc, user1" denied "$LAB_DC_ADDR" user2
NA_PROTSEQ=ncacn_ip_tcp points "dc, TCP, ntlm" tcp "$LAB_DC_ADDR" "terntcp"

dc_kinit
export NA_USER= NA_PASSWORD=
points "dc, Kerberos" users "$LAB_DC" "日本語"
points "dc, Kerberos" refused "$LAB_DC"
points "dc, Kerberos" aliases "$LAB_DC" "$LAB_DC_DOMAIN"
NA_PROTSEQ=ncacn_ip_tcp points "dc, TCP, Kerberos" tcp "$LAB_DC" "terntcp"
ok "a password policy" samba-tool domain passwordsettings set -s "$LAB_DC_DIR/smb.conf" --min-pwd-length=9 --complexity=on
points "dc, policy" policy "$LAB_DC" "ternpol"
ok "and none" samba-tool domain passwordsettings set -s "$LAB_DC_DIR/smb.conf" --min-pwd-length=0 --complexity=off
points "for rpcclient" add "$LAB_DC" "ternbjörn"
like "rpcclient lists the user of the domain" 'user:\[ternbjörn\]' dc_rpcclient enumdomusers
like "samba-tool reads the attributes" 'displayName:.*Alice Ångström|displayName:: QWxpY2Ugw4VuZ3N0csO2bQ==' \
    samba-tool user show ternbjörn -s "$LAB_DC_DIR/smb.conf"
points "for rpcclient" del "$LAB_DC" "ternbjörn"
ok "samba-tool makes a user" samba-tool user create ternst Sam.Tool-1 --description='fra samba-tool ø' -s "$LAB_DC_DIR/smb.conf"
like "which we read" '^# ternst\|.*\|fra samba-tool ø\|' "$P" show "$LAB_DC" ternst
ok "samba-tool removes it" samba-tool user delete ternst -s "$LAB_DC_DIR/smb.conf"

# ---- 10 000 users, complete ----
export NA_USER=root NA_PASSWORD=$LAB_SRV_PASSWORD
another_server samr-many LAB_WINBIND=no
ok "10 000 users" "$TERN_LAB" populate "$TERN_LABDIR/samr-many" 10000
points "10 000 users" lists "$LAB_SRV" 10003
stop_server samr-many
done_testing
