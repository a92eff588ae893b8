# SPDX-License-Identifier: Apache-2.0
# needs: standalone dc
# The Net* functions of srvsvc and wkssvc (netapi_server.c) against both kinds of Samba server.
. "$TERN_SRC/tests/system/lib.sh"
P=$TERN_BUILD/tests/system/netapi_server

# hold SERVER USER PASSWORD: that user has a file of share1 open until `release`
hold()
{
    rm -f "$TERN_WORK/held"
    /usr/bin/python3 "$TERN_SRC/tests/system/hold_file.py" "$1" share1 held.txt "$2" "$3" 60 >"$TERN_WORK/held" 2>&1 &
    HOLDER=$!
    for _ in {1..100}; do
        if grep -q open "$TERN_WORK/held"; then return; fi
        sleep 0.1
    done
    note "nobody holds a file: $(cat "$TERN_WORK/held")"
}
release() { kill "$HOLDER" 2>/dev/null; wait "$HOLDER" 2>/dev/null; }

export NA_USER=root NA_PASSWORD=$LAB_SRV_PASSWORD
SRV_PATH=$LAB_SRV_DIR/share1
points "pipe, ntlm" info "$LAB_SRV" "$LAB_SRV_NAME" TERNGROUP workgroup
points "pipe, ntlm" shares "$LAB_SRV" "$SRV_PATH"
hold "$LAB_SRV" user1 "$LAB_SRV_PASSWORD"
points "pipe, ntlm" sessions "$LAB_SRV" root share1
points "pipe, ntlm" end-session "$LAB_SRV" user1
release
points "refused" refused "$LAB_SRV"
NA_USER=user1 points "user1" denied "$LAB_SRV" "$SRV_PATH"
points "fork" fork "$LAB_SRV"
NA_PASSWORD=wrong points "wrong password" status "$LAB_SRV" 1326 STATUS_LOGON_FAILURE ntlm root "$LAB_SRV"
points "refused port" status "$LAB_NET.29" 1225 STATUS_CONNECTION_REFUSED "$LAB_NET.29"
NA_PROTSEQ=ncacn_ip_tcp points "no endpoint mapper" status "$LAB_SRV" 1225 'endpoint mapper'
NA_USER="" points "use" use "$LAB_SRV" root "$LAB_SRV_PASSWORD"

# every dialect, signed only and encrypted
for dialect in 0202 0210 0300 0302 0311; do
    NA_DIALECT=$dialect NA_PROTECT=1 points "dialect $dialect" info "$LAB_SRV" "$LAB_SRV_NAME" TERNGROUP workgroup
done
for dialect in 0300 0302 0311; do
    NA_DIALECT=$dialect NA_PROTECT=2 points "dialect $dialect, encrypted" shares "$LAB_SRV" "$SRV_PATH"
done
NA_DIALECT=0210 NA_PROTECT=2 points "encryption that 2.1 has not" status "$LAB_SRV" 87 encryption

# both ways with Samba's client
points "for rpcclient" add "$LAB_SRV" ternx "$SRV_PATH" "Übung 日本"
like "rpcclient sees the share" 'netname: ternx' srv_rpcclient netshareenumall
like "and its remark" 'Übung 日本' srv_rpcclient netshareenumall
points "for rpcclient" del "$LAB_SRV" ternx
unlike "rpcclient sees it no more" 'netname: ternx' srv_rpcclient netshareenumall
ok "rpcclient makes a share" srv_rpcclient "netshareadd $SRV_PATH ternr 7 fromrpcclient"
like "which is in our list" '^# ternr\|C:.*share1\|fromrpcclient\|7$' "$P" list "$LAB_SRV"
ok "rpcclient removes it" srv_rpcclient 'netsharedel ternr'
unlike "and it is gone" '^# ternr' "$P" list "$LAB_SRV"

# the server ends the session while it is idle
"$P" idle "$LAB_SRV" "$TERN_WORK/flag" >"$TERN_WORK/idle" 2>&1 &
IDLE=$!
for _ in {1..100}; do if [ -e "$TERN_WORK/flag" ]; then break; fi; sleep 0.1; done
for pid in $(smbstatus -s "$LAB_SRV_DIR/smb.conf" -b 2>/dev/null | awk '$2 == "root" { print $1 }'); do kill "$pid"; done
sleep 1.2
rm -f "$TERN_WORK/flag"
wait $IDLE
is "a session that the server ended is replaced" "ok before ok after the server ended the session done" \
    "$(tr '\n' ' ' <"$TERN_WORK/idle" | sed 's/ $//')"

# a second server, which has RPC over TCP, too
SRV1=$LAB_SRV
another_server tcp LAB_TCP=yes LAB_WINBIND=no LAB_SIGNING=mandatory
for level in 5 6; do
    export NA_PROTSEQ=ncacn_ip_tcp NA_LEVEL=$level
    points "TCP, ntlm, level $level" shares "$LAB_SRV" "$LAB_SRV_DIR/share1"
    NA_PASSWORD=wrong points "TCP, level $level, wrong password" status "$LAB_SRV" 1825 'the user name or the password' root
done
unset NA_PROTSEQ NA_LEVEL
points "threads, two servers" threads "$LAB_SRV" "$SRV1"
NA_PROTSEQ=ncacn_ip_tcp points "threads, TCP" threads "$LAB_SRV"
stop_server tcp
another_server strict LAB_ENCRYPT=required LAB_SIGNING=mandatory
points "encryption required" shares "$LAB_SRV" "$LAB_SRV_DIR/share1"
NA_PROTECT=1 points "encryption required" info "$LAB_SRV" "$LAB_SRV_NAME" TERNGROUP workgroup
stop_server strict

# the domain controller: NTLM by address, Kerberos by name
export NA_USER=$LAB_DC_DOMAIN\\$LAB_DC_ADMIN NA_PASSWORD=$LAB_DC_PASSWORD
points "dc, ntlm" info "$LAB_DC_ADDR" "$LAB_DC_NAME" "$LAB_DC_DOMAIN" domain
points "dc, ntlm" refused "$LAB_DC_ADDR"
dc_kinit
export NA_USER="" NA_PASSWORD=""
points "dc, Kerberos" info "$LAB_DC" "$LAB_DC_NAME" "$LAB_DC_DOMAIN" domain
hold "$LAB_DC_ADDR" user1 "$LAB_DC_PASSWORD"
points "dc, Kerberos" sessions "$LAB_DC" "$LAB_DC_ADMIN" share1
release
points "dc, Kerberos" threads "$LAB_DC"
NA_PROTSEQ=ncacn_ip_tcp points "dc, srvsvc is not on TCP" status "$LAB_DC" 1753 'named pipe only'
KRB5CCNAME=FILE:$TERN_WORK/nothing points "no tickets" status "$LAB_DC" 1312 kinit
NA_USER=user1 NA_PASSWORD=$LAB_DC_PASSWORD points "dc, user1" status "$LAB_DC" 0
done_testing
