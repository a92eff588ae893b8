# SPDX-License-Identifier: Apache-2.0
# needs: standalone dc
# RPC through the generated stubs: every transport, provider and level that a server of the lab has.
. "$TERN_SRC/tests/system/lib.sh"
live=$TERN_BUILD/tests/system/rpc_live

srv_live() { "$live" -n -u root -p "$LAB_SRV_PASSWORD" "$@"; }
ntlm_live() { "$live" -n -u "$LAB_DC_DOMAIN\\$LAB_DC_ADMIN" -p "$LAB_DC_PASSWORD" "$@"; }
krb5_live() { "$live" -k -c "$KRB5CCNAME" "$@"; }

like "standalone: the first call" '^server ' srv_live "ncacn_np:$LAB_SRV" server-info
like "standalone: the key of the SMB session" '^key STATUS_SUCCESS 16' srv_live "ncacn_np:$LAB_SRV" domains key
like "standalone: fragments both ways" '^names 1000 of 1000 found 500' srv_live "ncacn_np:$LAB_SRV" names:1000
like "standalone: many calls at once" '^async 200 of 200' srv_live "ncacn_np:$LAB_SRV" async:200
like "standalone: small fragments" '^names 500 of 500' srv_live -f 1432 "ncacn_np:$LAB_SRV" names:500
for d in 2.02 2.10 3.00 3.02 3.11; do
    like "standalone: SMB $d" '^domain Builtin' srv_live "ncacn_np:${LAB_SRV}[samr,smb$d]" domains
done

ok "dc: a ticket" dc_kinit
for how in none sign,ntlm seal,ntlm sign,spnego seal,spnego sign,krb5 seal,krb5; do
    for tp in ncacn_np ncacn_ip_tcp; do
        like "dc: $tp, $how by NTLM" '^domain BUILTIN' ntlm_live "$tp:${LAB_DC_ADDR}[,${how/krb5/ntlm}]" domains names:1000 both
        like "dc: $tp, $how by Kerberos" '^domain BUILTIN' krb5_live "$tp:${LAB_DC}[,${how/ntlm/krb5}]" domains names:1000 both
    done
done
for how in sign,ntlm seal,ntlm; do
    like "dc: $how without header signing" '^names 100 of 100' ntlm_live -H "ncacn_ip_tcp:${LAB_DC_ADDR}[,$how]" names:100
done
for how in sign,krb5 seal,krb5; do
    like "dc: $how without header signing" '^names 100 of 100' krb5_live -H "ncacn_ip_tcp:${LAB_DC}[,$how]" names:100
done
for how in connect,ntlm connect,spnego; do
    like "dc: $how" '^interfaces [1-9]' ntlm_live "ncacn_ip_tcp:${LAB_DC_ADDR}[135,$how]" interfaces
done
for how in connect,krb5 connect,spnego; do
    like "dc: $how" '^interfaces [1-9]' krb5_live "ncacn_ip_tcp:${LAB_DC}[135,$how]" interfaces
done
like "dc: privacy by SPNEGO is the default over TCP" 'level=6 provider=spnego/krb5' krb5_live "ncacn_ip_tcp:$LAB_DC" domains
like "dc: no session key with RPC security" '^key STATUS_NO_USER_SESSION_KEY' krb5_live "ncacn_np:${LAB_DC}[,seal]" domains key
like "dc: small fragments, sealed" '^names 1000 of 1000' ntlm_live -f 1432 "ncacn_ip_tcp:${LAB_DC_ADDR}[,seal]" names:1000

like "dc: several security contexts, NTLM" '^security 8 level=5' ntlm_live "ncacn_ip_tcp:${LAB_DC_ADDR}[,sign,ntlm]" securities:7
like "dc: several security contexts, Kerberos" '^security 8 level=5 provider=spnego/krb5 header_sign=1' \
    krb5_live "ncacn_ip_tcp:${LAB_DC}[,seal,krb5]" securities:7
like "dc: several security contexts on a pipe" '^security 3 level=6' ntlm_live "ncacn_np:${LAB_DC_ADDR}[samr,seal,ntlm]" securities:2

fails "a wrong password, in one sentence" 1 'privacy by spnego.*check user, domain and password' \
    "$live" -n -u "$LAB_DC_DOMAIN\\$LAB_DC_ADMIN" -p wrong "ncacn_ip_tcp:$LAB_DC_ADDR" domains
fails "level connect, which samr refuses" 1 'connect by ntlm.*ACCESS_DENIED.*try privacy' ntlm_live \
    "ncacn_ip_tcp:${LAB_DC_ADDR}[,connect,ntlm]" domains
fails "an interface that is not at the endpoint" 1 'RPC_NT_UNKNOWN_IF' ntlm_live "ncacn_ip_tcp:${LAB_DC_ADDR}[135]" domains
fails "an interface that TCP does not have" 1 'EPT_NT_NOT_REGISTERED.*named pipe' ntlm_live "ncacn_ip_tcp:$LAB_DC_ADDR" server-info
fails "a port where nobody listens" 1 'STATUS_CONNECTION_REFUSED' ntlm_live "ncacn_ip_tcp:${LAB_DC_ADDR}[1]" domains
fails "a pipe that is not there" 1 'STATUS_OBJECT_NAME_NOT_FOUND' ntlm_live "ncacn_np:${LAB_DC_ADDR}[nosuchpipe]" domains
fails "an unknown option" 2 'unknown option "smb9"' srv_live "ncacn_np:${LAB_SRV}[samr,smb9]" domains
done_testing
