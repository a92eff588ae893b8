# SPDX-License-Identifier: Apache-2.0
# needs: standalone
# The programs of examples/ that talk to a server.
. "$TERN_SRC/tests/system/lib.sh"

pipe() # pipe PASSWORD PIPE
{
    "$TERN_BUILD/examples/example-pipe" -p "$LAB_SRV_PORT" "$LAB_SRV" root "$2" <<<"$1"
}

like "a call by hand over a pipe" '^listening   yes$' pipe "$LAB_SRV_PASSWORD" srvsvc
is "on 3.1.1" "dialect     3.1.1" "$(grep '^dialect' <<<"$OUT")"
is "encrypted" "encryption  AES-128-GCM" "$(grep '^encryption' <<<"$OUT")"
like "the same pipe by its long name" '^bind        accepted' pipe "$LAB_SRV_PASSWORD" '\pipe\srvsvc'
fails "a wrong password" 1 'STATUS_LOGON_FAILURE' pipe wrong srvsvc
fails "a pipe that is not there" 1 'STATUS_OBJECT_NAME_NOT_FOUND' pipe "$LAB_SRV_PASSWORD" nosuch
done_testing
