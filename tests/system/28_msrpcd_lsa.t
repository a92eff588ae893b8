# SPDX-License-Identifier: Apache-2.0
# lsarpc, dssetup and netlogon's secure channel of msrpcd with the clients of others: what they read is what the store says.
. "$TERN_SRC/tests/system/lib.sh"
MSRPCD=$TERN_BUILD/daemons/msrpcd
HOST=$LAB_NET.94
PYTHON=/usr/bin/python3
export MSRPCD_ADMIN_PASSWORD='Secret-1'

if [ ! -x "$MSRPCD" ]; then
    echo "1..0 # SKIP built without msrpcd"
    exit 0
fi
"$MSRPCD" --scratch "$TERN_WORK/s" --listen "$HOST" --name BOX >"$TERN_WORK/ready" 2>"$TERN_WORK/err.log" &
PID=$!
ok "it starts" await_line '^ready ' "$TERN_WORK/ready" $PID

rpc() { rpcclient -U "admin%Secret-1" "$HOST" -c "$1"; }
like "rpcclient: the workgroup" 'Domain Name: WORKGROUP' rpc lsaquery
like "rpcclient: names" 'admin S-1-5-21-[0-9-]*-500 .User' rpc 'lookupnames admin'
like "rpcclient: a domain" 'BOX S-1-5-21-[0-9-]* .Domain' rpc 'lookupnames BOX'
like "rpcclient: names of Builtin" 'Administrators S-1-5-32-544 .Local Group' rpc 'lookupnames Administrators'
fails "rpcclient: names that are nobody's" 1 'NT_STATUS_NONE_MAPPED' rpc 'lookupnames nobody'
like "rpcclient: SIDs" 'S-1-5-18 NT AUTHORITY.SYSTEM' rpc 'lookupsids S-1-5-18'
like "rpcclient: a SID of nobody in a domain" 'S-1-5-32-999 BUILTIN.000003E7' rpc 'lookupsids S-1-5-32-999 S-1-1-0'
like "rpcclient: who am I" 'Account Name: admin, Authority Name: BOX' rpc getusername
like "rpcclient: privileges" 'found 34 privileges' rpc enumprivs
like "rpcclient: a privilege in words" 'Back up files' rpc 'getdispname SeBackupPrivilege'
like "rpcclient: who has rights" 'S-1-5-32-544' rpc lsaenumsid
like "rpcclient: which" 'SeSecurityPrivilege' rpc 'lsaenumacctrights S-1-5-32-544'
like "rpcclient: the policy's descriptor" '0xf0fff' rpc lsaquerysecobj
like "rpcclient: the machine's role" 'Machine Role = \[2\]' rpc dsroledominfo
fails "rpcclient: look-ups for TCP are refused by a pipe" 1 'NT_STATUS_ACCESS_DENIED' rpc 'lookupsids3 S-1-1-0'
like "net: auditing" 'Auditing categories:.*9' net rpc audit list -S "$HOST" -U 'admin%Secret-1'
like "net: rights" 'SeNetworkLogonRight' net rpc rights list Administrators -S "$HOST" -U 'admin%Secret-1'
fails "over TCP it refuses" 1 'ACCESS_DENIED' rpcclient -U 'admin%Secret-1' "ncacn_ip_tcp:$HOST[seal]" -c lsaquery
fails "a wrong password" 1 'LOGON_FAILURE' rpcclient -U 'admin%wrong' "$HOST" -c lsaquery
if "$PYTHON" -c 'import impacket' 2>/dev/null; then
    cat >"$TERN_WORK/lsa.py" <<'END'
import sys
from impacket.dcerpc.v5 import lsad, lsat, transport
from impacket.dcerpc.v5.dtypes import MAXIMUM_ALLOWED

way = transport.DCERPCTransportFactory(r"ncacn_np:%s[\pipe\%s]" % (sys.argv[1], sys.argv[2]))
way.set_credentials("admin", "Secret-1")
dce = way.get_dce_rpc()
dce.connect()
dce.bind(lsat.MSRPC_UUID_LSAT)
h = lsad.hLsarOpenPolicy2(dce, MAXIMUM_ALLOWED)["PolicyHandle"]
info = lsad.hLsarQueryInformationPolicy2(dce, h, 5)["PolicyInformation"]["PolicyAccountDomainInfo"]
sid = info["DomainSid"].formatCanonical()
names = lsat.hLsarLookupSids2(dce, h, (sid + "-500", "S-1-5-32-545", "S-1-1-0"))["TranslatedNames"]["Names"]
print(info["DomainName"], [n["Name"] for n in names])
got = lsat.hLsarLookupNames3(dce, h, ("admin",))["TranslatedSids"]["Sids"][0]["Sid"].formatCanonical()
print("same" if got == sid + "-500" else "other")
lsad.hLsarClose(dce, h)
END
    for pipe in lsarpc lsass samr netlogon protected_storage; do
        like "Impacket by $pipe" "^BOX .'admin', 'Users', 'Everyone'.$" "$PYTHON" "$TERN_WORK/lsa.py" "$HOST" "$pipe"
    done
    like "Impacket: there and back" '^same$' "$PYTHON" "$TERN_WORK/lsa.py" "$HOST" lsarpc
fi
if "$PYTHON" -c 'import samba.dcerpc.lsa' 2>/dev/null; then
    cat >"$TERN_WORK/samba_lsa.py" <<'END'
import sys
from samba import credentials, param
from samba.dcerpc import lsa, security

lp = param.LoadParm()
creds = credentials.Credentials()
creds.guess(lp)
creds.set_username("admin")
creds.set_password("Secret-1")
creds.set_kerberos_state(credentials.DONT_USE_KERBEROS)
conn = lsa.lsarpc("ncacn_np:%s[%s]" % (sys.argv[1], sys.argv[2]), lp, creds)
attributes = lsa.ObjectAttribute()
attributes.sec_qos = lsa.QosInfo()
h = conn.OpenPolicy2("", attributes, security.SEC_FLAG_MAXIMUM_ALLOWED)
name = lsa.String()
name.string = "BOX\\admin"
print(conn.LookupNames3(h, [name], lsa.TransSidArray3(), 1, 0, 0, 2)[1].sids[0].sid)
print(conn.GetUserName(None, None, None)[0].string)
END
    for options in '' sign seal; do
        like "Samba's Python, ${options:-no} security of RPC" '-500' "$PYTHON" "$TERN_WORK/samba_lsa.py" "$HOST" "$options"
    done
fi
kill -TERM $PID
wait $PID
is "it ends in order" 0 $?
done_testing
