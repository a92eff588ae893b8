# SPDX-License-Identifier: Apache-2.0
# needs: standalone
# timeout: 150
# The command line against a standalone server: every verb, and both ways between Tern and Samba's own clients.
. "$TERN_SRC/tests/system/lib.sh"
export TERN_SERVER=$LAB_SRV TERN_USER=root TERN_PASSWORD=$LAB_SRV_PASSWORD
unset TERN_DOMAIN TERN_CCACHE KRB5CCNAME
tern() { "$TERN" "$@"; }
net_rpc() { net -s /dev/null rpc "$@" -S "$LAB_SRV" -U "root%$LAB_SRV_PASSWORD" -p "$LAB_SRV_PORT"; }
# with_input TEXT COMMAND...
with_input()
{
    local text=$1
    shift
    printf '%b' "$text" | "$@"
}

# ---- server, workstation, sessions ----
like "server info" "^name +$LAB_SRV_NAME$" tern server info
ok "server info --json" tern server info --json
is "  is an object with a version and one server" "1 1 $LAB_SRV_NAME True" \
    "$(json '"%d %d %s %s" % (d["version"], len(d["servers"]), d["servers"][0]["name"], "server" in d["servers"][0]["roles"])')"
ok "time --json" tern time --json
is "  within two minutes of ours" True \
    "$(json 'abs(__import__("calendar").timegm(__import__("time").strptime(d["times"][0]["time"], "%Y-%m-%dT%H:%M:%SZ")) - __import__("time").time()) < 120')"
like "workstation info" '^domain +TERNGROUP$' tern workstation info
ok "workstation users" tern workstation users
ok "session list --json" tern session list --json
is "  has us" True "$(json 'any(s["user"] == "root" for s in d["sessions"])')"
ok "connection list" tern connection list 'IPC$'
ok "file list" tern file list
like "use check" 'lets you in' tern use check
like "join info" '^status +workgroup' tern join info
fails "file show of nothing" 1 'tern: file show 4711: ' tern file show 4711
fails "session close of nobody" 1 'tern: session close' tern session close --of-user nobodyhere

# ---- users ----
like "user add" '^user alice added$' with_input 'Secret-1\n' tern user add alice --password-stdin --full-name 'Alice Ångström' \
    --comment 日本語 --home '\\srv\home' --home-drive H: --script a.bat --profile '\\srv\profile' --workstations PC1,PC2 \
    --no-expire-password
like "  rpcclient reads it back: full name" 'Full Name *:.*Alice Ångström' srv_rpcclient 'queryuser alice'
like "  comment" 'Description *:.*日本語' srv_rpcclient 'queryuser alice'
like "  flags" 'acb_info *:.*0x00000210' srv_rpcclient 'queryuser alice'
like "  and net rpc, too" '^alice' net_rpc user
ok "user show --json" tern user show alice --json
is "  everything is as given" \
    "alice|Alice Ångström|日本語|\\\\srv\\home|H:|a.bat|\\\\srv\\profile|PC1,PC2|normal,password-never-expires|None" \
    "$(json '"|".join(str(d["users"][0][k]) if k != "flags" else ",".join(d["users"][0][k]) for k in ("name", "full_name", "comment", "home", "home_drive", "script", "profile", "workstations", "flags", "expires"))')"
ok "user set" tern user set alice --comment změněno --full-name 'A. Å.' --disable --expires 2031-03-01T12:00:00Z \
    --workstations ''
ok "user show" tern user show alice --json
is "  only what was given has changed" "A. Å.|změněno|2031-03-01T12:00:00Z|disabled,normal,password-never-expires||a.bat" \
    "$(json '"|".join([d["users"][0]["full_name"], d["users"][0]["comment"], d["users"][0]["expires"], ",".join(d["users"][0]["flags"]), d["users"][0]["workstations"], d["users"][0]["script"]])')"
fails "a disabled account cannot log on" 1 ERROR_ACCOUNT_DISABLED env TERN_PASSWORD=Secret-1 "$TERN" use check -U alice
ok "user set --enable --expires never" tern user set alice --enable --expires never --expire-password
ok "  and she can log on" env TERN_PASSWORD=Secret-1 "$TERN" use check -U alice
ok "user password --set" with_input 'Secret-2\n' tern user password alice --set --password-stdin
ok "  she changes it herself" with_input 'Secret-2\nSecret-3\n' env TERN_PASSWORD=Secret-2 "$TERN" user password alice \
    -U alice --password-stdin
ok "  Samba's client takes the new one" rpcclient --configfile=/dev/null -U 'alice%Secret-3' "ncacn_np:$LAB_SRV" -c srvinfo
fails "  the wrong old one is refused" 1 ERROR_INVALID_PASSWORD with_input 'bad\nSecret-4\n' tern user password alice \
    --password-stdin
ok "user set --must-change" tern user set alice --must-change
fails "  which the next logon is told" 1 'ERROR_PASSWORD_MUST_CHANGE' env TERN_PASSWORD=Secret-3 "$TERN" use check -U alice
ok "user set --rename" tern user set alice --rename alicia
unlike "  the old name is gone" 'user:\[alice\]' srv_rpcclient enumdomusers
ok "Samba's client makes a user" srv_rpcclient 'createdomuser sambauser'
ok "user list --json" tern user list --json
is "  both are there" True "$(json '{"alicia", "sambauser", "root"} <= {u["name"] for u in d["users"]}')"
ok "user list --filter normal" tern user list --filter normal --json
is "  the same by the other function" True "$(json '{"alicia", "sambauser", "root"} <= {u["name"] for u in d["users"]}')"
ok "user list --machines" tern user list --machines
ok "policy show" tern policy show --json
is "  has the domain's SID" True "$(json 'd["policies"][0]["sid"].startswith("S-1-5-21-")')"

# ---- groups ----
ok "group add" tern group add builders --comment 'who build'
like "  rpcclient sees it" 'group:\[builders\]' srv_rpcclient enumdomgroups
ok "group add-member" tern group add-member builders alicia sambauser
ok "group members" tern group members builders --json
is "  both" "alicia sambauser" "$(json '" ".join(sorted(m["name"] for m in d["members"]))')"
like "user groups" '^builders +global' tern user groups alicia
ok "group set" tern group set builders --comment 'Baumeister: größer'
like "group show" '^comment +Baumeister: größer$' tern group show builders
like "group list" '^builders ' tern group list
ok "group del-member" tern group del-member builders sambauser
unlike "  is out" sambauser tern group members builders
ok "group delete" tern group delete builders
fails "  is gone" 1 NERR_GroupNotFound tern group show builders

ok "localgroup add" tern localgroup add Bauhütte --comment lokal
like "  rpcclient sees it" 'group:\[Bauhütte\]' srv_rpcclient 'enumalsgroups domain'
ok "localgroup add-member by name" tern localgroup add-member Bauhütte "$LAB_SRV_NAME\\alicia"
ok "localgroup add-member by SID" tern localgroup add-member Bauhütte S-1-5-11
ok "localgroup members" tern localgroup members Bauhütte --json
is "  with name, type and SID" "$LAB_SRV_NAME\\alicia user" \
    "$(json '[m["name"] + " " + m["type"] for m in d["members"] if m["sid"].startswith("S-1-5-21-")][0]')"
is "  and the well-known one" True "$(json '"S-1-5-11" in [m["sid"] for m in d["members"]]')"
like "user groups" '^Bauhütte +local' tern user groups alicia
ok "localgroup set" tern localgroup set Bauhütte --comment 'auch größer'
like "localgroup show" '^comment +auch größer$' tern localgroup show Bauhütte
like "localgroup list" '^Bauhütte +auch größer' tern localgroup list
ok "localgroup del-member" tern localgroup del-member Bauhütte "$LAB_SRV_NAME\\alicia" S-1-5-11
is "  nobody is left" "" "$(tern localgroup members Bauhütte --no-headings)"
ok "localgroup delete" tern localgroup delete Bauhütte
fails "  is gone" 1 ERROR_NO_SUCH_ALIAS tern localgroup show Bauhütte

# ---- shares; Samba's workers read their configuration anew when the shares are listed ----
ok "share add" tern share add demo --path "$LAB_SRV_DIR/share1" --comment 'größere Dateien'
like "share list" '^demo +disk größere Dateien' tern share list
like "  rpcclient sees it" 'netname: demo' srv_rpcclient netshareenum
ok "share set" tern share set demo --comment kleiner --max-uses 7
ok "share list --json" tern share list --json
is "  with a new comment" kleiner "$(json '[s["comment"] for s in d["shares"] if s["name"] == "demo"][0]')"
ok "share show" tern share show demo --json
is "  and a limit" 7 "$(json 'd["shares"][0]["max_uses"]')"
ok "share delete" tern share delete demo
unlike "  is gone" '^demo ' tern share list

like "user delete" '^2 users deleted$' tern user delete alicia sambauser
unlike "  rpcclient does not see them" 'alicia|sambauser' srv_rpcclient enumdomusers
fails "  a second time" 1 NERR_UserNotFound tern user delete alicia
is "nothing is printed to standard output then" "" "$OUT"

# ---- output ----
ok "a long comment" tern user set user1 --comment "$(printf 'word %.0s' {1..40})"
run tern user list
is "  is not cut in a pipe" 1 "$(grep -c "$(printf 'word %.0s' {1..40})" <<<"$OUT")"
tern user set user1 --comment '' >/dev/null
ok "--no-headings" tern share list --no-headings
is "  has none" "" "$(grep '^NAME' <<<"$OUT")"

# ---- how the server is reached ----
for d in 2.0.2 2.1 3.0 3.0.2 3.1.1; do
    ok "SMB $d: users" tern user list --dialect "$d"
    ok "SMB $d: a password, which its session encrypts" with_input 'Dialect-1\n' tern user password user2 --set \
        --password-stdin --dialect "$d"
done
ok "the password is that" env TERN_PASSWORD=Dialect-1 "$TERN" use check -U user2
ok "and as it was" with_input "$LAB_SRV_PASSWORD\\n" tern user password user2 --set --password-stdin
ok "--encrypt" tern user list --encrypt
ok "--sign-only" tern user list --sign-only
ok "a null session" tern server info -N
for l in integrity privacy; do
    ok "RPC security inside the pipe: $l" tern user list --rpc-level $l --provider ntlm
done
fails "then no password can be set" 1 'pipe' with_input 'x\n' tern user password user2 --set --password-stdin --rpc-level privacy

if another_server tern-hard LAB_ENCRYPT=required LAB_SIGNING=mandatory; then
    TERN_SERVER=$LAB_SRV
    like "a server that requires signing and encryption" '^user1 ' tern user list
    ok "  a user" with_input 'Secret-1\n' tern user add alice --password-stdin
    ok "  and away" tern user delete alice
    fails "  but not below SMB 3" 1 'tern: user list: ' tern user list --dialect 2.1
    stop_server tern-hard
else
    tap "not ok" "a server that requires signing and encryption"
fi
done_testing
