# SPDX-License-Identifier: Apache-2.0
# needs: standalone
# timeout: 300
# Real uids before one npcmuxd: mux_uids.py, against msrpcd and against Samba.
. "$TERN_SRC/tests/system/lib.sh"
if [ "$(id -u)" != 0 ]; then
    skip "two uids with one server, and a third that guesses: 8 scenarios" "only root can be others"
    done_testing
fi
export MSRPCD=$TERN_BUILD/daemons/msrpcd NPCMUXD=$TERN_BUILD/daemons/npcmuxd MSRPCD_HOST=$LAB_NET.94 MSRPCD_NET=$LAB_NET \
    MSRPCD_DIR=$TERN_WORK TERN PYTHONDONTWRITEBYTECODE=1
MUX_DIR=$(mktemp -d /tmp/mux.XXXXXX) # a path of sockets is short, and other users have to get there
export MUX_DIR
chmod 755 "$MUX_DIR"
trap 'rm -rf "$MUX_DIR"' EXIT
export MUX_SAMBA=$LAB_SRV MUX_SAMBA_PORT=$LAB_SRV_PORT
MUX_SAMBA_USERS="root:$LAB_SRV_PASSWORD,$LAB_SRV_USER:$LAB_SRV_PASSWORD"
export MUX_SAMBA_USERS
points_of uids /usr/bin/python3 "$TERN_SRC/tests/system/mux_uids.py"
done_testing
