# SPDX-License-Identifier: Apache-2.0
# needs: dc
# Our security providers opposite Samba's, in both roles; and the user's own credential caches, which are only read.
. "$TERN_SRC/tests/system/lib.sh"

peer=$TERN_BUILD/tests/system/sec_peer
keytab=$LAB_DC_DIR/private/secrets.keytab
conf=$LAB_DC_DIR/smb.conf

while IFS= read -r line; do
    case $line in
    "ok "*) tap ok "${line#ok * - }" ;;
    "not ok "*) tap "not ok" "${line#not ok * - }" ;;
    "#"*) echo "$line" ;;
    esac
done < <(env -u KRB5CCNAME /usr/bin/python3 "$TERN_SRC/tests/system/sec_oracle.py" "$peer" "$conf" "$LAB_DC_REALM" \
    "$LAB_DC" "$LAB_DC_ADMIN" "$LAB_DC_PASSWORD" "$keytab" 2>&1)

# client NAME=VALUE...: the first token of a Kerberos client
client() { echo "token -" | "$peer" krb5 client service=cifs host="$LAB_DC" flags=12 "$@"; }

# Caches of every kind: used, and left as they were.
cp "$LAB_DC_KEYTAB" "$TERN_WORK/admin.keytab"
for cache in "FILE:$TERN_WORK/file" "DIR:$TERN_WORK/dir" "DIR::$TERN_WORK/dir/tkt" "KEYRING:user:tern$$" KCM:; do
    mkdir -p "$TERN_WORK/dir"
    if ! kinit -c "$cache" -kt "$LAB_DC_KEYTAB" "$LAB_DC_ADMIN" 2>"$TERN_WORK/err"; then
        skip "ccache $cache" "$(tail -1 "$TERN_WORK/err")"
        continue
    fi
    klist -c "$cache" >"$TERN_WORK/before"
    sum=$(find "$TERN_WORK/file" "$TERN_WORK/dir" -type f -exec sha256sum {} + 2>/dev/null)
    like "ccache ${cache%%"$TERN_WORK"*}: a ticket" '^more 60' client ccache="$cache"
    is "ccache ${cache%%"$TERN_WORK"*}: not written to" "$sum" \
        "$(find "$TERN_WORK/file" "$TERN_WORK/dir" -type f -exec sha256sum {} + 2>/dev/null)"
    is "ccache ${cache%%"$TERN_WORK"*}: no service ticket in it" "$(cat "$TERN_WORK/before")" "$(klist -c "$cache")"
    case $cache in KEYRING:*) kdestroy -c "$cache" ;; esac
done
like "the default ccache" '^more 60' env KRB5CCNAME="FILE:$TERN_WORK/file" "$peer" krb5 client service=cifs \
    host="$LAB_DC" flags=12 < <(echo "token -")
like "the default ccache, of a named user" '^more 60' env KRB5CCNAME="DIR:$TERN_WORK/dir" "$peer" krb5 client \
    user="$LAB_DC_ADMIN@$LAB_DC_REALM" service=cifs host="$LAB_DC" flags=12 < <(echo "token -")
like "another user's tickets are not taken" 'are not those of nobody' client ccache="FILE:$TERN_WORK/file" user=nobody
like "a keytab" '^more 60' client keytab="$LAB_DC_KEYTAB" user="$LAB_DC_ADMIN" domain="$LAB_DC_REALM"
like "a password, lower case realm" '^more 60' client password="$LAB_DC_PASSWORD" \
    user="$LAB_DC_ADMIN@$(tr '[:upper:]' '[:lower:]' <<<"$LAB_DC_REALM")"
like "a password, NetBIOS domain" '^more 60' client password="$LAB_DC_PASSWORD" user="$LAB_DC_DOMAIN\\$LAB_DC_ADMIN"

# What people are told.
u=user=$LAB_DC_ADMIN d=domain=$LAB_DC_REALM
like "a wrong password" 'LOGON_FAILURE .*password or key of .* is wrong' client "$u" "$d" password=wrong
like "an unknown user" 'LOGON_FAILURE .*does not know the user' client user=nobody "$d" password=x
like "an unknown realm" 'NO_LOGON_SERVERS .*no KDC is known for the realm' client "$u" domain=NO.WHERE password=x
like "an unknown service" 'KDC_UNABLE_TO_REFER .*does not know the service cifs/nowhere' \
    "$peer" krb5 client service=cifs host="nowhere.$(tr '[:upper:]' '[:lower:]' <<<"$LAB_DC_REALM")" "$u" "$d" \
    password="$LAB_DC_PASSWORD" < <(echo "token -")
like "no tickets" 'NO_SUCH_LOGON_SESSION .*no Kerberos tickets in FILE:' client ccache="FILE:$TERN_WORK/none"
like "no tickets in a directory" 'NO_SUCH_LOGON_SESSION .*no Kerberos tickets in DIR:' client ccache="DIR:$TERN_WORK/none"
is "which is not made by looking" "" "$(ls -d "$TERN_WORK/none" 2>/dev/null)"
like "a file that is no ccache" 'INVALID_PARAMETER .*is not a ccache' client ccache="FILE:$LAB_DC_KEYTAB"
like "a ccache of no kind" 'INVALID_PARAMETER .*is not a ccache that this libkrb5 knows' client ccache=NONE:x
like "a keytab that is not there" 'NO_KERB_KEY .*keytab' client "$u" "$d" keytab="$TERN_WORK/none"
fails "an address has no principal" 1 'INVALID_PARAMETER .*is an address' "$peer" krb5 client service=cifs host=127.0.0.1 \
    "$u" "$d" password=x < <(echo "token -")
kinit -l 2s -c "FILE:$TERN_WORK/short" -kt "$LAB_DC_KEYTAB" "$LAB_DC_ADMIN" 2>/dev/null
sleep 3
like "expired tickets" 'NO_SUCH_LOGON_SESSION .*have expired: kinit' client ccache="FILE:$TERN_WORK/short"
done_testing
