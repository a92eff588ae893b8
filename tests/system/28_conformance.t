# SPDX-License-Identifier: Apache-2.0
# The quick part of tests/conformance: what Samba's suites say to msrpcd, by NTLM. `make conformance` is the whole.
. "$TERN_SRC/tests/system/lib.sh"

suites='raw_protocol:ntlm rpc.echo rpc.mgmt rpc.epmapper rpc.bind@np rpc.altercontext@np rpc.objectuuid@np rpc.asyncbind@np
    rpc.handles@np rpc.lsa.lookupnames@np rpc.lsa.lookupsids@np rpc.lsa-getuser@np rpc.dssetup@np
    rpc.samba3.smb2-pipe-name@ipc rpc.samba3.smb2-pipe-read-close@ipc rpc.samba3.smb2-pipe-read-tdis@ipc
    rpc.samba3.smb2-pipe-read-logoff@ipc rpc.samba3.smb2-reauth1@ipc rpc.samba3.smb2-reauth2@ipc
    smb2.session-require-signing@ipc smb2.multichannel.generic@ipc smb2.ioctl.network_interface_info@ipc'
# shellcheck disable=SC2086 # words
run env CONFORMANCE_NET="$LAB_NET" CONFORMANCE_HOST=91 CONFORMANCE_KRB5=no "$TERN_SRC/tests/conformance/run" "$TERN_BUILD" \
    $suites
if [ $RC = 77 ]; then
    skip "Samba's test suites" "$OUT"
else
    for suite in $suites; do
        line=$(grep "^$suite " <<<"$OUT")
        if [ -n "$line" ] && ! grep -q 'FELL' <<<"$line"; then tap ok "$suite: passed, counted, apart:$(awk '{print " " $2 ", " $3 ", " $4}' <<<"$line")"; else
            tap "not ok" "$suite"
            show
        fi
    done
    is "it ends with success" 0 "$RC"
fi
done_testing
