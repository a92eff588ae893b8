# SPDX-License-Identifier: Apache-2.0
# needs: standalone dc
# The SMB client against servers with all sorts of settings: dialects, signing, encryption, guests, Kerberos.
. "$TERN_SRC/tests/system/lib.sh"
live=$TERN_BUILD/tests/system/smb_live

srv_live() { "$live" "$LAB_SRV" root "$LAB_SRV_PASSWORD" port="$LAB_SRV_PORT" "$@"; }

# server TEXT SETTING...: another server; old stays its name
server()
{
    local text=$1
    shift
    ok "$text" another_server smb "$@" LAB_WINBIND=no
    eval "$("$TERN_LAB" standalone env "$TERN_LABDIR/smb")"
}

for d in 2.0.2 2.1 3.0 3.0.2; do
    like "SMB $d, signed" '^ok .* signed bind' srv_live dialect=$d cipher=none
done
for d in 3.0 3.0.2; do
    like "SMB $d, AES-128-CCM" '^ok .* cipher 1 signed encrypted' srv_live dialect=$d cipher=128-ccm
done
for s in hmac cmac gmac; do
    for c in none 128-ccm 128-gcm 256-ccm 256-gcm; do
        like "SMB 3.1.1, $s, $c" '^ok ' srv_live dialect=3.1.1 signing=$s cipher=$c
    done
done
like "1000 calls on one pipe" '^ok ' srv_live dialect=any calls=1000
like "a wrong password keeps its status" '^refused STATUS_LOGON_FAILURE: .*with ntlm' \
    "$live" "$LAB_SRV" root wrong port="$LAB_SRV_PORT" dialect=any expect=STATUS_LOGON_FAILURE
like "a null session is refused" '^refused STATUS_ACCESS_DENIED: .*anonymous' \
    srv_live dialect=any nullsession expect=STATUS_ACCESS_DENIED
like "unless it is allowed" '^ok .* anonymous' srv_live dialect=any anonymous
like "nobody listens" '^refused STATUS_CONNECTION_REFUSED' srv_live dialect=any port=9 expect=STATUS_CONNECTION_REFUSED

ok "dc: a ticket" dc_kinit
for c in none 128-ccm 256-gcm; do
    like "dc: Kerberos, 3.1.1, $c" '^ok .* krb5 .* key 32/16' "$live" "$LAB_DC" "" "" mech=krb5 dialect=3.1.1 signing=gmac \
        cipher=$c
done
for d in 2.0.2 3.0; do
    like "dc: Kerberos, $d" '^ok .* krb5 ' "$live" "$LAB_DC" "" "" mech=krb5 dialect=$d
done
like "dc: Kerberos wants a name" '^refused STATUS_INVALID_PARAMETER' "$live" "$LAB_DC_ADDR" "" "" mech=krb5 dialect=any \
    expect=STATUS_INVALID_PARAMETER

for max in 02:0202 10:0210; do
    server "a server up to SMB2_${max%:*}" LAB_MAX_PROTOCOL="SMB2_${max%:*}"
    like "the best it has" "^ok .*dialect 0x${max#*:} .* signed bind" srv_live dialect=any
    like "no encryption" '^refused STATUS_ACCESS_DENIED: .*cannot encrypt' srv_live dialect=any protect=encrypt \
        expect=STATUS_ACCESS_DENIED
    like "no 3.1.1" '^refused STATUS_NOT_SUPPORTED' srv_live dialect=3.1.1 signing=gmac cipher=none \
        expect=STATUS_NOT_SUPPORTED
    stop_server smb
done
server "a server up to SMB3_02" LAB_MAX_PROTOCOL=SMB3_02
like "encrypted by default" '^ok .*dialect 0x0302 .* encrypted' srv_live dialect=any
like "signed only, if asked for" '^ok .*dialect 0x0302 .* signed bind' srv_live dialect=any protect=sign
stop_server smb
server "a server that requires signing" LAB_SIGNING=mandatory
like "gets it" '^ok ' srv_live dialect=any protect=sign
like "no null session" '^refused STATUS_ACCESS_DENIED: .*requires signing' srv_live dialect=any anonymous \
    expect=STATUS_ACCESS_DENIED
stop_server smb
server "a server that requires encryption" LAB_ENCRYPT=required
like "gets it" '^ok .* encrypted' srv_live dialect=any
like "unasked too" '^ok .* encrypted' srv_live dialect=any protect=sign
like "with 3.0" '^ok .* encrypted' srv_live dialect=3.0 cipher=128-ccm
like "not with 2.1" '^refused STATUS_ACCESS_DENIED' srv_live dialect=2.1 expect=STATUS_ACCESS_DENIED
stop_server smb
server "a server with one algorithm of each kind" LAB_SIGN_ALGOS=HMAC-SHA256 LAB_CIPHERS=AES-256-CCM
like "finds them" '^ok .* signing 0 cipher 3 signed encrypted' srv_live dialect=any
stop_server smb
server "a server without encryption" LAB_ENCRYPT=off LAB_EXTRA="map to guest = bad user"
like "signed by default" '^ok .* signed bind' srv_live dialect=any
like "encryption required" '^refused STATUS_ACCESS_DENIED: .*cannot encrypt' srv_live dialect=any protect=encrypt \
    expect=STATUS_ACCESS_DENIED
like "a guest session is refused" '^refused STATUS_ACCESS_DENIED: .*guest' "$live" "$LAB_SRV" nosuchuser x \
    port="$LAB_SRV_PORT" dialect=any expect=STATUS_ACCESS_DENIED
stop_server smb
done_testing
