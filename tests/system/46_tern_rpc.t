# SPDX-License-Identifier: Apache-2.0
# needs: standalone
# timeout: 120
# tern rpc: any operation of any interface, as JSON, against Samba's servers; and what is said when it goes wrong.
. "$TERN_SRC/tests/system/lib.sh"
export TERN_SERVER=$LAB_SRV TERN_USER=root TERN_PASSWORD=$LAB_SRV_PASSWORD
unset TERN_DOMAIN TERN_CCACHE KRB5CCNAME
rpc() { "$TERN" rpc "$@" -p "$LAB_SRV_PORT"; }

# ---- what there is, without a server ----
like "list" '^srvsvc +4b324fc8-1670-01d3-1278-5a47bf6ee188 3\.0 ' "$TERN" rpc list
ok "list --json" "$TERN" rpc list --json
is "  has samr with its operations" 1 "$(json 'len([i for i in d["interfaces"] if i["name"] == "samr" and i["operations"] >= 74])')"
like "list samr" '^ *64  SamrConnect5 ' "$TERN" rpc list samr
like "show an operation" '^ *\[in, unique, string\] wchar_t \*ServerName,$' "$TERN" rpc show srvsvc.NetrShareEnum
like "  what comes back is a pointer" '^ *\[out, switch_is\(\*OutVersion\)\] SAMPR_REVISION_INFO \*OutRevisionInfo,$' \
    "$TERN" rpc show samr.64
like "  one that may be null has one star" '^ *\[in, out, unique\] unsigned long \*ResumeHandle' "$TERN" rpc show srvsvc.NetrShareEnum
like "  what is secret" '^\[secret\] struct ENCRYPTED_LM_OWF_PASSWORD' "$TERN" rpc show samr.SAMPR_USER_INTERNAL1_INFORMATION
like "show a type" 'shi2_netname' "$TERN" rpc show srvsvc.SHARE_INFO_2
ok "show --json" "$TERN" rpc show srvsvc.NetrShareEnum --json
is "  is a schema" "object object" "$(json 'd["type"] + " " + d["properties"]["in"]["type"]')"
fails "no such interface" 2 "there is no interface 'nosuch'" "$TERN" rpc show nosuch
fails "no such operation" 2 "has no operation" "$TERN" rpc call srvsvc.Nothing '{}'
fails "no operation at all" 2 "an operation is srvsvc.NAME" "$TERN" rpc call srvsvc '{}'
fails "no such verb" 2 "no verb 'frobnicate'" "$TERN" rpc frobnicate

# ---- JSON and stubs ----
ok "encode" "$TERN" rpc encode srvsvc.NetrShareDel in '{"ServerName": "x", "NetName": "y", "Reserved": 7}'
stub=$OUT
printf %s "$stub" >"$TERN_WORK/stub.hex"
ok "decode gives it back" "$TERN" rpc decode srvsvc.NetrShareDel in "$TERN_WORK/stub.hex" --hex --json
is "  the same values" "x y 7" "$(json '"%s %s %d" % (d["ServerName"], d["NetName"], d["Reserved"])')"
ok "encode --ndr64" "$TERN" rpc encode srvsvc.NetrShareDel in '{"NetName": "y"}' --ndr64
[ "$OUT" != "$stub" ] && tap ok "  is another stub" || tap "not ok" "  is another stub"
printf 0102 >"$TERN_WORK/short"
fails "a stub that is too short" 1 RPC_NT_BAD_STUB_DATA "$TERN" rpc decode srvsvc.NetrShareDel in "$TERN_WORK/short" --hex
fails "an odd number of digits" 1 "pairs of hexadecimal digits" "$TERN" rpc decode srvsvc.NetrShareDel in /dev/stdin --hex <<<abc
fails "an error in JSON has its place" 2 'JSON 1:34: in\.Reserved: a number from 0 to 4294967295' \
    "$TERN" rpc call srvsvc.NetrShareDel '{"NetName": "x"    , "Reserved": -1}'
fails "a name that is not there" 2 "there is no member 'netname'" "$TERN" rpc call srvsvc.NetrShareDel '{"netname": "x"}'
fails "what is missing" 2 'in\.NetName: this is missing' "$TERN" rpc call srvsvc.NetrShareDel '{}'
echo '{"NetName": 1}' >"$TERN_WORK/wrong.json"
fails "an error in a file of JSON" 2 'wrong.json:1:13: in\.NetName: a string is expected' \
    "$TERN" rpc call srvsvc.NetrShareDel "@$TERN_WORK/wrong.json"
fails "a status that is none" 2 'out\.result: the name of a status, or a number, is expected' \
    "$TERN" rpc encode srvsvc.NetrShareDel out '{"result": "ERROR_FOO"}'
ok "--dry-run" "$TERN" rpc call srvsvc.NetrShareDel '{"ServerName": "x", "NetName": "y", "Reserved": 7}' --dry-run
is "  has the stub" "$stub" "$(json 'd["ndr"]')"

# ---- calls ----
ok "srvsvc.NetrShareEnum" rpc call srvsvc.NetrShareEnum \
    '{"InfoStruct": {"Level": 1, "ShareInfo": {"Level1": {}}}, "PreferedMaximumLength": 4294967295}'
is "  has IPC\$ among its shares" True \
    "$(json '"IPC$" in [s["shi1_netname"] for s in d["out"]["InfoStruct"]["ShareInfo"]["Level1"]["Buffer"]]')"
is "  and says so" "NERR_Success" "$(json 'd["out"]["result"].replace("ERROR_SUCCESS", "NERR_Success")')"
fails "the server's no, by its own name" 1 '(NERR_[A-Za-z]+ \(2310\)|ERROR_INVALID_NAME \(123\)): ' rpc call srvsvc.NetrShareGetInfo '{"NetName": "nosuchshare", "Level": 1}'
like "facts of a pipe" '"cipher": "AES-(128|256)-GCM"' rpc facts srvsvc
like "and of its bind" '"transfer": "NDR 2.0"' rpc facts srvsvc
fails "facts of an interface that is not there" 2 'nosuch' "$TERN" rpc facts nosuch
fails "a server that is not there" 1 'tern: rpc call srvsvc.NetrShareEnum: ' "$TERN" rpc call srvsvc.NetrShareEnum \
    '{"InfoStruct": {"Level": 1, "ShareInfo": {"Level1": {}}}}' -S 127.0.0.1 -p 1
fails "a wrong password" 1 STATUS_LOGON_FAILURE env TERN_PASSWORD=wrong "$TERN" rpc call srvsvc.NetrRemoteTOD '{}' -p "$LAB_SRV_PORT"

cat >"$TERN_WORK/samr.json" <<EOT
[
  {"call": "samr.SamrConnect5", "in": {"DesiredAccess": 33554432, "InVersion": 1, "InRevisionInfo": {"V1": {"Revision": 3}}}},
  {"call": "samr.SamrEnumerateDomainsInSamServer",
   "in": {"ServerHandle": "\$1.ServerHandle", "PreferedMaximumLength": 65536}},
  {"call": "samr.SamrLookupDomainInSamServer", "in": {"ServerHandle": "\$1.ServerHandle", "Name": "Builtin"}},
  {"call": "samr.SamrOpenDomain",
   "in": {"ServerHandle": "\$1.ServerHandle", "DesiredAccess": 33554432, "DomainId": "\$3.DomainId"}},
  {"call": "samr.SamrEnumerateAliasesInDomain", "in": {"DomainHandle": "\$4.DomainHandle", "PreferedMaximumLength": 65536}},
  {"call": "samr.SamrCloseHandle", "in": {"SamHandle": "\$4.DomainHandle"}},
  {"call": "samr.SamrCloseHandle", "in": {"SamHandle": "\$1.ServerHandle"}}
]
EOT
ok "a script of samr" rpc call --script "$TERN_WORK/samr.json"
is "  seven answers" 7 "$(json 'len(d)')"
is "  Builtin is among the domains" True \
    "$(json '"Builtin" in [e["Name"] for e in d[1]["out"]["Buffer"]["Buffer"]]')"
is "  and has its SID" S-1-5-32 "$(json 'd[2]["out"]["DomainId"]')"
is "  a closed handle is null" None "$(json 'd[6]["out"]["SamHandle"]')"
sed 's/\$4\.DomainHandle/$9.DomainHandle/' "$TERN_WORK/samr.json" >"$TERN_WORK/bad.json"
fails "a reference to nothing" 1 "no earlier answer has '\\\$9" rpc call --script "$TERN_WORK/bad.json"
is "  what was answered before is JSON" 4 "$(rpc call --script "$TERN_WORK/bad.json" 2>/dev/null | /usr/bin/python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')"
sed 's/"\$4\.DomainHandle"/"\$1.ServerHandle"/' "$TERN_WORK/samr.json" >"$TERN_WORK/wrong.json"
fails "a handle of another kind is refused" 1 'call 5 \(samr' rpc call --script "$TERN_WORK/wrong.json"

cat >"$TERN_WORK/lsa.json" <<EOT
[
  {"call": "lsarpc.LsarOpenPolicy2", "in": {"ObjectAttributes": {}, "DesiredAccess": 33554432}},
  {"call": "lsarpc.LsarLookupNames", "in": {"PolicyHandle": "\$1.PolicyHandle", "Count": 1, "Names": ["BUILTIN\\\\Administrators"],
   "TranslatedSids": {"Entries": 0, "Sids": null}, "LookupLevel": "LsapLookupWksta", "MappedCount": 0}},
  {"call": "lsarpc.LsarLookupSids", "in": {"PolicyHandle": "\$1.PolicyHandle", "SidEnumBuffer": {"SidInfo": [{"Sid": "S-1-5-32-544"}]},
   "TranslatedNames": {"Entries": 0, "Names": null}, "LookupLevel": "LsapLookupWksta", "MappedCount": 0}},
  {"call": "lsarpc.LsarClose", "in": {"ObjectHandle": "\$1.PolicyHandle"}}
]
EOT
ok "a script of lsarpc" rpc call --script "$TERN_WORK/lsa.json"
is "  the name has its number" 544 "$(json 'd[1]["out"]["TranslatedSids"]["Sids"][0]["RelativeId"]')"
is "  and the SID its name" Administrators "$(json 'd[2]["out"]["TranslatedNames"]["Names"][0]["Name"]')"

ok "epmapper.ept_lookup" rpc call epmapper.ept_lookup '{"inquiry_type": 0, "entry_handle": null, "max_ents": 100}'
is "  lists endpoints" True "$(json 'd["out"]["num_ents"] > 0 and len(d["out"]["entries"]) == d["out"]["num_ents"]')"
done_testing
