# SPDX-License-Identifier: Apache-2.0
# needs: dc
# Who the caller is (token_server.c), with Samba's client: by a ticket's PAC, and by a secure channel.
. "$TERN_SRC/tests/system/lib.sh"
HOST=$LAB_NET.91
export TOKEN_KEYTAB=FILE:$LAB_DC_DIR/private/secrets.keytab

# start NAME: the server, with an endpoint mapper; sets PORT and SERVER
start()
{
    mkfifo "$TERN_WORK/stop$1"
    LOG=$TERN_WORK/log$1
    "$TERN_BUILD/tests/system/token_server" "$HOST" 0 mapper <"$TERN_WORK/stop$1" >"$LOG" &
    SERVER=$!
    exec 7>"$TERN_WORK/stop$1"
    for _ in $(seq 50); do
        PORT=$(sed -n 's/^ready //p' "$LOG")
        [ -z "$PORT" ] || break
        sleep 0.1
    done
}

stop()
{
    exec 7>&-
    wait "$SERVER"
}

peer() { /usr/bin/python3 "$TERN_SRC/tests/system/token_peer.py" "$@"; }
ticket() { peer krb5 "ncacn_ip_tcp:$HOST[$PORT,$1,krb5,target_hostname=$LAB_DC]" "$2" "$LAB_DC_PASSWORD" "$LAB_DC_REALM"; }
logged() { grep -E "$1" "$LOG"; }

start 1
ok "the server is ready" test -n "$PORT"
like "a ticket, sealed" '^passed$' ticket seal "$LAB_DC_USER"
like "its PAC gives SIDs, groups, names, a key" \
    "mech=krb5 flags=0 name=$LAB_DC_USER@$LAB_DC_REALM account=$LAB_DC_USER domain=$LAB_DC_DOMAIN upn=$LAB_DC_USER@[a-z.]+ user=S-1-5-21-[0-9-]+ primary=S-1-5-21-[0-9-]+-513 groups=[0-9]+ key=32 authenticated=1 expires=1" \
    logged "account=$LAB_DC_USER"
like "a ticket of an administrator, signed" '^passed$' ticket sign "$LAB_DC_ADMIN"
like "whose RID is 500" 'user=S-1-5-21-[0-9-]+-500 ' logged "account=$LAB_DC_ADMIN"
like "a secure channel" '^passed$' peer schannel "ncacn_ip_tcp:$HOST[$PORT,schannel,seal]" Peer-1
like "whose caller is the computer" 'PEERWS\$$' logged '^capabilities'
fails "a secure channel with another password, also without AES" 1 'refused c0000388' \
    peer schannel "ncacn_ip_tcp:$HOST[$PORT,schannel,seal]" Peer-2
fails "a secure channel that is only signed" 1 'refused' peer schannel "ncacn_ip_tcp:$HOST[$PORT,schannel,sign]" Peer-1
ok "it ends in order" stop

# the KDC's signature, where its key is at hand
"$TERN_LAB" exec "$LAB_DC_DIR" samba-tool domain exportkeytab "$TERN_WORK/kdc.keytab" --principal=krbtgt \
    -s "$LAB_DC_DIR/smb.conf" >/dev/null 2>&1
export TOKEN_KDC_KEYTAB=FILE:$TERN_WORK/kdc.keytab
start 2
like "with krbtgt's key" '^passed$' ticket seal "$LAB_DC_USER"
like "the token says that it was checked" 'mech=krb5 flags=16 ' logged '^token'
ok "it ends in order" stop
export TOKEN_KDC_KEYTAB=FILE:$LAB_DC_KEYTAB
start 3
fails "with another key in its place nobody gets in" 1 'refused c0000022' ticket seal "$LAB_DC_USER"
ok "it ends in order" stop
done_testing
