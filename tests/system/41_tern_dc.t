# SPDX-License-Identifier: Apache-2.0
# needs: dc
# timeout: 150
# The command line against a domain controller: Kerberos and NTLM, pipe and TCP, integrity and privacy.
. "$TERN_SRC/tests/system/lib.sh"
unset TERN_USER TERN_PASSWORD TERN_DOMAIN TERN_CCACHE
export TERN_SERVER=$LAB_DC
tern() { "$TERN" "$@"; }
with_input()
{
    local text=$1
    shift
    printf '%b' "$text" | "$@"
}

# The user's own cache, which nothing may touch.
default=$TERN_WORK/default.cc
export KRB5CCNAME=FILE:$default
ok "a ticket" dc_kinit
before=$(sha256sum <"$default")

# ---- Kerberos from the current cache ----
like "server info by the current cache" "^name +$LAB_DC_NAME$" tern server info
for t in pipe tcp; do
    like "user list, $t" '^Administrator ' tern user list --transport $t
    for l in integrity privacy; do
        for p in krb5 spnego; do
            like "  $p, $l" '^Administrator ' tern user list --transport $t --provider $p --rpc-level $l
        done
    done
    fails "  connect is too little for accounts" 1 ERROR_ACCESS_DENIED tern user list --transport $t --rpc-level connect
done
ok "user add" with_input 'Secret-1x\n' tern user add alice --password-stdin --full-name 'Alice Ångström' --comment 日本語 \
    --user-comment eigen --profile '\\dc\profile' --workstations PC1
like "  rpcclient reads it back" 'Full Name *:.*Alice Ångström' dc_rpcclient 'queryuser alice'
ok "user show over TCP" tern user show alice --json --transport tcp
is "  everything is as given" "Alice Ångström|日本語|eigen|\\\\dc\\profile|PC1|normal|None" \
    "$(json '"|".join(str(d["users"][0][k]) if k != "flags" else ",".join(d["users"][0][k]) for k in ("full_name", "comment", "user_comment", "profile", "workstations", "flags", "expires"))')"
ok "user set over TCP, sealed by Kerberos" tern user set alice --transport tcp --comment changed --disable --workstations ''
like "  rpcclient sees it" 'Description *:.*changed' dc_rpcclient 'queryuser alice'
ok "user set --enable --expires never" tern user set alice --enable --expires never
fails "a password over TCP ends before anything is sent" 1 'named pipe' with_input 'x\n' tern user password alice --set \
    --password-stdin --transport tcp
ok "a password over the pipe" with_input 'Secret-2x\n' tern user password alice --set --password-stdin
like "  is hers, by NTLM" 'lets you in' env TERN_PASSWORD=Secret-2x "$TERN" use check --ntlm -U "$LAB_DC_DOMAIN\\alice"
like "  and by Kerberos" 'lets you in' env TERN_PASSWORD=Secret-2x "$TERN" use check -k -U "alice@$LAB_DC_REALM"
ok "  she changes it" with_input 'Secret-2x\nSecret-3x\n' env TERN_PASSWORD=Secret-2x "$TERN" user password alice \
    --password-stdin --ntlm -U "$LAB_DC_DOMAIN\\alice"
ok "  rpcclient takes the new one" rpcclient --configfile=/dev/null -U "$LAB_DC_DOMAIN/alice%Secret-3x" \
    "ncacn_np:$LAB_DC_ADDR" -c lsaquery
fails "she may not see sessions" 1 ERROR_ACCESS_DENIED env TERN_PASSWORD=Secret-3x "$TERN" session list \
    --ntlm -U "$LAB_DC_DOMAIN\\alice"
is "  nor is anything printed" "" "$OUT"

ok "group add" tern group add builders --comment 'größer'
ok "group add-member" tern group add-member builders alice
like "group members" '^alice' tern group members builders --transport tcp
like "user groups" '^builders +global' tern user groups alice
like "  net rpc agrees" 'alice' net -s /dev/null rpc group members builders -S "$LAB_DC_ADDR" \
    -U "$LAB_DC_DOMAIN/$LAB_DC_ADMIN%$LAB_DC_PASSWORD"
ok "localgroup add" tern localgroup add local
ok "localgroup add-member" tern localgroup add-member local "$LAB_DC_DOMAIN\\alice" "$LAB_DC_DOMAIN\\builders"
like "localgroup members" "^$LAB_DC_DOMAIN.builders +group +S-1-5-21-" tern localgroup members local
like "  over TCP" "^$LAB_DC_DOMAIN.alice +user +S-1-5-21-" tern localgroup members local --transport tcp
like "localgroup members Administrators" "^$LAB_DC_DOMAIN.Domain Admins +group" tern localgroup members Administrators
like "user groups --indirect" '^Users +local' tern user groups alice --indirect
ok "localgroup delete" tern localgroup delete local
ok "group delete" tern group delete builders
ok "policy show" tern policy show --json
is "  of the domain" "$LAB_DC_DOMAIN primary" "$(json 'd["policies"][0]["domain"] + " " + d["policies"][0]["role"]')"
like "join info" '^status +domain' tern join info
ok "user list --machines" tern user list --machines --json
is "  has the controller and the workstation" "$LAB_DC_NAME\$ $LAB_DC_MACHINE\$" \
    "$(json '" ".join(sorted(u["name"] for u in d["users"]))')"
ok "user delete" tern user delete alice
unlike "  is gone" 'user:\[alice\]' dc_rpcclient enumdomusers

# ---- other ways to the same ----
cp "$default" "$TERN_WORK/other.cc"
like "--ccache" '^Administrator ' env KRB5CCNAME=FILE:/nonexistent "$TERN" user list --ccache "FILE:$TERN_WORK/other.cc"
is "  is only read, too" "$before" "$(sha256sum <"$TERN_WORK/other.cc")"
like "--keytab" '^Administrator ' tern user list --keytab "$LAB_DC_KEYTAB" -U "$LAB_DC_ADMIN@$LAB_DC_REALM"
export TERN_PASSWORD=$LAB_DC_PASSWORD
like "a password, by Kerberos" '^Administrator ' tern user list -k -U "$LAB_DC_ADMIN@$LAB_DC_REALM"
for t in pipe tcp; do
    for l in integrity privacy; do
        for p in ntlm spnego; do
            like "NTLM: $t, $p, $l" '^Administrator ' tern user list --ntlm -U "$LAB_DC_DOMAIN\\$LAB_DC_ADMIN" --transport $t \
                --provider $p --rpc-level $l
        done
    done
done
like "an address, which means NTLM" '^Administrator ' tern user list -S "$LAB_DC_ADDR" -U "$LAB_DC_DOMAIN\\$LAB_DC_ADMIN"
for d in 2.0.2 2.1 3.0 3.0.2; do
    like "Kerberos over SMB $d" '^Administrator ' tern user list --dialect $d
done

# ---- what goes wrong ----
fails "an address and Kerberos" 1 'needs the name of the server' tern user list -k -S "$LAB_DC_ADDR"
fails "a wrong password, by Kerberos" 1 'ERROR_LOGON_FAILURE.*' env TERN_PASSWORD=wrong "$TERN" user list -k \
    -U "$LAB_DC_ADMIN@$LAB_DC_REALM"
fails "a user whom the realm does not know" 1 'tern: user list: ' tern user list -k -U "nobody@$LAB_DC_REALM"
fails "no cache" 1 'no Kerberos tickets in FILE:/nonexistent' env KRB5CCNAME=FILE:/nonexistent "$TERN" user list
fails "a keytab that is not there" 1 'no fitting key in the keytab /nonexistent' tern user list --keytab /nonexistent \
    -U "$LAB_DC_ADMIN@$LAB_DC_REALM"
fails "a principal that the KDC does not know" 1 'cifs/nosuch.tern.test' tern user list --target nosuch.tern.test
ok "a ticket for two seconds" kinit -l 2s -c "FILE:$TERN_WORK/short.cc" -kt "$LAB_DC_KEYTAB" "$LAB_DC_ADMIN"
sleep 3
fails "  has expired" 1 'expired' tern user list --ccache "FILE:$TERN_WORK/short.cc"
fails "Kerberos is never replaced by NTLM" 1 ERROR_NTLM_BLOCKED tern user list -k --provider ntlm --rpc-level privacy
fails "an interface that is not on TCP" 1 EPT_S_NOT_REGISTERED tern share list --transport tcp

# ---- tickets for npcmuxd ----
"$TERN_BUILD/daemons/npcmuxd" --socket "$TERN_WORK/mux" >"$TERN_WORK/mux.ready" 2>"$TERN_WORK/mux.log" &
muxer=$!
export TERN_NPC=$TERN_WORK/mux
ok "npcmuxd starts" await_line '^ready' "$TERN_WORK/mux.ready" $muxer
ok "mux set: the current cache, nobody being named" tern mux set "$LAB_DC" --json
is "  is copied: an instance of the system reads no such file" "ccache True FILE:$default $LAB_DC_ADMIN@$LAB_DC_REALM" \
    "$(json '"%(kind)s %(copied)s %(cache)s %(principal)s" % d')"
ok "  a call by them" env KRB5CCNAME=FILE:/nonexistent "$TERN" server info
like "  whose session is by Kerberos" "$LAB_DC .* krb5 " tern mux connections
like "  and says whose tickets they are" "$LAB_DC_ADMIN@$LAB_DC_REALM" tern mux connections
like "mux set --check" "^$LAB_DC lets it in: SMB 3\.1\.1, encrypted, logon by krb5$" tern mux set "$LAB_DC" -k --check "$LAB_DC"
fails "  a name that has no key at the KDC" 1 'nosuch' tern mux set '*' --check nosuch.tern.test --target nosuch.tern.test
ok "mux set of a keytab" tern mux set "$LAB_DC" --keytab "$LAB_DC_KEYTAB" -U "$LAB_DC_ADMIN@$LAB_DC_REALM" --check "$LAB_DC"
ok "  and a call" env KRB5CCNAME=FILE:/nonexistent "$TERN" server info
ok "mux set with the tickets that have expired" tern mux set "$LAB_DC" --ccache "FILE:$TERN_WORK/short.cc"
fails "  cannot be used" 1 'expired' tern server info
ok "mux clear" tern mux clear
if setpriv --reuid=65534 --regid=65534 --clear-groups "$TERN" --version >/dev/null 2>&1; then
    chmod 711 "$TERN_WORK"
    mkdir -m 700 "$TERN_WORK/others"
    kinit -c "DIR:$TERN_WORK/others" -kt "$LAB_DC_KEYTAB" "$LAB_DC_ADMIN"
    chown -R 65534 "$TERN_WORK/others"
    as() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
    like "another user's cache is copied" '^a copy of the tickets of .* in DIR:.*: good until 2' \
        as "$TERN" mux set "$LAB_DC" --ccache "DIR:$TERN_WORK/others" --check "$LAB_DC"
    rm -r "$TERN_WORK/others"
    ok "  which is all that is needed" as env KRB5CCNAME=FILE:/nonexistent "$TERN" server info
else
    skip "another user's cache" "setpriv is not installed, or others may not read the build directory"
fi
kill $muxer
wait $muxer
is "it ends in order" 0 $?
unset TERN_NPC

is "the default cache is what it was" "$before" "$(sha256sum <"$default")"
done_testing
